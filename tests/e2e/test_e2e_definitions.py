"""Limits and definitions tried on a small book's past, and the guard that keeps versions honest.

PAR 90 of the book at its seven month-ends: 0, 0, 0, 0, 57.14 (1,200 of 2,100), 54.55 (1,200 of
2,200), 75 (1,500 of 2,000).
"""

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.config.workspace import Workspace
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.logs import entries, replace
from fintech_factory.state.store import State
from fintech_factory.testing import Book

Factory = Callable[..., Any]
Edit = Callable[[str, str, str], None]
KPIS = "config/kpis/kpi_definitions.yaml"
LIMITS = "limits: {warning: 3, critical: 5, executive: 8}\n    owner: head_of_risk\n    version: 1"
RAISED = LIMITS.replace("warning: 3", "warning: 2").replace("version: 1", "version: 2")


def rows(root: Path) -> list[dict[str, Any]]:
    state = State(sqlite_url(root / "state" / "factory.db"))
    with state.rows() as held:
        return entries(held, "definitions")


def rehearsed(factory: Factory, root: Path, *arguments: str) -> dict[str, Any]:
    outcome = factory(root, "kpi", "rehearse", *arguments, "--json")
    assert outcome.code == 0, outcome.out
    (only,) = outcome.document["rehearsals"]
    return dict(only)


def test_limits_are_replayed_over_every_month_end(factory: Factory, published: Path) -> None:
    found = rehearsed(
        factory, published, "--kpi", "par_90", "--limits", "warning=55,critical=75,executive=80"
    )
    warning, critical, executive = found["levels"]
    assert [each["as_of"] for each in warning["dates"]] == ["2025-04-30", "2025-06-30"]
    assert (warning["fired"], warning["of"], warning["longest_streak"]) == (2, 7, 1)
    assert (warning["state_changes"], warning["state_changes_with_clear"]) == (3, None)
    assert (critical["fired"], critical["nearest_miss"]) == (
        0,
        {"as_of": "2025-06-30", "value": "75", "gap": "0"},
    )
    never = "this rule would have fired 0 of 7 months: executive 80 never fires"
    assert executive["warning"] == never
    assert never in found["warnings"]
    assert (found["current"], found["computed_now"], found["unavailable"]) == ("warning", 0, [])


def test_every_kpi_with_limits_is_rehearsed_by_its_own(factory: Factory, published: Path) -> None:
    outcome = factory(published, "kpi", "rehearse", "--json")
    found = {each["kpi"]: each for each in outcome.document["rehearsals"]}
    assert set(found) == {"par_90", "collection_rate", "portfolio_health"}
    assert [level["fired"] for level in found["par_90"]["levels"]] == [3, 3, 3]


def test_a_part_of_the_book_is_unknown_before_its_first_loan(
    factory: Factory, published: Path
) -> None:
    """North begins in January; on 30 June 300 of its 800 are past 90 days: 37.5 %."""
    found = rehearsed(factory, published, "--kpi", "par_90", "--entity", "North")
    assert [each["as_of"] for each in found["unavailable"]] == ["2024-12-31"]
    assert [level["of"] for level in found["levels"]] == [6, 6, 6]
    assert found["levels"][0]["dates"] == [
        {"as_of": "2025-06-30", "value": "37.5", "partial": False}
    ]
    same = rehearsed(factory, published, "--kpi", "par_90", "--member", "entity=North")
    assert same == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--limits", "warning=3"), "--limits needs --kpi"),
        (("--kpi", "par_30"), "par_30 has no limits"),
        (("--kpi", "par_90", "--limits", "warning=0.05"), "means 0.05 %"),
        (("--kpi", "par_90", "--limits", "warning=5,critical=3"), "does not lie before"),
        (("--kpi", "par_90", "--entity", "Noth"), "did you mean `North`?"),
        (("--kpi", "par_90", "--member", "North"), "is no part of the book"),
        (("--kpi", "par_90", "--member", "colour=red"), "not divided by `colour`"),
    ],
)
def test_a_rehearsal_that_cannot_be_is_a_usage_error(
    factory: Factory, published: Path, arguments: tuple[str, ...], said: str
) -> None:
    outcome = factory(published, "kpi", "rehearse", *arguments)
    assert outcome.code == 2
    assert said in outcome.err


