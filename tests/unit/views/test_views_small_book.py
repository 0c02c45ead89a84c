"""The tables of sums, on six loans that a person can follow.

At 31 March 2025; the last month-end before is 28 February. Nothing but principal is lent or paid.

    L1  B1  1,000  of 10 Jan, due 30 Apr   pays 400 on 15 Mar   current, 600 left
    L2  B2    500  of  5 Jan, due 20 Feb   pays nothing         8 days late in Feb, 39 in Mar
    L3  B3    300  of  5 Jan, due 10 Feb   pays all on 20 Mar   18 days late in Feb, repaid
    L4  B4    200  of  1 Jun, due  2 Sep   pays nothing         179 days late, then written off
    L5  B5    100  of  1 Jan, due  1 Feb 24  pays 40 on 5 Mar   written off before and after
    L6  B1    800  of 10 Mar, due 10 May   new in the month     current

Opening 2,100 (2,000 not written off); outstanding 600 + 500 + 800 = 1,900; written off 260.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.testing import Book, Ledger, book, make_ledger

AS_OF = "2025-03-31"


def six_loans() -> Book:
    return (
        book()
        .loan(1000, borrower="B1", disbursed="2025-01-10", instalments=[("2025-04-30", 1000)],
              payments=[("2025-03-15", 400)])
        .loan(500, borrower="B2", disbursed="2025-01-05", instalments=[("2025-02-20", 500)])
        .loan(300, borrower="B3", disbursed="2025-01-05", instalments=[("2025-02-10", 300)],
              payments=[("2025-03-20", 300)], entity="South")
        .loan(200, borrower="B4", disbursed="2024-06-01", instalments=[("2024-09-02", 200)],
              entity="South")
        .loan(100, borrower="B5", disbursed="2024-01-01", instalments=[("2024-02-01", 100)],
              payments=[("2025-03-05", 40)], entity="South")
        .loan(800, borrower="B1", disbursed="2025-03-10", instalments=[("2025-05-10", 800)],
              state="la libertad")
        .ending(AS_OF)
    )  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with make_ledger(six_loans(), [AS_OF], tmp_path_factory.mktemp("ledger")) as made:
        yield made


def of_book(ledger: Ledger, table: str, **where: object) -> list[dict[str, Any]]:
    return ledger.rows(table, dimension="book", **where)


def test_the_roll_matrix_takes_each_opening_balance_to_one_outcome(ledger: Ledger) -> None:
    rolled = {
        (row["opening_state"], row["outcome"]): (row["loans"], row["opening_balance"])
        for row in of_book(ledger, "delinquency_roll_matrix")
    }
    assert rolled == {
        ("current", "current"): (1, 1000),
        ("1-30", "31-60"): (1, 500),
        ("1-30", "repaid"): (1, 300),
        ("91-180", "written off"): (1, 200),
        ("written off", "written off"): (1, 100),
    }


def test_each_row_of_the_matrix_is_divided_by_its_opening_state(ledger: Ledger) -> None:
    for row in of_book(ledger, "delinquency_roll_matrix", opening_state="1-30"):
        assert (row["state_balance"], row["state_loans"]) == (800, 2)


def test_a_year_of_rolls_is_twelve_full_months(ledger_of: Callable[..., Ledger]) -> None:
    """Not late for 20 months; of the month in progress nothing counts."""
    of = book().loan(100, disbursed="2023-06-10", instalments=[("2026-01-10", 100)])
    for table in ("delinquency_roll_matrix_12m", "delinquency_roll_matrix_12m_parts"):
        for row in ledger_of(of.ending("2025-03-15"), "2025-03-15").rows(table):
            assert (row["months"], row["loans"], row["opening_balance"]) == (12, 12, 1200)


def test_the_year_of_each_entity_and_product_adds_up_to_the_books(ledger: Ledger) -> None:
    whole = {
        (row["opening_state"], row["outcome"]): (row["loans"], row["opening_balance"])
        for row in ledger.rows("delinquency_roll_matrix_12m")
    }
    parts = ledger.rows("delinquency_roll_matrix_12m_parts")
    for dimension in ("entity", "product"):
        added: dict[tuple[str, str], tuple[int, Decimal]] = {}
        for row in parts:
            if row["dimension"] == dimension:
                key = row["opening_state"], row["outcome"]
                loans, balance = added.get(key, (0, Decimal(0)))
                added[key] = loans + row["loans"], balance + row["opening_balance"]
        assert added == whole
    south = [r for r in parts if r["member"] == "South" and r["opening_state"] == "1-30"]
    # L3 in March, repaid; L4 in October 2024, from 28 days late to 59.
    assert {(row["outcome"], row["opening_balance"], row["state_balance"]) for row in south} == {
        ("repaid", 300, 500), ("31-60", 200, 500),
    }  # fmt: skip


def test_a_written_off_loan_is_no_cure_and_a_repaid_one_is(ledger: Ledger) -> None:
    cure = {row["opening_state"]: row for row in of_book(ledger, "delinquency_cure")}
    late, long_late, lost = cure["1-30"], cure["91-180"], cure["written off"]
    assert (late["cured"], late["worse"], late["state_balance"]) == (300, 500, 800)
    assert (long_late["cured"], long_late["became_written_off"], long_late["worse"]) == (0, 200, 0)
    assert (lost["cured"], lost["same"]) == (0, 100)
    assert "current" not in cure


def test_all_that_was_past_due_is_one_row_without_what_was_lost(ledger: Ledger) -> None:
    """L3 repays 300 of the 800 + 200 that were late; L2 worsens, L4 is lost; L5 was lost before."""
    cure = {row["opening_state"]: row for row in of_book(ledger, "delinquency_cure")}
    every = cure["all past due"]
    assert (every["loans"], every["opening_balance"], every["state_balance"]) == (3, 1000, 1000)
    assert (every["repaid"], every["became_current"], every["cured"]) == (300, 0, 300)
    assert (every["worse"], every["became_written_off"]) == (500, 200)


def test_what_cured_was_repaid_or_became_current(tmp_path: Path) -> None:
    """Two instalments: 40 of 100 late in February, paid in March, the rest due in May."""
    of = (
        book()
        .loan(100, disbursed="2025-01-05", instalments=[("2025-02-20", 40), ("2025-05-20", 60)],
              payments=[("2025-03-10", 40)])
        .loan(70, disbursed="2025-01-05", instalments=[("2025-02-20", 70)],
              payments=[("2025-03-10", 70)])
        .ending(AS_OF)
    )  # fmt: skip
    with make_ledger(of, [AS_OF], tmp_path) as made:
        rows = of_book(made, "delinquency_cure")
    assert [row["opening_state"] for row in rows] == ["1-30", "all past due"]
    for row in rows:
        assert (row["repaid"], row["became_current"], row["cured"]) == (70, 100, 170)


def test_the_rolls_of_twelve_months_add_up_month_by_month(ledger: Ledger) -> None:
    """L5 is lost in July 2024, L4 in March 2025; 91-180 opens on L5 twice and on L4 three times."""
    rows = ledger.rows("delinquency_roll_matrix_12m", opening_state="written off")
    ((months, balance),) = [(row["months"], row["opening_balance"]) for row in rows]
    assert (months, balance) == (8, 8 * 100)
    (lost,) = ledger.rows(
        "delinquency_roll_matrix_12m", opening_state="91-180", outcome="written off"
    )
    assert (lost["loans"], lost["opening_balance"], lost["state_balance"]) == (
        2,
        300,
        2 * 100 + 3 * 200,
    )


def test_ageing_parts_the_whole_balance(ledger: Ledger) -> None:
    ageing = {row["bucket"]: row for row in of_book(ledger, "delinquency_ageing")}
    found = {
        name: (row["loans"], row["balance"], row["outstanding"]) for name, row in ageing.items()
    }
    assert found == {"current": (2, 1400, 1400), "31-60": (1, 500, 500), "181+": (2, 260, 0)}
    assert {row["member_balance"] for row in ageing.values()} == {2160}


@pytest.mark.parametrize(
    ("days", "at_least", "beyond", "incl_writeoff"),
    [(1, 500, 500, 760), (30, 500, 500, 760), (60, 0, 0, 260), (180, 0, 0, 260)],
)
def test_the_par_ladder_in_its_three_definitions(
    ledger: Ledger, days: int, at_least: int, beyond: int, incl_writeoff: int
) -> None:
    (row,) = of_book(ledger, "delinquency_par_ladder", days=days)
    assert row["at_risk_at_least"] == at_least
    assert row["at_risk_beyond"] == beyond
    assert row["at_risk_beyond_incl_writeoff"] == incl_writeoff
    assert (row["member_outstanding"], row["member_balance"]) == (1900, 2160)


def test_a_loan_on_the_rung_itself_parts_the_two_rules(
    ledger_of: Callable[..., Ledger],
) -> None:
    late = book().loan(70, instalments=[("2025-03-01", 70)]).ending("2025-03-31")
    (row,) = of_book(ledger_of(late, "2025-03-31"), "delinquency_par_ladder", days=30)
    assert (row["at_risk_at_least"], row["at_risk_beyond"]) == (70, 0)


def test_past_due_borrowers_come_by_what_is_late_written_off_included(ledger: Ledger) -> None:
    rows = sorted(ledger.rows("delinquency_past_due_borrowers"), key=lambda row: row["place"])
    assert [(row["borrower_id"], row["past_due_balance"], row["worst_dpd"]) for row in rows] == [
        ("B2", 500, 39), ("B4", 200, 210), ("B5", 60, 424),
    ]  # fmt: skip


def test_the_roll_forward_closes(ledger: Ledger) -> None:
    (row,) = ledger.rows("delinquency_roll_forward")
    assert (row["opening"], row["disbursed"], row["principal_paid"]) == (2100, 800, 740)
    assert (row["closing"], row["variance"]) == (2160, 0)


def test_collection_says_what_it_divides(ledger: Ledger) -> None:
    """740 came in March: L1's 400 before its day, L3's 300 and L5's 40 after theirs."""
    (row,) = of_book(ledger, "collection_rates")
    assert (row["cash_30d"], row["outstanding"]) == (740, 1900)
    assert (row["cash_month"], row["due_whole_month"], row["due_by_now"]) == (740, 0, None)
    assert (row["recovered"], row["written_off_before"]) == (40, 100)


