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


def open_account(loan: Row, schedule: list[Row], transactions: list[Row]) -> Account:
    """Cumulate a loan's rows, which may come in any order (columns as in `ledger`)."""
    payments = [(row[2], row[3], _total(row, 3)) for row in transactions if row[1] == PAYMENT]
    instalments = [(row[1], row[2], _total(row, 2)) for row in schedule]
    paid_on, paid_principal, paid_total = _cumulated(payments)
    due_on, due_principal, due_total = _cumulated(instalments)
    last_event = max([loan[6], *paid_on[-1:], *due_on[-1:]])
    return Account(
        loan[7] or _ZERO,
        paid_on,
        paid_principal,
        paid_total,
        due_on,
        due_principal,
        due_total,
        last_event,
    )


def _total(row: Row, start: int) -> Decimal:
    """Add principal, interest, fees, other and tax; what is absent adds nothing."""
    first, second, third, fourth, fifth = row[start : start + 5]
    try:
        total: Decimal = first + second + third + fourth + fifth
    except TypeError:
        return sum((cell for cell in row[start : start + 5] if cell is not None), _ZERO)
    return total


def _cumulated(
    events: list[tuple[date, Decimal | None, Decimal]],
) -> tuple[list[date], list[Decimal], list[Decimal]]:
    """Cumulate (date, principal, total) into one step per date."""
    if len(events) > 1:
        events.sort(key=itemgetter(0))
    dates: list[date] = []
    principals, totals = [_ZERO], [_ZERO]
    for on, principal, total in events:
        so_far = principals[-1] + (principal or _ZERO), totals[-1] + total
        if dates and dates[-1] == on:
            principals[-1], totals[-1] = so_far
        else:
            dates.append(on)
            principals.append(so_far[0])
            totals.append(so_far[1])
    return dates, principals, totals
