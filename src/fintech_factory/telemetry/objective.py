"""How an objective stands: what was good, what may still go wrong, how fast that is used up.

https://sre.google/workbook/alerting-on-slos/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

__all__ = ["BURN_WINDOWS", "Counted", "Objective", "Standing", "Verdict", "standing"]

BURN_WINDOWS: Mapping[str, timedelta] = {"1d": timedelta(days=1), "7d": timedelta(days=7)}
"""Over how long it is seen how fast a budget is used up: the work comes by the day."""
_WIDE = Context(prec=28, rounding=ROUND_HALF_EVEN)

Counted = tuple[Decimal, Decimal]
"""How much was good, and of how much: events, or seconds."""


class Verdict(StrEnum):
    """How an objective stands; nothing is known of what has not happened in the window."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Objective:
    """What share of something has to be good (`target`, above 0 and below 1) within a window.

    `unit` is what is counted.
    """

    name: str
    says: str
    unit: str
    target: Decimal
    window: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """An objective at a moment.

    `ratio` is the share that was good. `budget_left` is the share of what may be bad that is left:
    1 is all, 0 none, below 0 the objective is missed. `burn` is by window how many times as fast
    the budget is used as it may be: at 1 it is used up just as the objective's window ends. Each
    is None where nothing has happened.
    """

    objective: Objective
    good: Decimal
    whole: Decimal
    burn: Mapping[str, Decimal | None]

    @property
    def ratio(self) -> Decimal | None:
        """The share that was good."""
        return _share(self.good, self.whole)

    @property
    def budget_left(self) -> Decimal | None:
        """The share of the error budget that is left."""
        ratio = self.ratio
        if ratio is None:
            return None
        return 1 - _WIDE.divide(1 - ratio, 1 - self.objective.target)

    @property
    def verdict(self) -> Verdict:
        """Whether the share that was good is as large as it has to be."""
        if self.ratio is None:
            return Verdict.UNKNOWN
        return Verdict.MET if self.ratio >= self.objective.target else Verdict.MISSED


def standing(
    objective: Objective, count: Callable[[datetime, datetime], Counted], now: datetime
) -> Standing:
    """Say how an objective stands; `count` counts from one moment to another."""
    good, whole = count(now - objective.window, now)
    burn = {
        name: _burn(count(now - span, now), objective.target) for name, span in BURN_WINDOWS.items()
    }
    return Standing(objective, good, whole, burn)


def _burn(counted: Counted, target: Decimal) -> Decimal | None:
    share = _share(*counted)
    return None if share is None else _WIDE.divide(1 - share, 1 - target)


def _share(good: Decimal, whole: Decimal) -> Decimal | None:
    return None if whole == 0 else _WIDE.divide(good, whole)
