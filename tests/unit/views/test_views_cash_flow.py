"""Contractual and expected cash, on books that a person can follow."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from views_book import AS_OF, seven_loans

from fintech_factory.testing import Ledger, book, make_ledger
from fintech_factory.views.table import Shown

D = Decimal
Show = Callable[..., Shown]
Make = Callable[..., Ledger]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with make_ledger(seven_loans(), [AS_OF], tmp_path_factory.mktemp("ledger")) as made:
        yield made


@pytest.fixture(scope="module")
def tables(ledger: Ledger, show: Show) -> dict[str, list[Any]]:
    shown = show(ledger, "cash_flow", AS_OF)
    assert not shown.missing
    return {table.name: list(table.rows) for table in shown.tables}


def of_book(rows: list[Any]) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (row["due"], str(row["due_month"] or "")): (row["principal"], row["charges"])
        for row in rows
        if row["dimension"] == "book"
    }


def contractual(ledger: Ledger) -> dict[tuple[str, str], tuple[Any, ...]]:
    return of_book(ledger.rows("cash_flow_contractual"))


def test_each_month_has_its_instalments_and_what_is_past_due_has_its_own_row(
    ledger: Ledger,
) -> None:
    assert contractual(ledger) == {
        ("overdue", ""): (900, 0),
        ("to come", "2025-04-01"): (600 + 800, 30 + 50),
        ("to come", "2025-06-01"): (300, 30),
    }


def test_the_weeks_are_those_that_begin_with_the_last_day_of_data(ledger: Ledger) -> None:
    """F in 20 days, E in 30, G in 71."""
    weeks = {
        row["week"]: (row["from_day"], row["principal"]) for row in ledger.rows("cash_flow_weeks")
    }
    assert weeks == {3: (14, 600), 5: (28, 800), 11: (70, 300)}


def test_payments_go_to_the_oldest_instalment_first(ledger_of: Make) -> None:
    """Of 3 x (100 + 10), 150 + 12 are paid: 50 + 8 of the second and all of the third are open."""
    of = book().loan(
        300, disbursed="2025-01-10",
        instalments=[("2025-02-10", 100, 10), ("2025-03-10", 100, 10), ("2025-04-10", 100, 10)],
        payments=[("2025-02-10", 100, 10), ("2025-03-01", 50, 2)],
    )  # fmt: skip
    assert contractual(ledger_of(of.ending(AS_OF), AS_OF)) == {
        ("overdue", ""): (50, 8),
        ("to come", "2025-04-01"): (100, 10),
    }


def test_an_instalment_due_on_the_last_day_is_still_to_come(ledger_of: Make) -> None:
    of = book().loan(70, instalments=[(AS_OF, 70)]).ending(AS_OF)
    made = ledger_of(of, AS_OF)
    assert contractual(made) == {("to come", "2025-03-01"): (70, 0)}
    (week,) = made.rows("cash_flow_weeks")
    assert (week["week"], week["principal"]) == (1, 70)


def test_dust_and_what_cash_has_covered_are_settled_and_not_overdue(ledger_of: Make) -> None:
    """0.004 is within the tolerance; of the other all cash has come, and 10 of it as interest."""
    of = (
        book()
        .loan(100, instalments=[("2025-02-10", 100)], payments=[("2025-02-10", "99.996")])
        .loan(100, instalments=[("2025-02-10", 100)], payments=[("2025-02-10", 90, 10)])
        .ending(AS_OF)
    )
    assert contractual(ledger_of(of, AS_OF)) == {("settled", ""): (D("10.004"), 0)}


def test_what_cash_covered_is_settled_although_a_later_instalment_is_overdue(
    ledger_of: Make,
) -> None:
    """100 + 10 came as 90 + 20: the first instalment is covered, the second is not."""
    of = book().loan(
        200, disbursed="2025-01-10",
        instalments=[("2025-02-10", 100, 10), ("2025-03-10", 100, 10)],
        payments=[("2025-02-10", 90, 20)],
    )  # fmt: skip
    assert contractual(ledger_of(of.ending(AS_OF), AS_OF)) == {
        ("settled", ""): (10, 0),
        ("overdue", ""): (100, 0),
    }


def test_a_month_runs_from_the_day_of_its_opening_to_its_last(ledger_of: Make) -> None:
    """P falls due on 28 February and is paid on 5 March, Q and R on 31 March, S on 1 April.

    What falls due on a month's last day is due in that month; unpaid on it, it is not late yet.
    """
    of = (
        book()
        .loan(1, loan_id="P", instalments=[("2025-02-28", 1)], payments=[("2025-03-05", 1)])
        .loan(20, loan_id="Q", instalments=[(AS_OF, 20)])
        .loan(300, loan_id="R", instalments=[(AS_OF, 300)], payments=[(AS_OF, 300)])
        .loan(4000, loan_id="S", instalments=[("2025-04-01", 4000)])
        .ending(AS_OF)
    )
    rolled = {
        (row["opening_class"], row["closing_class"]): (
            row["opening_principal"],
            row["left_principal"],
        )
        for row in ledger_of(of, AS_OF).rows("instalment_roll")
    }
    assert rolled == {
        ("due", "paid"): (301, 0),
        ("due", "later"): (20, 20),
        ("later", "later"): (4000, 4000),
    }


def test_a_written_off_loan_stands_by_itself_with_all_its_instalments(ledger_of: Make) -> None:
    of = book().loan(
        200, disbursed="2024-06-01", instalments=[("2024-07-01", 100), ("2025-12-01", 100)]
    )
    assert contractual(ledger_of(of.ending(AS_OF), AS_OF)) == {("written off", ""): (200, 0)}


def test_what_no_instalment_speaks_of_is_named(ledger_of: Make) -> None:
    """300 lent and 250 scheduled; and a loan of 40 without any instalment."""
    of = book().loan(300, instalments=[("2025-05-10", 250)]).loan(40, instalments=[])
    assert contractual(ledger_of(of.ending(AS_OF), AS_OF)) == {
        ("not scheduled", ""): (90, 0),
        ("to come", "2025-05-01"): (250, 0),
    }


def test_a_rebate_owes_no_more_than_the_schedule(ledger_of: Make) -> None:
    """5 of interest were given back and none was paid: the 10 of the schedule are owed, not 15."""
    of = book().loan(100, instalments=[("2025-04-10", 100, 10)], payments=[("2025-02-10", 0, -5)])
    assert contractual(ledger_of(of.ending(AS_OF), AS_OF)) == {("to come", "2025-04-01"): (100, 10)}


def test_several_currencies_add_up_in_one(ledger_of: Make) -> None:
    """333.33 pesos in three at 0.05312347: what rounding leaves stays in the row's own sum."""
    of = book().rate("MXN", "2025-01-01", "0.05312347").loan(
        "333.33", currency="MXN", disbursed="2025-01-10",
        instalments=[("2025-02-10", "111.11"), ("2025-04-10", "111.11"), ("2025-05-10", "111.11")],
    )  # fmt: skip
    made = ledger_of(of.ending(AS_OF), AS_OF)
    rows = contractual(made)
    assert ("not scheduled", "") not in rows
    (snapshot,) = made.rows("loan_snapshot")
    assert sum(principal for principal, _ in rows.values()) == snapshot["balance"]


