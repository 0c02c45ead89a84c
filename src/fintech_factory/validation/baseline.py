"""What a figure is held against: the dates it was seen at, and what they say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

__all__ = [
    "Baseline",
    "baseline_of",
    "mean",
    "median",
    "median_deviation",
    "no_baseline",
    "percent_change",
    "standard_deviation",
]

# Whatever the caller's context: sums of 18 digits stay exact, quotients have 28 more.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_SHOWN = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Baseline:
    """The past of one figure, explained: when, how often, and where it lay.

    `sd` is the sample's (n - 1), None of fewer than two; `mad` the median absolute deviation,
    unscaled. `reason` says why there is no baseline; then nothing is judged by it.
    """

    name: str
    as_of: date
    dates: tuple[str, ...] = ()
    mean: Decimal | None = None
    sd: Decimal | None = None
    median: Decimal | None = None
    mad: Decimal | None = None
    reason: str = ""

    @property
    def n(self) -> int:
        """How many figures it is made of."""
        return len(self.dates)

    def as_json(self) -> dict[str, Any]:
        """Give the baseline as one JSON object; decimals are text, to 8 places."""
        figures = {
            name: None if figure is None else format(figure.quantize(_SHOWN, context=_EXACT), "f")
            for name, figure in (
                ("mean", self.mean),
                ("sd", self.sd),
                ("median", self.median),
                ("mad", self.mad),
            )
        }
        return {
            "name": self.name,
            "as_of": self.as_of.isoformat(),
            "dates": list(self.dates),
            "n": self.n,
            **figures,
            "reason": self.reason or None,
        }


def baseline_of(
    name: str, as_of: date, seen: Sequence[tuple[str, Decimal]], at_least: int
) -> Baseline:
    """Sum up what was seen, by date; with fewer than `at_least` there is no baseline yet."""
    if len(seen) < at_least:
        return no_baseline(name, as_of, [when for when, _ in seen], at_least)
    figures = [figure for _, figure in seen]
    return Baseline(
        name=name,
        as_of=as_of,
        dates=tuple(when for when, _ in seen),
        mean=mean(figures),
        sd=standard_deviation(figures),
        median=median(figures),
        mad=median_deviation(figures),
    )


def no_baseline(name: str, as_of: date, dates: Sequence[str], at_least: int) -> Baseline:
    """Say of a figure that its past is too short to judge it by."""
    reason = f"no baseline yet: {len(dates)} of at least {at_least}"
    return Baseline(name, as_of, tuple(dates), reason=reason)


def mean(figures: Sequence[Decimal]) -> Decimal:
    """Give the mean of one figure or more."""
    return _EXACT.divide(sum(figures, Decimal(0)), Decimal(len(figures)))


def standard_deviation(figures: Sequence[Decimal]) -> Decimal | None:
    """Give the sample's standard deviation, None of fewer than two figures."""
    if len(figures) < len(("one", "another")):
        return None
    middle = mean(figures)
    squares = sum((_EXACT.power(each - middle, 2) for each in figures), Decimal(0))
    return _EXACT.sqrt(_EXACT.divide(squares, Decimal(len(figures) - 1)))


def median(figures: Sequence[Decimal]) -> Decimal:
    """Give the middle figure, or the mean of the two in the middle."""
    ordered = sorted(figures)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else mean(ordered[half - 1 : half + 1])


def median_deviation(figures: Sequence[Decimal]) -> Decimal:
    """Give the median of the distances from the median."""
    middle = median(figures)
    return median([abs(each - middle) for each in figures])


def percent_change(now: Decimal, before: Decimal) -> Decimal:
    """Give by how many percent a figure lies above another, which is not 0."""
    return _EXACT.divide((now - before) * 100, before)
