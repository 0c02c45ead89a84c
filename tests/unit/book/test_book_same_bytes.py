"""The same plan gives the same book, whoever prints it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from fintech_factory import book
from fintech_factory.book import borrowers, make


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def made(folder: Path, **asked: Any) -> dict[str, str]:  # noqa: ANN401
    book.generate(book.BookPlan(**{"loans": 400, "months": 9, "seed": 21, **asked}), folder)
    return hashes(folder)


def test_the_same_plan_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "VARIANT_LOANS", 40)
    assert made(tmp_path / "a", hazards=True) == made(tmp_path / "b", hazards=True)


def test_another_seed_gives_another_book(tmp_path: Path) -> None:
    one, other = made(tmp_path / "a"), made(tmp_path / "b", seed=22)
    same = {name for name in one if one[name] == other[name]}
    assert same == {"export_definitions.csv"}


def test_the_number_of_threads_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect: Callable[..., Any] = duckdb.connect
    found = []
    for threads in (1, 5):
        config = {"threads": threads}
        monkeypatch.setattr(duckdb, "connect", lambda config=config: connect(config=config))
        # Fewer rows than this are one thread's work whatever it is allowed.
        found.append(made(tmp_path / str(threads), loans=15_000, months=12))
    assert found[0] == found[1]


def test_a_book_of_many_chunks_is_one_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(borrowers, "CHUNK_LOANS", 100)
    assert made(tmp_path / "a") == made(tmp_path / "b")
    lines = (tmp_path / "a" / "loans.csv").read_text("utf-8").splitlines()
    assert sum(line.startswith("loan_id,") for line in lines) == 1
    assert len({line.partition(",")[0] for line in lines[1:]}) == len(lines) - 1 == 400


def test_the_manifest_names_what_was_written(tmp_path: Path) -> None:
    told: list[int] = []
    plan = book.BookPlan(loans=400, months=9, seed=21)
    manifest = book.generate(plan, tmp_path, told.append)
    assert {file.name: file.sha256 for file in manifest.files} == hashes(tmp_path)
    for file in manifest.files:
        written = (tmp_path / file.name).read_bytes()
        assert (file.rows, file.size_bytes) == (written.count(b"\n") - 1, len(written))
    assert sum(told) == manifest.loans == manifest.rows("loans") == 400
    assert manifest.data_through == plan.until
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
