"""`factory book generate` as it is called."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fintech_factory.book import make
from fintech_factory.cli import main


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["book", "generate", *arguments])


def test_json_prints_the_manifest_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "book"
    result = call("--loans", "40", "--months", "5", "--seed", "9", "--out", str(out), "--json")
    assert result.exit_code == 0, result.output
    manifest = json.loads(result.stdout)
    assert manifest["loans"] == 40
    assert manifest["seed"] == 9
    assert manifest["data_through"] == "2025-12-10"
    assert {file["name"] for file in manifest["files"]} == {path.name for path in out.iterdir()}
    assert all(len(file["sha256"]) == 64 for file in manifest["files"])


def test_people_see_the_files_and_the_data_through_date(tmp_path: Path) -> None:
    out = tmp_path / "book"
    result = call(
        *("--loans", "40", "--months", "5", "--out", str(out), "--until", "2024-03-31"),
        *("--instalments", "2..6", "--entities", "3", "--currencies", "usd, eur"),
    )
    assert result.exit_code == 0, result.output
    assert "book of 40 loans through 2024-03-31" in result.stdout
    assert "schedules.csv" in result.stdout


def test_a_hazard_book_points_at_its_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "_plant_variants", lambda *_: [])
    out = tmp_path / "book"
    result = call("--loans", "300", "--months", "6", "--out", str(out), "--hazards")
    assert result.exit_code == 0, result.output
    assert "hazards.json" in result.stdout
    assert (out / "hazards.json").exists()


def test_a_wrong_call_is_a_usage_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("", "utf-8")
    for arguments, word in (
        (("--loans", "0", "--months", "5", "--out", str(tmp_path / "a")), "--loans"),
        (("--loans", "5", "--months", "5", "--out", str(tmp_path)), "not empty"),
        (
            (
                *("--loans", "5", "--months", "5", "--instalments", "61"),
                "--out",
                str(tmp_path / "b"),
            ),
            "--instalments",
        ),
    ):
        result = call(*arguments)
        assert result.exit_code == 2
        assert word in result.stderr
        assert "hint:" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
