"""One loan's state and movements at each day of the ledger, in its own currency."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from fintech_factory.kpi_engine.account import Account
from fintech_factory.kpi_engine.landed import LandedLoan
from fintech_factory.kpi_engine.rates import Rates, converted
from fintech_factory.kpi_engine.snapshots import Snapshots
from fintech_factory.kpi_engine.traits import Traits
from fintech_factory.values import LedgerRules

__all__ = ["Desk", "Flows", "LoanBook", "Position"]

_ZERO = Decimal(0)


class Position(NamedTuple):
    """What is unpaid and since when the oldest of it is late."""

    balance: Decimal
    dpd: int
    dpd_on: date | None


_NOTHING = Position(_ZERO, 0, None)


class Flows(NamedTuple):
    """What moved in a day's windows; `moved` is false where nothing did."""

    cash_30d: Decimal
    cash_month: Decimal
    principal_month: Decimal
    interest_month: Decimal
    fees_month: Decimal
    due_month: Decimal
    due_to_date: Decimal
    moved: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What every loan's book is written by."""

    snapshots: Snapshots
    rules: LedgerRules
    rates: Rates
    traits: Traits


class LoanBook:
    """One loan at every day; what was worked out for one model serves the next."""

    __slots__ = (
        "_flows",
        "_positions",
        "account",
        "desk",
        "first",
        "kind",
        "loan",
        "quiet_from",
        "rates",
        "who",
    )

    def __init__(self, desk: Desk, loan: LandedLoan, kind: str, account: Account) -> None:
        """Take the loan, what its borrower was on its day, and its rows.

        WarehouseError if there is no rate for its currency.
        """
        self.desk, self.loan, self.kind, self.account = desk, loan, kind, account
        snapshots = desk.snapshots
        self.who = desk.traits.who(loan)
        self.rates = desk.rates.of(loan.currency)
        self.first = bisect_left(snapshots.cuts, loan.disburse_date)
        self.quiet_from = len(snapshots.days)
        if account.principal == account.paid_principal[-1]:
            # Nothing is owed after the last payment: the loan is gone once its windows are.
            self.quiet_from = bisect_right(snapshots.quiet_before, account.last_event)
        self._positions: dict[int, Position] = {}
        self._flows: dict[int, Flows] = {}

    def money(self, amount: Decimal, day: int) -> Decimal:
        """Give an amount in the reporting currency at a day's rate."""
        return amount if self.rates is None else converted(amount, self.rates[day])

    def position(self, day: int) -> Position:
        """Give what is unpaid at a day of the ledger, by its place."""
        if day < self.first or day >= self.quiet_from:
            return _NOTHING
        known = self._positions.get(day)
        if known is None:
            known = self._positions[day] = self._position(self.desk.snapshots.cuts[day])
        return known

    def _position(self, cut: date) -> Position:
        account = self.account
        balance = account.principal - account.paid_principal[bisect_right(account.paid_on, cut)]
        # A loan of which nothing is unpaid is not past due, whatever its schedule says (A22).
        if not balance:
            return _NOTHING
        dpd_on = account.oldest_uncovered(cut, self.desk.rules.coverage_tolerance)
        return Position(balance, 0 if dpd_on is None else (cut - dpd_on).days, dpd_on)

    def is_new(self, day: int) -> bool:
        """Say whether the loan was disbursed in a day's month."""
        return self.loan.disburse_date >= self.desk.snapshots.month_starts[day]

    def flows(self, day: int) -> Flows:
        """Give what moved in the windows of a day of the ledger, by its place."""
        known = self._flows.get(day)
        if known is None:
            known = self._flows[day] = self._moved(day)
        return known

    def _moved(self, day: int) -> Flows:
        snapshots, account = self.desk.snapshots, self.account
        cut, begun = snapshots.cuts[day], snapshots.month_starts[day]
        paid_on, paid = account.paid_on, account.paid_total
        due_on, due = account.due_on, account.due_total
        by_cut = bisect_right(paid_on, cut)
        by_label = bisect_right(paid_on, snapshots.days[day])
        by_window = bisect_right(paid_on, snapshots.windows[day])
        by_month = bisect_left(paid_on, begun)
        due_by_month = bisect_left(due_on, begun)
        due_by_end = bisect_right(due_on, snapshots.month_ends[day])
        return Flows(
            paid[by_label] - paid[by_window],
            paid[by_cut] - paid[by_month],
            account.paid_principal[by_cut] - account.paid_principal[by_month],
            account.paid_interest[by_cut] - account.paid_interest[by_month],
            account.paid_fees[by_cut] - account.paid_fees[by_month],
            due[due_by_end] - due[due_by_month],
            due[bisect_right(due_on, cut)] - due[due_by_month],
            by_label > by_window
            or by_cut > by_month
            or due_by_end > due_by_month
            or self.is_new(day),
        )
