"""The yearly yield of dated cash flows: bracketed, verified, or absent with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

import numpy as np
import numpy.typing as npt

__all__ = ["PLACES", "Flow", "NoYield", "Yield", "xirr"]

PLACES = Decimal("1e-6")
"""Where a yield in percent is rounded, half to even."""

Flow = tuple[date, Decimal]
"""A day and what came on it; money that went out is negative."""

_DAYS_A_YEAR = 365.0
# Yearly growth from losing all but 1e-6 to a ten-thousandfold: a shorter grid would miss loans
# of a few days, whose yearly yields are large.
_GRID = np.concatenate(
    [np.geomspace(1e-6, 0.5, 20), np.geomspace(0.5, 2.0, 57)[1:], np.geomspace(2.0, 1e4, 25)[1:]]
)
_LOG_GRID = np.log(_GRID)
_STEPS = 200
_CLOSE = 1e-14
# What a root may leave unexplained of all money that moved; doubles add up a million flows to it.
_RESIDUE = 1e-9

_Floats = npt.NDArray[np.float64]


class NoYield(StrEnum):
    """Why flows have no yield."""

    NO_FLOWS = "no money moved"
    ONE_SIGN = "money moved one way only"
    NO_ROOT = "no yearly growth between 0.000001 and 10,000 makes the flows worth nothing"
    SEVERAL_ROOTS = "more than one yield makes the flows worth nothing"
    DUST = "less than one unit of money was lent"
    NOT_VERIFIED = "the yield found does not make the flows worth nothing"


@dataclass(frozen=True, slots=True)
class Yield:
    """A yearly yield in percent at 6 places, or the reason why there is none."""

    percent: Decimal | None
    reason: NoYield | None = None


def xirr(flows: Sequence[Flow]) -> Yield:
    """Solve sum(amount / (1 + yield) ^ (days / 365)) = 0, days counted from the first flow.

    The rule is that of the spreadsheets' XIRR (365-day years). The search is in doubles: the
    root is bracketed on a fixed grid, then closed in on by Newton's steps that never leave the
    bracket, to 1e-14 of the growth. What is left must be below 1e-9 of all that moved, so the
    yield is good to its 6 shown places up to a few thousand percent. The same flows in any order
    give the same yield. Several roots are refused, not chosen from; roots that touch zero without
    crossing it, or that lie closer than the grid, are not seen.
    """
    by_day: dict[date, Decimal] = {}
    for day, amount in flows:
        by_day[day] = by_day.get(day, Decimal(0)) + amount
    moved = sorted((day, amount) for day, amount in by_day.items() if amount)
    if reason := _without_search(moved):
        return Yield(None, reason)
    first = moved[0][0]
    years = np.array([(day - first).days for day, _ in moved], dtype=np.float64) / _DAYS_A_YEAR
    amounts = np.array([float(amount) for _, amount in moved], dtype=np.float64)
    brackets = _brackets(years, amounts)
    if len(brackets) != 1:
        return Yield(None, NoYield.SEVERAL_ROOTS if brackets else NoYield.NO_ROOT)
    growth = _root(years, amounts, *brackets[0])
    if not _is_root(years, amounts, growth):
        return Yield(None, NoYield.NOT_VERIFIED)
    return Yield((Decimal(growth - 1.0) * 100).quantize(PLACES))


def _without_search(moved: Sequence[Flow]) -> NoYield | None:
    if not moved:
        return NoYield.NO_FLOWS
    one_way = len({amount > 0 for _, amount in moved}) == 1
    return NoYield.ONE_SIGN if one_way else None


def _brackets(years: _Floats, amounts: _Floats) -> list[tuple[float, float]]:
    """Give every step of the grid in which the worth changes its sign."""
    with np.errstate(over="ignore", invalid="ignore"):
        signs = np.sign(amounts @ np.exp(np.outer(years, -_LOG_GRID)))
    found = []
    for place in range(len(_GRID) - 1):
        if signs[place] == 0:
            found.append((float(_GRID[place]), float(_GRID[place])))
        elif signs[place] * signs[place + 1] < 0:
            found.append((float(_GRID[place]), float(_GRID[place + 1])))
    return found


def _root(years: _Floats, amounts: _Floats, low: float, high: float) -> float:
    """Close in on the root between two growths: by Newton's step, or half way where it leaves."""
    rising = float(amounts @ np.power(high, -years)) > 0
    growth = (low + high) / 2
    for _ in range(_STEPS):
        worths = amounts * np.power(growth, -years)
        worth, slope = float(worths.sum()), -float(worths @ years) / growth
        if (worth > 0) == rising:
            high = growth
        else:
            low = growth
        step = growth - worth / slope if slope else low
        closer = step if low < step < high else (low + high) / 2
        if abs(closer - growth) <= _CLOSE * growth:
            return closer
        growth = closer
    return growth


def _is_root(years: _Floats, amounts: _Floats, growth: float) -> bool:
    """Tell whether the flows are worth nothing, against the worth of all that moved."""
    worths = amounts * np.power(growth, -years)
    return bool(abs(worths.sum()) <= _RESIDUE * np.abs(worths).sum())
