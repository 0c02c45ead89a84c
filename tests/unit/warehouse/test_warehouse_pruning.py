"""Old versions go, but never the one in force or one that somebody reads."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.protocol import Materialised, RunRecord, Version
from fintech_factory.warehouse.versions import VersionFolder

OPEN = """
import sys
from pathlib import Path
from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse
warehouse = DuckDBWarehouse(Path(sys.argv[1]), DuckDBLimits(threads=1))
with warehouse.open(warehouse.current()) as reader:
    print("open", flush=True)
    sys.stdin.read()
    print(reader.query("SELECT n FROM a"))
"""
RUN = RunRecord(
    run_id="run",
    inputs="abc",
    as_ofs=(date(2025, 12, 31),),
    first_day=date(2025, 1, 1),
    data_through=date(2025, 12, 31),
    batch_ids=(),
    finished_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path, DuckDBLimits(threads=1, keep_versions=2))


def publish(warehouse: DuckDBWarehouse, *numbers: int) -> Version:
    for number in numbers:
        build = warehouse.build(f"run-{number}")
        build.create("a", f"SELECT {number} AS n", Materialised.TABLE)
        version = build.publish(RUN)
    return version


@contextmanager
def reading(warehouse: DuckDBWarehouse) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the current version open until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, str(warehouse.versions.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        yield other


def test_only_the_newest_versions_are_kept(warehouse: DuckDBWarehouse) -> None:
    publish(warehouse, 1, 2, 3, 4)
    assert warehouse.versions.names() == ["run-3", "run-4"]


def test_a_version_that_another_process_reads_is_kept(warehouse: DuckDBWarehouse) -> None:
    publish(warehouse, 1)
    with reading(warehouse) as other:
        publish(warehouse, 2, 3, 4)
        assert warehouse.versions.names() == ["run-1", "run-3", "run-4"]
        said, _ = other.communicate("", 20)
    assert said == "[(1,)]\n"
    publish(warehouse, 5)
    assert warehouse.versions.names() == ["run-4", "run-5"]


def test_a_version_that_this_process_reads_is_kept(warehouse: DuckDBWarehouse) -> None:
    with warehouse.open(publish(warehouse, 1)) as reader:
        publish(warehouse, 2, 3)
        assert reader.query("SELECT n FROM a") == [(1,)]
        assert "run-1" in warehouse.versions.names()


def test_the_version_in_force_is_kept_even_if_it_is_an_old_one(tmp_path: Path) -> None:
    """After a rollback the pointer names an older version than the newest."""
    folder = VersionFolder(tmp_path)
    folder.folder.mkdir()
    for name in ("run-1", "run-2", "run-3"):
        folder.path_of(name).touch()
    folder.point_to("run-1", RUN)
    assert folder.prune(1, lambda _: False) == ["run-2"]
    assert folder.names() == ["run-1", "run-3"]


def test_a_version_that_may_be_read_is_kept(tmp_path: Path) -> None:
    folder = VersionFolder(tmp_path)
    folder.folder.mkdir()
    for name in ("run-1", "run-2", "run-3"):
        folder.path_of(name).touch()
    assert folder.prune(1, lambda path: path.stem == "run-1") == ["run-2"]
