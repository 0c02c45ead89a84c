"""Month-ends, and the small tables that models read their dates and the policy from."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from fintech_factory.testing import Ledger, book
from fintech_factory.transform.dates import month_end, month_ends

LedgerOf = Callable[..., Ledger]


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2024-02-01", "2024-02-29"),
        ("2025-02-28", "2025-02-28"),
        ("2100-02-10", "2100-02-28"),
        ("2025-12-31", "2025-12-31"),
        ("2025-04-30", "2025-04-30"),
    ],
)
def test_a_month_ends_on_its_last_day(day: str, end: str) -> None:
    assert month_end(date.fromisoformat(day)) == date.fromisoformat(end)


def test_month_ends_hold_the_month_in_progress_and_the_last_day_of_data() -> None:
    assert month_ends(*days("2024-01-15", "2024-03-10")) == days(
        "2024-01-31", "2024-02-29", "2024-03-10", "2024-03-31"
    )


def test_data_through_a_month_end_are_named_once() -> None:
    assert month_ends(*days("2025-11-30", "2025-12-31")) == days("2025-11-30", "2025-12-31")


def test_a_book_of_one_day_has_that_day_and_its_month_end() -> None:
    assert month_ends(*days("2025-12-10", "2025-12-10")) == days("2025-12-10", "2025-12-31")


def test_month_ends_cross_the_year() -> None:
    assert month_ends(*days("2024-12-31", "2025-01-31")) == days("2024-12-31", "2025-01-31")


@pytest.fixture
def parameters(ledger_of: LedgerOf) -> Callable[[str], list[dict[str, Any]]]:
    """The parameter tables of a book from 2025-01-30 to 2025-02-02, at its end and month-end."""
    of = book().loan(100, disbursed="2025-01-30").ending("2025-02-02")
    return ledger_of(of, "2025-02-28", "2025-01-31", "2025-02-02").rows


def test_as_of_dates_are_numbered_in_order_and_cut_where_the_data_end(
    parameters: Callable[[str], list[dict[str, Any]]],
) -> None:
    rows = [
        (row["seq"], str(row["as_of"]), str(row["cut_on"])) for row in parameters("snapshot_date")
    ]
    assert rows == [
        (0, "2025-01-31", "2025-01-31"),
        (1, "2025-02-02", "2025-02-02"),
        (2, "2025-02-28", "2025-02-02"),
    ]


def test_a_day_belongs_to_the_first_date_whose_data_hold_it(
    parameters: Callable[[str], list[dict[str, Any]]],
) -> None:
    rows = [(str(row["day_on"]), row["seq"]) for row in parameters("calendar_day")]
    assert rows == [("2025-01-30", 0), ("2025-01-31", 0), ("2025-02-01", 1), ("2025-02-02", 1)]


def test_the_policy_is_one_row(parameters: Callable[[str], list[dict[str, Any]]]) -> None:
    (row,) = parameters("policy")
    assert (row["write_off_after_dpd"], str(row["coverage_tolerance"])) == (180, "0.005000")
    assert (row["last_bucket_from_dpd"], row["reporting_currency"]) == (181, "USD")
    assert row["data_through"] == date(2025, 2, 2)


def test_every_day_past_due_up_to_the_last_bucket_has_its_bucket(
    parameters: Callable[[str], list[dict[str, Any]]],
) -> None:
    bucket = {row["dpd"]: row["bucket"] for row in parameters("ageing_bucket")}
    assert list(bucket) == list(range(182))
    assert [bucket[dpd] for dpd in (0, 1, 30, 31, 180, 181)] == [
        "current",
        "1-30",
        "1-30",
        "31-60",
        "91-180",
        "181+",
    ]


def test_a_day_is_listed_once_a_date_with_the_windows_it_lies_in(
    parameters: Callable[[str], list[dict[str, Any]]],
) -> None:
    """Date 2 is 2025-02-28 of data through 2025-02-02: its window begins on 30 January."""
    windows = {
        str(row["day_on"]): (row["in_collection_window"], row["in_month"], row["in_month_to_date"])
        for row in parameters("snapshot_window")
        if row["seq"] == 2
    }
    assert min(windows) == "2025-01-30"
    assert len(windows) == 30
    assert windows["2025-01-31"] == (True, False, False)
    assert windows["2025-02-02"] == (True, True, True)
    assert windows["2025-02-03"] == (True, True, False)
    assert windows["2025-02-28"] == (True, True, False)
