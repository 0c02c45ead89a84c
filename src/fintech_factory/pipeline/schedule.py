"""When work is due by the clock, and what a maintenance window does to it (R003, R039, R096).

Everything is UTC: no change of summer time moves a slot, and the host's zone has no say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import takewhile

from cronsim import CronSim

from fintech_factory.alerting.window import AdHoc, Open, Window, open_window

__all__ = ["Due", "Schedule", "Work", "due_next", "due_within", "slots"]


class Work(StrEnum):
    """What a schedule does.

    `snapshot` sends the daily messages and keeps the daily snapshot, `deadline` sees to it that
    everybody has one.
    """

    RUN = "run"
    SNAPSHOT = "snapshot"
    REPORT = "report"
    DEADLINE = "deadline"

    @property
    def waits(self) -> bool:
        """Whether a maintenance window defers it; what people are told by is a promise (R104)."""
        return self not in {Work.SNAPSHOT, Work.DEADLINE}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Work by the clock: five cron fields, UTC. `reason` says why it is not enabled."""

    name: str
    at: str
    does: Work
    title: Mapping[str, str]
    reason: str = ""

    @property
    def is_enabled(self) -> bool:
        """Whether it is done."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Due:
    """One slot of a schedule: when it falls due, and when it is done.

    `window` names what defers it, the last one where several follow each other without a gap.
    """

    schedule: Schedule
    slot: datetime
    done_at: datetime
    window: str = ""


def slots(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Give the slots of a schedule later than a moment, without end, in UTC."""
    return iter(CronSim(schedule.at, after.astimezone(UTC)))


def due_next(
    schedule: Schedule, after: datetime, windows: Iterable[Window], ad_hoc: Iterable[AdHoc]
) -> Due:
    """Give a schedule's first slot later than a moment, with what defers it."""
    return _due(schedule, next(slots(schedule, after)), tuple(windows), tuple(ad_hoc))


def due_within(
    schedules: Iterable[Schedule],
    span: tuple[datetime, datetime],
    windows: Iterable[Window],
    ad_hoc: Iterable[AdHoc],
) -> list[Due]:
    """Give every slot later than the first moment and no later than the last, by slot and name.

    Two slots of one moment are both there: the first of a month may be a Monday.
    """
    after, until = span
    known, announced = tuple(windows), tuple(ad_hoc)
    found = (
        _due(each, slot, known, announced)
        for each in schedules
        for slot in takewhile(lambda slot: slot <= until, slots(each, after))
    )
    return sorted(found, key=lambda each: (each.slot, each.schedule.name))


def _due(
    schedule: Schedule, slot: datetime, windows: tuple[Window, ...], ad_hoc: tuple[AdHoc, ...]
) -> Due:
    done_at, last = slot, None
    # A window may open as another closes; each is later than the one before.
    while schedule.does.waits and (holding := open_window(windows, ad_hoc, done_at)):
        done_at, last = holding.until, holding
    return Due(schedule, slot, done_at, _name(last))


def _name(window: Open | None) -> str:
    return window.name if window else ""
