"""The reference tape from its files to reconciled figures; only totals stand here, no row."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.tape
Document = Callable[..., Any]
# Month-ends from the first disbursement's on; the last is the month in progress.
MONTH_ENDS = 36
LOAN_MONTHS = 17_333


@pytest.fixture(scope="module")
def reconciled(document: Document, tape_workspace: Path) -> dict[tuple[str, str], Any]:
    checks = document(tape_workspace, "reconcile")["checks"]
    return {(check["source"], check["name"]): check for check in checks}


def series(document: Document, root: Path, kpi: str) -> dict[str, Decimal]:
    """A KPI's values at the month-ends; the last day of data stands beside them."""
    readings = document(root, "kpi", "history", kpi)["readings"]
    return {
        each["as_of"]: Decimal(each["value"]) for each in readings if each["as_of"] != "2025-12-10"
    }


def reading(document: Document, root: Path, kpi: str) -> dict[str, Any]:
    shown: dict[str, Any] = document(root, "kpi", "show", kpi, "--as-of", "2025-12-31")
    return shown


@pytest.mark.parametrize("name", ["dpd", "bucket", "write_off"])
def test_every_loan_month_of_the_source_is_exact(
    reconciled: dict[tuple[str, str], Any], name: str
) -> None:
    check = reconciled["loan_par_balances", name]
    assert (check["rows"], check["exact"]) == (LOAN_MONTHS, LOAN_MONTHS)
    assert (check["verdict"], check["causes"]) == ("exact", {})


def test_every_balance_of_the_source_is_exact_and_what_it_leaves_out_is_named(
    reconciled: dict[tuple[str, str], Any],
) -> None:
    """272 loan-months are ours alone: all but 7 of them dust of a cent or less."""
    check = reconciled["loan_par_balances", "balance"]
    assert check["exact"] == LOAN_MONTHS
    assert check["causes"] == {"dust": 265, "missing in source": 7}
    assert (check["close"], check["open"]) == (265, 7)


@pytest.mark.parametrize("name", ["par_7", "par_30", "par_60", "par_90"])
def test_what_is_at_risk_differs_only_where_the_source_leaves_a_loan_out(
    reconciled: dict[tuple[str, str], Any], name: str
) -> None:
    check = reconciled["loan_par_balances", name]
    assert set(check["causes"]) == {"dust", "missing in source"}
    assert check["close"] == check["causes"]["dust"]
    assert check["open"] == check["causes"]["missing in source"] <= 7
    assert check["exact"] >= LOAN_MONTHS


def test_the_loans_own_figures_are_exact_but_for_the_days_of_one_loan_of_dust(
    reconciled: dict[tuple[str, str], Any],
) -> None:
    assert reconciled["loans", "balance"]["verdict"] == "exact"
    days = reconciled["loans", "dpd"]
    assert (days["open"], days["close"], days["causes"]) == (0, 1, {"dust": 1})


def test_the_roll_forward_closes_on_every_date(reconciled: dict[tuple[str, str], Any]) -> None:
    check = reconciled["ledger", "roll_forward"]
    assert (check["verdict"], check["rows"]) == ("exact", MONTH_ENDS + 1)


def test_nothing_is_withheld(document: Document, tape_workspace: Path) -> None:
    readings = document(tape_workspace, "kpi", "show", "--as-of", "2025-12-31")["readings"]
    assert {each["check"] for each in readings} == {"matched"}


def test_health_runs_from_64_to_96_over_the_month_ends(
    document: Document, tape_workspace: Path
) -> None:
    health = series(document, tape_workspace, "portfolio_health")
    assert len(health) == MONTH_ENDS
    assert round(min(health.values()), 2) == Decimal("64.17")
    assert round(max(health.values()), 2) == Decimal("96.35")


def test_par_90_is_healthy_without_write_offs_and_critical_with_them(
    document: Document, tape_workspace: Path
) -> None:
    without = reading(document, tape_workspace, "par_90")
    with_them = reading(document, tape_workspace, "par_90_incl_writeoff")
    assert round(Decimal(without["value"]), 2) == Decimal("1.17")
    assert round(Decimal(with_them["value"]), 2) == Decimal("5.46")
    assert without["limit_state"] == "none"


def test_par_90_lies_past_the_executive_limit_on_three_month_ends(
    document: Document, tape_workspace: Path
) -> None:
    par_90 = series(document, tape_workspace, "par_90")
    assert sum(value > 8 for value in par_90.values()) == 3


def test_the_collection_rate_counts_all_cash(document: Document, tape_workspace: Path) -> None:
    """A4: 28.25 with all cash; principal alone would give 27.2."""
    rate = reading(document, tape_workspace, "collection_rate")
    assert round(Decimal(rate["value"]), 2) == Decimal("28.25")
    assert rate["data_through"] == "2025-12-10"
    assert rate["partial"] is True


def test_every_row_of_the_tape_landed_or_was_set_aside(
    document: Document, tape: Path, tape_workspace: Path
) -> None:
    landing = document(tape_workspace, "ingest", "cascade", str(tape))
    assert landing["status"] == "unchanged"
    assert {file["table"]: file["quarantined"] for file in landing["files"]}["loans"] == 0


def test_the_view_says_what_the_kpi_engine_says_on_every_month_end(
    document: Document, tape_workspace: Path
) -> None:
    import duckdb

    health = series(document, tape_workspace, "portfolio_health")
    (version,) = (tape_workspace / "warehouse" / "versions").glob("*.duckdb")
    with duckdb.connect(str(version), read_only=True) as connection:
        rows = connection.execute("SELECT as_of, health_score FROM v_portfolio_risk").fetchall()
    view = {str(as_of): score for as_of, score in rows}
    assert {day: view[day] for day in health} == {
        day: value.quantize(Decimal("1e-8")) for day, value in health.items()
    }
