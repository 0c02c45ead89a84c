"""Expected credit loss: PD from a migration matrix, LGD from what defaults brought, and both."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise

from fintech_factory.analytics.ratio import is_dust

__all__ = [
    "DefaultCurve",
    "Lgd",
    "Matrix",
    "default_curve",
    "expected_loss",
    "matrix_of",
    "realised",
]

Matrix = Mapping[str, Mapping[str, Decimal]]
"""State at the start of a month -> state at its end -> share; each row adds up to 1."""

_ZERO, _ONE = Decimal(0), Decimal(1)
_SHARE = Decimal("1e-18")
_MONEY = Decimal("1e-6")
_MONTHS_A_YEAR = 12
_WIDE = Context(prec=50, rounding=ROUND_HALF_EVEN)


def matrix_of(rolls: Iterable[tuple[str, str, Decimal | int]]) -> Matrix:
    """Average monthly rolls (from, to, weight) to one matrix, each month by what it held.

    Shares are rounded half-even at 18 places. A state that nothing started from has no row, nor
    has one whose months together held dust (less than one unit of money): it is no experience.
    """
    whole: dict[str, Decimal] = defaultdict(Decimal)
    moved: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for start, end, weight in rolls:
        whole[start] += weight
        moved[start][end] += weight
    return {
        start: {end: _rounded(_WIDE.divide(part, whole[start])) for end, part in parts.items()}
        for start, parts in moved.items()
        if whole[start] > 0 and not is_dust(whole[start])
    }


@dataclass(frozen=True, slots=True)
class DefaultCurve:
    """Probability that a state defaults within n months: `within(state, n)`, n from 0.

    `basis[state]` says where it comes from: `observed`, `next worse state` where nothing ever
    started from the state, `default` where it is one.
    """

    curves: Mapping[str, tuple[Decimal, ...]]
    basis: Mapping[str, str]

    def within(self, state: str, months: int) -> Decimal:
        """Give the probability at 18 places; the horizon is the curve's at most."""
        curve = self.curves[state]
        return curve[min(months, len(curve) - 1)]


def default_curve(
    matrix: Matrix, states: Collection[str], defaults: Collection[str], months: int
) -> DefaultCurve:
    """Give each state's cumulative probability of default for 0 to `months` months.

    Powers of the matrix with default absorbing (what comes back from default has defaulted) and
    repaid absorbing (a repaid loan is no cure: it left). h(0) = 1 in default and 0 elsewhere, then
    h(n) = M h(n - 1): the default column of M to the power n. Each product is rounded half-even at
    18 places, so n months are exact to 12 places and more. `states` go from best to worst; one
    without a row of its own takes the curve of the next worse, the last resort being certainty.
    """
    curves: dict[str, list[Decimal]] = {
        state: [_ONE if state in defaults else _ZERO] for state in states
    }
    basis = {
        state: "default"
        if state in defaults
        else "observed"
        if state in matrix
        else "next worse state"
        for state in states
    }
    for _ in range(months):
        before = {state: curve[-1] for state, curve in curves.items()}
        after = _ONE
        for state in reversed(list(states)):
            if basis[state] == "observed":
                after = _step(matrix[state], before)
            elif basis[state] == "default":
                after = _ONE
            curves[state].append(after)
    return DefaultCurve({state: tuple(curve) for state, curve in curves.items()}, basis)


def _step(row: Mapping[str, Decimal], before: Mapping[str, Decimal]) -> Decimal:
    """Give one row of M h; what leaves the states (repaid) never defaults."""
    reached = (_WIDE.multiply(share, before.get(end, _ZERO)) for end, share in row.items())
    return min(_rounded(sum(reached, _ZERO)), _ONE)


def _rounded(share: Decimal) -> Decimal:
    return share.quantize(_SHARE, context=_WIDE)


@dataclass(frozen=True, slots=True)
class Lgd:
    """Loss given default as a share, and where it comes from.

    `basis` is `realised`, `floor` (realised is lower) or `not enough history`; `realised` is None
    without a default that is old enough, and where all of them together are dust.
    """

    used: Decimal
    basis: str
    realised: Decimal | None
    loans: int
    balance_at_default: Decimal
    recovered: Decimal


def realised(
    defaults: Iterable[tuple[int, Decimal, Decimal]],
    *,
    min_loans: int,
    floor: Decimal,
    without_history: Decimal,
) -> Lgd:
    """Take LGD from defaults (loans, balance at default, recovered) that had their time.

    1 - recovered / balance at default, all together, so that a large default counts as such. Never
    below the floor; with too few loans the policy's own figure, and the basis says so.
    """
    known = list(defaults)
    loans = sum(count for count, _, _ in known)
    balance = sum((owed for _, owed, _ in known), _ZERO)
    came = sum((back for _, _, back in known), _ZERO)
    lost = (
        _ONE - _rounded(_WIDE.divide(came, balance))
        if balance > 0 and not is_dust(balance)
        else None
    )
    if lost is None or loans < min_loans:
        return Lgd(without_history, "not enough history", lost, loans, balance, came)
    used = max(lost, floor)
    return Lgd(used, "realised" if used == lost else "floor", lost, loans, balance, came)


def expected_loss(
    exposure: Decimal,
    curve: tuple[Decimal, ...],
    lgd: Decimal,
    *,
    pd_times: Decimal = _ONE,
    discount_a_year: Decimal | None = None,
) -> Decimal:
    """Give PD x LGD x EAD in money at 6 places, half-even.

    `curve` is the cumulative probability for 0, 1, ... months up to the horizon. A default in
    month t is a loss at its end, discounted by (1 + rate) ^ (t / 12) where a rate is given. What is
    in default at month 0 is neither discounted nor made more probable than certain.
    """
    if discount_a_year is None:
        probability = min(_WIDE.multiply(curve[-1], pd_times), _ONE)
    else:
        probability = _discounted(curve, pd_times, discount_a_year)
    loss = _WIDE.multiply(_WIDE.multiply(exposure, probability), lgd)
    return loss.quantize(_MONEY, context=_WIDE)


def _discounted(curve: tuple[Decimal, ...], times: Decimal, rate: Decimal) -> Decimal:
    reached = [min(_WIDE.multiply(each, times), _ONE) for each in curve]
    monthly = _WIDE.power(_ONE + rate, _WIDE.divide(_ONE, Decimal(_MONTHS_A_YEAR)))
    total, factor = reached[0], _ONE
    for before, now in pairwise(reached):
        factor = _WIDE.divide(factor, monthly)
        total += _WIDE.multiply(now - before, factor)
    return total
