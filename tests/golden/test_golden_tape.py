"""The reference tape from its files to reconciled figures; only totals stand here, no row."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.app.factory import Factory
from fintech_factory.config.workspace import Workspace

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


@pytest.mark.parametrize("as_of", ["2023-01-31", "2024-06-30", "2025-11-30", "2025-12-31"])
def test_nothing_is_withheld(document: Document, tape_workspace: Path, as_of: str) -> None:
    """What is observed or not connected has no second engine; the rest is confirmed by it."""
    readings = document(tape_workspace, "kpi", "show", "--as-of", as_of)["readings"]
    observed = {
        kpi["kpi"]
        for kpi in document(tape_workspace, "kpi", "list")["kpis"]
        if kpi["formula"].startswith(("observed: ", "needs "))
    }
    assert {each["check"] for each in readings if each["kpi"] not in observed} == {"matched"}
    assert {each["check"] for each in readings if each["kpi"] in observed} == {"not_run"}


def test_every_reading_of_every_month_end_is_confirmed(tape_workspace: Path) -> None:
    factory = Factory(Workspace(tape_workspace))
    with factory.warehouse.open(factory.published()) as reader:
        ((withheld, dates, confirmed),) = reader.query(
            "SELECT COUNT(CASE WHEN verdict = 'mismatched' OR status = 'withheld' THEN 1 END),"
            " COUNT(DISTINCT as_of), COUNT(CASE WHEN verdict = 'matched' THEN 1 END) FROM reading"
        )
    assert (withheld, dates) == (0, MONTH_ENDS + 1)
    assert confirmed > 30_000


@pytest.mark.parametrize(
    ("kpi", "value"),
    [
        ("rdr_90", "0.67"),
        ("disbursed_volume_mom", "-2.80"),
        ("outstanding_yoy", "216.19"),
        ("retention_12m", "44.78"),
        ("apr_12m", "39.82"),
        ("hhi_borrowers", "3.08"),
        ("collection_due_only", "90.83"),
    ],
)
def test_a_month_of_the_tape_reads_as_it_did(
    document: Document, tape_workspace: Path, kpi: str, value: str
) -> None:
    shown = document(tape_workspace, "kpi", "show", kpi, "--as-of", "2025-11-30")
    assert round(Decimal(shown["value"]), 2) == Decimal(value)


def test_growth_at_a_month_in_progress_is_that_of_the_last_full_month(
    document: Document, tape_workspace: Path
) -> None:
    in_progress, full = (
        document(tape_workspace, "kpi", "show", "outstanding_mom", "--as-of", day)["value"]
        for day in ("2025-12-10", "2025-11-30")
    )
    assert in_progress == full


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