def test_definitions_are_compared_at_one_date_and_at_all(factory: Factory, published: Path) -> None:
    """On 31 March L3 is 89 days past due: in no PAR 90. Day 90 of L1 is 29 June."""
    three = ("par_90", "par_90_source_rule", "par_90_incl_writeoff")
    outcome = factory(
        published, "kpi", "compare", *three, "--as-of", "2025-06-29", "--limits-of", "par_90",
        "--json",
    )  # fmt: skip
    (row,) = outcome.document["rows"]
    values = [row["kpis"][kpi]["value"] for kpi in three]
    assert (outcome.code, values, row["disagree"]) == (0, ["60", "75", "60"], False)
    assert set(outcome.document["limits_of"].values()) == {"par_90"}
    every = factory(published, "kpi", "compare", *three, "--month-ends", "--json").document
    assert [len(every["rows"]), every["disagreements"]] == [7, 0]


def test_states_that_disagree_are_marked(factory: Factory, workspace: Path, edit: Edit) -> None:
    edit(KPIS, "warning: 3, critical: 5, executive: 8", "warning: 60, critical: 70")
    outcome = factory(
        workspace, "kpi", "compare", "par_90", "par_90_source_rule", "--as-of", "2025-06-29"
    )
    assert outcome.code == 0
    assert "DISAGREE" in outcome.out
    assert "within limits" in outcome.out
    assert "critical" in outcome.out
    assert "the states disagree at 1 of 1 dates" in outcome.out


def test_what_has_no_state_beside_it_is_not_called_agreement(
    factory: Factory, workspace: Path
) -> None:
    unlike = factory(workspace, "kpi", "compare", "par_90", "outstanding")
    assert "no two of them have a state at any date" in unlike.out
    assert "disagree at" not in unlike.out
    document = factory(workspace, "kpi", "compare", "par_90", "outstanding", "--json").document
    assert (document["compared"], document["disagreements"]) == (0, 0)
    for alone in (("par_90",), ("par_90", "par_90")):
        refused = factory(workspace, "kpi", "compare", *alone)
        assert (refused.code, "par_90 alone is beside nothing" in refused.err) == (2, True)
    lent = factory(workspace, "kpi", "compare", "par_30", "--limits-of", "par_90")
    assert lent.code == 0


def test_a_first_run_logs_every_definition_with_its_run(factory: Factory, published: Path) -> None:
    pointer = json.loads((published / "warehouse" / "CURRENT").read_text())
    log = rows(published)
    assert {row["first_run"] for row in log} == {pointer["run_id"]}
    par_90 = next(row for row in log if row["kpi"] == "par_90")
    assert par_90["meaning"]["limits.critical"] == "5"
    assert (par_90["author"], par_90["version"]) == ("head_of_risk", 1)
    assert len(log) == len(factory(published, "kpi", "list", "--json").document["kpis"])


