"""A KPI against its own past: the literal two-sigma rule, and a robust one on its changes."""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise

from fintech_factory.validation.baseline import Baseline, baseline_of, mean
from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["Point", "SeriesLimits", "examine_series", "is_full_month_end"]

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_SHOWN = Decimal("0.01")
# What makes the median (or, where that is 0, the mean) absolute deviation of a normal sample its
# standard deviation: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), 3.5.
_OF_MEDIAN = Decimal("1.4826")
_OF_MEAN = Decimal("1.253314")
# Readings of consecutive days, a long weekend between them at most.
_GAP = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Point:
    """A published reading of the whole book; `is_partial` if its month is not over."""

    as_of: date
    value: Decimal
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class SeriesLimits:
    """How far is too far, and how much past it takes to say so.

    `changes` go from day to day, `months` from full month-end to full month-end.
    """

    days: int
    at_least: int
    sigmas: Decimal
    changes: int
    changes_at_least: int
    months: int
    months_at_least: int
    deviations: Decimal


def examine_series(
    kpi: str, owner: str, now: Point, past: Sequence[Point], limits: SeriesLimits
) -> tuple[list[Examined], list[Baseline]]:
    """Hold a reading against those before it, by both rules; too short a past judges nothing.

    A month in progress is only held against the days of its own month before it, and a full
    month against full months: a flow that has just begun is not a fall. Only the change of a stock
    or a ratio from one day to the next warns: a month's step, and a day's flow in a month that is
    not over, are too uneven for that and are noted (decision 0010).
    """
    earlier = sorted((each for each in past if each.as_of < now.as_of), key=lambda each: each.as_of)
    judged = [
        _by_sigmas(kpi, owner, now, earlier, limits),
        _by_changes(kpi, owner, now, earlier, limits),
    ]
    examined = [each for each, _ in judged if each is not None]
    return examined, [baseline for _, baseline in judged]


def _by_sigmas(
    kpi: str, owner: str, now: Point, past: Sequence[Point], limits: SeriesLimits
) -> tuple[Examined | None, Baseline]:
    start = now.as_of - timedelta(days=limits.days)
    window = [each for each in past if each.as_of >= start and _comparable(now, each)]
    seen = [(each.as_of.isoformat(), each.value) for each in window]
    baseline = baseline_of(f"kpi.{kpi}.level", now.as_of, seen, limits.at_least)
    if baseline.mean is None or baseline.sd is None:
        return None, baseline
    distance = abs(now.value - baseline.mean)
    if not distance > limits.sigmas * baseline.sd:
        return Examined(baseline.name), baseline
    said = (
        f"{kpi} is {_short(now.value)}, {_times(distance, baseline.sd)} standard deviations from"
        f" the mean {_short(baseline.mean)} of the {baseline.n} readings of {limits.days} days"
    )
    return _drifted(
        baseline.name, "kpi_two_sigma", Severity.INFO, (kpi, owner, now, said)
    ), baseline


def _by_changes(
    kpi: str, owner: str, now: Point, past: Sequence[Point], limits: SeriesLimits
) -> tuple[Examined | None, Baseline]:
    by_month = is_full_month_end(now)
    window, least = (
        (limits.months, limits.months_at_least)
        if by_month
        else (limits.changes, limits.changes_at_least)
    )
    changes = [*_changes([*past, now], by_month)]
    last = changes.pop() if changes and changes[-1].to == now.as_of else None
    seen = [(f"{each.from_} to {each.to}", each.by) for each in changes[-window:]]
    baseline = baseline_of(f"kpi.{kpi}.change", now.as_of, seen, least)
    if baseline.median is None or last is None:
        return None, baseline
    distance = abs(last.by - baseline.median)
    usual = [by for _, by in seen]
    scale = _scale(baseline, usual)
    # The median deviation says little of the tails of a loan book's changes: what has happened
    # within the baseline already is no drift, however many deviations it is away.
    furthest = max(abs(each - baseline.median) for each in usual)
    if not (distance > limits.deviations * scale and distance > furthest):
        return Examined(baseline.name), baseline
    said = (
        f"{kpi} changed by {_short(last.by)} from {last.from_} to {last.to},"
        f" {_times(distance, scale)} deviations from the usual {_short(baseline.median)}"
        f" and further than each of {baseline.n} changes before"
    )
    kind = (
        ("kpi_step", Severity.INFO)
        if by_month or now.is_partial
        else ("kpi_drift", Severity.WARNING)
    )
    return _drifted(baseline.name, *kind, (kpi, owner, now, said)), baseline


@dataclass(frozen=True, slots=True)
class _Change:
    from_: date
    to: date
    by: Decimal


def _changes(points: Sequence[Point], by_month: bool) -> Iterator[_Change]:  # noqa: FBT001
    """Give first differences: from full month-end to the next, or from day to day of a month."""
    kept = [each for each in points if not by_month or is_full_month_end(each)]
    for one, other in pairwise(kept):
        if _month_no(other) - _month_no(one) == int(by_month) and (
            by_month or other.as_of - one.as_of <= _GAP
        ):
            yield _Change(one.as_of, other.as_of, other.value - one.value)


def _comparable(now: Point, other: Point) -> bool:
    return not other.is_partial if not now.is_partial else _month_no(now) == _month_no(other)


def is_full_month_end(point: Point) -> bool:
    """Say whether a reading speaks of a whole month that is over."""
    day = point.as_of
    return not point.is_partial and day.day == calendar.monthrange(day.year, day.month)[1]


def _month_no(point: Point) -> int:
    return point.as_of.year * 12 + point.as_of.month


def _scale(baseline: Baseline, changes: Sequence[Decimal]) -> Decimal:
    """Give the spread of the usual changes; more than half of them alike have no median spread."""
    if baseline.mad:
        return baseline.mad * _OF_MEDIAN
    middle = baseline.median or Decimal(0)
    return mean([abs(each - middle) for each in changes]) * _OF_MEAN


def _drifted(
    check: str, code: str, severity: Severity, said: tuple[str, str, Point, str]
) -> Examined:
    kpi, owner, now, message = said
    finding = Finding(
        code=code,
        severity=severity,
        message=message,
        where=kpi,
        hint=f"`factory kpi explain {kpi}`; if the level is new for good,"
        f" `factory findings baseline reset kpi.{kpi}`",
        rows=1,
        evidence=({"kpi": kpi, "as_of": now.as_of.isoformat(), "value": format(now.value, "f")},),
    )
    return Examined(check, (Found(finding, check, owner),))


def _times(distance: Decimal, scale: Decimal) -> str:
    return _short(_WIDE.divide(distance, scale)) if scale else "any number of"


def _short(figure: Decimal) -> str:
    return format(figure.quantize(_SHOWN, context=_WIDE), ",f")
