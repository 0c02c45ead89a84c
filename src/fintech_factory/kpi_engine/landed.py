"""The landed rows as the second engine reads them: loan by loan, a borrower's together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from fintech_factory.errors import WarehouseError

__all__ = [
    "LOAN_COLUMNS",
    "SCHEDULE_COLUMNS",
    "TRANSACTION_COLUMNS",
    "Landed",
    "LandedLoan",
    "PerLoan",
    "borrowers",
]

SCHEDULE_COLUMNS = ("loan_key", "date_due", "principal", "interest", "fees", "other", "to_tax")
TRANSACTION_COLUMNS = (
    "loan_key",
    "transaction_type",
    "date_paid",
    "principal",
    "interest",
    "fees",
    "other",
    "to_tax",
)
Row = Sequence[Any]


class LandedLoan(NamedTuple):
    """One landed row of the loans, in the order of `LOAN_COLUMNS`."""

    line_no: int
    loan_id: str
    customer_id: str | None
    company: str | None
    product_type: str | None
    currency: str
    disburse_date: date
    disburse_principal: Decimal | None
    maturity_date: date | None
    term: int | None
    total_interest: Decimal | None
    total_fees: Decimal | None
    location_state_province: str | None


LOAN_COLUMNS = LandedLoan._fields


@dataclass(frozen=True, slots=True)
class Landed:
    """The landed rows, streamed.

    `loans`, `schedules` and `transactions` give rows of `LOAN_COLUMNS`, `SCHEDULE_COLUMNS`
    and `TRANSACTION_COLUMNS`, all three ordered by the loan's customer_id (NULLs together,
    first or last), then any one order of loans. `segments` maps customer_id to customer_type;
    `rates` gives (currency, rate_on, rate) in any order; `places` says how many loans spell
    their place in which way.
    """

    loans: Iterable[Row]
    schedules: Iterable[Row]
    transactions: Iterable[Row]
    segments: Mapping[str, str | None]
    rates: Iterable[tuple[str, date, Decimal]] = ()
    places: Iterable[tuple[str, int]] = ()


def borrowers(loans: Iterable[Row]) -> Iterator[tuple[str | None, Iterator[LandedLoan]]]:
    """Give each borrower with their loans; loans that name none come together as well.

    WarehouseError if a borrower whose loans have ended comes back.
    """
    greatest, nobody_came = "", False
    for borrower, rows in groupby(loans, key=itemgetter(2)):
        if borrower is None:
            late, nobody_came = nobody_came, True
        else:
            late, greatest = borrower < greatest, borrower
        if late:
            raise _disorder("a borrower's loans do not come together")
        yield borrower, map(LandedLoan._make, rows)


class PerLoan:
    """Walks a stream of rows beside the loans; nothing may be left over."""

    def __init__(self, table: str, rows: Iterable[Row]) -> None:
        """Take the rows, whose first cell is the loan's key."""
        self._table = table
        self._groups = groupby(rows, key=itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, loan_key: int) -> list[Row]:
        """Give the rows of the loan that stands next in the stream, if it is this one."""
        if self._next is None or self._next[0] != loan_key:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows

    def finish(self) -> None:
        """Refuse a stream of which rows were never asked for."""
        if self._next is not None:
            raise _disorder(f"{self._table} has rows of loan_key {self._next[0]} out of order")


def _disorder(what: str) -> WarehouseError:
    return WarehouseError(
        what,
        where="second engine",
        hint="order loans, schedules and transactions alike: by customer_id, then loan_id",
    )
