"""Which loans stand in a snapshot, at what balance, in which bucket, written off or not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.testing import RULES, Book, Ledger, book

LedgerOf = Callable[..., Ledger]
DUE = "2025-01-31"


def loan_on(ledger_of: LedgerOf, of: Book, as_of: str) -> dict[str, Any]:
    return ledger_of(of.ending("2026-12-31"), as_of).row("loan_snapshot")


def test_the_balance_is_what_was_disbursed_less_the_principal_paid(ledger_of: LedgerOf) -> None:
    of = book().loan("1000.50", payments=[("2025-01-10", "100.25", 50), ("2025-01-12", 200, 9)])
    loan = loan_on(ledger_of, of, DUE)
    amounts = [loan["principal"], loan["balance"], loan["outstanding"], loan["written_off"]]
    assert amounts == [Decimal("1000.50"), Decimal("700.25"), Decimal("700.25"), 0]


def test_a_loan_that_is_not_disbursed_yet_is_not_in_the_book(ledger_of: LedgerOf) -> None:
    of = book().loan(100).loan(200, disbursed="2025-02-01")
    assert [row["loan_id"] for row in ledger_of(of, DUE).rows("loan_snapshot")] == ["L1"]


def test_a_loan_not_yet_disbursed_is_due_nothing_in_its_month(ledger_of: LedgerOf) -> None:
    """Disbursed on the 20th and due on the 27th; on the 15th nobody owes anything."""
    of = book().loan(100).loan(50, disbursed="2025-03-20", instalments=[("2025-03-27", 50)])
    rows = ledger_of(of.ending("2025-04-30"), "2025-03-15").rows("loan_snapshot")
    assert [row["loan_id"] for row in rows] == ["L1"]


def test_a_loan_is_in_the_book_from_the_day_of_its_disbursement(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, book().loan(100, disbursed="2025-02-01"), "2025-02-01")
    assert (loan["balance"], loan["disbursed_on"]) == (100, date(2025, 2, 1))


def test_a_date_before_the_book_begins_has_no_rows(ledger_of: LedgerOf) -> None:
    assert ledger_of(book().loan(100), "2024-12-31").rows("loan_snapshot") == []


def test_a_loan_closed_in_the_month_stays_with_its_cash_and_no_balance(
    ledger_of: LedgerOf,
) -> None:
    loan = loan_on(ledger_of, book().loan(100, payments=[("2025-01-20", 100, 5)]), DUE)
    assert (loan["balance"], loan["outstanding"], loan["written_off"]) == (0, 0, 0)
    assert (loan["cash_month"], loan["cash_30d"], loan["bucket"]) == (105, 105, "current")


def test_an_overpaid_loan_keeps_its_negative_balance(ledger_of: LedgerOf) -> None:
    """A few cents too much are within the contract; the roll-forward would not close without."""
    of = book().loan(100, payments=[("2025-01-20", "100.02")]).ending("2025-12-31")
    ledger = ledger_of(of, "2025-06-30")
    assert str(ledger.row("loan_snapshot")["balance"]) == "-0.020000"
    assert ledger.row("roll_forward")["variance"] == 0


def test_a_closed_loan_leaves_the_book_when_its_windows_have_passed(ledger_of: LedgerOf) -> None:
    of = book().loan(100, payments=[("2025-01-20", 100)]).ending("2025-12-31")
    ledger = ledger_of(of, "2025-02-18", "2025-02-19", "2025-03-31")
    assert [row["as_of"] for row in ledger.rows("loan_snapshot")] == [date(2025, 2, 18)]


def test_a_loan_on_day_180_is_outstanding_and_on_day_181_written_off(ledger_of: LedgerOf) -> None:
    of = book().loan(100).ending("2025-12-31")
    before, after = ledger_of(of, "2025-07-30", "2025-07-31").rows("loan_snapshot")
    assert (before["dpd"], before["is_written_off"], before["bucket"]) == (180, False, "91-180")
    assert (before["outstanding"], before["written_off"]) == (100, 0)
    assert (after["dpd"], after["is_written_off"], after["bucket"]) == (181, True, "181+")
    assert (after["outstanding"], after["written_off"], after["balance"]) == (0, 100, 100)


def test_a_written_off_loan_that_pays_comes_back(ledger_of: LedgerOf) -> None:
    of = book().loan(
        200, instalments=[(DUE, 100), ("2026-01-31", 100)], payments=[("2025-09-01", 100)]
    )
    ledger = ledger_of(of.ending("2025-12-31"), "2025-08-31", "2025-09-01")
    states = [(row["is_written_off"], row["outstanding"]) for row in ledger.rows("loan_snapshot")]
    assert states == [(True, 0), (False, 100)]


def test_the_days_to_a_write_off_are_the_lenders_policy(ledger_of: LedgerOf) -> None:
    rules = replace(RULES, write_off_after_dpd=90)
    ledger = ledger_of(book().loan(100).ending("2025-12-31"), "2025-05-02", rules=rules)
    assert ledger.row("loan_snapshot")["is_written_off"] is True


def test_the_tolerance_is_the_lenders_policy(ledger_of: LedgerOf) -> None:
    rules = replace(RULES, coverage_tolerance=1)
    of = book().loan(100, payments=[(DUE, 99)]).ending("2025-12-31")
    assert ledger_of(of, "2025-02-10", rules=rules).row("loan_snapshot")["dpd"] == 0


def test_buckets_part_at_their_bounds(ledger_of: LedgerOf) -> None:
    """As-of dates so many days after the due date of 2025-01-31."""
    days = {
        "2025-01-31": "current",  # 0
        "2025-02-01": "1-30",  # 1
        "2025-03-02": "1-30",  # 30
        "2025-03-03": "31-60",  # 31
        "2025-04-01": "31-60",  # 60
        "2025-04-02": "61-90",  # 61
        "2025-05-01": "61-90",  # 90
        "2025-05-02": "91-180",  # 91
        "2025-07-30": "91-180",  # 180
        "2025-07-31": "181+",  # 181
        "2026-12-31": "181+",  # 699
    }
    rows = ledger_of(book().loan(100).ending("2026-12-31"), *days).rows("loan_snapshot")
    assert {str(row["as_of"]): row["bucket"] for row in rows} == days


def test_buckets_are_the_lenders_own(ledger_of: LedgerOf) -> None:
    rules = replace(RULES, bucket_bounds=(0, 15), bucket_labels=("fine", "soon", "late"))
    of = book().loan(100).ending("2025-12-31")
    ledger = ledger_of(of, "2025-01-31", "2025-02-15", "2025-02-16", rules=rules)
    assert [row["bucket"] for row in ledger.rows("loan_snapshot")] == ["fine", "soon", "late"]


def test_what_the_export_leaves_out_is_named_not_provided(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, book().loan(entity=None, product=None, segment=None), DUE)
    dimensions = (loan["entity"], loan["product"], loan["borrower_segment"])
    assert dimensions == ("not provided", "not provided", "not provided")


def test_a_borrower_whom_the_export_does_not_know_has_no_segment(ledger_of: LedgerOf) -> None:
    known = book().loan(100)
    of = replace(known, tables={**known.tables, "customers": ()})
    loan = loan_on(ledger_of, of, DUE)
    assert (loan["borrower_id"], loan["borrower_segment"]) == ("B1", "not provided")


def test_a_loan_has_one_row_a_date_however_much_it_moved(ledger_of: LedgerOf) -> None:
    payments = [(f"2025-01-{day:02}", 1, 1) for day in range(2, 31)]
    of = book().loan(100, instalments=[("2025-01-10", 50), (DUE, 50)], payments=payments)
    assert len(ledger_of(of, DUE, DUE).rows("loan_snapshot")) == 1


@pytest.mark.parametrize("table", ["fact_payment", "fact_schedule", "dim_loan", "dim_borrower"])
def test_every_landed_row_reaches_its_table(ledger_of: LedgerOf, table: str) -> None:
    of = book().loan(100, payments=[("2025-01-05", 1)]).loan(100, payments=[("2025-01-06", 2)])
    assert len(ledger_of(of, DUE).rows(table)) == 2


def test_par_by_date_adds_up_each_rung_of_the_ladder(ledger_of: LedgerOf) -> None:
    """Loans of 1, 2, 4, … that fell due 0, 1, 7, 30, 60, 90, 91 and 181 days before."""
    of = book()
    due = ["06-30", "06-29", "06-23", "05-31", "05-01", "04-01", "03-31", "2024-12-31"]
    for power, day in enumerate(due):
        on = day if len(day) > 5 else f"2025-{day}"
        of = of.loan(2**power, disbursed="2024-12-01", instalments=[(on, 2**power)])
    row = ledger_of(of.ending("2025-12-31"), "2025-06-30").row("par_by_date")
    rungs = {name: int(value) for name, value in row.items() if name.startswith("at_risk")}
    assert rungs == {
        "at_risk_1": 126,
        "at_risk_7": 124,
        "at_risk_30": 120,
        "at_risk_60": 112,
        "at_risk_90": 64,
        "at_risk_90_source_rule": 96,
        "at_risk_90_incl_writeoff": 192,
    }
    assert (row["balance"], row["outstanding"], row["written_off"]) == (255, 127, 128)
    assert row["active_loans"] == 7