def test_cash_pays_the_oldest_instalment_first_then_the_months_own(
    ledger_of: Callable[..., Ledger],
) -> None:
    """100 due in February, 100 on 10 March, 100 on 31 March; 150 paid: 50 of March's 200."""
    of = book().loan(
        300, disbursed="2025-01-10",
        instalments=[("2025-02-10", 100), ("2025-03-10", 100), ("2025-03-31", 100)],
        payments=[("2025-03-12", 150)],
    )  # fmt: skip
    (row,) = of_book(ledger_of(of.ending("2025-03-31"), "2025-03-31"), "collection_rates")
    assert (row["due_by_now"], row["paid_due"]) == (200, 50)
    (row,) = of_book(ledger_of(of.ending("2025-03-30"), "2025-03-30"), "collection_rates")
    assert (row["due_by_now"], row["paid_due"], row["due_whole_month"]) == (100, 50, None)


def test_traction_tells_new_repeat_and_reactivated_borrowers(
    ledger_of: Callable[..., Ledger],
) -> None:
    """The policy's pause is 90 days: 30 March is day 89 after 31 December, 1 April day 91."""
    of = (
        book()
        .loan(10, borrower="repeat", disbursed="2024-12-31")
        .loan(20, borrower="repeat", disbursed="2025-03-31")
        .loan(30, borrower="back", disbursed="2024-12-30")
        .loan(40, borrower="back", disbursed="2025-03-31")
        .loan(50, borrower="new", disbursed="2025-03-30")
        .ending("2025-03-31")
    )
    ledger = ledger_of(of, "2025-03-31")
    month = {row["borrower_kind"]: row["principal"] for row in of_book(ledger, "traction_month")}
    assert month == {"repeat": 20, "reactivated": 40, "new": 50}
    (series,) = ledger.rows("traction_months", months_back=3)
    assert (series["disbursed"], series["new_principal"], series["partial"]) == (40, 40, False)


