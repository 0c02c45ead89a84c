"""Limits rehearsed on the reference tape; only totals stand here, no row."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.tape
Document = Callable[..., Any]
MONTHS = 36


@pytest.fixture(scope="module")
def rehearsed(document: Document, tape_workspace: Path) -> dict[str, Any]:
    found = document(tape_workspace, "kpi", "rehearse")["rehearsals"]
    return {each["kpi"]: each for each in found}


def test_par_90_would_have_fired_when_it_did(rehearsed: dict[str, Any]) -> None:
    warning, critical, executive = rehearsed["par_90"]["levels"]
    assert [(each["fired"], each["of"]) for each in (warning, critical, executive)] == [
        (11, MONTHS),
        (5, MONTHS),
        (3, MONTHS),
    ]
    assert [each["as_of"] for each in executive["dates"]] == [
        "2024-06-30",
        "2024-07-31",
        "2024-08-31",
    ]
    assert rehearsed["par_90"]["current"] == "none"


def test_the_specifications_collection_alert_could_never_have_fired(
    rehearsed: dict[str, Any],
) -> None:
    assert rehearsed["collection_rate"]["warnings"] == [
        "this rule would have fired 0 of 36 months: warning 0.5 never fires (the last is not over)"
    ]


def test_one_book_is_healthy_by_one_par_90_and_critical_by_another(
    document: Document, tape_workspace: Path
) -> None:
    three = ("par_90", "par_90_source_rule", "par_90_incl_writeoff")
    compared = document(tape_workspace, "kpi", "compare", *three)
    (row,) = compared["rows"]
    cells = [row["kpis"][kpi] for kpi in three]
    assert [f"{Decimal(each['value']):.2f}" for each in cells] == ["1.17", "1.17", "5.46"]
    assert [each["state"] for each in cells] == ["none", "none", "critical"]
    assert (row["disagree"], compared["limits_of"]["par_90_incl_writeoff"]) == (True, "par_90")
    every = document(tape_workspace, "kpi", "compare", *three, "--month-ends")
    assert (len(every["rows"]), every["disagreements"]) == (MONTHS, 16)


def test_the_month_in_progress_is_compared_with_no_month(
    document: Document, tape_workspace: Path
) -> None:
    months = document(tape_workspace, "kpi", "history", "disbursed_volume", "--month-ends")[
        "months"
    ]
    assert len(months) == MONTHS
    assert [each["as_of"] for each in months if each["month_in_progress"]] == ["2025-12-10"]
    assert months[-1]["change"] is None
    assert all(each["change"] is not None for each in months[1:-1])
