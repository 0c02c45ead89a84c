"""`factory reconcile`, and the way from an export in the inbox to reconciled figures."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.book import BookPlan, generate
from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book

Factory = Callable[..., Any]


def test_a_book_that_the_source_agrees_with_is_exact(factory: Factory, published: Path) -> None:
    outcome = factory(published, "reconcile", "--as-of", "2025-06-30", "--json")
    assert (outcome.code, outcome.document["status"]) == (0, "exact")
    assert {check["verdict"] for check in outcome.document["checks"]} == {"exact"}
    rings = ("ledger", "source")
    checks = {
        check["name"]: check for check in outcome.document["checks"] if check["ring"] in rings
    }
    assert set(checks) == {
        "roll_forward",
        "sub_ledger",
        "balance",
        "dpd",
        "bucket",
        "write_off",
        "par_7",
        "par_30",
        "par_60",
        "par_90",
    }
    assert {check["verdict"] for check in checks.values()} == {"exact"}
    assert (checks["balance"]["ours"], checks["balance"]["theirs"]) == (
        "2000.000000",
        "2000.000000",
    )
    assert (checks["balance"]["rows"], checks["balance"]["variance"]) == (3, "0.000000")
    # The source's own rule: day 91 and day 180 are both at risk at 90.
    assert checks["par_90"]["ours"] == "1500.000000"


def test_a_date_on_which_the_source_is_silent_says_so(factory: Factory, published: Path) -> None:
    outcome = factory(published, "reconcile", "--as-of", "2025-05-31", "--json")
    assert (outcome.code, outcome.document["status"]) == (3, "open")
    balance = outcome.document["checks"][1]
    assert (balance["verdict"], balance["ours"]) == (None, None)
    assert "no balances at 2025-05-31" in balance["reason"]


def test_an_unpublished_date_is_reconciled_on_demand(factory: Factory, published: Path) -> None:
    document = factory(published, "reconcile", "--as-of", "2025-06-15", "--json").document
    assert document["as_ofs"] == ["2025-06-15"]
    assert document["checks"][0]["verdict"] == "exact"


def test_without_a_date_every_published_one_is_reconciled(
    factory: Factory, published: Path
) -> None:
    document = factory(published, "reconcile", "--json").document
    assert len(document["as_ofs"]) == 7


def test_every_open_row_has_its_cause_and_the_exit_code_says_so(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    """L4 is repaid but listed, L9 is nobody's; the source is one day ahead of us at L2's due date.

    L5 is ours alone, L6 a cent apart, L7 a cent of dust that the source leaves out.
    """
    of = (
        small_book.loan(70, disbursed="2025-06-25", instalments=[("2025-07-25", 70)])
        .loan("60.00", disbursed="2025-06-25", instalments=[("2025-07-25", 60)])
        .loan("0.01", disbursed="2025-06-25", instalments=[("2025-07-25", "0.01")])
        .source_says("L4", "2025-06-30", 100)
        .source_says("L9", "2025-06-30", 33)
        .source_says("L6", "2025-06-30", "60.01")
    )
    root = workspace_with(of).root
    run = factory(root, "run", "--json")
    assert (run.code, run.document["reconciliation"], run.document["withheld"]) == (3, "open", 0)
    outcome = factory(root, "reconcile", "--json")
    assert outcome.code == 3
    rows = {row["loan_id"]: row["cause"] for row in outcome.document["open_rows"]}
    assert rows == {"L4": "unexplained", "L9": "missing in ours", "L5": "missing in source"}
    balance = outcome.document["checks"][1]
    assert (balance["exact"], balance["close"], balance["open"]) == (3, 2, 3)
    assert balance["causes"]["dust"] == 1


def test_a_source_that_counts_days_past_its_own_data_is_told_apart(
    factory: Factory, small_book: Book, workspace_with: Callable[[Book], Workspace]
) -> None:
    """The data end on 10 July; the source counts to the label, 21 days further."""
    of = small_book.ending("2025-07-10").source_says("L1", "2025-07-31", 300, dpd=122)
    of = of.source_says("L2", "2025-07-31", 500).source_says("L3", "2025-07-31", 1200, dpd=190,
                                                            is_writeoff=True)  # fmt: skip
    root = workspace_with(of).root
    document = factory(root, "reconcile", "--as-of", "2025-07-31", "--json").document
    assert {(row["loan_id"], row["cause"]) for row in document["open_rows"]} == {("L1", "as-of")}


def test_a_report_for_people_shows_the_roll_forward_and_the_causes(
    factory: Factory, published: Path
) -> None:
    said = factory(published, "reconcile", "--as-of", "2025-06-30").out
    assert "status: exact" in said
    assert "roll-forward since the month began" in said


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated book of several instalments and currencies, as its source would export it."""
    folder = tmp_path_factory.mktemp("export") / "book"
    plan = BookPlan(
        loans=250,
        months=12,
        seed=4,
        instalments=(1, 24),
        currencies=("USD", "EUR", "GTQ"),
        until=date(2025, 12, 10),
    )
    generate(plan, folder)
    return folder


