"""The hazards book through the real command: every planted fault is found where it was planted."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from fintech_factory.book import BookPlan, generate
from fintech_factory.cli import main

# One worker: the book and its landing are shared.
pytestmark = pytest.mark.xdist_group("hazards")

WHOLE_FILE = {"refused", "landed", "unchanged"}
# These only make sense after the clean export has landed.
AFTER_CLEAN = {"half_the_rows", "yesterday_again", "restated_history"}


def factory(*arguments: object) -> tuple[int, Any]:
    done = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hazards") / "book"
    generate(BookPlan(6000, 24, seed=7, hazards=True), folder)
    return folder


@pytest.fixture(scope="module")
def key(book: Path) -> list[dict[str, Any]]:
    held = json.loads((book / "hazards.json").read_text())
    return held if isinstance(held, list) else held["hazards"]


@pytest.fixture(scope="module")
def landed(book: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    workspace = tmp_path_factory.mktemp("workspace") / "w"
    factory("init", workspace)
    code, document = factory("ingest", "cascade", book, "--workspace", workspace)
    assert code == 3  # landed, with rows set aside
    return workspace, document


def test_exactly_the_planted_bad_rows_are_quarantined(
    landed: tuple[Path, Any], key: list[dict[str, Any]]
) -> None:
    workspace, document = landed
    batch = workspace / "warehouse" / "raw" / "cascade" / document["batch_id"]
    rows = duckdb.execute(
        f"SELECT file, line_no, reasons FROM '{batch}/quarantine.parquet'"
    ).fetchall()
    reasons = {(file, line): text for file, line, text in rows}
    planted = {
        (each["file"], each["line"]): each["code"]
        for each in key
        if each["expected"] == "quarantined"
    }
    assert reasons.keys() == planted.keys()
    assert not {at for at, code in planted.items() if code not in reasons[at]}


def test_every_oddity_is_a_finding_and_keeps_its_row(
    landed: tuple[Path, Any], key: list[dict[str, Any]]
) -> None:
    _, document = landed
    codes = {finding["code"] for finding in document["findings"]}
    odd = {each["code"] for each in key if each["expected"] == "kept" and each["code"]}
    assert odd <= codes


def test_nothing_is_lost_on_the_way_in(landed: tuple[Path, Any]) -> None:
    workspace, document = landed
    batch = workspace / "warehouse" / "raw" / "cascade" / document["batch_id"]
    for file in document["files"]:
        path = batch / "landed" / f"{file['table']}.parquet"
        kept = duckdb.execute(f"SELECT COUNT(*) FROM '{path}'").fetchall()[0][0]
        assert kept + file["quarantined"] == file["rows"]


def test_the_ledger_ties_to_the_source_once_the_bad_rows_are_out(
    landed: tuple[Path, Any], key: list[dict[str, Any]]
) -> None:
    workspace, _ = landed
    code, run = factory("run", "--month-ends", "--workspace", workspace)
    assert (code, run["withheld"]) == (3, 0)
    _, reconciliation = factory("reconcile", "--workspace", workspace)
    hidden = {each["loan_id"] for each in key if each["code"] == "loan_missing_in_source"}
    assert {row["cause"] for row in reconciliation["open_rows"]} == {"missing in source"}
    assert {row["loan_id"] for row in reconciliation["open_rows"]} <= hidden


def test_every_whole_file_hazard_ends_as_the_key_says(
    book: Path, key: list[dict[str, Any]], tmp_path: Path
) -> None:
    empty, after_clean = tmp_path / "empty", tmp_path / "after_clean"
    factory("init", empty)
    shutil.copytree(empty, after_clean)
    factory("ingest", "cascade", book / "variants" / "clean", "--workspace", after_clean)
    for each in (each for each in key if each["expected"] in WHOLE_FILE):
        name = Path(each["file"]).parts[1]
        workspace = shutil.copytree(after_clean if name in AFTER_CLEAN else empty, tmp_path / name)
        export = book / "variants" / name
        export = next(export.glob("*.zip"), export)
        _, document = factory("ingest", "cascade", export, "--workspace", workspace)
        codes = {finding["code"] for finding in document["findings"]}
        assert (name, document["status"]) == (name, each["expected"])
        assert not each["code"] or each["code"] in codes, name
