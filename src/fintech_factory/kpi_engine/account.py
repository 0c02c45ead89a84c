"""One loan's payments and instalments, cumulated by date."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple

__all__ = ["PAYMENT", "Account", "open_account"]

PAYMENT = "PAYMENT"
"""The transaction type that is cash from a borrower; disbursements are not (R053)."""

Row = Sequence[Any]

_ZERO = Decimal(0)


class Account(NamedTuple):
    """One loan's money in its own currency; a named tuple, for a book has a million of them.

    `paid_*` and `due_*` begin with 0: entry i is what the first i dates make.
    """

    principal: Decimal
    paid_on: list[date]
    paid_principal: list[Decimal]
    paid_interest: list[Decimal]
    paid_fees: list[Decimal]
    paid_total: list[Decimal]
    due_on: list[date]
    due_principal: list[Decimal]
    due_total: list[Decimal]
    last_event: date

    def oldest_uncovered(self, cut: date, tolerance: Decimal) -> date | None:
        """Give the due date of the oldest instalment before `cut` that is not yet covered.

        Covered: cumulative principal, or cumulative cash of every kind, reaches what was
        due by then (the ledger rules of the domain).
        """
        paid = bisect_right(self.paid_on, cut)
        by_principal = self.paid_principal[paid] + tolerance
        by_total = self.paid_total[paid] + tolerance
        for place, due_on in enumerate(self.due_on, start=1):
            if due_on >= cut:
                return None
            if self.due_principal[place] > by_principal and self.due_total[place] > by_total:
                return due_on
        return None


def open_account(
    principal: Decimal | None, disbursed_on: date, schedule: list[Row], transactions: list[Row]
) -> Account:
    """Cumulate a loan's rows, which may come in any order (columns as in `ledger`)."""
    payments: list[Row] = [
        (row[2], row[3], row[4], row[5], _total(row, 3))
        for row in transactions
        if row[1] == PAYMENT
    ]
    instalments: list[Row] = [(row[1], row[2], _total(row, 2)) for row in schedule]
    paid_on, (paid_principal, paid_interest, paid_fees, paid_total) = _cumulated(payments, 4)
    due_on, (due_principal, due_total) = _cumulated(instalments, 2)
    return Account(
        principal=principal or _ZERO,
        paid_on=paid_on,
        paid_principal=paid_principal,
        paid_interest=paid_interest,
        paid_fees=paid_fees,
        paid_total=paid_total,
        due_on=due_on,
        due_principal=due_principal,
        due_total=due_total,
        last_event=max([disbursed_on, *paid_on[-1:], *due_on[-1:]]),
    )


def _total(row: Row, start: int) -> Decimal:
    """Add principal, interest, fees, other and tax; what is absent adds nothing."""
    first, second, third, fourth, fifth = row[start : start + 5]
    try:
        total: Decimal = first + second + third + fourth + fifth
    except TypeError:
        return sum((cell for cell in row[start : start + 5] if cell is not None), _ZERO)
    return total


def _cumulated(events: list[Row], amounts: int) -> tuple[list[date], list[list[Decimal]]]:
    """Cumulate (date, amount, …) into one step per date and amount."""
    if len(events) > 1:
        events.sort(key=itemgetter(0))
    dates: list[date] = []
    sums = [[_ZERO] for _ in range(amounts)]
    for on, *moved in events:
        is_same = bool(dates) and dates[-1] == on
        if not is_same:
            dates.append(on)
        for steps, amount in zip(sums, moved, strict=True):
            so_far = steps[-1] + amount if amount else steps[-1]
            if is_same:
                steps[-1] = so_far
            else:
                steps.append(so_far)
    return dates, sums