def test_growth_compares_full_months_and_knows_nothing_before_the_book(
    ledger_of: Callable[..., Ledger],
) -> None:
    of = (
        book()
        .loan(100, disbursed="2025-01-10")
        .loan(400, disbursed="2025-02-10")
        .loan(999, disbursed="2025-03-02")
        .ending("2025-03-05")
    )
    (row,) = of_book(ledger_of(of, "2025-03-05"), "traction_growth")
    assert (row["month_0"], row["month_1"], row["difference_1m"]) == (400, 100, 300)
    assert (row["month_3"], row["difference_3m"], row["months"]) == (None, None, 2)


def test_a_member_that_lent_only_a_year_ago_is_not_left_out_of_growth(
    ledger_of: Callable[..., Ledger],
) -> None:
    """South lent in March 2024 alone: it is all gone, and the members still add up to the book."""
    of = (
        book()
        .loan(100, disbursed="2024-03-10", entity="South")
        .loan(400, disbursed="2025-03-10", entity="North")
        .ending("2025-03-31")
    )
    rows = ledger_of(of, "2025-03-31").rows("traction_growth", dimension="entity")
    growth = {row["member"]: (row["month_0"], row["month_12"]) for row in rows}
    assert growth == {"North": (400, 0), "South": (0, 100)}


