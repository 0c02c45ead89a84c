"""Stated totals, the monthly recomputation and baselines, from the command line."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from e2e_validated import Factory, Table, Turn, current, findings, run

from fintech_factory.state.address import sqlite_url
from fintech_factory.state.logs import entries
from fintech_factory.state.store import State

# One worker: the book, and the workspace that it is published in, are shared.
pytestmark = pytest.mark.xdist_group("validation")

TOTAL = """
control_totals:
  - name: disbursed
    table: loans
    column: disburse_principal
    expected: {expected}
    tolerance: 1
    stated_by: the accountant
    severity: {severity}
"""


def state(root: Path, expected: str, severity: str) -> None:
    path = root / "config" / "validation.yaml"
    text = path.read_text(encoding="utf-8").replace("control_totals: []", "")
    text = text.partition("\ncontrol_totals:")[0]
    path.write_text(text + TOTAL.format(expected=expected, severity=severity), encoding="utf-8")


def disbursed(clean: Path) -> float:
    with (clean / "loans.csv").open(encoding="utf-8", newline="") as file:
        return round(sum(float(row["disburse_principal"]) for row in csv.DictReader(file)), 2)


def test_a_stated_total_is_exact_close_or_open_and_stops_when_it_is_critical(
    factory: Factory, root: Path, clean: Path
) -> None:
    stated = disbursed(clean)

    def verdict() -> str:
        checks = factory(root, "reconcile", "--json").document["checks"]
        return next(
            str(each["verdict"]) for each in checks if each["source"] == "stated by the accountant"
        )

    state(root, f"{stated:.2f}", "critical")
    assert (verdict(), run(factory, root).document["status"]) == ("exact", "published")
    state(root, f"{stated - 1:.2f}", "critical")
    assert (verdict(), run(factory, root).document["status"]) == ("close", "published")
    state(root, f"{stated - 1.01:.2f}", "warning")
    assert (verdict(), run(factory, root).document["status"]) == ("open", "published")
    state(root, f"{stated - 1.01:.2f}", "critical")
    outcome = run(factory, root)
    assert (outcome.code, outcome.document["status"]) == (3, "blocked")
    found = findings(outcome.document)["control_total_open stated by the accountant.disbursed"]
    assert "the accountant" in found["message"]


def test_everything_that_is_published_is_recomputed_and_scored(
    factory: Factory, root: Path, turn: Turn
) -> None:
    outcome = factory(root, "findings", "accuracy", "--json")
    document = outcome.document
    assert (outcome.code, document["score_pct"]) == (0, "100.00000000")
    assert document["compared"] == document["agreeing"] > 500
    with duckdb.connect(str(root / "warehouse" / "versions" / f"{current(root)}.duckdb")) as held:
        ((published,),) = held.execute("SELECT COUNT(*) FROM reading").fetchall()
    assert document["not_checked"] == published - document["compared"] > 0
    source = document["source"]
    assert (source["score_pct"], source["disagreeing"]) == ("100.00000000", 0)
    assert source["compared"] > 500
    printed = factory(root, "findings", "accuracy").out
    assert "balance, days past due" in printed
    assert f"{document['not_checked']}" in printed.splitlines()[1]
    with State(sqlite_url(root / "state" / "factory.db")).rows() as rows:
        assert len(entries(rows, "accuracy")) == 2
    turn("2026-01-01T01:00")
    assert "accuracy_overdue accuracy" not in findings(factory(root, "findings", "--json").document)
    turn("2026-01-02T01:00")
    assert "accuracy_overdue accuracy" in findings(factory(root, "findings", "--json").document)


def test_a_source_that_says_otherwise_fails_the_accuracy_and_its_loans_are_listed(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    """The export states another balance for one loan; both engines agree all the same (R070)."""

    def shift(rows: Table) -> Table:
        loans.extend(shifted(rows, 1))
        return rows

    loans: list[str] = []
    factory(root, "ingest", "cascade", changed("loans", shift))
    run(factory, root)
    outcome = factory(root, "findings", "accuracy", "--json")
    document = outcome.document
    assert (outcome.code, document["score_pct"]) == (3, "100.00000000")
    assert document["source"]["disagreeing"] == 1
    assert [each["loan_id"] for each in document["source"]["disagreed"]] == loans


def shifted(rows: Table, count: int) -> list[str]:
    """Add 1 to the balances that the source states of some loans; name them."""
    found = [each for each in rows if float(each["outstanding_balance"]) > 100][:count]
    for row in found:
        row["outstanding_balance"] = str(float(row["outstanding_balance"]) + 1)
    return sorted(row["loan_id"] for row in found)


def test_all_rows_behind_a_finding_are_shown_and_those_that_are_not_are_counted(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    loans: list[str] = []

    def shift(rows: Table) -> Table:
        loans.extend(shifted(rows, 14))
        return rows

    factory(root, "ingest", "cascade", changed("loans", shift))
    found = findings(run(factory, root).document)["source_figures_open loans.balance"]
    assert (found["rows"], len(found["evidence"])) == (14, 10)

    def show(*options: str) -> Any:  # noqa: ANN401 - an outcome
        return factory(root, "findings", "show", found["id"], *options)

    first = show("--json").document
    assert (first["evidence"], first["evidence_not_shown"]) == (found["evidence"], 4)
    assert "evidence (10 rows; 4 more are not shown)" in show().out
    every = show("--rows", "all", "--json").document
    assert sorted(each["loan_id"] for each in every["evidence"]) == loans
    assert every["evidence_not_shown"] == 0
    some = show("--rows", "12", "--csv")
    assert [len(list(csv.DictReader(some.out.splitlines()))), some.err] == [
        12,
        "2 more are not shown\n",
    ]
    assert show("--rows", "0").code == show("--rows", "some").code == 2
    assert show("--csv", "--json").code == 2

    # What is found again, with fewer rows, leaves none of those before.
    loans.clear()
    factory(root, "ingest", "cascade", changed("loans", lambda rows: rows[:-1], "fewer"))
    factory(root, "ingest", "cascade", changed("loans", lambda rows: shift(rows)[:-1], "less"))
    run(factory, root)
    again = show("--rows", "all", "--json").document
    assert len(again["evidence"]) == again["rows"]


def test_rows_that_were_set_aside_are_shown_from_quarantine(
    factory: Factory, root: Path, changed: Callable[..., Path]
) -> None:
    def orphan(rows: Table) -> Table:
        for row in rows[:13]:
            row["loan_id"] = "NOBODY"
        return rows

    path = root / "config" / "integrations" / "cascade.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("max_bad_row_pct: 1.0", "max_bad_row_pct: 50"), encoding="utf-8")
    assert factory(root, "ingest", "cascade", changed("schedules", orphan)).code == 3
    document = run(factory, root).document
    (found,) = [each for each in document["findings"] if each["rows"] == 13]
    every = factory(root, "findings", "show", found["id"], "--rows", "all", "--json").document
    assert len(every["evidence"]) == 13
    assert every["evidence_not_shown"] == 0
    assert all("NOBODY" in each["row_text"] for each in every["evidence"])


def test_a_published_reading_that_was_tampered_with_lowers_the_score(
    factory: Factory, root: Path
) -> None:
    with duckdb.connect(str(root / "warehouse" / "versions" / f"{current(root)}.duckdb")) as held:
        held.execute(
            "UPDATE reading SET value = '1', raw_value = '1' WHERE kpi = 'outstanding'"
            " AND as_of = '2025-11-30' AND dimension = ''"
        )
    outcome = factory(root, "findings", "accuracy", "--json")
    assert outcome.code == 3
    disagreed = outcome.document["disagreed"]
    assert [(each["kpi"], each["as_of"]) for each in disagreed] == [("outstanding", "2025-11-30")]
    found = findings(factory(root, "findings", "--json").document)
    assert found["accuracy_imperfect accuracy"]["rows"] == 1


def test_accuracy_by_other_rules_than_those_published_by_is_refused(
    factory: Factory, root: Path
) -> None:
    state(root, "1", "warning")
    outcome = factory(root, "findings", "accuracy", "--json")
    assert outcome.code == 2
    assert "changed since" in outcome.document["error"]["what"]


def test_a_baseline_is_shown_reset_with_a_reason_and_unknown_ones_are_refused(
    factory: Factory, root: Path
) -> None:
    name = "distribution.dpd"
    shown = factory(root, "findings", "baseline", "show", name, "--json").document
    assert shown["baselines"][0]["n"] == 6
    said = ("--reason", "a new product", "--by", "ana")
    reset = factory(root, "findings", "baseline", "reset", name, *said, "--json").document
    assert reset["since"] == "2025-12-10"
    run(factory, root, "--force")
    shown = factory(root, "findings", "baseline", "show", name, "--json").document
    assert "no baseline yet" in shown["baselines"][0]["reason"]
    assert shown["resets"][0]["reason"] == "a new product"
    wrong = factory(root, "findings", "baseline", "reset", "distribution.dpt", *said, "--json")
    assert wrong.code == 2
    assert "distribution.dpd" in wrong.document["error"]["hint"]
    empty = factory(root, "findings", "baseline", "reset", name, "--reason", " ", "--by", "ana")
    assert empty.code == 2


def test_settings_that_cannot_be_read_do_not_hide_what_is_published(
    factory: Factory, workspace: Path
) -> None:
    """Somebody edits validation.yaml; the last good figure stays readable."""
    assert factory(workspace, "run").code in {0, 3}
    path = workspace / "config" / "validation.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nfreshnes: {}\n", encoding="utf-8")
    shown = factory(workspace, "kpi", "show", "par_90", "--json")
    assert (shown.code, shown.document["status"]) == (0, "ok")
    assert factory(workspace, "run").code == 2


def test_a_misspelt_filter_is_refused_and_not_answered_with_nothing(
    factory: Factory, workspace: Path
) -> None:
    assert factory(workspace, "run").code in {0, 3}
    assert factory(workspace, "findings", "list", "--owner", "technologie").code == 2
    assert factory(workspace, "findings", "list", "--owner", "marketing").code == 0
    refused = factory(workspace, "findings", "baseline", "show", "kpi.par_9o")
    assert refused.code == 2
    assert "there is no baseline 'kpi.par_9o'" in refused.err
