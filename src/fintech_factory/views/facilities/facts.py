"""What is read of the book for its facilities, at every snapshot up to the dates asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from fintech_factory.analytics.concentration import Cell
from fintech_factory.analytics.rolls import Rolled
from fintech_factory.ingestion.sources.statements import Statement
from fintech_factory.views.table import Cells, ViewDate

__all__ = ["BookFacts", "Figure", "Pool", "StateSum", "StepSum", "Tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of loans and their balance."""

    loans: int = 0
    balance: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class StepSum:
    """What counts of the eligible loans in one step of the discount schedule."""

    from_dpd: int
    percent: Decimal
    loans: int
    balance: Decimal
    counted: Decimal


@dataclass(frozen=True, slots=True)
class Pool:
    """A facility's pool at one date, in the reporting currency.

    `excluded` are the loans under their first rule, `by_rule` all that a rule excludes whether or
    not another did before; both by the rules' order. `ineligible` are the largest loans, at the
    dates asked for.
    """

    eligible: Tally
    excluded: Sequence[Tally]
    by_rule: Sequence[Tally]
    steps: Sequence[StepSum] = ()
    cells: Sequence[Cell] = ()
    ineligible: Sequence[Cells] = ()

    @staticmethod
    def empty(rules: int) -> "Pool":
        """Give the pool of a date on which no loan is in it."""
        return Pool(Tally(), [Tally()] * rules, [Tally()] * rules)

    @property
    def all_loans(self) -> Tally:
        """The pool as a whole."""
        parts = (self.eligible, *self.excluded)
        return Tally(
            sum(each.loans for each in parts), sum((each.balance for each in parts), Decimal(0))
        )

    @property
    def counted(self) -> Decimal:
        """What counts of the eligible balance after discounts."""
        return sum((each.counted for each in self.steps), Decimal(0))


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a covenant is held to, or why there is none; part and whole of a ratio."""

    value: Decimal | None
    reason: str = ""
    part: Decimal | None = None
    whole: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StateSum:
    """The balance in one ageing state, and of each KPI its part and whole there."""

    balance: Decimal
    parts: Mapping[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class BookFacts:
    """All that facilities are judged on.

    `dates` are the snapshots, ascending; the rest is known at those that are asked for or looked
    back to. `pools` goes by facility and date, `rates` (to the reporting currency) by currency and
    date, `kpis` by KPI and date, `states` by date and ageing state, `rolls` by date. `pool_states`
    are the states of a facility's pool alone, where a covenant speaks of it.
    """

    dates: Sequence[ViewDate] = ()
    pools: Mapping[str, Mapping[date, Pool]] = field(default_factory=dict)
    rates: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    kpis: Mapping[str, Mapping[date, Figure]] = field(default_factory=dict)
    states: Mapping[date, Mapping[str, StateSum]] = field(default_factory=dict)
    pool_states: Mapping[str, Mapping[date, Mapping[str, StateSum]]] = field(default_factory=dict)
    rolls: Mapping[date, Sequence[Rolled]] = field(default_factory=dict)
    statements: Sequence[Statement] = ()

    def of_pool(self, facility: str) -> "BookFacts":
        """Put the states of a facility's pool in the place of the book's."""
        return replace(self, states=self.pool_states.get(facility, {}))

    def full_month_ends(self, until: date) -> list[ViewDate]:
        """Give the month-ends up to a date that the data cover to their last day."""
        return [
            on
            for on in self.dates
            if on.as_of <= until and on.cut_on == on.as_of and not on.partial
        ]
