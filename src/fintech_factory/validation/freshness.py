"""Whether the export that is expected by now has come."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = [
    "Arrived",
    "Expectation",
    "examine_freshness",
    "expected_end",
    "hours_old",
    "overdue_since",
]

_DAY = timedelta(days=1)
_FRIDAY, _SUNDAY = 4, 6
_WIDE = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Expectation:
    """After which days an export is expected, and by when (UTC) on the day after.

    `cadence` is daily, business_days, weekly (Sundays) or monthly. `quiet_days` at an export's
    end may hold no movement.
    """

    cadence: str
    expected_by: time
    quiet_days: int = 0


@dataclass(frozen=True, slots=True)
class Arrived:
    """The export in force: when it came, the day it speaks of, and whether that was declared."""

    source: str
    batch_id: str
    arrived_at: datetime
    speaks_of: date
    declared: bool = False


def expected_end(now: datetime, expectation: Expectation) -> date:
    """Give the last day of which an export must be in by now."""
    day = now.astimezone(UTC).date() - _DAY
    if now.astimezone(UTC).time() < expectation.expected_by:
        day -= _DAY
    while not _ends_a_period(day, expectation.cadence):
        day -= _DAY
    return day


def hours_old(now: datetime, arrived: Arrived) -> Decimal:
    """Give the hours between the end of the last day of data and now, to 2 places."""
    ended = datetime.combine(arrived.speaks_of + _DAY, time(), UTC)
    # A day that is not over yet is no hours old.
    seconds = max(int((now - ended).total_seconds()), 0)
    return _WIDE.divide(Decimal(seconds), Decimal(3600)).quantize(Decimal("0.01"))


def overdue_since(now: datetime, arrived: Arrived, expectation: Expectation) -> datetime | None:
    """Give the first deadline that passed without the export it was for; None if none has."""
    day = arrived.speaks_of + _grace(arrived, expectation) + _DAY
    while not _ends_a_period(day, expectation.cadence):
        day += _DAY
    deadline = datetime.combine(day + _DAY, expectation.expected_by, UTC)
    return deadline if now >= deadline else None


def _grace(arrived: Arrived, expectation: Expectation) -> timedelta:
    # Whoever says of which day an export speaks needs no movement on it.
    return timedelta() if arrived.declared else expectation.quiet_days * _DAY


def examine_freshness(
    now: datetime, arrived: Arrived, expectation: Expectation, owner: str
) -> Examined:
    """Say what is missing by now: late is a state of its own, never a figure of 0."""
    check = f"freshness.{arrived.source}"
    wanted = expected_end(now, expectation)
    if arrived.speaks_of + _grace(arrived, expectation) >= wanted:
        return Examined(check)
    came = arrived.arrived_at.astimezone(UTC).date() > wanted
    deadline = f"{wanted + _DAY} {expectation.expected_by:%H:%M} UTC"
    said = (
        f"the export that came on {arrived.arrived_at:%Y-%m-%d} should speak of {wanted} and"
        f" ends on {arrived.speaks_of}"
        if came
        else f"no export that speaks of {wanted} has come by {deadline}; the latest ends on"
        f" {arrived.speaks_of}"
    )
    finding = Finding(
        code="export_behind" if came else "export_missing",
        severity=Severity.WARNING,
        message=said,
        where=arrived.source,
        hint="look at the source's own job; figures stay those of the latest export",
        rows=1,
        evidence=(
            {
                "expected": wanted.isoformat(),
                "speaks_of": arrived.speaks_of.isoformat(),
                "batch_id": arrived.batch_id,
                "hours_old": format(hours_old(now, arrived), "f"),
            },
        ),
    )
    return Examined(check, (Found(finding, check, owner),))


def _ends_a_period(day: date, cadence: str) -> bool:
    match cadence:
        case "business_days":
            return day.weekday() <= _FRIDAY
        case "weekly":
            return day.weekday() == _SUNDAY
        case "monthly":
            return day.day == calendar.monthrange(day.year, day.month)[1]
    return True