def test_the_rolls_of_full_months_are_not_partial_in_a_month_in_progress(
    ledger_of: Callable[..., Ledger],
) -> None:
    ledger = ledger_of(six_loans().ending("2025-03-20"), "2025-03-20")
    assert {row["partial"] for row in ledger.rows("delinquency_roll_matrix_12m")} == {False}


def test_concentration_ranks_by_outstanding_and_beside_it_by_balance(ledger: Ledger) -> None:
    top = {row["largest"]: row for row in ledger.rows("concentration_top")}
    assert (top[1]["top_outstanding"], top[1]["book_outstanding"]) == (1400, 1900)
    assert (top[5]["top_outstanding"], top[5]["top_balance"]) == (1900, 2160)
    (single,) = ledger.rows("concentration_single_obligor")
    assert (single["borrower_id"], single["outstanding"], single["loans"]) == ("B1", 1400, 2)


def test_hhi_is_the_sum_of_squares_over_the_square_of_the_sum(ledger: Ledger) -> None:
    (row,) = ledger.rows("concentration_hhi", dimension="borrower_id")
    assert row["sum_of_squares"] == 1400**2 + 500**2
    assert row["square_of_sum"] == 1900**2
    assert row["members"] == 2


def test_parts_of_every_dimension_add_up_to_the_book(ledger: Ledger) -> None:
    sums: dict[str, Decimal] = {}
    for row in ledger.rows("overview_parts"):
        sums[row["dimension"]] = sums.get(row["dimension"], Decimal(0)) + row["balance"]
    assert set(sums.values()) == {Decimal(2160)}
    assert len(sums) == 8


