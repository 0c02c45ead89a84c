"""What is due when: the instalments of a chunk of loans, in cents, adding up exactly."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fintech_factory.book.dice import Ints, days_of, month_of
from fintech_factory.book.habits import Habits
from fintech_factory.book.loans import Loans

__all__ = ["Instalments", "draw_instalments"]

TAX_PERCENT = 13

# How much of `count` instalments lies before instalment `at`, as a whole number.
Spread = Callable[[Ints, Ints], Ints]


@dataclass(frozen=True, slots=True)
class Instalments:
    """The instalments of one chunk, by loan and due date; `loan` is the loan's place in it.

    `at` counts a loan's instalments from 0; `first` is where each loan's instalments begin;
    `due_on` is the schedule in force, `agreed_on` the one before any restructuring.
    """

    loan: Ints
    at: Ints
    first: Ints
    agreed_on: Ints
    due_on: Ints
    principal: Ints
    interest: Ints
    fees: Ints
    tax: Ints

    def __len__(self) -> int:
        """Count the instalments."""
        return len(self.loan)

    def per_loan(self, amounts: Ints) -> Ints:
        """Add up amounts of instalments by loan."""
        return np.add.reduceat(amounts, self.first)

    def last(self) -> Ints:
        """Give the place of each loan's last instalment."""
        return np.append(self.first[1:], len(self.loan)) - 1


def draw_instalments(loans: Loans, habits: Habits) -> Instalments:
    """Spread every loan over its instalments."""
    first = np.cumsum(loans.count) - loans.count
    loan = np.repeat(np.arange(len(loans), dtype=np.int64), loans.count)
    at = np.arange(len(loan), dtype=np.int64) - first[loan]
    count, grace = loans.count[loan], loans.grace[loan]
    agreed = _agreed_on(loans, loan, at)
    interest = _spread(loans.interest[loan], at, _declining, count)
    fees = np.where(
        loans.fee_first[loan] == 1,
        np.where(at == 0, loans.fees[loan], 0),
        _spread(loans.fees[loan], at, _even, count),
    )
    return Instalments(
        loan=loan,
        at=at,
        first=first,
        agreed_on=agreed,
        due_on=agreed + np.where(at >= habits.turn[loan], habits.shift[loan], 0),
        principal=np.where(
            at < grace, 0, _spread(loans.principal[loan], at - grace, _even, count - grace)
        ),
        interest=interest,
        fees=fees,
        tax=(TAX_PERCENT * (interest + fees) + 50) // 100,
    )


def _agreed_on(loans: Loans, loan: Ints, at: Ints) -> Ints:
    day = loans.disbursed_on[loan]
    gap = loans.gap[loan]
    month = month_of(loans.disbursed_on)
    day_of_month = (loans.disbursed_on - days_of(month))[loan]
    due_month = month[loan] + at + 1
    opens = days_of(due_month)
    # A loan made on the 31st is due on the last day of a shorter month.
    monthly = opens + np.minimum(day_of_month, days_of(due_month + 1) - opens - 1)
    fixed = day + np.where(gap == 1, 7, 14) * (at + 1)
    return np.where(gap == 0, day + loans.term[loan], np.where(gap == 3, monthly, fixed))  # noqa: PLR2004


def _spread(total: Ints, at: Ints, upto: Spread, count: Ints) -> Ints:
    """Split totals so that the parts of each loan add up to the cent."""
    whole = upto(count, count)
    return total * upto(at + 1, count) // whole - total * upto(at, count) // whole


def _even(at: Ints, count: Ints) -> Ints:  # noqa: ARG001
    return at


def _declining(at: Ints, count: Ints) -> Ints:
    return at * (2 * count - at + 1)