def test_a_generated_book_goes_from_the_inbox_to_exact_figures(
    factory: Factory, export: Path, empty_workspace: Path, tmp_path: Path
) -> None:
    """Every loan-month that the source reports, and every reading by both engines."""
    import shutil

    root = tmp_path / "workspace"
    shutil.copytree(empty_workspace, root)
    shutil.copytree(export, root / "inbox" / "book")
    run = factory(root, "run", "--month-ends", "--json")
    assert run.document["status"] == "published", run.out
    assert (run.document["withheld"], run.document["reconciliation"]) == (0, "exact")
    heavy = {each["code"] for each in run.document["findings"] if each["severity"] != "info"}
    assert heavy - {"export_behind"} == {"status_against_balance"}
    assert run.code == 3
    assert run.document["as_ofs"][-2:] == ["2025-12-10", "2025-12-31"]
    reconciled = factory(root, "reconcile", "--json").document
    verdicts = {
        (check["source"], check["name"]): (check["verdict"], check["open"])
        for check in reconciled["checks"]
    }
    assert set(verdicts.values()) == {("exact", 0)}
    outer = [check for check in reconciled["checks"] if check["ring"] != "file"]
    assert {check["source"] for check in outer} == {"ledger", "loan_par_balances", "loans"}
    rows = {check["name"]: check["rows"] for check in outer}
    assert rows["balance"] > 200
    again = factory(root, "run", "--month-ends", "--json").document
    assert again["status"] == "unchanged"
    assert [path.name for path in (root / "inbox").iterdir()] == ["landed"]


def test_an_export_that_is_refused_is_put_away_and_the_last_good_one_stays(
    factory: Factory, workspace: Path
) -> None:
    folder = workspace / "inbox" / "torn"
    folder.mkdir()
    (folder / "loans.csv").write_text("Loan ID,Something Else\n1,2\n", encoding="utf-8")
    run = factory(workspace, "run", "--json")
    assert run.code == 3
    assert len(run.document["refused_exports"]) == 1
    assert factory(workspace, "kpi", "show", "par_90", "--json").document["value"] == "75"
    assert [path.name for path in (workspace / "inbox").iterdir()] == ["refused"]


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2024-12-01", "the book begins on 2024-12-02"),
        ("2025-07-01", "the data ends on 2025-06-30"),
    ],
)
def test_a_date_outside_the_book_is_refused_and_not_called_open(
    factory: Factory, workspace: Path, day: str, why: str
) -> None:
    outcome = factory(workspace, "reconcile", "--as-of", day)
    assert (outcome.code, why in outcome.err) == (2, True)
    assert "the book speaks from 2024-12-02 to 2025-06-30" in outcome.err