def test_what_became_of_instalments_is_measured_over_full_months(
    tables: dict[str, list[Any]],
) -> None:
    seen = {
        (row["opening_class"], row["closing_class"]): (row["opening_principal"], row["share"])
        for row in tables["experience"]
    }
    assert seen == {
        ("due", "paid"): (3000, 50),
        ("due", "1-30"): (3000, 50),
        ("later", "paid"): (1000, 20),
        ("later", "later"): (1000, 80),
        ("1-30", "paid"): (1000, 60),
        ("1-30", "31-60"): (1000, 40),
        ("31-60", None): (0, None),
    }
    assert [row["months"] for row in tables["experience"]] == [2, 2, 2, 2, 2, 2, 0]


def test_charges_come_with_principal_by_how_late_the_loan_was(
    tables: dict[str, list[Any]],
) -> None:
    charges = {
        row["opening_class"]: row["charges_percent"]
        for row in tables["experience"]
        if row["closing_class"] == "paid"
    }
    assert charges == {"due": D("4.411765"), "later": D("4.411765"), "1-30": 10}


def test_expected_cash_by_hand(tables: dict[str, list[Any]]) -> None:
    """Window 1: F 600 x 0.5; D 500 x 0.6; (E 800 + G 300) x 0.2 ahead; B stays, unseen.

    Window 2: E 640 x 0.5 and F's 300 x 0.6; G 240 x 0.2 ahead.
    Window 3: G 192 x 0.5 and E's 320 x 0.6. Charges by the class in which each part was paid.
    """
    base = [row for row in tables["expected"] if row["scenario"] == "base"]
    first, second, third = base[:3]
    assert (first["from_due"], first["from_late"], first["prepaid"]) == (300, 300, 220)
    assert first["charges"] == D("22.941178") + 30
    assert (first["outstanding"], first["lost"], first["written_off"]) == (2600 - 820, 0, 0)
    assert (second["from_due"], second["from_late"], second["prepaid"]) == (320 + 180, 0, 48)
    assert second["charges"] == 18 + D("16.235295")
    assert (third["from_due"], third["prepaid"]) == (96 + 192, 0)
    assert third["charges"] == D("4.235294") + D("19.2")


def test_thirty_sixty_and_ninety_days_add_the_windows_up(tables: dict[str, list[Any]]) -> None:
    base = {row["days"]: row for row in tables["days"] if row["scenario"] == "base"}
    assert {days: row["total"] for days, row in base.items()} == {
        30: D("872.941178"), 60: D("1455.176473"), 90: D("1766.611767"),
    }  # fmt: skip
    assert [base[days]["contractual"] for days in (30, 60, 90)] == [630, 630 + 850, 1480 + 330]


