"""The month behind the curves, on seven loans; at 31 March 2025, opened on 28 February.

    L1  1,000  of 10 Jan, due 30 Apr          pays 400 on 15 Mar   400 before its month: prepaid
    L2    500  of 10 Jan, due 20 Mar          pays all on 5 Mar    early within its month: scheduled
    L3    300  of 15 Jan, 100 due on the 10th of March, April and May
                                              pays 150 on 10 Mar   100 scheduled, 50 prepaid
    L4    200  of  1 Jun 24, due 2 Sep        pays nothing         written off in March
    L5    100  of  1 Jan 24, due 1 Feb 24     pays 40 on 5 Mar     written off since July: recovered
    L6    800  of 10 Mar, due 10 May          pays 300 on 20 Mar   new: not in the month's pool
    L7     60  of 10 Jan, due 10 Feb          pays all on 8 Mar    arrears: scheduled

Opening 1,000 + 500 + 300 + 200 + 60 = 2,060, of which 1,200 falls due after March.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.testing import Book, Ledger, book, make_ledger

AS_OF = "2025-03-31"
Shown = Callable[..., list[dict[str, Any]]]


def seven_loans() -> Book:
    return (
        book()
        .loan(1000, disbursed="2025-01-10", instalments=[("2025-04-30", 1000)],
              payments=[("2025-03-15", 400)])
        .loan(500, disbursed="2025-01-10", instalments=[("2025-03-20", 500)],
              payments=[("2025-03-05", 500)])
        .loan(300, disbursed="2025-01-15", payments=[("2025-03-10", 150)],
              instalments=[("2025-03-10", 100), ("2025-04-10", 100), ("2025-05-10", 100)])
        .loan(200, disbursed="2024-06-01", instalments=[("2024-09-02", 200)], entity="South")
        .loan(100, disbursed="2024-01-01", instalments=[("2024-02-01", 100)],
              payments=[("2025-03-05", 40)], entity="South")
        .loan(800, disbursed="2025-03-10", instalments=[("2025-05-10", 800)],
              payments=[("2025-03-20", 300)])
        .loan(60, disbursed="2025-01-10", instalments=[("2025-02-10", 60)],
              payments=[("2025-03-08", 60)])
        .ending(AS_OF)
    )  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with make_ledger(seven_loans(), [AS_OF], tmp_path_factory.mktemp("ledger")) as made:
        yield made


def test_the_month_says_what_it_divides(ledger: Ledger, shown: Shown) -> None:
    (row,) = shown(ledger, "curves.month", AS_OF, dimension="book")
    assert (row["opening_outstanding"], row["became_written_off"]) == (2060, 200)
    assert (row["scheduled"], row["prepayable"], row["prepaid"]) == (860, 1200, 450)
    assert (row["opening_written_off"], row["recovered"], row["came_back"]) == (100, 40, 0)
    assert row["mdr"] == Decimal("9.70873786")
    assert (row["smm"], row["recovery_rate"]) == (Decimal("37.5"), 40)


def test_a_full_month_is_made_a_year_by_compounding(ledger: Ledger, shown: Shown) -> None:
    """CDR: 1 - (1860 / 2060) ^ 12; CPR: 1 - 0.625 ^ 12."""
    (row,) = shown(ledger, "curves.rates", AS_OF, dimension="book", months_back=0)
    assert row["month_end"] == date(2025, 3, 31)
    survived = (Decimal(1860) / 2060) ** 12
    assert row["cdr"] == round((1 - survived) * 100, 8)
    assert row["cpr"] == Decimal("99.64472863")
    assert row["partial"] is False


def test_a_month_in_progress_is_never_made_a_year(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    ledger = ledger_of(seven_loans().ending("2025-03-20"), AS_OF)
    now, before = shown(ledger, "curves.rates", AS_OF, dimension="book")[:2]
    assert (now["partial"], now["mdr"], now["smm"]) == (True, Decimal("9.70873786"), 37.5)
    for name in ("cdr", "cdr_3m", "cdr_12m", "cpr", "cpr_3m", "cpr_12m"):
        assert now[name] is None, name
    assert (before["partial"], before["cdr"]) == (False, 0)


def test_recovery_to_date_is_of_all_that_was_ever_written_off(ledger: Ledger, shown: Shown) -> None:
    """100 in July, 200 in March; the 40 came in March."""
    months = shown(ledger, "curves.rates", AS_OF, dimension="book")
    assert (months[0]["recovered_to_date"], months[0]["written_off_to_date"]) == (40, 300)
    assert months[0]["cumulative_recovery_rate"] == Decimal("13.33333333")
    assert (months[1]["recovered_to_date"], months[1]["written_off_to_date"]) == (0, 100)


def test_a_year_of_three_months_needs_three_months(ledger: Ledger, shown: Shown) -> None:
    """The book opens in January 2024: February is the first month with a balance to open."""
    months = {
        f"{row['month_end']}": row for row in shown(ledger, "curves.rates", AS_OF, dimension="book")
    }
    assert months["2024-04-30"]["cdr_3m"] == 0
    assert months["2024-03-31"]["cdr_3m"] is None
    # 100 of 100 + 200 in July 2024: a third, survived twice by all: 1 - (2/3) ^ 4.
    assert months["2024-07-31"]["cdr_3m"] == Decimal("80.24691358")


def test_liquidation_follows_what_was_written_off(ledger: Ledger, shown: Shown) -> None:
    rows = {row["months_since"]: row for row in shown(ledger, "curves.liquidation", AS_OF)}
    assert (rows[0]["pools"], rows[0]["written_off_balance"], rows[0]["collected"]) == (2, 300, 0)
    assert (rows[7]["collected"], rows[8]["collected"]) == (0, 40)
    assert rows[8]["written_off_balance"] == 100
    curve = {row["months_since"]: row for row in shown(ledger, "curves.liquidation_curve", AS_OF)}
    assert (curve[8]["written_off_balance"], curve[8]["liquidation_rate"]) == (100, 40)
    assert (curve[7]["pools"], curve[7]["liquidation_rate"], curve[8]["month_rate"]) == (1, 0, 40)
    pools = shown(ledger, "curves.liquidation_pools", AS_OF)
    assert {f"{row['written_off_at']}" for row in pools} == {"2024-07-31", "2025-03-31"}


def test_liquidation_does_not_fall_when_an_old_pool_drops_out(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """Of 100 written off in August 90 come in September; of 300 of September 30 in November.

    Together 90 / 400 in month 1 and 30 / 400 in month 2: 22.5 and 30 %. From month 7 on there is
    only the first pool, of which 90 % came: the curve stays where it was.
    """
    of = (
        book()
        .loan(100, disbursed="2024-01-15", instalments=[("2024-02-15", 100)],
              payments=[("2024-09-10", 90)])
        .loan(300, disbursed="2024-01-15", instalments=[("2024-03-10", 300)],
              payments=[("2024-11-10", 30)])
        .ending("2025-03-31")
    )  # fmt: skip
    rows = shown(ledger_of(of, AS_OF), "curves.liquidation_curve", AS_OF)
    rates = {row["months_since"]: row["liquidation_rate"] for row in rows}
    assert (rates[0], rates[1], rates[2], rates[6], rates[7]) == (0, Decimal("22.5"), 30, 30, 30)
    assert [(row["pools"], row["mature"]) for row in rows] == [(2, False)] * 7 + [(1, False)]
    assert [row["collected_month"] for row in rows] == [0, 90, 30, 0, 0, 0, 0, 0]
    (last,) = shown(ledger_of(of, AS_OF), "curves.liquidation", AS_OF, months_since=7)
    assert (last["written_off_balance"], last["collected"]) == (100, 90)


def test_a_pool_of_dust_is_left_out_and_three_pools_are_mature(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """Written off in September (0.99 and 0.01: a unit), October, November and December (0.99)."""
    of = book()
    for amount, due in (
        ("0.99", "2024-04-01"), ("0.01", "2024-04-02"), ("50", "2024-05-01"), ("60", "2024-06-01"),
        ("0.99", "2024-07-01"),
    ):  # fmt: skip
        of = of.loan(Decimal(amount), disbursed="2024-03-01", instalments=[(due, Decimal(amount))])
    ledger = ledger_of(of.ending(AS_OF), AS_OF)
    rows = shown(ledger, "curves.liquidation", AS_OF)
    assert [(row["months_since"], row["pools"], row["mature"]) for row in rows] == [
        (0, 3, True), (1, 3, True), (2, 3, True), (3, 3, True), (4, 3, True), (5, 2, False),
        (6, 1, False),
    ]  # fmt: skip
    assert [row["written_off_balance"] for row in rows] == [111, 111, 111, 111, 111, 51, 1]
    pools = shown(ledger, "curves.liquidation_pools", AS_OF)
    assert {row["written_off_balance"] for row in pools} == {1, 50, 60}
    lost = ledger.rows("loan_liquidation", months_since=0)
    assert sorted(row["pool_balance"] for row in lost) == [
        Decimal("0.99"), 1, 1, 50, 60,
    ]  # fmt: skip


def test_what_comes_back_after_a_write_off_is_told(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """It pays its first instalment in March and is then late by the second alone."""
    of = book().loan(
        200, disbursed="2024-06-01", instalments=[("2024-08-01", 100), ("2025-02-01", 100)],
        payments=[("2025-03-10", 100)],
    ).ending(AS_OF)  # fmt: skip
    ledger = ledger_of(of, AS_OF)
    (row,) = shown(ledger, "curves.month", AS_OF, dimension="book")
    assert (row["opening_outstanding"], row["opening_written_off"]) == (0, 200)
    assert (row["recovered"], row["came_back"], row["mdr"]) == (100, 100, None)


def test_an_overpaid_loan_prepays_no_more_than_it_owed(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    of = book().loan(
        100, disbursed="2025-02-01", instalments=[("2025-04-30", 100)],
        payments=[("2025-03-10", 130)],
    ).ending(AS_OF)  # fmt: skip
    (row,) = shown(ledger_of(of, AS_OF), "curves.month", AS_OF, dimension="book")
    assert (row["prepayable"], row["prepaid"], row["smm"]) == (100, 100, 100)


def test_a_bullet_due_on_the_months_last_day_is_scheduled_and_a_day_later_is_not(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    for due, prepaid in (("2025-03-31", 0), ("2025-04-01", 100)):
        of = book().loan(
            100, disbursed="2025-02-01", instalments=[(due, 100)], payments=[("2025-03-10", 100)]
        )
        ledger = ledger_of(of.ending(AS_OF), AS_OF)
        (row,) = shown(ledger, "curves.month", AS_OF, dimension="book")
        assert row["prepaid"] == prepaid, due


def test_what_follows_an_instalment_of_the_months_last_day_can_be_prepaid(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    """40 of 31 March and 60 of 30 April; 70 paid on 10 March: 40 scheduled, 30 of 60 prepaid."""
    of = book().loan(
        100, disbursed="2025-02-01", instalments=[("2025-03-31", 40), ("2025-04-30", 60)],
        payments=[("2025-03-10", 70)],
    ).ending(AS_OF)  # fmt: skip
    (row,) = shown(ledger_of(of, AS_OF), "curves.month", AS_OF, dimension="book")
    assert (row["scheduled"], row["prepayable"], row["prepaid"]) == (40, 60, 30)


def test_a_loan_overpaid_before_the_month_has_nothing_to_prepay(
    ledger_of: Callable[..., Ledger], shown: Shown
) -> None:
    of = book().loan(
        100, disbursed="2025-02-01", instalments=[("2025-04-30", 100)],
        payments=[("2025-02-20", 130)],
    ).ending(AS_OF)  # fmt: skip
    (row,) = shown(ledger_of(of, AS_OF), "curves.month", AS_OF, dimension="book")
    assert (row["opening_outstanding"], row["prepayable"], row["prepaid"]) == (-30, 0, 0)
