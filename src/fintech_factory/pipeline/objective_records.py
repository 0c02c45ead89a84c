"""Counts from the records what objectives speak of: word in time, work done, fresh figures."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import Connection, select

from fintech_factory.alerting.latency import PROMISED, Latency
from fintech_factory.pipeline.attempts import AttemptStatus
from fintech_factory.pipeline.slot import SlotStatus
from fintech_factory.state.tables import metadata
from fintech_factory.telemetry.objective import Counted
from fintech_factory.validation.freshness import Expectation, expected_end

__all__ = ["GRACE", "Event", "Events", "Freshness", "Published", "words_in_time", "work_done"]

GRACE = timedelta(hours=3)
"""From the time by which an export is expected until its figures are late: 03:30 to 06:30."""
_LANDED = "ingest.landed"
_attempt, _slot, _run, _audit = (
    metadata.tables[name] for name in ("run_attempt", "slot", "run", "audit_entry")
)
_DONE = frozenset(
    each.value
    for each in (
        AttemptStatus.PUBLISHED,
        AttemptStatus.BLOCKED,
        AttemptStatus.UNCHANGED,
        AttemptStatus.DONE,
    )
)
_FAILED = frozenset({AttemptStatus.FAILED.value, AttemptStatus.LOST.value})


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that was good or was not, and when that was known."""

    at: datetime
    is_good: bool


class Events:
    """Events by their moments."""

    def __init__(self, events: Iterable[Event]) -> None:
        """Take them in any order."""
        self._events = sorted(events)
        self._moments = [each.at for each in self._events]

    def count(self, since: datetime, until: datetime) -> Counted:
        """Count those after a moment, up to and with another."""
        chosen = self._events[
            bisect_right(self._moments, since) : bisect_right(self._moments, until)
        ]
        return Decimal(sum(each.is_good for each in chosen)), Decimal(len(chosen))


def words_in_time(ways: Iterable[Latency], now: datetime) -> Events:
    """Give the times that people were to be told of an arrival: in time, or not.

    One that nobody has yet and that is not late counts once it is either.
    """
    events = []
    for each in ways:
        if each.arrived_at is None:
            continue
        due_at = each.arrived_at + PROMISED
        if each.is_missed(now):
            events.append(Event(due_at, is_good=False))
        elif each.received_at is not None:
            events.append(Event(each.received_at, is_good=True))
    return Events(events)


def work_done(connection: Connection, since: datetime) -> Events:
    """Give the work that ended from a moment on: a slot after its last try, and what ran by hand.

    What was cancelled, or taken over by another slot, is neither good nor bad. A run that findings
    blocked has done its work.
    """
    slots = select(_slot.c.finished_at, _slot.c.status).where(
        _slot.c.finished_at >= since,
        _slot.c.status.in_((SlotStatus.DONE.value, SlotStatus.FAILED.value)),
    )
    by_hand = select(_attempt.c.ended_at, _attempt.c.status).where(
        _attempt.c.slot.is_(None),
        _attempt.c.ended_at >= since,
        _attempt.c.status.in_(_DONE | _FAILED),
    )
    return Events(
        [
            *(
                Event(at, status == SlotStatus.DONE.value)
                for at, status in connection.execute(slots)
            ),
            *(Event(at, status in _DONE) for at, status in connection.execute(by_hand)),
        ]
    )


@dataclass(frozen=True, slots=True, order=True)
class Published:
    """From when on a version was in force, and the last day for which its export serves."""

    at: datetime
    serves: date


@dataclass(frozen=True, slots=True)
class Freshness:
    """The seconds at which the version in force spoke of all days that it should have by then."""

    published: Sequence[Published]
    expectation: Expectation

    @classmethod
    def of(cls, connection: Connection, expectation: Expectation) -> "Freshness":
        """Read every version that was published, oldest first.

        An export that says of which day it speaks serves for that day, with or without movement;
        another for its last movement and the quiet days after it.
        """
        declared = _declared(connection)
        quiet = timedelta(days=expectation.quiet_days)
        wanted = (
            select(_run.c.committed_at, _run.c.batch_id, _run.c.record)
            .where(_run.c.status == AttemptStatus.PUBLISHED.value)
            .order_by(_run.c.sequence)
        )
        found = []
        for at, batch_id, record in connection.execute(wanted):
            through = date.fromisoformat(record["data_through"])
            of = declared.get(batch_id, through)
            found.append(Published(at, of if of != through else through + quiet))
        return cls(found, expectation)

    def count(self, since: datetime, until: datetime) -> Counted:
        """Count the seconds between two moments; nothing is expected before the first version."""
        if not self.published:
            return Decimal(0), Decimal(0)
        since = max(since, self.published[0].at)
        edges = [since, *self._edges(since, until), until] if since < until else []
        good = whole = Decimal(0)
        for begin, end in pairwise(edges):
            seconds = Decimal(str((end - begin).total_seconds()))
            whole += seconds
            good += seconds if self.is_fresh(begin) else 0
        return good, whole

    def is_fresh(self, moment: datetime) -> bool:
        """Whether the version in force speaks of the last day that was due with its grace."""
        number = bisect_right([each.at for each in self.published], moment)
        if number == 0:
            return False
        serves = self.published[number - 1].serves
        return serves >= expected_end(moment - GRACE, self.expectation)

    def _edges(self, since: datetime, until: datetime) -> list[datetime]:
        """Give every moment within at which freshness may change."""
        moments = {each.at for each in self.published}
        day = since.astimezone(UTC).date() - timedelta(days=1)
        while day <= until.astimezone(UTC).date():
            moments.add(datetime.combine(day, self.expectation.expected_by, UTC) + GRACE)
            day += timedelta(days=1)
        ordered = sorted(moments)
        return ordered[bisect_right(ordered, since) : bisect_left(ordered, until)]


def _declared(connection: Connection) -> dict[str, date]:
    """Give the day that each export speaks of, by its batch; it may have declared it."""
    wanted = select(_audit.c.subject, _audit.c.after).where(_audit.c.action == _LANDED)
    said = {batch: json.loads(after or "{}") for batch, after in connection.execute(wanted)}
    return {
        batch: date.fromisoformat(each["as_of"])
        for batch, each in said.items()
        if each.get("as_of")
    }
