"""Who is on call at a moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from fintech_factory.errors import UsageError

__all__ = ["WEEK_MINUTES", "Override", "Rota", "Shift", "covered", "make_override", "on_call"]

WEEK_MINUTES = 7 * 24 * 60
_WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Shift:
    """A span of every week, in minutes since Monday 00:00 UTC; who has it takes turns by week.

    `ends` at or before `starts` runs on into the next week; the same minute is a whole week.
    """

    starts: int
    ends: int
    people: tuple[str, ...]

    @property
    def length(self) -> int:
        """How many minutes it takes."""
        return (self.ends - self.starts) % WEEK_MINUTES or WEEK_MINUTES

    def started(self, at: datetime) -> datetime | None:
        """Give when the shift that runs at a moment began; None if none runs."""
        passed = (_minute_of_week(at) - self.starts) % WEEK_MINUTES
        if passed >= self.length:
            return None
        return at.replace(second=0, microsecond=0) - timedelta(minutes=passed)


@dataclass(frozen=True, slots=True)
class Rota:
    """The shifts of a team; the first of each shift's people has the week of `begins_on`."""

    name: str
    begins_on: date
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in from `starts_at` until `ends_at`; the one made last wins."""

    rota: str
    person: str
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    made_by: str = ""


def on_call(rota: Rota, at: datetime, overrides: Iterable[Override] = ()) -> str | None:
    """Name who is on call; None in a gap, which `factory check` refuses."""
    at = at.astimezone(UTC)
    standing_in = [
        each.person
        for each in overrides
        if each.rota == rota.name and each.starts_at <= at < each.ends_at
    ]
    if standing_in:
        return standing_in[-1]
    for shift in rota.shifts:
        started = shift.started(at)
        if started is not None:
            weeks = (started.date() - rota.begins_on).days // _WEEK_DAYS
            return shift.people[weeks % len(shift.people)]
    return None


def make_override(override: Override, people: Sequence[str]) -> Override:
    """Give an override that can be.

    Raises:
        UsageError: it ends before it begins, or stands in somebody nobody knows.
    """
    from fintech_factory.registry import suggestion

    if override.ends_at <= override.starts_at:
        raise UsageError("it ends before it begins", where="--to")
    if override.person not in people:
        raise UsageError(
            f"nobody is called `{override.person}`",
            where="--person",
            hint=suggestion(override.person, people),
        )
    return override


def covered(shifts: Iterable[Shift]) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Give the first gap of a week and the first overlap, as minutes from and to; None if none."""
    held = bytearray(WEEK_MINUTES)
    for shift in shifts:
        for minute in range(shift.starts, shift.starts + shift.length):
            held[minute % WEEK_MINUTES] += 1
    return _first_run(bytes(count == 0 for count in held)), _first_run(
        bytes(count > 1 for count in held)
    )


def _first_run(marked: bytes) -> tuple[int, int] | None:
    """Give where the first run of marked minutes begins and ends; it may go on past Sunday."""
    if 1 not in marked:
        return None
    if 0 not in marked:
        return 0, WEEK_MINUTES
    begin = marked.index(0)
    turned = marked[begin:] + marked[:begin]
    first = turned.index(1)
    end = turned.find(0, first)
    length = (WEEK_MINUTES if end < 0 else end) - first
    starts = (begin + first) % WEEK_MINUTES
    return starts, starts + length


def _minute_of_week(at: datetime) -> int:
    return (at.weekday() * 24 + at.hour) * 60 + at.minute
