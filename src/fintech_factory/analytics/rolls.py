"""Projects the book's ageing states month by month under average roll rates.

The state of the book is the vector of its balances by ageing state (the ageing buckets and
`written off`). Over a full month a balance that opens in state s closes, in part, in each state o:
its share T[s, o] is the balance that closes in o over the balance that opened in s, both summed
over the last full months; what is repaid is the part that closes nowhere. New lending enters at its
average monthly volume, in the states in which it closed its first month; without it a book of short
loans would run off and every ratio to it would rise. One step is

    v[o] <- sum over s of v[s] x T[s, o] + new[o]

This is the migration-matrix forecast that lenders call roll rates, applied to balances.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TypeAlias

__all__ = ["NEW", "Rolled", "Rolls", "Vector", "average_rolls", "project"]

NEW = "new"
"""The opening state of loans that had no balance when the month began."""

_REPAID = "repaid"
_WIDE = Context(prec=50, rounding=ROUND_HALF_EVEN)
_SHARE = Decimal("1e-12")
_MONEY = Decimal("1e-6")
_ZERO = Decimal(0)

Vector: TypeAlias = Mapping[str, Decimal]
"""State -> balance, in the reporting currency."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """What became, over `months` full months, of the balances that opened in a state."""

    months: int
    opening_state: str
    outcome: str
    opening_balance: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Rolls:
    """Average roll rates: shares at 12 places, new lending a month at 6."""

    months: int
    shares: Mapping[str, Mapping[str, Decimal]]
    new: Vector


def average_rolls(rolled: Iterable[Rolled]) -> Rolls | None:
    """Average the rolls of some full months, each weighed by its balances; None without any."""
    rows = list(rolled)
    if not rows:
        return None
    months = rows[0].months
    opened: dict[str, Decimal] = defaultdict(Decimal)
    closed: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        opened[row.opening_state] += row.opening_balance
        if row.outcome != _REPAID:
            closed[row.opening_state][row.outcome] += row.balance
    return Rolls(
        months=months,
        shares={
            state: {out: _divided(amount, whole, _SHARE) for out, amount in closed[state].items()}
            for state, whole in opened.items()
            if state != NEW and whole > 0
        },
        new={out: _divided(amount, months, _MONEY) for out, amount in closed[NEW].items()},
    )


def _divided(part: Decimal, whole: Decimal | int, places: Decimal) -> Decimal:
    return _WIDE.divide(part, Decimal(whole)).quantize(places, context=_WIDE)


def project(start: Vector, rolls: Rolls, steps: int) -> tuple[list[Vector], str]:
    """Give the vector after 0, 1, ... `steps` months, and why it stops earlier, if it does.

    It stops where a state holds a balance and none of the averaged months opened with one: what
    becomes of such a balance is not known, and no guess stands in for it.
    """
    path: list[Vector] = [dict(start)]
    for _ in range(steps):
        now = path[-1]
        for state, balance in now.items():
            if balance and state not in rolls.shares:
                return path, f"no balance opened in `{state}` in the last {rolls.months} months"
        then: dict[str, Decimal] = defaultdict(Decimal)
        for state, balance in now.items():
            for outcome, share in rolls.shares.get(state, {}).items():
                then[outcome] += balance * share
        for outcome, amount in rolls.new.items():
            then[outcome] += amount
        path.append({state: round(amount, 6) for state, amount in then.items()})
    return path, ""