def test_a_changed_limit_is_refused_by_check_and_by_run_with_its_place(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    before = (workspace / "warehouse" / "CURRENT").read_bytes()
    edit(KPIS, LIMITS, LIMITS.replace("warning: 3", "warning: 2"))
    text = (workspace / KPIS).read_text(encoding="utf-8").splitlines()
    line = next(n for n, each in enumerate(text, start=1) if "{warning: 2" in each)
    for verb in ("check", "run"):
        outcome = factory(workspace, verb)
        assert outcome.code == 2
        said = outcome.out + outcome.err
        assert f"kpi_definitions.yaml:{line}:" in said
        assert "(limits.warning 3 → 2) and version is still 1" in said
        assert "hint: raise `version` to 2" in said
    assert (workspace / "warehouse" / "CURRENT").read_bytes() == before
    assert {row["version"] for row in rows(workspace)} == {1}


def test_a_raised_version_is_run_logged_and_never_taken_back(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit(KPIS, LIMITS, RAISED)
    assert factory(workspace, "check").code == 0
    assert factory(workspace, "run").code == 0
    assert [(row["kpi"], row["version"]) for row in rows(workspace)][-1] == ("par_90", 2)
    now = factory(workspace, "kpi", "show", "par_90", "--json").document
    then = factory(workspace, "kpi", "show", "par_90", "--as-of", "2025-05-31", "--json").document
    assert (now["definition_version"], then["definition_version"]) == (2, 1)
    *_, may, june = factory(workspace, "kpi", "history", "par_90").out.splitlines()
    assert ("by definition 1" in may, "by definition" in june) == (True, False)
    edit(KPIS, RAISED, LIMITS)
    outcome = factory(workspace, "check")
    assert outcome.code == 2
    assert "version 1 is lower than 2, which run-" in outcome.out


def test_comments_titles_examples_precision_and_order_are_no_meaning(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit(KPIS, '{en: "PAR 90", es', '{en: "PAR ninety", es')
    edit(KPIS, "limits: {warning: 3, critical: 5, executive: 8}",
         "limits: {executive: 8.00, critical: 5, warning: 3.0} # a comment")  # fmt: skip
    edit(KPIS, "sum(outstanding) filter (where dpd > 90)", "SUM(outstanding)  filter(where dpd>90)")
    edit(KPIS, "precision: 2", "precision: 3")
    assert factory(workspace, "check").code == 0
    assert factory(workspace, "kpi", "diff").code == 0


def test_a_workspace_without_its_state_starts_anew(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    shutil.rmtree(workspace / "state")
    edit(KPIS, LIMITS, LIMITS.replace("warning: 3", "warning: 2"))
    assert factory(workspace, "check").code == 0
    # With the state went what somebody had accepted: the run has findings again.
    assert factory(workspace, "run").code == 3
    assert len(rows(workspace)) == len(factory(workspace, "kpi", "list", "--json").document["kpis"])


def test_a_lost_log_is_written_again_although_nothing_else_changed(
    factory: Factory, workspace: Path
) -> None:
    state = State(sqlite_url(workspace / "state" / "factory.db"))
    with state.transaction() as connection:
        replace(connection, "definitions", [])
    diff = factory(workspace, "kpi", "diff")
    assert (diff.code, "no run has kept its definitions yet" in diff.err) == (1, True)
    assert factory(workspace, "run").code == 0
    assert factory(workspace, "kpi", "diff").code == 0


def test_a_run_that_fails_logs_nothing(factory: Factory, workspace: Path, edit: Edit) -> None:
    edit(KPIS, LIMITS, RAISED)
    (workspace / "sql" / "models" / "book_month.sql").write_text("-- a: b.\nSELECT nonsense\n")
    before = rows(workspace)
    assert factory(workspace, "run").code != 0
    assert rows(workspace) == before


def test_a_published_state_says_that_its_definition_changed_since(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    unchanged = factory(workspace, "kpi", "show", "par_90", "--json").document
    assert "definition" not in unchanged
    edit(KPIS, LIMITS, RAISED)
    shown = factory(workspace, "kpi", "show", "par_90")
    assert "executive; definition changed, not run yet" in shown.out
    documents = factory(workspace, "kpi", "show", "--json").document["readings"]
    assert {each["kpi"]: each["definition"] for each in documents if "definition" in each} == {
        "par_90": "definition changed, not run yet"
    }
    assert factory(workspace, "run").code == 0
    assert "definition changed" not in factory(workspace, "kpi", "show", "par_90").out


def test_a_score_is_outdated_once_a_figure_that_it_is_made_of_is(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit(KPIS, "(where dpd > 90)\n", "(where dpd > 60)\n")
    documents = factory(workspace, "kpi", "show", "--json").document["readings"]
    assert [each["kpi"] for each in documents if "definition" in each] == [
        "par_90",
        "portfolio_health",
    ]
    alone = factory(workspace, "kpi", "show", "portfolio_health", "--json").document
    assert alone["definition"] == "definition changed, not run yet"


def test_a_diff_says_what_a_limit_would_have_done(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit(KPIS, LIMITS, LIMITS.replace("executive: 8", "executive: 60"))
    outcome = factory(workspace, "kpi", "diff", "--json")
    (diff,) = outcome.document["kpis"]
    assert (outcome.code, outcome.document["status"], diff["kpi"]) == (3, "changed", "par_90")
    assert diff["fields"] == [{"field": "limits.executive", "old": "8", "new": "60"}]
    assert (diff["states_differ"], diff["values_differ"], diff["largest_change"]) == (2, 0, None)
    differing = [each for each in diff["months"] if each["state_differs"]]
    assert [(each["as_of"], each["old_state"], each["new_state"]) for each in differing] == [
        ("2025-04-30", "executive", "critical"),
        ("2025-05-31", "executive", "critical"),
    ]


def test_a_diff_says_what_a_formula_would_have_done_to_what_is_made_of_it(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    """Past 60 instead of 90: L3 counts from 31 March (1,200 of 2,600), L1 on 31 May (400)."""
    edit(KPIS, "(where dpd > 90)\n", "(where dpd > 60)\n")
    diffs = factory(workspace, "kpi", "diff", "--json").document["kpis"]
    assert [(each["kpi"], each["kind"]) for each in diffs] == [
        ("par_90", "changed"),
        ("portfolio_health", "through inputs"),
    ]
    par_90, health = diffs
    moved = {
        each["as_of"]: each["change"] for each in par_90["months"] if each["old"] != each["new"]
    }
    assert list(moved) == ["2025-03-31", "2025-05-31"]
    assert Decimal(moved["2025-03-31"]) == Decimal("46.15384615384615384615384615384615")
    assert par_90["largest_change"]["as_of"] == "2025-03-31"
    assert health["values_differ"] == 2
    assert factory(workspace, "kpi", "diff", "par_30").code == 0


def test_new_and_removed_kpis_are_named_by_a_diff(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit(KPIS, "  par_7:\n", "  par_8:\n")
    diffs = factory(workspace, "kpi", "diff", "--json").document["kpis"]
    assert {(each["kpi"], each["kind"], len(each["months"])) for each in diffs} == {
        ("par_8", "new", 0),
        ("par_7", "removed", 0),
    }
    assert factory(workspace, "kpi", "diff", "par_seven").code == 2


def test_a_diff_looks_back_as_many_full_months_as_asked(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    edit(KPIS, LIMITS, RAISED)
    (diff,) = factory(workspace, "kpi", "diff", "--months", "2", "--json").document["kpis"]
    assert [each["as_of"] for each in diff["months"]] == ["2025-05-31", "2025-06-30"]
    assert (diff["old_version"], diff["new_version"]) == (1, 2)


def test_a_history_of_month_ends_compares_full_months(factory: Factory, published: Path) -> None:
    document = factory(
        published, "kpi", "history", "outstanding", "--month-ends", "--json"
    ).document
    changes = [each["change"] and Decimal(each["change"]) for each in document["months"]]
    assert changes == [None, 400, 1000, 0, -500, 100, -200]
    assert document["months"][-1]["month_in_progress"] is False


def test_months_that_no_run_published_are_computed_and_say_so(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    root = workspace_with(small_book).root
    assert factory(root, "run", "--json").document["status"] == "published"
    months = factory(root, "kpi", "history", "par_90", "--month-ends", "--json").document["months"]
    assert [each["run_id"] is None for each in months] == [True] * 6 + [False]
    assert [each["value"] for each in months[:4]] == ["0"] * 4
    assert rehearsed(factory, root, "--kpi", "par_90")["computed_now"] == 6


def test_before_a_run_there_is_no_past_to_rehearse(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    outcome = factory(workspace_with(small_book).root, "kpi", "rehearse")
    assert outcome.code == 1
    assert "no run has published yet" in outcome.err


def test_the_past_is_read_by_the_definition_as_it_stands(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    """Past 60: 1,200 of 2,600 on 31 March. What was published past 90 no longer serves."""
    edit(KPIS, LIMITS, LIMITS.replace("executive: 8", "executive: 90"))
    limits_only = rehearsed(factory, workspace, "--kpi", "par_90")
    assert (limits_only["computed_now"], limits_only["levels"][2]["fired"]) == (0, 0)
    edit(KPIS, "(where dpd > 90)\n", "(where dpd > 60)\n")
    found = rehearsed(factory, workspace, "--kpi", "par_90")
    assert (found["computed_now"], found["levels"][0]["fired"]) == (7, 4)
    assert rehearsed(factory, workspace, "--kpi", "portfolio_health")["computed_now"] == 7
    assert rehearsed(factory, workspace, "--kpi", "collection_rate")["computed_now"] == 0
    day = ("--as-of", "2025-03-31", "--json")
    (row,) = factory(workspace, "kpi", "compare", "par_90", "par_30", *day).document["rows"]
    assert row["kpis"]["par_90"]["value"].startswith("46.15")


def test_readings_of_an_older_version_do_not_serve_either(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    """Version 2 is published at the last day only; the month-ends before keep version 1."""
    formula = "(where dpd > 90)\n    whole: sum(outstanding)\n    unit: percent\n    direction:"
    edit(KPIS, formula, formula.replace("> 90", "> 60"))
    edit(KPIS, LIMITS, LIMITS.replace("version: 1", "version: 2"))
    assert factory(workspace, "run").code == 0, factory(workspace, "check").out
    assert rehearsed(factory, workspace, "--kpi", "par_90")["computed_now"] == 6
    months = factory(workspace, "kpi", "history", "par_90", "--json").document["readings"]
    assert [each["value"] for each in months][3] == "0"


def test_a_day_between_month_ends_is_compared_by_the_definition_as_it_stands(
    factory: Factory, workspace: Path, edit: Edit
) -> None:
    """On 15 June L1 (76 days, 300) and L3 (1,200) are past 60 days, of 2,100."""
    assert factory(workspace, "run", "--as-of", "2025-06-15").code == 0
    edit(KPIS, "(where dpd > 90)\n", "(where dpd > 60)\n")
    day = ("--as-of", "2025-06-15", "--json")
    compared = factory(workspace, "kpi", "compare", "par_90", "par_30", *day)
    (row,) = compared.document["rows"]
    cell = row["kpis"]["par_90"]
    assert cell["run_id"] is None
    assert round(Decimal(cell["value"]), 4) == Decimal("71.4286")
