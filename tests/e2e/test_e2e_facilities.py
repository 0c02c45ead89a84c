"""Facilities and statements from the command line."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.app import Factory as App
from fintech_factory.config.workspace import Workspace
from fintech_factory.pipeline.view_facts import snapshot_dates
from fintech_factory.views.makers.monitor import POOL_TABLES

Factory = Callable[..., Any]
Edit = Callable[[str, str, str], None]

AS_OF = "2025-06-30"
EXAMPLE = "config/facilities/example.yaml"


@pytest.fixture
def monitored(workspace: Path, edit: Edit) -> Path:
    """The small book's workspace with the example facility switched on, cash of the day known."""
    edit(EXAMPLE, "enabled: false", "enabled: true")
    edit(EXAMPLE, "{on: 2025-12-31,", f"{{on: {AS_OF},")
    return workspace


def test_a_new_workspace_needs_facility_terms_and_invents_no_breach(
    factory: Factory, published: Path
) -> None:
    shown = factory(published, "views", "show", "monitor", "--json").document
    assert shown["tables"] == {}
    assert {each["needs"] for each in shown["missing"]} == {
        "needs facility terms in config/facilities/"
    }
    refused = factory(published, "views", "certificate", "example")
    assert refused.code == 2
    assert "no facility is switched on" in refused.err


def test_the_monitor_of_the_example_adds_up(factory: Factory, monitored: Path) -> None:
    """L1 300 at 91 days and L3 1,200 at 180 are too late; L2's 500 are all that is eligible."""
    tables = factory(monitored, "views", "show", "monitor", "--json").document["tables"]
    (base,) = tables["borrowing_base"]
    assert Decimal(base["pool"]) == 2000
    by_rule = {row["rule"]: Decimal(row["balance"]) for row in tables["eligibility"]}
    assert sum(by_rule.values()) == 2000
    # No loan of the small book has a term: the rule on terms cannot tell, and excludes.
    assert (by_rule["too_late"], by_rule["too_short"], by_rule["eligible"]) == (1500, 500, 0)
    (par_90, *_) = tables["covenants"]
    assert (par_90["state"], par_90["breach_since"]) == ("breach", "2025-04-30")


def test_every_row_of_the_pool_opens_to_loans_that_add_up(monitored: Path) -> None:
    views = App(Workspace(monitored)).views
    shown = {table.name: table for table in views.show("monitor", None).tables}
    for table, key in (("eligibility", "rule"), ("dpd_discounts", "step_from")):
        for row in shown[table].rows if table in shown else ():
            where = {"facility": row["facility"], key: str(row[key])}
            loans = views.loans("monitor", table, None, where).rows
            assert len(loans) == row["loans"]
            assert sum((each["balance"] for each in loans), Decimal(0)) == row["balance"]
    assert set(POOL_TABLES) <= set(views.catalogue.get("monitor").table_names)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["covenants"], "does not open to loans"),
        (["covenant"], "did you mean 'covenants'"),
        (["eligibility", "--where", "reason=x"], "does not open by reason"),
        (["eligibility", "--where", "facility=exampel"], "did you mean `example`"),
        (["concentration"], "which limit is meant is not said"),
    ],
)
def test_what_cannot_be_opened_says_why(
    factory: Factory, monitored: Path, arguments: list[str], said: str
) -> None:
    outcome = factory(monitored, "views", "loans", "monitor", *arguments)
    assert outcome.code == 2
    assert said in outcome.err


def test_month_ends_are_judged_as_each_alone_is(factory: Factory, monitored: Path) -> None:
    every = factory(monitored, "views", "show", "monitor", "--month-ends", "--json").document
    for each in every["dates"]:
        alone = factory(
            monitored, "views", "show", "monitor", "--as-of", each["as_of"], "--json"
        ).document
        assert {**alone, "stale": None} == {**each, "stale": None}


def test_a_date_that_no_run_published_is_monitored_on_demand(
    factory: Factory, monitored: Path
) -> None:
    shown = factory(monitored, "views", "show", "monitor", "--as-of", "2025-06-12", "--json")
    (base,) = shown.document["tables"]["borrowing_base"]
    assert (base["state"], base["partial"]) == ("unavailable", True)
    assert "needs the cash of 2025-06-12" in base["reason"]


