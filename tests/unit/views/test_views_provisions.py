"""IFRS 9 stages and expected loss, on books that a person can compute."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from views_book import AS_OF, seven_loans

from fintech_factory.testing import RULES, Book, Ledger, book, make_ledger
from fintech_factory.views.provisioning import Provisioning
from fintech_factory.views.table import Shown

D = Decimal
Show = Callable[..., Shown]
Make = Callable[..., Ledger]


@pytest.fixture(scope="session")
def policy(view_settings: dict[str, Any]) -> Provisioning:
    """The shipped policy on two months of rolls."""
    shipped: Provisioning = view_settings["provisioning"]
    return shipped.model_copy(
        update={"matrix": shipped.matrix.model_copy(update={"months": 2, "min_months": 2})}
    )


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with make_ledger(seven_loans(), [AS_OF], tmp_path_factory.mktemp("ledger")) as made:
        yield made


@pytest.fixture(scope="module")
def tables(ledger: Ledger, show: Show, policy: Provisioning) -> dict[str, list[Any]]:
    shown = show(ledger, "provisions", AS_OF, provisioning=policy)
    assert not shown.missing
    return {table.name: list(table.rows) for table in shown.tables}


def late(*days: int) -> Book:
    """A loan of 100 for each number of days past due on the last day."""
    of = book()
    for dpd in days:
        of = of.loan(100, loan_id=f"L{dpd}", disbursed="2024-06-01", instalments=[(due(dpd), 100)])
    return of.ending(AS_OF)


def due(dpd: int) -> str:
    return (date.fromisoformat(AS_OF) - timedelta(days=dpd)).isoformat()


def test_stages_begin_on_their_day(ledger_of: Make) -> None:
    """More than 30 is stage 2, 90 itself is stage 3, more than 180 is written off."""
    rows = ledger_of(late(0, 30, 31, 89, 90, 180, 181), AS_OF).rows("loan_stage")
    assert {row["loan_id"]: row["stage"] for row in rows} == {
        "L0": "1", "L30": "1", "L31": "2", "L89": "2", "L90": "3", "L180": "3",
        "L181": "written off",
    }  # fmt: skip


def test_both_ends_of_a_movement_have_the_stage_of_their_own_day(ledger_of: Make) -> None:
    """28 February is 31 days before: who is 121 days late now was 90 days late then."""
    rows = ledger_of(late(30, 31, 62, 89, 90, 120, 121, 211, 212), AS_OF).rows("loan_stage_roll")
    assert {row["loan_id"]: (row["opening_stage"], row["stage"]) for row in rows} == {
        "L30": ("1", "1"), "L31": ("1", "2"), "L62": ("2", "2"), "L89": ("2", "2"),
        "L90": ("2", "3"), "L120": ("2", "3"), "L121": ("3", "3"), "L211": ("3", "written off"),
        "L212": ("written off", "written off"),
    }  # fmt: skip


def test_the_lenders_own_days_are_taken(tmp_path: Path) -> None:
    rules = replace(RULES, stage_2_after_dpd=15, stage_3_from_dpd=60)
    with make_ledger(late(15, 16, 59, 60), [AS_OF], tmp_path, rules) as made:
        rows = made.rows("loan_stage")
    assert [row["stage"] for row in sorted(rows, key=lambda row: row["dpd"])] == [
        "1",
        "2",
        "2",
        "3",
    ]


def test_months_left_are_counted_to_the_last_due_date(ledger: Ledger) -> None:
    left = {row["loan_id"]: row["months_left"] for row in ledger.rows("loan_stage")}
    assert left == {"B": 0, "D": 0, "E": 1, "F": 1, "G": 3}


def test_a_move_between_stages_is_seen_with_its_opening_balance(ledger: Ledger) -> None:
    moved = {
        (row["opening_stage"], row["stage"]): (row["loans"], row["opening_balance"], row["balance"])
        for row in ledger.rows("provisions_movement")
    }
    assert moved == {
        ("1", "1"): (2, 1500, 1300),
        ("1", "2"): (1, 1000, 400),
        ("1", "repaid"): (1, 500, 0),
        ("new", "1"): (2, 0, 900),
    }


def test_the_matrix_averages_both_months_by_balance_and_by_loans(
    tables: dict[str, list[Any]],
) -> None:
    """From current: A and C are repaid, B and D late, E stays."""
    shares = {
        (row["opening_state"], row["outcome"]): (row["share"], row["loans_share"])
        for row in tables["matrix"]
    }
    assert shares == {
        ("current", "repaid"): (D("37.5"), 40),
        ("current", "current"): (25, 20),
        ("current", "1-30"): (D("37.5"), 40),
        ("1-30", "31-60"): (100, 100),
    }


def test_a_years_pd_is_the_matrix_to_the_power_twelve(tables: dict[str, list[Any]]) -> None:
    """31-60 and worse were never left: the next worse state is default itself, so 1-30 is certain.

    current: 0.375 x (1 + 0.25 + ... + 0.25^9) = 0.5 x (1 - 0.25^10).
    """
    pd = {row["state"]: row for row in tables["pd"]}
    assert pd["current"]["pd_12m"] == D("49.9999523162841797")
    assert (pd["1-30"]["pd_1m"], pd["1-30"]["pd_12m"]) == (0, 100)
    assert (pd["31-60"]["basis"], pd["31-60"]["pd_1m"]) == ("next worse state", 100)
    assert pd["91-180"]["basis"] == "default"


def test_the_expected_loss_by_hand(tables: dict[str, list[Any]]) -> None:
    """No default is old enough: LGD is the policy's 45 %, and said to be.

    current 1,400 and 300 x 0.49999952 x 0.45 = 314.999700 + 67.499936; D 500 x 0.45; B 400 x 0.45.
    """
    (lgd,) = tables["lgd"]
    assert (lgd["basis"], lgd["lgd"], lgd["realised"]) == ("not enough history", 45, None)
    cells = {
        (row["stage"], row["bucket"]): (row["outstanding"], row["ecl"])
        for row in tables["ecl"]
        if row["dimension"] == "book"
    }
    assert cells == {
        ("1", "current"): (1700, D("382.499636")),
        ("1", "1-30"): (500, 225),
        ("2", "31-60"): (400, 180),
        ("all", "all"): (2600, D("787.499636")),
    }


def test_stages_and_the_whole_have_their_share_and_coverage(tables: dict[str, list[Any]]) -> None:
    stages = {row["stage"]: row for row in tables["stages"]}
    assert list(stages) == ["1", "2", "3", "written off", "all"]
    assert (stages["2"]["gross_share"], stages["2"]["coverage"]) == (D("15.38461538"), 45)
    assert (stages["3"]["loans"], stages["3"]["ecl"], stages["3"]["coverage"]) == (0, 0, None)
    assert stages["all"]["coverage"] == D("30.28844754")


def test_every_part_adds_up_to_the_book(tables: dict[str, list[Any]]) -> None:
    for dimension in ("book", "entity", "product"):
        rows = [row for row in tables["ecl"] if row["dimension"] == dimension]
        cells = [row for row in rows if row["stage"] != "all"]
        wholes = [row for row in rows if row["stage"] == "all"]
        for figure in ("ecl", "outstanding", "loans"):
            assert sum(row[figure] for row in cells) == sum(row[figure] for row in wholes)
        assert sum(row["ecl"] for row in wholes) == D("787.499636")


def test_sensitivity_caps_what_is_certain(tables: dict[str, list[Any]]) -> None:
    """PD x 1.5: only the current grow, to 0.75. LGD + 10 points: all by 55 / 45.

    Each cell is rounded by itself: 384.999633 + 82.499921 + 275 + 220.
    """
    cases = {row["case"]: row for row in tables["sensitivity"]}
    assert cases["higher PD"]["ecl"] == D("472.499549") + D("101.249903") + 225 + 180
    assert cases["higher LGD"]["change"] == D("22.22222208")
    assert cases["as measured"]["change"] == 0


@pytest.fixture
def lost(ledger_of: Make) -> Ledger:
    """One loan of 100 current, one of 300 written off: in February and March neither moved."""
    of = (
        book()
        .loan(100, disbursed="2025-01-05", instalments=[("2025-06-30", 100)])
        .loan(300, disbursed="2024-06-01", instalments=[("2024-07-01", 300)])
        .ending(AS_OF)
    )
    return ledger_of(of, AS_OF)


@pytest.mark.parametrize(
    ("kept", "gross", "ecl"), [("derecognised", 100, 0), ("provided", 400, 300)]
)
def test_what_is_written_off_has_left_or_is_provided_in_full(  # noqa: PLR0913, PLR0917
    lost: Ledger, show: Show, observe: Callable[..., Any], policy: Provisioning,
    kept: str, gross: int, ecl: int,
) -> None:  # fmt: skip
    staging = policy.staging.model_copy(update={"written_off": kept})
    said = policy.model_copy(update={"staging": staging})
    (table,) = show(lost, "provisions", AS_OF, provisioning=said).only("stages").tables
    stages = {row["stage"]: row for row in table.rows}
    assert stages["written off"]["written_off"] == 300
    assert (stages["all"]["gross"], stages["all"]["ecl"]) == (gross, ecl)
    figures = observe(lost, "provisions", AS_OF, provisioning=said)
    assert (figures["ecl"].value, figures["ecl_coverage"].whole) == (ecl, gross)
    assert figures["stage_3_share"].part == (300 if kept == "provided" else 0)


def test_kpis_read_loss_coverage_and_stage_shares(
    ledger: Ledger, observe: Callable[..., Any], policy: Provisioning
) -> None:
    figures = observe(ledger, "provisions", AS_OF, provisioning=policy)
    assert figures["ecl"].value == D("787.499636")
    assert (figures["ecl_coverage"].part, figures["ecl_coverage"].whole) == (D("787.499636"), 2600)
    shares = [figures[f"stage_{stage}_share"] for stage in (1, 2, 3)]
    assert [each.part for each in shares] == [2200, 400, 0]
    assert {each.whole for each in shares} == {2600}


def test_too_short_a_history_has_no_loss_but_stages(
    ledger: Ledger, show: Show, observe: Callable[..., Any]
) -> None:
    """The shipped policy asks for six full months; the book has two."""
    shown = show(ledger, "provisions", AS_OF)
    assert [each.table for each in shown.missing] == [
        "stages", "ecl", "sensitivity", "pd", "lgd", "matrix",
    ]  # fmt: skip
    assert {each.needs for each in shown.missing} == {
        "needs 6 full months of rolls; the book has 2"
    }
    assert {table.name for table in shown.tables} >= {"exposure", "movement", "defaults"}
    figures = observe(ledger, "provisions", AS_OF)
    assert (figures["ecl"].value, figures["ecl"].reason) == (None, shown.missing[0].needs)
    assert figures["stage_1_share"].part == 2200


def test_a_default_is_followed_from_the_first_month_end_in_stage_3(ledger_of: Make) -> None:
    """Due 1 January: 89 days on 31 March, 119 on 30 April with 80 left, 50 left in May."""
    of = book().loan(
        100, disbursed="2024-12-01", instalments=[("2025-01-01", 100)],
        payments=[("2025-04-10", 20), ("2025-05-10", 30)],
    )  # fmt: skip
    made = ledger_of(of.ending("2025-05-31"), "2025-05-31")
    (row,) = made.rows("provisions_defaults")
    assert str(row["defaulted_on"]) == "2025-04-30"
    assert (row["months_since"], row["balance_at_default"]) == (1, 80)
    assert (row["recovered"], row["balance_now"]) == (30, 50)


def test_a_default_of_a_cent_is_named_dust_and_is_no_history(
    ledger_of: Make, show: Show, policy: Provisioning
) -> None:
    of = book()
    for owed in ("0.01", "0.011"):
        of = of.loan(owed, disbursed="2023-12-01", instalments=[("2024-01-01", owed)])
    said = policy.model_copy(update={"lgd": policy.lgd.model_copy(update={"min_defaults": 2})})
    shown = show(
        ledger_of(of.ending("2025-04-30"), "2025-04-30"), "provisions", "2025-04-30",
        provisioning=said,
    )  # fmt: skip
    (defaults,) = shown.only("defaults").tables[0].rows
    assert (defaults["loans"], defaults["dust_loans"]) == (2, 1)
    (lgd,) = shown.only("lgd").tables[0].rows
    assert (lgd["loans"], lgd["basis"]) == (1, "not enough history")


def test_a_loan_on_the_day_of_stage_3_has_defaulted(ledger_of: Make) -> None:
    """From 30 January to 30 April are 90 days."""
    of = book().loan(100, disbursed="2024-12-01", instalments=[("2025-01-30", 100)])
    (row,) = ledger_of(of.ending("2025-05-31"), "2025-05-31").rows("provisions_defaults")
    assert str(row["defaulted_on"]) == "2025-04-30"


def test_a_repaid_default_is_recovered_whole_and_stays_a_default(ledger_of: Make) -> None:
    of = book().loan(
        100, disbursed="2024-12-01", instalments=[("2025-01-01", 100)],
        payments=[("2025-05-10", 100)],
    )  # fmt: skip
    made = ledger_of(of.ending("2025-06-30"), "2025-06-30")
    (row,) = made.rows("provisions_defaults")
    assert (row["loans"], row["recovered"], row["balance_now"]) == (1, 100, 0)


def test_only_defaults_that_had_their_time_give_a_lgd(
    ledger_of: Make, show: Show, policy: Provisioning
) -> None:
    """100 in default since April 2024, 60 recovered; 500 since March 2025, nothing yet."""
    of = (
        book()
        .loan(100, disbursed="2023-12-01", instalments=[("2024-01-01", 100)],
              payments=[("2024-08-01", 60)])
        .loan(500, disbursed="2024-12-01", instalments=[("2024-12-20", 500)])
        .ending("2025-04-30")
    )  # fmt: skip
    said = policy.model_copy(update={"lgd": policy.lgd.model_copy(update={"min_defaults": 1})})
    shown = show(ledger_of(of, "2025-04-30"), "provisions", "2025-04-30", provisioning=said)
    ((lgd,),) = [table.rows for table in shown.only("lgd").tables]
    assert (lgd["basis"], lgd["lgd"], lgd["loans"]) == ("realised", 40, 1)


def test_a_month_in_progress_is_labelled_where_it_stands(
    ledger_of: Make, show: Show, policy: Provisioning
) -> None:
    """The exposures are of the day; matrix, PD and LGD speak of full months only."""
    made = ledger_of(seven_loans().ending("2025-03-15"), "2025-03-15")
    one = policy.model_copy(update={"matrix": policy.matrix.model_copy(update={"min_months": 1})})
    shown = show(made, "provisions", "2025-03-15", provisioning=one)
    partial = {table.name: {row["partial"] for row in table.rows} for table in shown.tables}
    assert partial["stages"] == partial["ecl"] == partial["exposure"] == {True}
    assert partial["matrix"] == partial["pd"] == partial["lgd"] == {False}
    assert {row["months"] for row in shown.only("matrix").tables[0].rows} == {1}
