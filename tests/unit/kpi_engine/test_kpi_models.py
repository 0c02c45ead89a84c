"""Rows of the models beside loan_snapshot, worked by hand, from SQL and from the second engine."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.kpi_engine import Scope
from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.ledger import loan_records
from fintech_factory.kpi_engine.models import MODELS
from fintech_factory.pipeline.landed_rows import landed_rows
from fintech_factory.testing import RULES, Book, book, make_ledger

Rows = list[dict[str, Any]]
RowsOf = Callable[..., Rows]


@pytest.fixture(params=["sql", "python"])
def rows_of(request: pytest.FixtureRequest, tmp_path: Path) -> RowsOf:
    """Give a model's rows at some dates, from one engine or the other, by date and loan."""

    def rows(model: str, of: Book, *days: str) -> Rows:
        dates = tuple(map(date.fromisoformat, days))
        with make_ledger(of, days, tmp_path) as ledger:
            if request.param == "sql":
                return sorted(ledger.rows(model), key=_order)
            scope = Scope(dates, of.data_through, of.first_day)
            with localcontext(EXACT):
                records = loan_records(landed_rows(ledger.build), scope, RULES, MODELS[model])
                found = [dict(zip(MODELS[model].columns, row, strict=True)) for _, row in records]
            return sorted(found, key=_order)

    return rows


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["as_of"], row["loan_id"], row.get("months_before", 0)


