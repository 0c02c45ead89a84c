"""Says of a loan what is the same at every date: whose, how large, how long, what it costs."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from fintech_factory.kpi_engine.landed import LandedLoan, borrowers
from fintech_factory.kpi_engine.models import NOT_PROVIDED
from fintech_factory.kpi_engine.rates import Rates, converted
from fintech_factory.kpi_engine.scope import month_start
from fintech_factory.transform.places import place_names
from fintech_factory.values import LedgerRules, annual_factor

__all__ = ["Terms", "Traits", "Who", "with_kind"]

Who = tuple[Any, ...]
"""The cells that every model begins with after the date, from loan_key to disbursed_on."""

_ZERO = Decimal(0)
_NEW, _REPEAT, _REACTIVATED = "new", "repeat", "reactivated"


class Terms(NamedTuple):
    """How long a loan runs and what it costs, in its own currency; None where that is unknown."""

    term_days: int | None
    cost: Decimal
    annual_cost: Decimal | None


class Traits:
    """Describes loans one by one, by the lender's policy."""

    def __init__(
        self,
        cuts: Sequence[date],
        rules: LedgerRules,
        segments: Mapping[str, str | None],
        places: Iterable[tuple[str, int]],
        rates: Rates,
    ) -> None:
        """Take where each day's data end, each borrower's segment, and how places are spelt."""
        self._segments = segments
        self._places = place_names(places)
        self._cuts = cuts
        self._rates = rates
        self._sizes = rules.sizes.bounds, [label for _, label, _, _ in rules.sizes.rows()]
        self._terms = rules.terms.bounds, [label for _, label, _, _ in rules.terms.rows()]
        self._factors: dict[int, Decimal | None] = {}

    def who(self, loan: LandedLoan) -> Who:
        """Give the loan's own cells, in the order in which every model begins."""
        place = loan.location_state_province
        return (
            loan.line_no,
            loan.loan_id,
            loan.customer_id,
            loan.company or NOT_PROVIDED,
            loan.product_type or NOT_PROVIDED,
            self._segments.get(loan.customer_id or "") or NOT_PROVIDED,
            (self._places.get(place) if place else None) or NOT_PROVIDED,
            self._size_bucket(loan),
            self._term_bucket(term_days_of(loan)),
            month_start(loan.disburse_date),
            loan.currency,
            loan.disburse_date,
        )

    def terms(self, loan: LandedLoan) -> Terms:
        """Give the loan's term and cost; the year's cost takes 365 / term at 8 places."""
        days = term_days_of(loan)
        cost = (loan.total_interest or _ZERO) + (loan.total_fees or _ZERO)
        if days is None:
            return Terms(None, cost, None)
        if days not in self._factors:
            self._factors[days] = annual_factor(days)
        factor = self._factors[days]
        return Terms(days, cost, None if factor is None else converted(cost, factor))

    def _size_bucket(self, loan: LandedLoan) -> str:
        """Name the bucket of the principal at the rate of the first day that holds the loan."""
        size = loan.disburse_principal
        held = bisect_left(self._cuts, loan.disburse_date)
        if size is None or size < 0 or held == len(self._cuts):
            return NOT_PROVIDED
        rates = self._rates.of(loan.currency)
        bounds, labels = self._sizes
        return labels[bisect_right(bounds, size if rates is None else converted(size, rates[held]))]

    def _term_bucket(self, days: int | None) -> str:
        bounds, labels = self._terms
        return NOT_PROVIDED if days is None else labels[bisect_left(bounds, days)]


def term_days_of(loan: LandedLoan) -> int | None:
    """Give the days from disbursement to maturity, else the term as landed."""
    if loan.maturity_date is None:
        return loan.term
    return (loan.maturity_date - loan.disburse_date).days


def with_kind(
    loans: Iterable[Sequence[Any]], reactivated_after_days: int
) -> Iterator[tuple[LandedLoan, str]]:
    """Give each loan with what its borrower was on its day: new, repeat or reactivated.

    Loans that name no borrower are new: nothing before them is known to be theirs.
    """
    for borrower, theirs in borrowers(loans):
        if borrower is None:
            yield from ((loan, _NEW) for loan in theirs)
            continue
        held = list(theirs)
        kinds = _kinds(sorted({loan.disburse_date for loan in held}), reactivated_after_days)
        yield from ((loan, kinds[loan.disburse_date]) for loan in held)


def _kinds(days: Sequence[date], reactivated_after_days: int) -> Mapping[date, str]:
    kinds = {days[0]: _NEW}
    for before, day in pairwise(days):
        is_late = (day - before).days > reactivated_after_days
        kinds[day] = _REACTIVATED if is_late else _REPEAT
    return kinds
