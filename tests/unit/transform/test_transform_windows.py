"""What was collected, due and disbursed in the windows that belong to an as-of date."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fintech_factory.testing import RULES, Book, Ledger, book

LedgerOf = Callable[..., Ledger]


def loan_on(ledger_of: LedgerOf, of: Book, as_of: str) -> dict[str, Any]:
    return ledger_of(of, as_of).row("loan_snapshot")


def paying(*days: str) -> Book:
    """A loan that pays 1, 10, 100, … on the given days: each amount tells its day."""
    payments = [(day, 10**place) for place, day in enumerate(days)]
    return book().loan(10_000_000, disbursed="2024-01-01", payments=payments).ending("2025-12-31")


def test_the_collection_window_leaves_out_its_first_day_and_holds_its_last(
    ledger_of: LedgerOf,
) -> None:
    of = paying("2025-05-31", "2025-06-01", "2025-06-30", "2025-07-01")
    assert loan_on(ledger_of, of, "2025-06-30")["cash_30d"] == 110


def test_the_collection_window_crosses_the_month(ledger_of: LedgerOf) -> None:
    of = paying("2025-05-16", "2025-05-17", "2025-06-15", "2025-06-16")
    loan = loan_on(ledger_of, of, "2025-06-15")
    assert (loan["cash_30d"], loan["cash_month"]) == (110, 100)


def test_the_collection_window_is_as_long_as_the_policy_says(ledger_of: LedgerOf) -> None:
    of = paying("2025-06-23", "2025-06-24", "2025-06-30")
    ledger = ledger_of(of, "2025-06-30", rules=replace(RULES, collection_window_days=7))
    assert ledger.row("loan_snapshot")["cash_30d"] == 110


def test_the_collection_window_goes_by_the_label_also_past_the_end_of_the_data(
    ledger_of: LedgerOf,
) -> None:
    of = paying("2025-05-31", "2025-06-01", "2025-06-10").ending("2025-06-10")
    assert loan_on(ledger_of, of, "2025-06-30")["cash_30d"] == 110


def test_all_cash_is_collected_not_only_principal(ledger_of: LedgerOf) -> None:
    of = book().loan(100, payments=[("2025-01-10", 1, 20, 300, 4000, 50000)])
    loan = loan_on(ledger_of, of, "2025-01-31")
    assert (loan["cash_30d"], loan["cash_month"], loan["balance"]) == (54321, 54321, 99)


def test_the_cash_of_a_month_runs_from_its_first_day_to_its_last(ledger_of: LedgerOf) -> None:
    of = paying("2025-02-28", "2025-03-01", "2025-03-31", "2025-04-01")
    assert loan_on(ledger_of, of, "2025-03-31")["cash_month"] == 110


def test_the_cash_of_a_month_ends_with_the_as_of_day(ledger_of: LedgerOf) -> None:
    of = paying("2025-03-01", "2025-03-15", "2025-03-16")
    assert loan_on(ledger_of, of, "2025-03-15")["cash_month"] == 11


def due_on(*days: str) -> Book:
    instalments = [(day, 10**place) for place, day in enumerate(days)]
    of = book().loan(10_000_000, disbursed="2024-01-01", instalments=instalments)
    return of.ending("2025-12-31")


@pytest.mark.parametrize("as_of", ["2025-03-01", "2025-03-15", "2025-03-31"])
def test_what_is_due_in_a_month_is_the_whole_months_on_any_day_of_it(
    ledger_of: LedgerOf, as_of: str
) -> None:
    of = due_on("2025-02-28", "2025-03-01", "2025-03-31", "2025-04-01")
    assert loan_on(ledger_of, of, as_of)["due_month"] == 110


def test_what_is_due_to_date_ends_with_the_as_of_day(ledger_of: LedgerOf) -> None:
    of = due_on("2025-02-28", "2025-03-01", "2025-03-15", "2025-03-16")
    loan = loan_on(ledger_of, of, "2025-03-15")
    assert (loan["due_to_date"], loan["due_month"]) == (110, 1110)


def test_what_is_due_to_date_ends_where_the_data_end(ledger_of: LedgerOf) -> None:
    """A month in progress is compared with what was due by now, never with the whole month."""
    of = due_on("2025-03-10", "2025-03-11", "2025-03-31").ending("2025-03-10")
    loan = loan_on(ledger_of, of, "2025-03-31")
    assert (loan["due_to_date"], loan["due_month"]) == (1, 111)


def test_everything_scheduled_is_due_not_only_principal(ledger_of: LedgerOf) -> None:
    of = book().loan(100, instalments=[("2025-01-10", 1, 20, 300, 4000, 50000)])
    assert loan_on(ledger_of, of, "2025-01-31")["due_month"] == 54321


def disbursed(day: str) -> Book:
    return book().loan(70, disbursed=day).loan(1, disbursed="2024-01-01").ending("2025-12-31")


@pytest.mark.parametrize(
    ("day", "amount", "loans"),
    [("2025-02-28", 0, 0), ("2025-03-01", 70, 1), ("2025-03-15", 70, 1)],
)
def test_a_disbursement_belongs_to_its_calendar_month(
    ledger_of: LedgerOf, day: str, amount: int, loans: int
) -> None:
    row = ledger_of(disbursed(day), "2025-03-15").row("loan_snapshot", loan_id="L1")
    assert (row["disbursed_month"], row["loans_disbursed_month"]) == (amount, loans)


def test_a_loan_disbursed_and_repaid_in_one_month_was_still_disbursed(
    ledger_of: LedgerOf,
) -> None:
    of = book().loan(70, disbursed="2025-03-02", payments=[("2025-03-20", 70)])
    loan = loan_on(ledger_of, of, "2025-03-31")
    assert (loan["disbursed_month"], loan["loans_disbursed_month"], loan["balance"]) == (70, 1, 0)


def test_one_day_may_count_in_the_windows_of_several_dates(ledger_of: LedgerOf) -> None:
    rows = ledger_of(paying("2025-06-20"), "2025-06-30", "2025-07-15").rows("loan_snapshot")
    assert [(row["cash_30d"], row["cash_month"]) for row in rows] == [(1, 1), (1, 0)]


def test_february_of_a_leap_year_has_its_29th(ledger_of: LedgerOf) -> None:
    of = due_on("2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01")
    assert loan_on(ledger_of, of, "2024-02-10")["due_month"] == 110