def cells(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_a_roll_says_what_became_of_the_opening(rows_of: RowsOf) -> None:
    """Of 31 March on 30 April: one is repaid, one rolls, one is new, one is written off."""
    of = (
        book()
        .loan(100, instalments=[("2025-03-20", 100)], payments=[("2025-04-02", 100)])
        .loan(200, instalments=[("2025-03-11", 200)], payments=[("2025-04-30", 50)])
        .loan(300, disbursed="2025-04-10", instalments=[("2025-06-10", 300)])
        .loan(400, instalments=[("2025-01-02", 400)])
        .ending("2025-07-15")
    )
    rows = rows_of("loan_roll", of, "2025-04-30")
    assert cells(rows, "opening_balance", "opening_dpd", "balance", "dpd", "outcome") == [
        (100, 11, 0, 0, "repaid"),
        (200, 20, 150, 50, "31-60"),
        (0, 0, 300, 0, "current"),
        (400, 88, 400, 118, "91-180"),
    ]
    assert cells(rows, "disbursed_month", "principal_paid_month", "cash_month") == [
        (0, 100, 100),
        (0, 50, 50),
        (300, 0, 0),
        (0, 0, 0),
    ]
    (late,) = [row for row in rows_of("loan_roll", of, "2025-07-02") if row["loan_id"] == "L4"]
    assert (late["opening_dpd"], late["dpd"], late["outcome"]) == (179, 181, "written off")
    assert (late["was_written_off"], late["is_written_off"]) == (False, True)
    assert (late["opening_outstanding"], late["outstanding"]) == (400, 0)


def test_prepaid_is_what_came_of_instalments_due_after_the_month(rows_of: RowsOf) -> None:
    """Of 300 in thirds on 31 March: arrears, April's, 40 of May's are paid; then bullets."""
    thirds = [("2025-03-20", 100), ("2025-04-20", 100), ("2025-05-20", 100)]
    of = (
        book()
        .loan(300, instalments=thirds, payments=[("2025-04-02", 100)])
        .loan(300, instalments=thirds, payments=[("2025-04-20", 200)])
        .loan(300, instalments=thirds, payments=[("2025-04-25", 240)])
        .loan(300, instalments=[("2025-04-30", 300)], payments=[("2025-04-05", 300)])
        .loan(300, instalments=[("2025-05-01", 300)], payments=[("2025-04-30", 300)])
        .loan(300, instalments=[("2024-09-30", 100), ("2025-05-20", 200)], disbursed="2024-09-01")
        .ending("2025-05-31")
    )
    rows = rows_of("loan_roll", of, "2025-04-30")
    assert cells(rows, "prepayable", "prepaid") == [
        (100, 0),
        (100, 0),
        (100, 40),
        (0, 0),
        (300, 300),
        # Written off: 182 days late on 31 March.
        (0, 0),
    ]


def test_a_lifetime_counts_calendar_months_and_full_ones_apart(rows_of: RowsOf) -> None:
    """Disbursed on 31 January: one month on book on 1 February, which is not a full month yet."""
    of = book().loan(100, disbursed="2025-01-31").ending("2025-03-20")
    rows = rows_of("loan_lifetime", of, "2025-01-31", "2025-02-01", "2025-02-28", "2025-03-31")
    assert cells(rows, "months_on_book", "full_months_ago", "disbursed_this_month") == [
        (0, 0, True),
        (1, 0, False),
        (1, 1, False),
        # Labelled March, and March is in progress.
        (2, 1, False),
    ]


def test_a_lifetime_keeps_repaid_loans_and_what_they_cost(rows_of: RowsOf) -> None:
    """365 / 60 = 6.08333333: a cost of 12 in 60 days is 73.00 in a year; unknown without a term."""
    of = (
        book()
        .loan(100, matures="2025-03-02", interest=10, fees=2, payments=[("2025-02-01", 100)])
        .loan(200, interest=5)
        .loan(300, matures="2025-01-01", interest=5)
        .ending("2025-06-30")
    )
    rows = rows_of("loan_lifetime", of, "2025-06-30")
    assert cells(rows, "term_days", "cost", "annual_cost", "principal_days", "balance") == [
        (60, 12, Decimal("72.99999996").quantize(Decimal("0.000001")), 6000, 0),
        (None, 5, None, None, 200),
        (0, 5, None, 0, 300),
    ]


def test_a_borrower_is_new_once_then_repeat_or_after_long_reactivated(rows_of: RowsOf) -> None:
    """90 days after the loan before is still repeat, 91 days is not; two of one day are alike."""
    days = ["2025-01-01", "2025-01-01", "2025-04-01", "2025-07-01"]
    of = book().ending("2025-07-31")
    for day in days:
        of = of.loan(10, borrower="Ana", disbursed=day)
    kinds = cells(rows_of("loan_lifetime", of, "2025-07-31"), "borrower_kind")
    assert kinds == [("new",), ("new",), ("repeat",), ("reactivated",)]


def test_cash_pays_the_oldest_instalment_before_those_of_the_month(rows_of: RowsOf) -> None:
    """100 due in January, 60 and 40 in February; of 130 paid by mid-February 30 are February's."""
    of = (
        book()
        .loan(
            200,
            instalments=[("2025-01-20", 100), ("2025-02-10", 60), ("2025-02-25", 40)],
            payments=[("2025-02-12", 130), ("2025-02-28", 500)],
        )
        .ending("2025-03-05")
    )
    rows = rows_of("loan_due", of, "2025-01-31", "2025-02-15", "2025-02-28", "2025-03-05")
    assert cells(rows, "as_of", "due_to_date", "paid_due") == [
        (date(2025, 1, 31), 100, 0),
        (date(2025, 2, 15), 60, 30),
        # Whatever more is paid, no more than the month's.
        (date(2025, 2, 28), 100, 100),
    ]


def test_a_rebate_that_is_scheduled_is_no_cash(rows_of: RowsOf) -> None:
    """A rebate of 5 is due in January: nothing was paid, so nothing of February is paid."""
    of = book().loan(100, instalments=[("2025-01-20", 0, -5), ("2025-02-10", 100)])
    rows = rows_of("loan_due", of.ending("2025-02-28"), "2025-02-28")
    assert cells(rows, "due_to_date", "paid_due") == [(100, 0)]


def test_a_rebate_within_the_month_does_not_hide_what_was_due_before(rows_of: RowsOf) -> None:
    """50 were due in January; of 60 paid, 10 are February's, whose own rebate comes first."""
    of = book().loan(
        150,
        instalments=[("2025-01-20", 50), ("2025-02-05", 0, -5), ("2025-02-10", 0, -5),
                     ("2025-02-20", 100)],
        payments=[("2025-02-21", 60)],
    )  # fmt: skip
    rows = rows_of("loan_due", of.ending("2025-02-28"), "2025-02-28")
    assert cells(rows, "due_to_date", "paid_due") == [(90, 10)]


def test_compared_months_are_full_and_of_the_book(rows_of: RowsOf) -> None:
    """On 10 May the last full month is April: March is 1 before it, January 3 before it."""
    of = (
        book()
        .loan(100, disbursed="2025-01-15", instalments=[("2025-12-31", 100)])
        .loan(50, disbursed="2025-05-02", instalments=[("2025-12-31", 50)])
        .ending("2025-05-10")
    )
    rows = rows_of("loan_month", of, "2025-05-10", "2025-05-31")
    expected = [
        (0, date(2025, 4, 30), 100, True, 0),
        (1, date(2025, 3, 31), 100, True, 0),
        (3, date(2025, 1, 31), 100, True, 100),
    ]
    assert {row["loan_id"] for row in rows} == {"L1"}
    found = cells(
        rows, "months_before", "month_as_of", "outstanding", "is_active", "disbursed_month"
    )
    # At a label past the data the same months are the last full ones.
    assert found == expected * 2


def test_a_loan_disbursed_and_repaid_in_one_month_was_disbursed_in_it(rows_of: RowsOf) -> None:
    of = (
        book()
        .loan(100, disbursed="2025-04-02", payments=[("2025-04-20", 100)])
        .ending("2025-05-31")
    )
    rows = rows_of("loan_month", of, "2025-05-31")
    assert cells(rows, "months_before", "outstanding", "is_active", "disbursed_month") == [
        (1, 0, False, 100)
    ]
