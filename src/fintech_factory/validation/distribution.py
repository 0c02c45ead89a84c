"""Whether the book is made up as it was: two measures of the distance between histograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory.validation.baseline import Baseline, no_baseline
from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["DistributionLimits", "Histogram", "examine_distribution", "kolmogorov_smirnov", "psi"]

_WIDE = Context(prec=40, rounding=ROUND_HALF_EVEN)
_SHOWN = Decimal("0.0001")
_SHOWN_BINS = 10
# An empty bin has no logarithm; half a loan stands in it. Credit scorecards do the same.
_HALF_A_LOAN = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many open loans stood in each bin, by snapshot, oldest first; bins rise."""

    variable: str
    bins: tuple[str, ...]
    counts: tuple[tuple[date, tuple[int, ...]], ...]

    def since(self, day: date) -> "Histogram":
        """Leave out the snapshots before a day."""
        kept = tuple(each for each in self.counts if each[0] >= day)
        return Histogram(self.variable, self.bins, kept)


@dataclass(frozen=True, slots=True)
class DistributionLimits:
    """How far is too far, and how many month-ends it takes to say so."""

    month_ends: int
    at_least: int
    psi: Decimal
    ks: Decimal


def psi(now: Sequence[int], before: Sequence[int]) -> Decimal:
    """Give the population stability index: sum of (p - q) x ln(p / q) over the bins.

    Both sides hold at least one loan. An empty bin counts half a loan on its side.
    """
    total = Decimal(0)
    for one, other in zip(_shares(now), _shares(before), strict=True):
        total += (one - other) * _WIDE.ln(_WIDE.divide(one, other))
    return total


def kolmogorov_smirnov(now: Sequence[int], before: Sequence[int]) -> Decimal:
    """Give the largest distance between the cumulative shares at the edges of the bins.

    The true distance is no smaller: between two edges nothing is known.
    """
    largest, one, other = Decimal(0), 0, 0
    for mine, theirs in zip(now, before, strict=True):
        one, other = one + mine, other + theirs
        ours = _WIDE.divide(Decimal(one), Decimal(sum(now)))
        largest = max(largest, abs(ours - _WIDE.divide(Decimal(other), Decimal(sum(before)))))
    return largest


def examine_distribution(
    histogram: Histogram, as_of: date, owner: str, limits: DistributionLimits
) -> tuple[Examined | None, Baseline]:
    """Hold a snapshot against the month-ends before it, added up."""
    name = f"distribution.{histogram.variable}"
    nobody = tuple[int, ...]()
    now: Sequence[int] = dict(histogram.counts).get(as_of, nobody)
    held = [(day, counts) for day, counts in histogram.counts if day < as_of and any(counts)]
    past = held[-limits.month_ends :]
    dates = [day.isoformat() for day, _ in past]
    if len(past) < limits.at_least:
        return None, no_baseline(name, as_of, dates, limits.at_least)
    baseline = Baseline(name, as_of, tuple(dates))
    if not sum(now):
        return None, Baseline(name, as_of, tuple(dates), reason=f"no loan is open at {as_of}")
    pooled = [sum(column) for column in zip(*(counts for _, counts in past), strict=True)]
    index, distance = psi(now, pooled), kolmogorov_smirnov(now, pooled)
    if not (index > limits.psi or distance > limits.ks):
        return Examined(name), baseline
    bins = _widest(histogram.bins, now, pooled)
    finding = Finding(
        code="distribution_drift",
        severity=Severity.WARNING,
        message=f"{histogram.variable} of open loans is spread differently than at the"
        f" {len(past)} month-ends before: PSI {_short(index)}, KS {_short(distance)}",
        where=histogram.variable,
        hint="look at the shares below; if the book has changed for good,"
        f" `factory findings baseline reset {name}`",
        rows=sum(now),
        evidence=bins[:_SHOWN_BINS],
    )
    return Examined(name, (Found(finding, name, owner, every_row=bins),)), baseline


def _widest(
    bins: Sequence[str], now: Sequence[int], before: Sequence[int]
) -> tuple[dict[str, str], ...]:
    """Give the bins, those first in which the shares lie furthest apart, in percent."""
    rows = [
        (label, _percent(mine, sum(now)), _percent(theirs, sum(before)))
        for label, mine, theirs in zip(bins, now, before, strict=True)
    ]
    rows.sort(key=lambda row: -abs(row[1] - row[2]))
    return tuple(
        {"bin": label, "now_pct": format(mine, "f"), "before_pct": format(theirs, "f")}
        for label, mine, theirs in rows
    )


def _percent(count: int, of: int) -> Decimal:
    return _WIDE.divide(Decimal(count * 100), Decimal(of)).quantize(Decimal("0.01"))


def _shares(counts: Sequence[int]) -> list[Decimal]:
    filled = [Decimal(count) or _HALF_A_LOAN for count in counts]
    return [_WIDE.divide(each, sum(filled, Decimal(0))) for each in filled]


def _short(figure: Decimal) -> str:
    return format(figure.quantize(_SHOWN, context=_WIDE), "f")