def test_kpis_read_the_base_scenario(ledger: Ledger, observe: Callable[..., Any]) -> None:
    figures = observe(ledger, "cash_flow", AS_OF)
    assert {name: figure.value for name, figure in figures.items()} == {
        "expected_cash_30d": D("872.941178"),
        "expected_cash_60d": D("1455.176473"),
        "expected_cash_90d": D("1766.611767"),
    }


def test_every_scenario_accounts_for_the_whole_balance(tables: dict[str, list[Any]]) -> None:
    came: dict[str, Decimal] = {}
    for row in tables["expected"]:
        came[row["scenario"]] = came.get(row["scenario"], D(0)) + row["principal"]
        assert came[row["scenario"]] + row["outstanding"] + row["lost"] == 2600
    assert set(came) == {"base", "optimistic", "stress"}


def test_a_month_is_compared_with_what_was_known_at_its_start(
    tables: dict[str, list[Any]],
) -> None:
    """March: of 1,000 due half was to come, with 5 %; 1-30 and early payment had not been seen."""
    march, february, january = tables["actual"]
    assert (march["contractual_principal"], march["late_principal"]) == (1000, 1000)
    assert (march["expected_principal"], march["expected_charges"]) == (500, 25)
    assert (march["came"], march["variance"]) == (660 + 525 + 200, 860)
    assert (february["expected"], february["came"], february["variance"]) == (None, 1050, None)
    assert (january["contractual_principal"], january["came"], january["expected"]) == (0, 0, None)


def test_cash_of_loans_lent_within_the_month_was_not_to_be_expected(
    ledger_of: Make, show: Show
) -> None:
    of = seven_loans().loan(
        90, disbursed="2025-03-03", instalments=[("2025-03-20", 90)], payments=[("2025-03-20", 90)]
    )
    shown = show(ledger_of(of, AS_OF), "cash_flow", AS_OF).only("actual")
    march = shown.tables[0].rows[0]
    assert (march["came"], march["came_of_new_loans"], march["cash_month"]) == (1385, 90, 1475)


def test_a_month_in_progress_is_labelled_and_not_compared(ledger_of: Make, show: Show) -> None:
    shown = show(
        ledger_of(seven_loans().ending("2025-03-15"), "2025-03-15"), "cash_flow", "2025-03-15"
    )
    tables = {table.name: table.rows for table in shown.tables}
    march, february, _ = tables["actual"]
    assert (march["partial"], february["partial"]) == (True, False)
    assert (march["expected"], march["came"], march["variance"]) == (525, 860, None)
    assert all(row["partial"] for row in tables["expected"])
    assert {row["months"] for row in tables["experience"] if row["share"] is not None} == {1}


def test_errors_are_given_of_enough_full_months_only(tables: dict[str, list[Any]]) -> None:
    assert tables["forecast_error"] == []


def test_errors_add_up_bias_and_what_was_missed_either_way(ledger_of: Make, show: Show) -> None:
    """Each month 100 falls due; paid whole in Feb, not in March, whole in April and in May.

    Expected: March 100 (February's habit), April 50, May 66.67: after March nothing was late in
    April but the 100, which nobody had seen before. Came: 0, 100, 100.
    """
    of = book()
    for month, paid in (("02", 1), ("03", 0), ("04", 1), ("05", 1)):
        day = f"2025-{month}-20"
        of = of.loan(
            100, disbursed="2025-01-05", instalments=[(day, 100)],
            payments=[(day, 100)] if paid else [],
        )  # fmt: skip
    shown = show(ledger_of(of.ending("2025-05-31"), "2025-05-31"), "cash_flow", "2025-05-31")
    (error,) = shown.only("forecast_error").tables[0].rows
    assert error["months"] == 3
    assert error["expected"] == D("216.666667")
    assert (error["came"], error["bias"]) == (200, D("-16.666667"))
    assert error["absolute_error"] == 100 + 50 + D("33.333333")
    # Both of what came: 16.67 and 183.33 of 200.
    assert error["bias_percent"] == D("-8.3333335")
    assert error["absolute_error_percent"] == D("91.6666665")


def test_without_a_full_month_nothing_is_expected_and_the_view_says_why(
    ledger_of: Make, show: Show, observe: Callable[..., Any]
) -> None:
    made = ledger_of(book().loan(100, disbursed="2025-03-03").ending("2025-03-10"), "2025-03-10")
    shown = show(made, "cash_flow", "2025-03-10")
    assert {each.table for each in shown.missing} == {"days", "expected", "experience"}
    assert all("full month" in each.needs for each in shown.missing)
    figures = observe(made, "cash_flow", "2025-03-10")
    assert all(each.value is None and each.reason for each in figures.values())
