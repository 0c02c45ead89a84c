"""An export is landed when it is all there: settled, whole, with every table it cannot lack."""

import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fintech_factory.pipeline.inbox import arrivals
from fintech_factory.pipeline.readiness import (
    Contract,
    Patience,
    Readiness,
    readiness,
    signature,
)

CONTRACT = Contract(
    {"loans": ("loans",), "schedules": ("schedules",), "customers": ("customers",)},
    frozenset({"loans", "schedules"}),
)
PATIENCE = Patience(timedelta(seconds=2), timedelta(minutes=15))


def export(folder: Path, **files: str) -> tuple[Path, ...]:
    """Write files of an export, each named after its table."""
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return (folder,)


def judged(export: tuple[Path, ...], seconds: float = 60) -> Readiness:
    """Judge an export some seconds after now."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return readiness(export, CONTRACT, PATIENCE, at)


WHOLE = {"loans": "id\n1\n", "schedules": "id\n1\n"}


def test_what_lies_still_and_is_whole_is_ready(tmp_path: Path) -> None:
    assert judged(export(tmp_path / "x", **WHOLE)).is_ready


def test_what_was_written_a_moment_ago_is_not(tmp_path: Path) -> None:
    found = export(tmp_path / "x", **WHOLE)
    assert judged(found, 1) == Readiness(is_ready=False, why="it was written to a moment ago")
    assert judged(found, 2.5).is_ready


def test_a_copy_that_keeps_the_time_of_the_original_was_written_now(tmp_path: Path) -> None:
    found = export(tmp_path / "x", **WHOLE)
    os.utime(tmp_path / "x" / "loans.csv", (1, 1))
    assert not judged(found, 1).is_ready


def test_what_was_written_before_the_clock_was_put_back_is_not_waited_for(tmp_path: Path) -> None:
    assert judged(export(tmp_path / "x", **WHOLE), -7200).is_ready


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"loans": "id\n1\n"}, "schedules is missing"),
        ({"customers": "id\n1\n"}, "loans, schedules are missing"),
        ({**WHOLE, "loans": "id\n1\n2"}, "the last line of loans.csv has no end yet"),
        ({**WHOLE, "loans": ""}, "the last line of loans.csv has no end yet"),
        ({}, "there is no file in it yet"),
    ],
)
def test_what_lacks_something_is_waited_for_and_then_landed_to_be_refused(
    files: dict[str, str], why: str, tmp_path: Path
) -> None:
    found = export(tmp_path / "x", **files)
    assert judged(found) == Readiness(is_ready=False, why=why)
    assert judged(found, 899).is_ready is False
    assert judged(found, 901).is_ready is bool(files)


def test_half_an_archive_is_waited_for(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.zip", tmp_path / "half.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("loans.csv", "id\n" * 1000)
    half.write_bytes(whole.read_bytes()[:-10])
    assert judged((whole,)).is_ready
    assert judged((half,)).why == "half.zip has no end yet"


@pytest.mark.parametrize("name", ["loans.csv.part", "loans.csv.filepart", "x.crdownload", "a.csv~"])
def test_a_name_that_says_that_it_is_not_finished_is_believed(name: str, tmp_path: Path) -> None:
    found = export(tmp_path / "x", **WHOLE)
    (tmp_path / "x" / name).write_text("id\n1\n")
    assert judged(found).why == f"{name} is still being written"
    # Loose in the inbox it is no part of any export.
    (tmp_path / name).write_text("id\n")
    assert arrivals(tmp_path) == [(tmp_path / "x",)]


def test_what_is_gone_while_it_is_looked_at_is_not_ready(tmp_path: Path) -> None:
    found = judged((tmp_path / "gone.csv",))
    assert not found.is_ready


def test_an_export_is_named_by_what_lies_there(tmp_path: Path) -> None:
    found = export(tmp_path / "x", **WHOLE)
    first = signature(found)
    assert signature(found) == first
    other = export(tmp_path / "y", **WHOLE)
    assert signature(other) != first
    (tmp_path / "x" / "loans.csv").write_text("id\n2\n")
    assert signature(found) != first
