"""Who is told of one step of an alert, or why somebody is not."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fintech_factory.alerting.alert import Move
from fintech_factory.message import Language, Occasion

__all__ = ["OCCASIONS", "Notice", "Stop", "Withheld"]

OCCASIONS = {
    Move.FIRED: Occasion.ALERT,
    Move.RAISED: Occasion.ALERT,
    Move.REOPENED: Occasion.ALERT,
    Move.RELEASED: Occasion.ALERT,
    Move.ESCALATED: Occasion.ESCALATION,
    Move.REPEATED: Occasion.REPEAT,
    Move.ACK_EXPIRED: Occasion.REPEAT,
    Move.WOKEN: Occasion.REPEAT,
    Move.RESOLVED: Occasion.RESOLVED,
    Move.CLOSED: Occasion.RESOLVED,
    Move.LOWERED: Occasion.UPDATE,
    Move.CLEARED: Occasion.UPDATE,
    Move.STALE: Occasion.UPDATE,
    Move.FRESH: Occasion.UPDATE,
    Move.ACKNOWLEDGED: Occasion.UPDATE,
    Move.ASSIGNED: Occasion.UPDATE,
    Move.SNOOZED: Occasion.UPDATE,
    Move.NOTED: Occasion.UPDATE,
}
"""What each step is told as; a step that is not here is told nobody."""


class Stop(StrEnum):
    """What withholds a notice."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    INHIBITION = "inhibition"
    SNOOZE = "snooze"
    UNTOLD = "untold"
    DISABLED = "channel_disabled"
    FAILING = "channel_failing"
    QUIET = "quiet"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Notice:
    """One address to be told; `level` is the escalation level (1 to 3).

    Notices of one channel, address and `group` may be told in one message; an empty group is told
    alone.
    """

    receiver: str
    channel: str
    address: str
    language: Language
    occasion: Occasion
    level: int
    group: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """One address that is not told, why, and when what stops it ends (None: not by the clock)."""

    receiver: str
    channel: str
    address: str
    stop: Stop
    reason: str
    until: datetime | None = None
