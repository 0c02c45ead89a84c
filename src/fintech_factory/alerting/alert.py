"""An alert's whole memory, and the steps of its life."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fintech_factory.alerting.level import LimitState, severity_of
from fintech_factory.alerting.observation import fingerprint
from fintech_factory.values import Severity

__all__ = [
    "SYSTEM",
    "Acknowledgement",
    "AlertState",
    "Move",
    "Seen",
    "Snooze",
    "Status",
    "Transition",
    "next_revision",
]

SYSTEM = "system"
"""The actor of what nobody did: a run, or the clock."""
_ID_DIGITS = 24


class Status(StrEnum):
    """Where an alert stands; resolved by its figure, or closed by a person, it has ended."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Move(StrEnum):
    """What can happen to an alert.

    `lapsed`: it was pending and never fired. `cleared`: what made it is over, and it waits for
    somebody to close it. `released`: what withheld it (a silence, a window) has ended.
    """

    PENDING = "pending"
    LAPSED = "lapsed"
    FIRED = "fired"
    RAISED = "raised"
    LOWERED = "lowered"
    CLEARED = "cleared"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    STALE = "stale"
    FRESH = "fresh"
    ACKNOWLEDGED = "acknowledged"
    ACK_EXPIRED = "ack_expired"
    ASSIGNED = "assigned"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    NOTED = "noted"
    CLOSED = "closed"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has seen it and is on it, until `expires_at`."""

    by: str
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Snooze:
    """Somebody wants to hear of it again at `until`, and not before."""

    by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """One snapshot: the level whose limit it passed, and the level that it kept up."""

    cut_on: date
    passed: LimitState
    held: LimitState


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of an alert's life; `number` counts them, from 1, so that each has one name.

    `step` is the escalation level that was reached, 0 if none was; `until` the end of what began
    (acknowledgement, snooze); `before` the level it comes from; `restated` says that the figure of
    a known date was replaced by another export.
    """

    kind: Move
    at: datetime
    level: LimitState
    number: int
    value: Decimal | None = None
    as_of: date | None = None
    actor: str = SYSTEM
    reason: str = ""
    run_id: str = ""
    step: int = 0
    before: LimitState | None = None
    until: datetime | None = None
    restated: bool = False

    @property
    def detail(self) -> dict[str, Any]:
        """What is kept beside the columns, as JSON."""
        return {
            "number": self.number,
            "step": self.step,
            "before": self.before.value if self.before else None,
            "until": self.until.isoformat() if self.until else None,
            "restated": self.restated,
        }


@dataclass(frozen=True, slots=True)
class AlertState:
    """One alert: all that the machine remembers of it.

    `number` counts the alerts of a fingerprint. `level` is the one it stands at, `peak` the worst
    it was told at. `value`, `reason` and `as_of` are of the last known figure; `stale` says why
    there is no newer one. `judged_on` and `batch_set` are of the last evaluation, known or not.
    `recent` are the snapshots that `for` and `resolve_for` count. Escalation counts from
    `escalates_from` and stands at `escalated`; `reached` is the highest it ever came to. Repeats
    count from `told_at`. `heard` says whether anybody was told of it at all; `held_until` is when
    what withholds it ends. `moves` counts its transitions, `revision` every change of it.
    """

    rule: str
    opened_at: datetime
    changed_at: datetime
    dimension: str = ""
    member: str = ""
    number: int = 1
    status: Status = Status.PENDING
    level: LimitState = LimitState.NONE
    peak: LimitState = LimitState.NONE
    value: Decimal | None = None
    reason: str = ""
    as_of: date | None = None
    data_through: date | None = None
    judged_on: date | None = None
    batch_set: str = ""
    run_id: str = ""
    compliance: bool = False
    cleared: bool = False
    stale: str = ""
    recent: tuple[Seen, ...] = ()
    ended_at: datetime | None = None
    acknowledgement: Acknowledgement | None = None
    assignee: str = ""
    snooze: Snooze | None = None
    escalates_from: datetime | None = None
    escalated: int = 0
    reached: int = 0
    told_at: datetime | None = None
    heard: bool = False
    held_until: datetime | None = None
    moves: int = 0
    revision: int = 1

    @property
    def fingerprint(self) -> str:
        """Name what is the same alert when it is seen again."""
        return fingerprint(self.rule, self.dimension, self.member)

    @property
    def alert_id(self) -> str:
        """Name this alert, and no later one of the same fingerprint."""
        said = f"{self.fingerprint}\n{self.number}"
        return hashlib.sha256(said.encode()).hexdigest()[:_ID_DIGITS]

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None

    @property
    def is_firing(self) -> bool:
        """Whether people are told of it."""
        return self.status is Status.FIRING

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return severity_of(self.level)


def next_revision(before: AlertState | None, after: AlertState) -> AlertState:
    """Give the state that follows another one: changed once more, if it changed at all."""
    if before is None or after.number != before.number:
        return replace(after, revision=1)
    return after if after == before else replace(after, revision=before.revision + 1)
