"""The pointer follows what was committed; what never was is removed, and nothing is taken back."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fintech_factory.pipeline.repair import is_behind, repair
from fintech_factory.state.runs import RunRow, add
from fintech_factory.state.store import State
from fintech_factory.warehouse.protocol import RunRecord
from fintech_factory.warehouse.versions import VersionFolder

DAY = date(2025, 6, 30)
AT = datetime(2025, 7, 1, 12, tzinfo=UTC)
Commit = Callable[..., None]


def record(number: int, hour: int | None = None) -> RunRecord:
    finished_at = AT.replace(hour=number if hour is None else hour)
    return RunRecord(f"run-{number}", "", (DAY,), DAY, DAY, ("b1",), finished_at)


@pytest.fixture
def folder(tmp_path: Path) -> VersionFolder:
    made = VersionFolder(tmp_path / "warehouse")
    made.folder.mkdir(parents=True)
    return made


@pytest.fixture
def commit(state: State, folder: VersionFolder) -> Commit:
    """Commit run `number`, its file whole; a blocked one has none."""

    def committed(number: int, status: str = "published") -> None:
        version = f"run-{number}" if status == "published" else ""
        held = json.loads(json.dumps(asdict(record(number)), default=str))
        row = RunRow(f"run-{number}", status, version, held, "b1", DAY, AT, AT)
        with state.transaction() as connection:
            add(connection, row)
        if version:
            folder.path_of(version).touch()

    return committed


def pointed(folder: VersionFolder) -> str | None:
    current = folder.current()
    return current.name if current else None


def test_the_pointer_moves_to_the_newest_committed_run(
    state: State, folder: VersionFolder, commit: Commit
) -> None:
    commit(1)
    folder.point_to("run-1", record(1))
    commit(2)
    assert is_behind(folder.current(), state)
    repair(folder, state)
    assert pointed(folder) == "run-2"
    assert folder.current().run == record(2)  # type: ignore[union-attr]
    assert not is_behind(folder.current(), state)


def test_a_blocked_run_is_nothing_to_point_to(
    state: State, folder: VersionFolder, commit: Commit
) -> None:
    commit(1)
    folder.point_to("run-1", record(1))
    commit(2, "blocked")
    assert not is_behind(folder.current(), state)
    repair(folder, state)
    assert pointed(folder) == "run-1"


def test_a_committed_run_whose_file_is_gone_is_passed_over(
    state: State, folder: VersionFolder, commit: Commit
) -> None:
    commit(1)
    commit(2)
    folder.path_of("run-2").unlink()
    repair(folder, state)
    assert pointed(folder) == "run-1"


def test_a_later_file_that_was_never_committed_is_removed_and_an_older_stays(
    state: State, folder: VersionFolder, commit: Commit
) -> None:
    folder.path_of("run-0").touch()
    commit(1)
    folder.point_to("run-1", record(1))
    folder.path_of("run-2").touch()
    repair(folder, state)
    assert folder.names() == ["run-0", "run-1"]


def test_without_a_pointer_and_without_a_run_nothing_is_removed(
    state: State, folder: VersionFolder
) -> None:
    folder.path_of("run-1").touch()
    repair(folder, state)
    assert (pointed(folder), folder.names()) == (None, ["run-1"])


@pytest.mark.parametrize("hour", [1, 5])
def test_a_version_that_the_database_does_not_know_gives_way_to_a_later_one_only(
    state: State, folder: VersionFolder, commit: Commit, hour: int
) -> None:
    """Run 3 ended at three o'clock; the pointer's, which no row tells of, at one or at five."""
    folder.path_of("run-9").touch()
    folder.point_to("run-9", record(9, hour))
    commit(3)
    repair(folder, state)
    assert pointed(folder) == ("run-3" if hour < 3 else "run-9")
    assert "run-9" in folder.names() or hour < 3


def test_a_pointer_that_cannot_be_read_is_written_again(
    state: State, folder: VersionFolder, commit: Commit
) -> None:
    commit(1)
    (folder.root / "CURRENT").write_text("{")
    repair(folder, state)
    assert pointed(folder) == "run-1"
