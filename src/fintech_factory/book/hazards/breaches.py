"""Rows that break the contract: each is added, so that setting them all aside restores the book."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from fintech_factory.book.hazards.key import QUARANTINED
from fintech_factory.book.hazards.sheet import Mark, Row, Sheet

__all__ = ["COPIES", "Book", "open_book", "plant_breaches"]

COPIES = 3
RATELESS = "XAF"
UNBORN = "a loan that does not exist"
# A loan with more than this left can take a bad small payment without being overpaid by it.
ROOMY = 50.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What to write where to break one rule."""

    table: str
    code: str
    column: str
    text: str


@dataclass(slots=True)
class Book:
    """The opened files and whom to plant on; every loan is drawn once, then the deck turns."""

    sheets: dict[str, Sheet]
    open_loans: list[Row]
    closed_loans: list[Row]
    until: date
    dice: np.random.Generator
    turns: dict[str, int]
    born: int = 0

    def next_open(self) -> Row:
        """Give a loan that still owes something."""
        return self._next("open", self.open_loans)

    def next_closed(self) -> Row:
        """Give a loan that is fully repaid."""
        return self._next("closed", self.closed_loans)

    def loan_id(self, loan: Row) -> str:
        """Read a loan's id."""
        return self.sheets["loans"].get(loan, "loan_id")

    def rows_of(self, table: str, loan: Row) -> list[Row]:
        """Give the loan's own rows of a table, as the generator wrote them."""
        return self.sheets[table].of_loan(self.loan_id(loan))

    def unborn(self) -> str:
        """Give the id of a loan that does not exist; no entity of a book is called NLZ."""
        self.born += 1
        return f"NLZ-{self.born:06d}-001"

    def ahead(self) -> int:
        """Draw how far below its template a row is added."""
        return int(self.dice.integers(0, 40))

    def _next(self, deck: str, loans: list[Row]) -> Row:
        at = self.turns.get(deck, 0)
        self.turns[deck] = at + 1
        return loans[at % len(loans)]


def open_book(sheets: dict[str, Sheet], until: date, dice: np.random.Generator) -> Book:
    """Sort the loans of the opened files into those that owe and those that are repaid."""
    loans = sheets["loans"]
    order = [loans.rows[i] for i in dice.permutation(len(loans.rows))]
    return Book(
        sheets=sheets,
        open_loans=[r for r in order if loans.number(r, "outstanding_balance") > ROOMY],
        closed_loans=[
            r
            for r in order
            if loans.number(r, "outstanding_balance") == 0
            and loans.get(r, "disburse_date") < (until - timedelta(days=60)).isoformat()
        ],
        until=until,
        dice=dice,
        turns={},
    )


def plant_breaches(book: Book) -> None:
    """Plant every breach of the contract, some of them in several tables."""
    for _ in range(COPIES):
        for code, column, text in _bad_loans():
            _bad_loan(book, code, column, text)
        for table, code, column, text in _bad_children():
            _bad_child(book, book.next_open(), Fault(table, code, column, text))
        _duplicates(book)
        _misplaced_payments(book)
        _overpayment(book)


def _bad_loans() -> Iterator[tuple[str, str, str]]:
    yield from (
        ("missing_required", "loan_id", ""),
        ("missing_required", "disburse_principal", ""),
        ("bad_date", "disburse_date", "31.31.2024"),
        ("bad_number", "disburse_principal", "ten thousand"),
        ("not_finite", "disburse_principal", "inf"),
        ("out_of_range", "term", "-30"),
        ("negative_principal", "disburse_principal", "-1500.0"),
        ("currency_without_rate", "currency", RATELESS),
    )


def _bad_children() -> Iterator[tuple[str, str, str, str]]:
    yield from (
        ("schedules", "missing_required", "date_due", ""),
        ("schedules", "bad_date", "date_due", "2025-02-30"),
        ("schedules", "bad_number", "interest", "12.3.4"),
        ("schedules", "not_finite", "principal", "-Infinity"),
        ("schedules", "negative_principal", "principal", "-75.5"),
        ("schedules", "orphan_schedule", "loan_id", UNBORN),
        ("transactions", "missing_required", "date_paid", ""),
        ("transactions", "bad_date", "date_paid", "2024-13-07"),
        ("transactions", "bad_number", "principal", "abc"),
        ("transactions", "not_finite", "principal", "NaN"),
        ("transactions", "negative_principal", "principal", "-250.0"),
        ("transactions", "orphan_payment", "loan_id", UNBORN),
    )


def _breach(code: str, column: str | None, planted: str) -> Mark:
    return Mark(code, column, planted, QUARANTINED, code)


def _bad_loan(book: Book, code: str, column: str, text: str) -> None:
    loan = book.next_closed()
    cells = {"loan_id": book.unborn(), column: text}
    book.sheets["loans"].insert(loan, cells, _breach(code, column, text), book.ahead())


def _bad_child(book: Book, loan: Row, fault: Fault) -> None:
    sheet = book.sheets[fault.table]
    template = book.rows_of(fault.table, loan)[-1]
    text = book.unborn() if fault.text == UNBORN else fault.text
    if fault.table == "transactions":
        cells = {"transaction_type": "PAYMENT", "principal": "1.0", "interest": "0.07"}
        cells["date_paid"] = book.until.isoformat()
    else:
        # One day after another instalment of this loan, so that it is no second one of that day.
        due = date.fromisoformat(sheet.get(template, "date_due"))
        cells = {"date_due": (due + timedelta(days=1)).isoformat()}
    mark = _breach(fault.code, fault.column, text)
    sheet.insert(template, {**cells, fault.column: text}, mark, book.ahead())


def _duplicates(book: Book) -> None:
    loan = book.next_closed()
    for table, code in (
        ("loans", "duplicate_loan"),
        ("schedules", "duplicate_instalment"),
        ("transactions", "duplicate_payment"),
    ):
        row = book.rows_of(table, loan)[-1]
        mark = _breach(code, None, "the same row again")
        book.sheets[table].insert(row, {}, mark, book.ahead())
    # Nobody can say which of two loans of one name is the real one: both go.
    name = book.unborn()
    for principal in ("1000.0", "2000.0"):
        cells = {"loan_id": name, "disburse_principal": principal}
        mark = _breach("duplicate_loan", "disburse_principal", principal)
        book.sheets["loans"].insert(loan, cells, mark, book.ahead())


def _misplaced_payments(book: Book) -> None:
    loan = book.next_open()
    made = date.fromisoformat(book.sheets["loans"].get(loan, "disburse_date"))
    early = (made - timedelta(days=9)).isoformat()
    future = book.until.replace(year=book.until.year + 10, day=1).isoformat()
    for code, day in (("payment_before_disbursement", early), ("future_payment", future)):
        _bad_child(book, loan, Fault("transactions", code, "date_paid", day))


def _overpayment(book: Book) -> None:
    loan = book.next_closed()
    principal = book.sheets["loans"].get(loan, "disburse_principal")
    last = book.rows_of("transactions", loan)[-1]
    cells = {"transaction_type": "PAYMENT", "date_paid": book.until.isoformat()}
    mark = _breach("overpayment", "principal", principal)
    book.sheets["transactions"].insert(last, {**cells, "principal": principal}, mark, book.ahead())
