"""The answer key: balance and days past due of every loan at every month-end, in whole cents.

Cumulative amounts are laid end to end, loan after loan, so that one binary search over the
chunk finds the payments made by a day, and another the instalments those payments cover.
"""

from dataclasses import dataclass

import numpy as np

from fintech_factory.book.dice import Flags, Ints, days_of, month_of
from fintech_factory.book.loans import Loans
from fintech_factory.book.payments import DAY_SPAN, Payments
from fintech_factory.book.schedules import Instalments

__all__ = ["WRITE_OFF_AFTER", "Balances", "Ledger", "MonthEnds"]

WRITE_OFF_AFTER = 180


@dataclass(frozen=True, slots=True)
class Balances:
    """What loans owe on some days: cents, days past due, oldest uncovered due date."""

    balance: Ints
    dpd: Ints
    due_on: Ints


@dataclass(frozen=True, slots=True)
class MonthEnds:
    """The month-ends of a chunk's loans, by month-end and loan."""

    loan: Ints
    on: Ints
    owed: Balances

    def written_off(self) -> Flags:
        """Say which are written off: more than 180 days past due, for as long as that lasts."""
        return self.owed.dpd > WRITE_OFF_AFTER


class Ledger:
    """Answers what any loan of the chunk owes on any day up to the last."""

    def __init__(self, loans: Loans, due: Instalments, paid: Payments, until: int) -> None:
        """Lay the cumulative amounts end to end."""
        self._loans, self._due, self._paid, self._until = loans, due, paid, until
        self._day_key = paid.loan * DAY_SPAN + paid.paid_on
        self._paid_principal = np.append(0, np.cumsum(paid.principal))
        self._paid_cash = np.append(0, np.cumsum(paid.cash()))
        self._due_principal = np.cumsum(due.principal)
        self._due_cash = np.cumsum(due.principal + due.interest + due.fees + due.tax)
        self._ends = due.last() + 1
        loan = np.arange(len(loans), dtype=np.int64)
        self._no_payment = np.searchsorted(self._day_key, loan * DAY_SPAN, side="left")

    def at(self, loan: Ints, on: Ints) -> Balances:
        """Give what each `loan` owes at the end of the day `on`, no day past the last."""
        on = np.minimum(on, self._until)
        upto = np.searchsorted(self._day_key, loan * DAY_SPAN + on, side="right")
        since = self._no_payment[loan]
        principal = self._paid_principal[upto] - self._paid_principal[since]
        cash = self._paid_cash[upto] - self._paid_cash[since]
        oldest = np.maximum(
            self._covered(loan, principal, self._due_principal),
            self._covered(loan, cash, self._due_cash),
        )
        is_open = oldest < self._ends[loan]
        due_on = self._due.due_on[np.where(is_open, oldest, 0)]
        dpd = np.where(is_open, np.maximum(on - due_on, 0), 0)
        return Balances(self._loans.principal[loan] - principal, dpd, due_on)

    def _covered(self, loan: Ints, amount: Ints, due: Ints) -> Ints:
        """Give the first instalment of each loan that `amount` does not reach."""
        first, ends = self._due.first[loan], self._ends[loan]
        before = np.append(0, due)[first]
        return np.clip(np.searchsorted(due, before + amount, side="right"), first, ends)

    def month_ends(self) -> MonthEnds:
        """List every month-end at which a loan owes, or was paid in that month."""
        last_month = int(month_of(np.array([self._until]))[0])
        made = month_of(self._loans.disbursed_on)
        owes_at_end = self.at(np.arange(len(made)), np.full(len(made), self._until)).balance > 0
        paid_in = month_of(self._paid.paid_on)
        ends = made.copy()
        np.maximum.at(ends, self._paid.loan, paid_in)
        ends = np.where(owes_at_end, last_month, ends)
        months = ends - made + 1
        loan = np.repeat(np.arange(len(made), dtype=np.int64), months)
        month = made[loan] + np.arange(len(loan)) - np.repeat(np.cumsum(months) - months, months)
        on = days_of(month + 1) - 1
        owed = self.at(loan, on)
        was_paid = np.zeros(len(loan), dtype=np.bool_)
        row_of = (np.cumsum(months) - months)[self._paid.loan] + paid_in - made[self._paid.loan]
        was_paid[row_of] = True
        kept = np.flatnonzero((owed.balance > 0) | was_paid)
        kept = kept[np.argsort(on[kept], kind="stable")]
        return MonthEnds(
            loan[kept],
            on[kept],
            Balances(owed.balance[kept], owed.dpd[kept], owed.due_on[kept]),
        )
