"""Lines come whole into a day's files, whoever writes at once and whatever the disk does."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fintech_factory.telemetry.day_file import DayFiles, Kept, day_files

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_WRITER = """
import sys
from pathlib import Path
from fintech_factory.telemetry.day_file import DayFiles, Kept
files = DayFiles(Path(sys.argv[1]), Kept(in_one=200_000))
sys.stdin.readline()
for number in range(1_000):
    assert files.append('{"by":"%s","number":%d,"said":"%s"}' % (sys.argv[2], number, "x" * 800), 0)
"""


def at(moment: datetime) -> float:
    return moment.timestamp()


def names(folder: Path) -> list[str]:
    return [each.path.name for each in day_files(folder)]


def test_each_day_of_utc_has_a_file_of_its_own(tmp_path: Path) -> None:
    files = DayFiles(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()
    assert files.append("a", at(NOON))
    assert files.append("b", at(NOON.replace(hour=23, minute=59)))
    assert files.append("c", at(NOON + timedelta(hours=12)))
    files.close()
    assert names(tmp_path / "logs") == ["factory-2026-03-01.jsonl", "factory-2026-03-02.jsonl"]
    assert (tmp_path / "logs" / "factory-2026-03-01.jsonl").read_text() == "a\nb\n"


def test_a_full_file_is_followed_by_the_next_of_its_day(tmp_path: Path) -> None:
    files = DayFiles(tmp_path, Kept(in_one=10))
    for line in ("123456789", "b", "c"):
        files.append(line, at(NOON))
    assert names(tmp_path) == ["factory-2026-03-01.jsonl", "factory-2026-03-01.2.jsonl"]
    # A process that comes later goes on in the last one.
    DayFiles(tmp_path, Kept(in_one=10)).append("d", at(NOON))
    assert (tmp_path / "factory-2026-03-01.2.jsonl").read_text() == "b\nc\nd\n"


def test_the_tenth_file_of_a_day_comes_after_its_second(tmp_path: Path) -> None:
    for number in ("", ".10", ".2"):
        (tmp_path / f"factory-2026-03-01{number}.jsonl").write_text("x")
    assert [each.part for each in day_files(tmp_path)] == [1, 2, 10]


def test_what_is_thirty_days_old_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    for day in ("2026-01-30", "2026-01-31", "2026-02-01"):
        (tmp_path / f"factory-{day}.jsonl").write_text("x\n")
    for other in ("factory-2026-99-99.jsonl", "factory-notes.jsonl", "other.log"):
        (tmp_path / other).write_text("x\n")
    DayFiles(tmp_path).append("a", at(NOON))
    assert names(tmp_path) == [
        "factory-2026-01-31.jsonl",
        "factory-2026-02-01.jsonl",
        "factory-2026-03-01.jsonl",
    ]
    assert len(list(tmp_path.iterdir())) == 6


def test_what_is_too_much_is_removed_the_oldest_first(tmp_path: Path) -> None:
    for day in ("26", "27", "28"):
        (tmp_path / f"factory-2026-02-{day}.jsonl").write_bytes(b"x" * 40)
    DayFiles(tmp_path, Kept(in_one=20, in_all=100)).append("a", at(NOON))
    assert names(tmp_path) == [
        "factory-2026-02-27.jsonl",
        "factory-2026-02-28.jsonl",
        "factory-2026-03-01.jsonl",
    ]


def test_a_file_that_somebody_took_away_is_made_anew(tmp_path: Path) -> None:
    files = DayFiles(tmp_path)
    files.append("a", at(NOON))
    (tmp_path / "factory-2026-03-01.jsonl").rename(tmp_path / "shipped")
    (tmp_path / "shipped").unlink()
    files.append("b", at(NOON))
    assert (tmp_path / "factory-2026-03-01.jsonl").read_text() == "b\n"


def test_two_processes_that_write_at_once_leave_whole_lines_and_all_of_them(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path)]
    both = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, text=True) for name in ("a", "b")
    ]
    for each in both:
        each.communicate("go\n", timeout=60)
        assert each.returncode == 0
    found = [
        json.loads(line)
        for each in day_files(tmp_path)
        for line in each.path.read_text().splitlines()
    ]
    assert sorted((each["by"], each["number"]) for each in found) == [
        (name, number) for name in ("a", "b") for number in range(1_000)
    ]
    assert len(day_files(tmp_path)) > 4


def test_a_folder_that_cannot_be_written_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("no folder")
    files = DayFiles(tmp_path / "logs")
    assert not files.append("a", at(NOON))
    assert not files.append("b", at(NOON))
    assert files.lost == 2
    (tmp_path / "logs").unlink()
    assert files.append("c", at(NOON))


def test_half_a_line_does_not_swallow_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = DayFiles(tmp_path)
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:3]))
    assert not files.append("abcdef", at(NOON))
    monkeypatch.setattr(os, "write", real)
    assert files.append("next", at(NOON))
    assert (files.lost, (tmp_path / "factory-2026-03-01.jsonl").read_text()) == (1, "abc\nnext\n")
