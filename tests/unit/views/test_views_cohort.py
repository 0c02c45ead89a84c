"""Vintages of a book that a person can follow month by month.

    A  1,000  of 10 Jan, 400 due 10 Feb, 600 due 15 May   pays 400 on 5 Apr and no more:
              49 days late in March, cured in April, 108 late in August, 199 in November
    B    500  of 20 Jan, due 20 Feb   pays on the day
    P    300  of  5 Feb, due  5 Mar   pays 100 on the day, 50 on 10 Oct: 56 late in April,
              117 in June, 209 in September
    Q    700  of  6 Feb, due  6 Mar   pays on the day
    R    100  of  3 Dec               data end on 10 Dec

Written off is beyond 180 days: P in September with 200, A in November with 600.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.testing import Book, Ledger, book, make_ledger

NOVEMBER, DECEMBER = "2025-11-30", "2025-12-31"
JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)
Shown = Callable[..., list[dict[str, Any]]]


def vintages() -> Book:
    return (
        book()
        .loan(1000, loan_id="A", disbursed="2025-01-10", payments=[("2025-04-05", 400)],
              instalments=[("2025-02-10", 400), ("2025-05-15", 600)])
        .loan(500, loan_id="B", disbursed="2025-01-20", instalments=[("2025-02-20", 500)],
              payments=[("2025-02-20", 500)], entity="South")
        .loan(300, loan_id="P", disbursed="2025-02-05", instalments=[("2025-03-05", 300)],
              payments=[("2025-03-05", 100), ("2025-10-10", 50)], entity="South")
        .loan(700, loan_id="Q", disbursed="2025-02-06", instalments=[("2025-03-06", 700)],
              payments=[("2025-03-06", 700)])
        .loan(100, loan_id="R", disbursed="2025-12-03")
        .ending("2025-12-10")
    )  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    days = ["2025-02-28", "2025-03-31", NOVEMBER, DECEMBER]
    with make_ledger(vintages(), days, tmp_path_factory.mktemp("ledger")) as made:
        yield made


# months on book: balance, late_30, ever_30, late_90, ever_90, written off
LIFE_OF_JANUARY = {
    0: (1500, 0, 0, 0, 0, 0),
    1: (1000, 0, 0, 0, 0, 0),
    2: (1000, 1000, 1000, 0, 0, 0),
    3: (600, 0, 1000, 0, 0, 0),
    5: (600, 600, 1000, 0, 0, 0),
    7: (600, 600, 1000, 600, 600, 0),
    10: (600, 600, 1000, 600, 600, 600),
}


@pytest.mark.parametrize("months", LIFE_OF_JANUARY)
def test_a_loan_that_was_late_cured_and_is_written_off_stays_counted(
    ledger: Ledger, shown: Shown, months: int
) -> None:
    (row,) = shown(ledger, "cohort.months", NOVEMBER, cohort_month=JANUARY, months_on_book=months)
    balance, late_30, ever_30, late_90, ever_90, lost = LIFE_OF_JANUARY[months]
    assert (row["disbursed"], row["balance"], row["repaid"]) == (1500, balance, 1500 - balance)
    assert (row["late_30"], row["ever_30"]) == (late_30, ever_30)
    assert (row["late_90"], row["ever_90"]) == (late_90, ever_90)
    assert (row["written_off"], row["ever_written_off"]) == (lost, lost)
    assert row["outstanding"] == balance - lost
    assert (row["mature"], row["partial"]) == (True, False)


def test_what_was_written_off_counts_with_the_balance_of_its_day_and_pays_as_repayment(
    ledger: Ledger, shown: Shown
) -> None:
    (row,) = shown(ledger, "cohort.months", NOVEMBER, cohort_month=FEBRUARY, months_on_book=9)
    assert (row["ever_written_off"], row["written_off"], row["late_90"]) == (200, 150, 150)
    assert (row["repaid"], row["balance"]) == (850, 150)
    assert (row["repaid_share"], row["balance_share"]) == (85, 15)
    assert (row["ever_30_share"], row["loans_ever_30"]) == (20, 1)


def test_a_quarter_takes_each_loan_at_its_own_age(ledger: Ledger, shown: Shown) -> None:
    """A in March is 2 months old, P in April."""
    (row,) = shown(ledger, "cohort.quarters", NOVEMBER, dimension="book", months_on_book=2)
    assert (row["cohort_quarter"], row["disbursed"], row["ever_30"]) == (JANUARY, 2500, 1200)
    assert row["mature"] is True


def test_a_quarter_is_mature_when_its_youngest_loan_is_old_enough(
    ledger: Ledger, shown: Shown
) -> None:
    points = {
        row["months_on_book"]: (row["mature"], row["disbursed"])
        for row in shown(ledger, "cohort.quarters", NOVEMBER, dimension="book")
    }
    assert points[9] == (True, 2500)
    assert points[10] == (False, 1500)
    early = shown(ledger, "cohort.quarters", "2025-02-28", dimension="book")
    assert [row["mature"] for row in early] == [False, False], "the quarter is not over"
    over = shown(ledger, "cohort.quarters", "2025-03-31", dimension="book")
    assert [row["mature"] for row in over] == [True, True, False]


def test_a_month_in_progress_is_partial_and_not_mature(ledger: Ledger, shown: Shown) -> None:
    rows = shown(ledger, "cohort.months", DECEMBER)
    assert {row["mature"] for row in rows if row["partial"]} == {False}
    assert {
        (f"{row['cohort_month']}", row["months_on_book"]) for row in rows if row["partial"]
    } == {("2025-01-01", 11), ("2025-02-01", 10), ("2025-12-01", 0)}
    assert not any(row["partial"] for row in shown(ledger, "cohort.average", DECEMBER))


def test_the_average_curve_weighs_mature_cohorts_by_their_money(
    ledger: Ledger, shown: Shown
) -> None:
    rows = {
        row["months_on_book"]: row
        for row in shown(ledger, "cohort.average", DECEMBER, dimension="book")
    }
    assert (rows[2]["cohorts"], rows[2]["ever_30"], rows[2]["ever_30_share"]) == (2, 1200, 48)
    assert (rows[10]["cohorts"], rows[10]["disbursed"]) == (1, 1500)
    assert 11 not in rows


def test_an_as_of_date_sees_nothing_later(ledger: Ledger, shown: Shown) -> None:
    rows = shown(ledger, "cohort.months", "2025-03-31")
    assert {row["months_on_book"] for row in rows} == {0, 1, 2}
    assert sum(row["ever_90"] for row in rows) == 0
    assert max(row["ever_30"] for row in rows) == 1000


def test_cohorts_today_part_the_whole_by_entity(ledger: Ledger, shown: Shown) -> None:
    rows = shown(ledger, "cohort.now", NOVEMBER, dimension="entity")
    assert sum(row["disbursed"] for row in rows) == 2500
    south = {row["cohort_month"]: row["ever_30"] for row in rows if row["member"] == "South"}
    assert south == {JANUARY: 0, FEBRUARY: 200}


@pytest.mark.parametrize(("months", "loans"), [(0, 4), (3, 4), (9, 4)])
def test_rdr_counts_written_off_at_90_days_of_all_disbursed(
    ledger: Ledger, shown: Shown, months: int, loans: int
) -> None:
    (row,) = shown(ledger, "cohort.rdr", NOVEMBER, dimension="book", from_months=months)
    assert (row["loans"], row["late_90"], row["principal"], row["rdr_90"]) == (
        loans, 750, 2500, 30,
    )  # fmt: skip


def test_rdr_leaves_younger_loans_out_of_part_and_whole(ledger: Ledger, shown: Shown) -> None:
    rows = shown(ledger, "cohort.rdr", DECEMBER, dimension="book")
    assert {row["from_months"]: row["principal"] for row in rows} == {
        0: 2600, 3: 2500, 6: 2500, 9: 2500,
    }  # fmt: skip


def test_a_day_within_a_month_sees_what_is_late_on_it_and_no_month_end_depends_on_it(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """Due 8 March, paid 12 April: 33 days late on the 10th, at no month-end 30."""
    of = book().loan(
        80, disbursed="2025-02-10", instalments=[("2025-03-08", 80)],
        payments=[("2025-04-12", 80)],
    )  # fmt: skip
    ledger = ledger_of(of.ending("2025-04-30"), "2025-04-10", "2025-04-30")
    (on_the_day,) = shown(ledger, "cohort.now", "2025-04-10", dimension="book")
    assert (on_the_day["ever_30"], on_the_day["mature"]) == (80, True)
    (at_the_end,) = shown(ledger, "cohort.now", "2025-04-30", dimension="book")
    assert (at_the_end["ever_30"], at_the_end["mature"]) == (0, True)


@pytest.mark.parametrize(("due", "late"), [("2025-03-02", 0), ("2025-03-01", 80)])
def test_late_30_begins_on_day_30(
    ledger_of: Callable[..., Ledger], shown: Shown, due: str, late: int
) -> None:
    of = book().loan(80, disbursed="2025-02-10", instalments=[(due, 80)]).ending("2025-03-31")
    (row,) = shown(ledger_of(of, "2025-03-31"), "cohort.now", "2025-03-31", dimension="book")
    assert (row["late_30"], row["ever_30"]) == (late, late)


def test_a_cohort_keeps_the_rate_of_its_disbursements(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """The peso is worth 0.05 in January and 0.01 in March: no curve moves by that."""
    of = (
        book()
        .loan(1000, disbursed="2025-01-10", currency="MXN", instalments=[("2025-01-20", 1000)])
        .rate("MXN", "2025-01-01", "0.05")
        .rate("MXN", "2025-03-01", "0.01")
        .ending("2025-03-31")
    )
    rows = shown(ledger_of(of, "2025-03-31"), "cohort.months", "2025-03-31")
    assert [(row["disbursed"], row["ever_30"]) for row in rows] == [(50, 0), (50, 50), (50, 50)]


def test_rdr_of_two_currencies_is_the_loans_own_sums_at_the_dates_rate(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """The peso is worth 0.05 at the disbursement and 0.01234567 at the date."""
    of = (
        book()
        .loan("333.33", disbursed="2025-01-10", currency="MXN", instalments=[("2025-01-20", 333)])
        .loan("777.77", disbursed="2025-01-11", currency="MXN")
        .loan(10, disbursed="2025-01-12", instalments=[("2025-02-01", 10)], product=None)
        .rate("MXN", "2025-01-01", "0.05")
        .rate("MXN", "2025-05-01", "0.01234567")
        .ending("2025-05-31")
    )
    ledger = ledger_of(of, "2025-04-30", "2025-05-31")
    (row,) = shown(ledger, "cohort.rdr", "2025-05-31", dimension="book", from_months=3)
    loans = ledger.rows("loan_rdr", as_of=date(2025, 5, 31), from_months=3)
    assert (row["loans"], len(loans)) == (3, 3)
    for name in ("principal", "balance", "late_90"):
        assert row[name] == sum(loan[name] for loan in loans), name
    # 333.33 and 777.77 at 0.01234567, each rounded, and 10.
    assert row["principal"] == Decimal("4.115182") + Decimal("9.602092") + 10