def test_a_certificate_is_written_once_statements_are_there(
    factory: Factory, monitored: Path, tmp_path: Path
) -> None:
    page, text = tmp_path / "out" / "certificate.html", tmp_path / "certificate.md"
    refused = factory(monitored, "views", "certificate", "example", "--out", page)
    assert refused.code == 2
    assert "leverage needs financial statements" in refused.err
    assert not page.exists()
    assert factory(monitored, "views", "certificate", "example", "--out", page, "--draft").code == 0
    assert "DRAFT" in page.read_text(encoding="utf-8")

    given = tmp_path / "statements.csv"
    assert factory(monitored, "ingest", "statements", "--template", "--out", given).code == 0
    landed = given.read_text(encoding="utf-8").replace("2025-12-31", "2025-03-31")
    given.write_text(landed, encoding="utf-8")
    assert factory(monitored, "ingest", "statements", given).code == 0
    for out in (page, text):
        assert factory(monitored, "views", "certificate", "example", "--out", out).code == 0
        written = out.read_text(encoding="utf-8")
        assert "DRAFT" not in written
        assert "statements-" in written
        assert "2.50" in written  # 3,000,000 / 1,200,000
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    said = factory(monitored, "views", "certificate", "example", "--json").document
    assert said["markdown"].startswith("# Compliance certificate")


def test_rows_set_aside_are_findings_and_a_refused_file_is_a_failure(
    factory: Factory, workspace: Path, tmp_path: Path
) -> None:
    template = factory(workspace, "ingest", "statements", "--template").out
    given = tmp_path / "statements.csv"
    bad = template.splitlines()[1].replace("2025-12-31,3", "2025-09-30,2")
    given.write_text(f"{template}{bad}\n", encoding="utf-8")
    landed = factory(workspace, "ingest", "statements", given, "--json")
    assert landed.code == 3
    assert [each["line"] for each in landed.document["quarantined"]] == [3]
    assert "line 3 set aside: months `2`" in factory(workspace, "ingest", "statements", given).out
    given.write_text("a,b\n1,2\n", encoding="utf-8")
    assert factory(workspace, "ingest", "statements", given).code == 1
    assert factory(workspace, "ingest", "statements").code == 2
    assert factory(workspace, "ingest", "statements", given, "--template").code == 2
    assert factory(workspace, "ingest", "statements", given, "--out", "x").code == 2


def test_a_fault_in_a_facility_stops_the_monitor_with_its_place(
    factory: Factory, monitored: Path, edit: Edit
) -> None:
    edit(EXAMPLE, "dpd > 90", "dpd > ninety")
    outcome = factory(monitored, "views", "show", "monitor")
    assert outcome.code == 2
    assert "unknown column `ninety` of monitor_loan" in outcome.err
    assert "example.yaml:" in outcome.err
    checked = factory(monitored, "check")
    assert checked.code == 2
    assert "unknown column `ninety`" in checked.out + checked.err


def test_observed_figures_come_for_each_date(published: Path) -> None:
    app = App(Workspace(published))
    with app.warehouse.open(app.published()) as reader:
        dates = list(snapshot_dates(reader).values())
        observed = app.facilities.observed(reader, dates)
    assert list(observed) == [on.as_of for on in dates]
    assert {len(each) for each in observed.values()} == {10}
    assert all(each.reason for one in observed.values() for each in one.values())


def test_a_run_reads_statements_and_facilities_as_kpis(
    factory: Factory, monitored: Path, tmp_path: Path
) -> None:
    """Statements that land are new input: the next run computes, and does not say unchanged."""
    assert factory(monitored, "run").code in {0, 3}
    assert factory(monitored, "run", "--json").document["status"] == "unchanged"
    before = factory(monitored, "kpi", "show", "nim", "--json").document
    assert (before["status"], before["reason"]) == ("unavailable", "needs financial statements")
    breaches = factory(monitored, "kpi", "show", "open_breaches", "--json").document
    assert (breaches["status"], Decimal(breaches["value"]) > 0) == ("ok", True)

    given = tmp_path / "statements.csv"
    assert factory(monitored, "ingest", "statements", "--template", "--out", given).code == 0
    landed = given.read_text(encoding="utf-8").replace("2025-12-31", "2025-03-31")
    given.write_text(landed, encoding="utf-8")
    assert factory(monitored, "ingest", "statements", given).code == 0
    assert factory(monitored, "run", "--json").document["status"] == "published"
    after = factory(monitored, "kpi", "show", "debt_to_equity", "--json").document
    assert (after["status"], Decimal(after["value"])) == (
        "ok",
        Decimal("2.5"),
    )  # 3,000,000 / 1,200,000
    margin = factory(monitored, "kpi", "show", "nim", "--json").document
    assert margin["reason"].startswith("needs the statement of the period that ends on 2024-12-31")
