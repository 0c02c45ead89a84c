"""Where a value stands against its KPI's limits and target; every comparison is strict."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fintech_factory.values import LimitState

__all__ = ["Clamp", "Direction", "Limits", "Target"]


class Direction(StrEnum):
    """Which way a KPI gets worse."""

    BAD_ABOVE = "bad_above"
    BAD_BELOW = "bad_below"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Limits:
    """A ladder of limits, mildest first.

    `clear` holds, for the steps that have one, the value a breached step must pass back
    over before it counts as left.
    """

    direction: Direction
    steps: tuple[tuple[LimitState, Decimal], ...] = ()
    clear: tuple[tuple[LimitState, Decimal], ...] = ()

    def passed(self, value: Decimal, limit: Decimal) -> bool:
        """Say whether a value lies past a limit: 5.0 is not past 5 (R048)."""
        if self.direction is Direction.BAD_BELOW:
            return value < limit
        return self.direction is Direction.BAD_ABOVE and value > limit

    def state(self, value: Decimal) -> LimitState:
        """Give the worst step that an unrounded value has passed."""
        worst = LimitState.NONE
        for state, limit in self.steps:
            if self.passed(value, limit):
                worst = state
        return worst


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at, `above` or `below`, judged once per `period`; a line, not an alert."""

    above: Decimal | None
    below: Decimal | None
    period: str

    def met(self, value: Decimal) -> bool:
        """Say whether an unrounded value meets the target."""
        if self.above is not None and not value > self.above:
            return False
        return self.below is None or value < self.below


@dataclass(frozen=True, slots=True)
class Clamp:
    """The range in which a value is shown; the raw value is kept beside it."""

    low: Decimal
    high: Decimal

    def apply(self, value: Decimal) -> Decimal:
        """Give the nearest value inside the range."""
        return min(max(value, self.low), self.high)
