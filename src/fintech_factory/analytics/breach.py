"""Days to breach: when a figure on its present course reaches its trigger.

Two courses are known. Under **roll rates** (`analytics.rolls`) the figure is known at the end of
each month ahead; between two months it moves in a straight line. By **trend** it moves along the
least-squares line through the last month-ends, from where it stands today. Days are whole days
until the trigger is reached, cut, never rounded up; past 24 months nothing is claimed.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from itertools import pairwise

__all__ = ["HORIZON_MONTHS", "Course", "Outlook", "Trigger", "by_path", "by_trend", "months_after"]

HORIZON_MONTHS = 24
_MONTHS_A_YEAR = 12
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_FEWEST_POINTS = 3


class Course(StrEnum):
    """What can be said of the way to the trigger."""

    BREACHED = "already breached"
    PROJECTED = "projected"
    BEYOND = "not within 24 months"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Whole days until the trigger is reached: 0 if breached, None if beyond or unknown."""

    course: Course
    days: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger level; a value must lie past it, above (`at_most`) or below it."""

    level: Decimal
    at_most: bool

    def passed_by(self, value: Decimal) -> bool:
        """Whether a value is a breach; a value on the level is none."""
        return value > self.level if self.at_most else value < self.level

    def headroom(self, value: Decimal) -> Decimal:
        """Give how far a value is from a breach; negative past it."""
        return self.level - value if self.at_most else value - self.level


def months_after(day: date, months: int) -> date:
    """Give the same day some months later, or the month's last if it is shorter."""
    number = day.year * _MONTHS_A_YEAR + day.month - 1 + months
    year, month = divmod(number, _MONTHS_A_YEAR)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def by_path(values: Sequence[Decimal], start: date, trigger: Trigger, stopped: str = "") -> Outlook:
    """Read the days off a path of monthly values, the first being today's.

    `stopped` says why the path ends early; without a breach before, nothing is known then.
    """
    if trigger.passed_by(values[0]):
        return Outlook(Course.BREACHED, 0)
    days = [(months_after(start, month) - start).days for month in range(len(values))]
    steps = zip(pairwise(values), pairwise(days), strict=True)
    for (before, after), (first, last) in steps:
        if trigger.passed_by(after):
            part = _WIDE.divide(trigger.headroom(before), abs(after - before))
            return Outlook(Course.PROJECTED, _whole(first + part * (last - first)))
    return Outlook(Course.UNKNOWN, reason=stopped) if stopped else Outlook(Course.BEYOND)


def by_trend(
    points: Sequence[tuple[date, Decimal]], today: tuple[date, Decimal], trigger: Trigger
) -> Outlook:
    """Read the days off the least-squares line's slope, from today's value on."""
    start, value = today
    if trigger.passed_by(value):
        return Outlook(Course.BREACHED, 0)
    if len(points) < _FEWEST_POINTS:
        reason = f"a trend needs {_FEWEST_POINTS} earlier figures, {len(points)} are known"
        return Outlook(Course.UNKNOWN, reason=reason)
    approach = _slope(points) * (1 if trigger.at_most else -1)
    if approach <= 0:
        return Outlook(Course.BEYOND)
    days = _whole(_WIDE.divide(trigger.headroom(value), approach))
    horizon = (months_after(start, HORIZON_MONTHS) - start).days
    return Outlook(Course.PROJECTED, days) if days <= horizon else Outlook(Course.BEYOND)


def _slope(points: Sequence[tuple[date, Decimal]]) -> Decimal:
    """Give the least-squares slope, a day."""
    n = len(points)
    xs = [(day - points[0][0]).days for day, _ in points]
    ys = [value for _, value in points]
    over = n * sum((x * y for x, y in zip(xs, ys, strict=True)), Decimal(0)) - sum(xs) * sum(ys)
    under = n * sum(x * x for x in xs) - sum(xs) ** 2
    return _WIDE.divide(over, Decimal(under))


def _whole(days: Decimal) -> int:
    return int(days.to_integral_value(rounding=ROUND_FLOOR))
