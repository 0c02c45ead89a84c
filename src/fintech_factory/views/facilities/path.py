"""Where a KPI goes if balances roll on as they did: the roll-rate path of a covenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory.analytics.breach import HORIZON_MONTHS
from fintech_factory.analytics.rolls import Vector, average_rolls, project
from fintech_factory.kpi_engine.definitions import Kpi, Ratio
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT
from fintech_factory.kpi_engine.nodes import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    Case,
    FirstPresent,
    Negative,
    Node,
    Number,
    columns_of,
)
from fintech_factory.views.facilities.facts import BookFacts, StateSum

__all__ = ["Path", "kpi_path", "path_of_states", "rolled_parts"]

_WIDE = Context(prec=50, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)
_ROLL_MONTHS = 3
_OF_STATE = frozenset({"balance", "outstanding", "written_off", "dpd", "bucket", "is_written_off"})


@dataclass(frozen=True, slots=True)
class Path:
    """The vectors of ageing states ahead, month by month, and why they stop early, if they do."""

    vectors: Sequence[Vector]
    stopped: str


def rolled_parts(kpi: Kpi) -> tuple[Node, Node] | None:
    """Give part and whole of one row, of a KPI that rolls tell; None for any other.

    Rolls tell a ratio whose two sides are sums over the loan snapshot of what a loan owes, chosen
    by nothing but its days past due and whether it is written off.
    """
    measure = kpi.measure
    if not isinstance(measure, Ratio) or measure.model is not LOAN_SNAPSHOT:
        return None
    part, whole = _row_amount(measure.part), _row_amount(measure.whole)
    return None if part is None or whole is None else (part, whole)


def _row_amount(node: Node) -> Node | None:
    """Turn sums joined by + and - into the amount of one row."""
    match node:
        case Aggregate(kind=AggregateKind.SUM, value=value, where=where) if value is not None:
            if not set(columns_of(node)) <= _OF_STATE:
                return None
            known = FirstPresent((value, Number(_ZERO)))
            return known if where is None else Case(((where, known),), Number(_ZERO))
        case Arithmetic(operator="+" | "-" as operator, left=left, right=right):
            first, second = _row_amount(left), _row_amount(right)
            if first is not None and second is not None:
                return Arithmetic(operator, first, second)
        case Negative(operand):
            inner = _row_amount(operand)
            return None if inner is None else Negative(inner)
    return None


def path_of_states(facts: BookFacts, day: date) -> Path:
    """Project the ageing states of a date forward under the last full months' rolls."""
    start = {state: each.balance for state, each in facts.states.get(day, {}).items()}
    rolls = average_rolls(facts.rolls.get(day, ()))
    if rolls is None:
        return Path([start], "roll rates need a full month")
    return Path(*project(start, rolls, HORIZON_MONTHS))


def kpi_path(
    kpi: str, today: Decimal, facts: BookFacts, day: date, path: Path
) -> tuple[list[Decimal], str]:
    """Give a KPI's values along a path, today's first, and why they end early, if they do.

    Of each state the KPI counts, ahead, the share of the balance that it counts today; of a state
    that is empty today, the share at the full month-ends of the rolls, where every state that
    balances roll to has held one.
    """
    weights = _weights(kpi, facts, day)
    values = [today]
    for vector in path.vectors[1:]:
        part = whole = _ZERO
        for state, balance in vector.items():
            if balance:
                if state not in weights:
                    return values, f"no balance was in `{state}` at the month-ends of the rolls"
                part += balance * weights[state][0]
                whole += balance * weights[state][1]
        if whole <= 0:
            return values, "nothing would be outstanding"
        values.append(_WIDE.divide(part * 100, whole))
    return values, path.stopped


def _weights(kpi: str, facts: BookFacts, day: date) -> Mapping[str, tuple[Decimal, Decimal]]:
    today = facts.states.get(day, {})
    months = [on.as_of for on in facts.full_month_ends(day)[-_ROLL_MONTHS:]]
    before = [today, *(facts.states.get(month, {}) for month in months)]
    weights = {}
    for state in dict.fromkeys(state for states in before for state in states):
        own = today.get(state)
        seen = (
            [own]
            if own is not None and own.balance
            else [states[state] for states in before if state in states]
        )
        shares = _shares(kpi, seen)
        if shares is not None:
            weights[state] = shares
    return weights


def _shares(kpi: str, sums: Sequence[StateSum]) -> tuple[Decimal, Decimal] | None:
    balance = sum((each.balance for each in sums), _ZERO)
    if not balance:
        return None
    part = sum((each.parts[kpi][0] for each in sums), _ZERO)
    whole = sum((each.parts[kpi][1] for each in sums), _ZERO)
    return _WIDE.divide(part, balance), _WIDE.divide(whole, balance)
