"""`factory kpi`: what is published, what is computed on demand, and what cannot be known."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book

Factory = Callable[..., Any]
# The ids as they stand in the text of the file, not as the loader reads them.
_TEXT = (Path(__file__).parents[2] / "config" / "kpis" / "kpi_definitions.yaml").read_text("utf-8")
SHIPPED = re.findall(r"^  ([a-z0-9_]+):$", _TEXT, re.MULTILINE)


def versions(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "warehouse" / "versions").iterdir())


def test_a_published_reading_says_all_that_it_rests_on(factory: Factory, published: Path) -> None:
    pointer = json.loads((published / "warehouse" / "CURRENT").read_text())
    outcome = factory(published, "kpi", "show", "par_90", "--as-of", "2025-06-30", "--json")
    assert outcome.code == 0
    document = outcome.document
    # The export of 1 July never came.
    assert document.pop("stale")["since"] == "2025-07-02T03:30:00+00:00"
    assert document == {
        "kpi": "par_90",
        "as_of": "2025-06-30",
        "data_through": "2025-06-30",
        "status": "ok",
        "reason": None,
        "value": "75",
        "raw_value": "75",
        "unit": "percent",
        "part": "1500.000000",
        "whole": "2000.000000",
        "limit_state": "executive",
        "partial": False,
        "definition_version": 1,
        "run_id": pointer["run_id"],
        "batch_ids": pointer["batch_ids"],
        "check": "matched",
    }


def test_all_kpis_are_shown_at_the_last_day_of_data(factory: Factory, published: Path) -> None:
    readings = factory(published, "kpi", "show", "--json").document["readings"]
    value = {each["kpi"]: each["value"] for each in readings}
    assert set(value) == set(SHIPPED)
    figures = [Decimal(value[kpi]) for kpi in ("portfolio_health", "collection_rate")]
    assert figures == [Decimal("19.1"), Decimal("10.25")]
    assert {each["as_of"] for each in readings} == {"2025-06-30"}


def test_an_unpublished_date_is_computed_and_nothing_is_published(
    factory: Factory, published: Path
) -> None:
    """On 29 June L1 is 90 days past due, which is not past 90: 1,200 of 2,000 are."""
    before = versions(published)
    outcome = factory(published, "kpi", "show", "par_90", "--as-of", "2025-06-29", "--json")
    reading = outcome.document
    assert (outcome.code, reading["value"], reading["run_id"]) == (0, "60", None)
    assert reading["check"] == "matched"
    assert versions(published) == before
    history = factory(published, "kpi", "history", "par_90", "--json").document
    assert "2025-06-29" not in {each["as_of"] for each in history["readings"]}


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2024-12-01", "the book begins on 2024-12-02"),
        ("2025-07-01", "the data ends on 2025-06-30"),
    ],
)
@pytest.mark.parametrize("kpi", ["par_90", "outstanding", "portfolio_health"])
def test_a_date_of_which_nothing_is_known_is_unavailable_never_0(
    factory: Factory, published: Path, day: str, reason: str, kpi: str
) -> None:
    outcome = factory(published, "kpi", "show", kpi, "--as-of", day, "--json")
    reading = outcome.document
    assert (reading["status"], reading["value"], reading["limit_state"]) == (
        "unavailable",
        None,
        None,
    )
    assert reading["reason"].startswith(reason)


def test_an_unavailable_reading_never_looks_like_0_to_a_person(
    factory: Factory, published: Path
) -> None:
    said = factory(published, "kpi", "show", "par_90", "--as-of", "2024-12-01").out
    assert "n/a" in said
    assert "unavailable: the book begins on 2024-12-02" in said
    assert "within limits" not in said


def test_before_any_run_a_reading_is_computed_from_the_batch(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    root = workspace_with(small_book).root
    reading = factory(root, "kpi", "show", "par_90", "--json").document
    assert (reading["value"], reading["run_id"]) == ("75", None)
    assert not (root / "warehouse" / "CURRENT").exists()


def test_until_a_run_publishes_it_a_new_batch_changes_no_figure(
    factory: Factory, workspace: Path, small_book: Book
) -> None:
    """On demand as well: figures of two batches side by side would not add up."""
    shown = ["kpi", "show", "outstanding", "--as-of", "2025-06-29", "--json"]
    before = factory(workspace, *shown).document
    small_book.loan(500, disbursed="2025-06-15").land(Workspace(workspace).raw("cascade"))
    assert factory(workspace, *shown).document == before


def test_a_month_in_progress_is_shown_as_partial(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    root = workspace_with(small_book.ending("2025-07-10")).root
    factory(root, "run", "--month-ends")
    reading = factory(
        root, "kpi", "show", "collection_efficiency", "--as-of", "2025-07-31", "--json"
    ).document
    assert (reading["partial"], reading["data_through"]) == (True, "2025-07-10")


def test_a_history_gives_every_published_date_oldest_first(
    factory: Factory, published: Path
) -> None:
    document = factory(published, "kpi", "history", "outstanding", "--json").document
    assert (document["kpi"], document["unit"]) == ("outstanding", "money")
    assert [(each["as_of"], each["value"]) for each in document["readings"]] == [
        ("2024-12-31", "1200.000000"),
        ("2025-01-31", "1600.000000"),
        ("2025-02-28", "2600.000000"),
        ("2025-03-31", "2600.000000"),
        ("2025-04-30", "2100.000000"),
        ("2025-05-31", "2200.000000"),
        ("2025-06-30", "2000.000000"),
    ]


def test_an_explained_reading_opens_to_sql_rows_batch_and_second_engine(
    factory: Factory, published: Path
) -> None:
    document = factory(published, "kpi", "explain", "par_90", "--json").document
    assert document["reading"]["value"] == "75"
    assert document["second_engine"] == {
        "value": "75",
        "part": "1500.000000",
        "whole": "2000.000000",
        "agrees": True,
    }
    assert "loan_snapshot" in document["sql"]
    rows = [(row["loan_id"], row["contribution"]) for row in document["rows"]["par_90"]]
    assert rows == [("L3", "1200.000000"), ("L1", "300.000000")]
    (batch,) = document["batches"]
    assert {file["table"] for file in batch["files"]} >= {"loans", "schedules", "transactions"}
    assert all(len(file["sha256"]) == 64 for file in batch["files"])


def test_an_explained_score_opens_to_the_kpis_it_is_made_of(
    factory: Factory, published: Path
) -> None:
    document = factory(published, "kpi", "explain", "portfolio_health", "--json").document
    assert [each["kpi"] for each in document["inputs"]] == ["par_90", "collection_rate"]
    assert {row["loan_id"] for row in document["rows"]["collection_rate"]} == {"L1", "L4"}
    assert document["second_engine"]["agrees"]


@pytest.mark.parametrize(
    "kpi", ["rdr_90", "outstanding_mom", "hhi_borrowers", "mdr", "collection_due_only", "cdr"]
)
def test_a_kpi_of_any_model_opens_and_the_second_engine_agrees(
    factory: Factory, published: Path, kpi: str
) -> None:
    outcome = factory(published, "kpi", "explain", kpi, "--json")
    assert outcome.code == 0
    assert outcome.document["second_engine"]["agrees"]
    opened = outcome.document["rows"]
    assert kpi == "cdr" or set(opened) == {kpi}


def test_an_observed_figure_opens_to_where_it_comes_from(factory: Factory, published: Path) -> None:
    """Nothing has observed it, and no engine can check it: neither reads as verified."""
    document = factory(published, "kpi", "explain", "covenant_headroom", "--json").document
    assert document["see"] == "factory views show monitor"
    assert document["second_engine"] is None
    assert (document["sql"], document["rows"]) == (None, {})
    assert (document["reading"]["status"], document["reading"]["check"]) == (
        "unavailable",
        "not_run",
    )
    said = factory(published, "kpi", "explain", "covenant_headroom").out
    assert "opens by       factory views show monitor" in said
    assert "cannot check it" in said


def test_a_kpi_whose_source_is_not_connected_says_which(factory: Factory, published: Path) -> None:
    reading = factory(published, "kpi", "show", "pipeline_value", "--json").document
    assert (reading["status"], reading["value"]) == ("unavailable", None)
    assert reading["reason"] == "needs hubspot"
    table = factory(published, "kpi", "show", "cost_per_lead").out
    assert "unavailable: needs meta and hubspot" in table
    assert "matched" not in table
    assert factory(published, "kpi", "explain", "cost_per_lead").code == 0
    history = factory(published, "kpi", "history", "cost_per_lead", "--json").document["readings"]
    assert {each["status"] for each in history} == {"unavailable"}


def test_the_kpis_of_one_department_are_listed_and_shown(factory: Factory, published: Path) -> None:
    listed = factory(published, "kpi", "list", "--department", "sales", "--json").document["kpis"]
    assert {each["department"] for each in listed} == {"sales"}
    shown = factory(published, "kpi", "show", "--department", "sales", "--json").document
    assert [each["kpi"] for each in shown["readings"]] == [each["kpi"] for each in listed]
    refused = factory(published, "kpi", "list", "--department", "riks")
    assert refused.code == 2
    assert "did you mean `risk`" in refused.err


def test_an_unpublished_date_can_be_explained(factory: Factory, published: Path) -> None:
    document = factory(
        published, "kpi", "explain", "par_90", "--as-of", "2025-06-29", "--json"
    ).document
    assert (document["reading"]["value"], document["reading"]["run_id"]) == ("60", None)
    assert [row["loan_id"] for row in document["rows"]["par_90"]] == ["L3"]


@pytest.mark.parametrize("day", ["2024-12-01", "2025-07-01"])
def test_a_date_of_which_nothing_is_known_can_be_explained_too(
    factory: Factory, published: Path, day: str
) -> None:
    outcome = factory(published, "kpi", "explain", "par_90", "--as-of", day, "--json")
    assert outcome.code == 0
    assert outcome.document["reading"]["status"] == "unavailable"


def test_every_shipped_kpi_is_listed_with_its_formula_and_limits(
    factory: Factory, published: Path
) -> None:
    kpis = {
        each["kpi"]: each for each in factory(published, "kpi", "list", "--json").document["kpis"]
    }
    assert list(kpis) == SHIPPED
    assert len(SHIPPED) > 60
    assert kpis["par_90"]["limits"] == {"warning": "3", "critical": "5", "executive": "8"}
    assert "dpd > 90" in kpis["par_90"]["formula"]


def test_a_table_for_people_names_value_limits_and_state(factory: Factory, published: Path) -> None:
    said = factory(published, "kpi", "show", "par_90").out
    assert "75.00" in said
    assert "warning 3, critical 5, executive 8" in said
    assert "executive" in said.splitlines()[-1]


def test_a_kpi_that_changed_since_is_read_from_what_was_published(
    factory: Factory, workspace: Path, edit: Callable[[str, str, str], None]
) -> None:
    """Until the next run the published reading stands, at its definition's version."""
    edit("config/kpis/kpi_definitions.yaml", "(where dpd >= 1)\n", "(where dpd >= 2)\n")
    reading = factory(workspace, "kpi", "show", "par_1", "--json").document
    assert reading["run_id"] is not None
