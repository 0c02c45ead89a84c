"""Rows that are strange and stay: what the source writes when it means well."""

from collections.abc import Callable
from itertools import islice

from fintech_factory.book.columns import AMOUNT_BUCKETS
from fintech_factory.book.dictionary import ABSENT_VARIABLES
from fintech_factory.book.hazards.breaches import COPIES, Book
from fintech_factory.book.hazards.key import KEPT
from fintech_factory.book.hazards.sheet import Mark, Row
from fintech_factory.book.places import MISSING_PLACE

__all__ = ["plant_oddities"]

# Nothing, as a program that adds up binary fractions writes it.
NOTHING = "5.68e-14"
NOBODY = "KN9999999"


def plant_oddities(book: Book) -> None:
    """Plant what the book does not have by itself, and point at what it has."""
    for copy in range(COPIES):
        _loan_cells(book, copy)
        _payment_cells(book)
        _borrower_cells(book, copy)
        _missing_in_source(book)
    _point_at_rows(book)
    _point_at_columns(book)


def _odd(hazard: str, column: str | None, planted: str) -> Mark:
    return Mark(hazard, column, planted, KEPT, hazard)


def _loan_cells(book: Book, copy: int) -> None:
    loans = book.sheets["loans"]
    status = ("Complete", "Default", "Current")[copy % 3]
    loan = book.next_closed() if status != "Complete" else book.next_open()
    loans.write(loan, "loan_status", status, _odd("status_against_balance", "loan_status", status))
    loan = book.next_open()
    now = loans.get(loan, "amount_buckets")
    names = [name for name, _ in AMOUNT_BUCKETS]
    wrong = names[(names.index(now) + 3) % len(names)]
    loans.write(
        loan, "amount_buckets", wrong, _odd("bucket_against_principal", "amount_buckets", wrong)
    )
    # A loan outlives its borrower's card: its ledger does not need it.
    loan = book.next_open()
    mark = _odd("orphan_loan", "customer_id", NOBODY)
    loans.write(loan, "customer_id", NOBODY, mark)
    loan = book.next_closed()
    mark = _odd("scientific_notation", "outstanding_balance", NOTHING)
    loans.write(loan, "outstanding_balance", NOTHING, mark)


def _payment_cells(book: Book) -> None:
    paid = book.sheets["transactions"]
    row = book.rows_of("transactions", book.next_closed())[-1]
    paid.write(row, "add_balance", "12.5", _odd("balance_adjustment", "add_balance", "12.5"))
    due = book.sheets["schedules"]
    row = book.rows_of("schedules", book.next_closed())[-1]
    due.write(row, "reduce_balance", "4.0", _odd("balance_adjustment", "reduce_balance", "4.0"))
    row = book.rows_of("schedules", book.next_open())[0]
    due.write(row, "other", NOTHING, _odd("scientific_notation", "other", NOTHING))


def _borrower_cells(book: Book, copy: int) -> None:
    borrowers, loans = book.sheets["customers"], book.sheets["loans"]
    row = borrowers.rows[copy * 2]
    typed = ("GUATEMALA", "petén", "eScUiNtLa")[copy % 3]
    borrowers.write(row, "geography_state", typed, _odd("place_case", "geography_state", typed))
    row = borrowers.rows[copy * 2 + 1]
    missing = ("", MISSING_PLACE, "")[copy % 3]
    mark = _odd("missing_place", "geography_city", missing)
    borrowers.write(row, "geography_city", missing, mark)
    loan = book.next_open()
    mark = _odd("missing_place", "location_state_province", missing)
    loans.write(loan, "location_state_province", missing, mark)


def _missing_in_source(book: Book) -> None:
    loan = book.next_open()
    book.sheets["loan_par_balances"].drop(book.loan_id(loan))
    loan.marks.append(_odd("loan_missing_in_source", None, "no row in loan_par_balances"))


def _point_at_rows(book: Book) -> None:
    paid, par, loans = (
        book.sheets[name] for name in ("transactions", "loan_par_balances", "loans")
    )
    until = book.until.isoformat()

    def moved(row: Row) -> bool:
        due = book.rows_of("schedules", row)[-1]
        return book.sheets["schedules"].get(due, "date_due") > loans.get(row, "maturity_date")

    _point(
        paid.rows,
        lambda row: paid.get(row, "interest").startswith("-"),
        lambda row: _odd("rebate_negative_interest", "interest", paid.get(row, "interest")),
    )
    _point(
        par.rows,
        lambda row: par.get(row, "reporting_date") > until,
        lambda row: _odd(
            "reporting_date_after_data", "reporting_date", par.get(row, "reporting_date")
        ),
    )
    _point(loans.rows, moved, lambda _: _odd("restructured", "maturity_date", "due after maturity"))
    words = book.sheets["export_definitions"]
    _point(
        words.rows,
        lambda row: row.cells()[1] in ABSENT_VARIABLES,
        lambda row: _odd("dictionary_mismatch", "variable", row.cells()[1]),
    )


def _point(rows: list[Row], is_odd: Callable[[Row], bool], mark: Callable[[Row], Mark]) -> None:
    for row in islice(filter(is_odd, rows), COPIES):
        row.marks.append(mark(row))


def _point_at_columns(book: Book) -> None:
    for table, columns in {
        "loans": ("application_date", "pledge_date", "loan_grade", "lender", "facility"),
        "customers": ("gender", "birth_date"),
    }.items():
        book.sheets[table].header.marks.extend(
            _odd("empty_column", column, "every cell is empty") for column in columns
        )
    for table, column, always in (
        ("loans", "total_other", "0.0"),
        ("customers", "income", "0.0"),
        ("customers", "dependents", "0"),
    ):
        mark = _odd("constant_column", column, f"every cell is {always}")
        book.sheets[table].header.marks.append(mark)
    # The source's PAR file calls the loan's id by another name; nothing is wrong with it.
    book.sheets["loan_par_balances"].header.marks.append(
        Mark("loan_id_against_loan_id_raw", "loan_id_raw", "loan_id_raw", KEPT, None)
    )