def test_a_borrower_whom_the_export_does_not_list_is_a_borrower(
    ledger_of: Callable[..., Ledger],
) -> None:
    """As the KPI `active_borrowers` counts: by who owes, not by who has a card."""
    of = book().loan(10, disbursed="2025-03-02").loan(20, disbursed="2025-03-03")
    of = replace(of, tables={**of.tables, "customers": of.rows("customers")[:1]})
    ledger = ledger_of(of.ending(AS_OF), AS_OF)
    (row,) = ledger.rows("overview_book")
    assert (row["active_borrowers"], row["borrowers_disbursed_month"]) == (2, 2)
    (lent,) = of_book(ledger, "traction_month")
    assert lent["borrowers"] == 2
    (odd,) = ledger.rows("overview_oddities")
    assert (odd["kind"], odd["loans"], odd["balance"]) == ("unknown borrower", 1, 20)


def test_what_a_reader_must_know_of_the_figures_is_named(
    ledger_of: Callable[..., Ledger],
) -> None:
    """A cent is dust and 1.1 cents are not; the source leaves L4 out and knows an L99."""
    of = (
        book()
        .loan("0.01", loan_id="L1")
        .loan("0.011", loan_id="L2")
        .loan(100, loan_id="L3", payments=[("2025-02-01", 105)])
        .loan(70, loan_id="L4", instalments=[])
        .source_says("L1", AS_OF, "0.01")
        .source_says("L2", AS_OF, "0.011")
        .source_says("L3", AS_OF, -5)
        .source_says("L99", AS_OF, 75)
        .ending(AS_OF)
    )
    rows = ledger_of(of, AS_OF).rows("overview_oddities")
    assert {row["kind"]: (row["loans"], row["balance"], row["outstanding"]) for row in rows} == {
        "dust": (1, Decimal("0.01"), Decimal("0.01")),
        "overpaid": (1, -5, -5),
        "no schedule": (1, 70, 70),
        "not in the source": (1, 70, 70),
        "only in the source": (1, 75, None),
    }


def test_a_place_is_named_alike_whatever_its_case_and_missing_is_said(ledger: Ledger) -> None:
    states = {
        row["member"]: row["outstanding"]
        for row in ledger.rows("concentration_members", dimension="state")
    }
    assert states == {"La Libertad": 800, "not provided": 1100}


def test_the_month_in_progress_is_labelled_on_its_own_row_only(
    ledger_of: Callable[..., Ledger],
) -> None:
    ledger = ledger_of(six_loans().ending("2025-03-20"), "2025-03-20")
    months = {row["months_back"]: row["partial"] for row in ledger.rows("overview_months")}
    assert months[0] is True
    assert not any(partial for back, partial in months.items() if back)


def test_a_day_within_a_month_does_not_see_its_end(ledger_of: Callable[..., Ledger]) -> None:
    ledger = ledger_of(six_loans(), "2025-03-20", AS_OF)
    for table in ("overview_months", "traction_months", "collection_months"):
        rows = [row for row in ledger.rows(table, months_back=0) if f"{row['as_of']}" < AS_OF]
        assert [f"{row['month_end']}" for row in rows] == ["2025-03-20"]


def test_a_change_of_a_ratio_is_in_points_and_of_anything_else_in_percent(
    ledger: Ledger, shown: Callable[..., list[dict[str, Any]]]
) -> None:
    rows = shown(ledger, "key_indicators.indicators", AS_OF)
    units = {row["indicator"]: row["change_unit"] for row in rows}
    assert {name for name, unit in units.items() if unit == "points"} == {
        "par_30", "par_90", "apr_new", "collection_rate",
    }  # fmt: skip
    assert {*units.values()} == {"points", "percent"}
    change = {row["indicator"]: row["change_1m"] for row in rows}
    # 2,000 became 1,900; at risk of 30 days: 200 of 2,000 (L4) and 500 of 1,900 (L2).
    assert (change["outstanding"], round(change["par_30"], 4)) == (-5, Decimal("16.3158"))
