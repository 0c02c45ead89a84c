"""A figure that somebody states of our ledger is counted on its own day, whatever a run is asked.

The small book on 15 May 2025: L1 owes 400, L2 500, L3 1,200; L4 is disbursed five days later.
"""

from pathlib import Path

import pytest
from e2e_validated import Factory, findings, run

# One worker: the book of the label past the data is shared.
pytestmark = pytest.mark.xdist_group("validation")

TOTAL = """
control_totals:
  - name: owed
    table: loan_snapshot
    column: balance
    as_of: {day}
    expected: {expected}
    stated_by: the auditor
    severity: critical
"""
UNCOUNTED = "control_total_uncounted stated by the auditor.owed"


def state(root: Path, day: str, expected: str) -> None:
    path = root / "config" / "validation.yaml"
    text = path.read_text(encoding="utf-8").replace("control_totals: []", "")
    text = text.partition("\ncontrol_totals:")[0]
    path.write_text(text + TOTAL.format(day=day, expected=expected), encoding="utf-8")


@pytest.mark.parametrize(
    "asked",
    [("--month-ends",), (), ("--as-of", "2025-02-28")],
    ids=["all month-ends", "the last day", "a date before the stated day"],
)
def test_a_critical_total_of_a_day_within_a_month_stops_the_run_that_misses_it(
    factory: Factory, workspace: Path, asked: tuple[str, ...]
) -> None:
    state(workspace, "2025-05-15", "2100.01")
    missed = factory(workspace, "run", *asked, "--json")
    assert (missed.code, missed.document["status"]) == (3, "blocked")
    found = findings(missed.document)["control_total_open stated by the auditor.owed"]
    assert (found["severity"], found["evidence"][0]["ours"]) == ("critical", "2100.000000")
    state(workspace, "2025-05-15", "2100")
    met = factory(workspace, "run", *asked, "--json")
    assert (met.code, met.document["status"]) == (0, "published")


def test_a_stated_day_changes_no_reading_and_is_none_that_was_asked_for(
    factory: Factory, workspace: Path
) -> None:
    def figures() -> list[dict[str, object]]:
        shown = factory(workspace, "kpi", "show", "--as-of", "2025-05-31", "--json").document
        own = {"run_id", "batch_ids", "definition_version"}
        return [
            {name: each[name] for name in each.keys() - own}
            for each in shown["readings"]
            if each["kpi"] != "run_seconds"
        ]

    before = figures()
    state(workspace, "2025-05-15", "2100")
    made = run(factory, workspace).document
    assert made["status"] == "published"
    assert "2025-05-15" not in made["as_ofs"]
    assert figures() == before


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2025-07-01", "the data end on 2025-06-30, before 2025-07-01"),
        ("2024-12-01", "the first loan was disbursed on 2024-12-02, after 2024-12-01"),
    ],
)
def test_a_day_outside_the_data_stays_uncounted_and_says_why(
    factory: Factory, workspace: Path, day: str, reason: str
) -> None:
    state(workspace, day, "0")
    outcome = factory(workspace, "run", "--json")
    assert outcome.document["status"] == "published"
    found = findings(outcome.document)[UNCOUNTED]
    assert found["severity"] == "warning"
    assert reason in found["message"]


def test_a_label_past_the_data_is_not_taken_for_its_own_day(factory: Factory, root: Path) -> None:
    """The run holds the month in progress, labelled 31 December; its data end on the tenth."""
    state(root, "2025-12-31", "0")
    outcome = run(factory, root)
    assert "2025-12-31" in outcome.document["as_ofs"]
    found = findings(outcome.document)[UNCOUNTED]
    assert "the data end on 2025-12-10, before 2025-12-31" in found["message"]


def test_a_version_made_before_a_total_was_stated_says_that_a_run_makes_it(
    factory: Factory, workspace: Path
) -> None:
    state(workspace, "2025-05-15", "2100")
    checks = factory(workspace, "reconcile", "--json").document["checks"]
    (owed,) = [each for each in checks if each["name"] == "owed"]
    assert (owed["verdict"], "the next `factory run` makes it" in owed["reason"]) == (None, True)
    made = factory(workspace, "reconcile", "--as-of", "2025-06-15", "--json").document["checks"]
    assert [each["verdict"] for each in made if each["name"] == "owed"] == ["exact"]
