"""A version is published whole or not at all, and readers see only whole ones."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fintech_factory.errors import WarehouseError
from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.protocol import Materialised, RunRecord, Version

DAY = date(2025, 12, 31)
# Reads `CURRENT` and the version it names, over and over, until its input ends. Each version n
# holds two tables of n rows that all say n: anything else is torn.
READ = """
import json, select, sys
from pathlib import Path
from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse
warehouse = DuckDBWarehouse(Path(sys.argv[1]), DuckDBLimits(threads=1))
seen, reads = set(), 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    version = warehouse.current()
    try:
        reader = warehouse.open(version)
    except Exception:
        # Pruned between the pointer and the open; a reader looks again.
        if warehouse.current().name == version.name:
            raise
        continue
    with reader:
        a = reader.query("SELECT COUNT(*), MIN(n), MAX(n) FROM first_table")
        b = reader.query("SELECT COUNT(*), MIN(n), MAX(n) FROM last_table")
    number = int(version.name.removeprefix("run-"))
    assert a == b == [(number, number, number)], (version.name, a, b)
    seen.add(number)
    reads += 1
print(json.dumps([sorted(seen), reads]))
"""
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_warehouse_publish import publish, record
from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.versions import VersionFolder
if sys.argv[3] == "before the pointer":
    VersionFolder.point_to = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
else:
    Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
publish(DuckDBWarehouse(Path(sys.argv[1]), DuckDBLimits(threads=1)), 2)
"""


def record(run_id: str) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        inputs="abc",
        as_ofs=(date(2025, 11, 30), DAY),
        first_day=date(2025, 1, 1),
        data_through=DAY,
        batch_ids=("cascade-20251231-0123456789ab",),
        finished_at=datetime(2026, 1, 1, 3, 0, 5, tzinfo=UTC),
    )


def publish(warehouse: DuckDBWarehouse, number: int) -> Version:
    """Publish version `number`: two tables of as many rows."""
    name = f"run-{number:03}"
    build = warehouse.build(name)
    for table in ("first_table", "last_table"):
        sql = f"SELECT {number} AS n FROM range({number})"
        build.create(table, sql, Materialised.TABLE)
    return build.publish(record(name))


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path / "warehouse", DuckDBLimits(threads=1, keep_versions=3))


def rows_of(warehouse: DuckDBWarehouse) -> int:
    version = warehouse.current()
    assert version is not None
    with warehouse.open(version) as reader:
        return len(reader.query("SELECT n FROM first_table"))


def test_before_the_first_run_nothing_is_published(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.current() is None


def test_a_published_version_is_the_current_one_with_all_it_says_of_its_run(
    warehouse: DuckDBWarehouse,
) -> None:
    publish(warehouse, 1)
    version = warehouse.current()
    assert version is not None
    assert (version.name, version.run) == ("run-001", record("run-001"))


def test_a_build_is_invisible_until_it_is_published(warehouse: DuckDBWarehouse) -> None:
    publish(warehouse, 1)
    build = warehouse.build("run-002")
    build.create("first_table", "SELECT 2 AS n", Materialised.TABLE)
    assert rows_of(warehouse) == 1
    assert warehouse.versions.names() == ["run-001"]
    build.discard()


def test_a_discarded_build_leaves_nothing(warehouse: DuckDBWarehouse) -> None:
    publish(warehouse, 1)
    build = warehouse.build("run-002")
    build.create("first_table", "SELECT 2 AS n FROM range(100000)", Materialised.TABLE)
    build.discard()
    assert [path.name for path in warehouse.versions.folder.iterdir()] == ["run-001.duckdb"]


def test_a_reader_keeps_the_version_it_opened(warehouse: DuckDBWarehouse) -> None:
    with warehouse.open(publish(warehouse, 1)) as reader:
        publish(warehouse, 2)
        assert reader.query("SELECT COUNT(*) FROM first_table") == [(1,)]
    assert rows_of(warehouse) == 2


def test_raw_files_are_not_part_of_a_version(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    build = warehouse.build("run-001")
    build.query(f"COPY (SELECT 1 AS n) TO '{tmp_path / 'loans.parquet'}'")
    build.attach_raw("loans", tmp_path / "loans.parquet")
    build.create("first_table", "SELECT n FROM raw_loans", Materialised.TABLE)
    build.publish(record("run-001"))
    (tmp_path / "loans.parquet").unlink()
    assert rows_of(warehouse) == 1
    assert warehouse.check() == []


def test_stages_and_temporary_tables_are_not_part_of_a_version(
    warehouse: DuckDBWarehouse,
) -> None:
    build = warehouse.build("run-001")
    build.create("a", "SELECT 1 AS n", Materialised.STAGE)
    build.create("b", "SELECT n FROM a", Materialised.TEMPORARY)
    build.create("first_table", "SELECT n FROM b", Materialised.TABLE)
    build.create("c", "SELECT n FROM first_table", Materialised.VIEW)
    with warehouse.open(build.publish(record("run-001"))) as reader:
        tables = reader.query("SELECT table_name FROM information_schema.tables ORDER BY ALL")
    assert tables == [("c",), ("first_table",)]


def test_readers_in_another_process_see_only_whole_versions_while_many_are_published(
    warehouse: DuckDBWarehouse,
) -> None:
    publish(warehouse, 1)
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(warehouse.versions.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "ready\n"
        for number in range(2, 26):
            publish(warehouse, number)
        other.stdin.close()
        seen, reads = json.loads(other.stdout.read())
    assert other.returncode == 0
    assert len(seen) > 3
    assert reads > 10


@pytest.mark.parametrize("moment", ["before the rename", "before the pointer"])
def test_a_run_killed_before_the_pointer_moves_leaves_the_old_version_live(
    warehouse: DuckDBWarehouse, moment: str
) -> None:
    publish(warehouse, 1)
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED,
            str(warehouse.versions.root),
            str(Path(__file__).parent),
            moment,
        ],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert rows_of(warehouse) == 1
    publish(warehouse, 3)
    assert rows_of(warehouse) == 3
    assert list(warehouse.versions.folder.glob(".*")) == []


def test_what_a_killed_run_left_is_a_finding_until_the_next_run(
    warehouse: DuckDBWarehouse,
) -> None:
    publish(warehouse, 1)
    leftover = warehouse.versions.folder / ".run-002.duckdb"
    leftover.write_bytes(b"half")
    leftover.with_name(".run-002.duckdb.wal").write_bytes(b"half")
    (finding,) = warehouse.check()
    assert (finding.code, finding.where) == ("abandoned_build", str(leftover))
    warehouse.build("run-003").discard()
    assert warehouse.check() == []
    assert list(warehouse.versions.folder.glob(".*")) == []


def test_the_version_is_on_disk_before_the_pointer_names_it(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut at any moment finds the old version, or the new one whole."""
    happened: list[str] = []
    fsync, rename, replace = os.fsync, Path.rename, Path.replace

    def named(path: str) -> str:
        name = Path(path).name
        return "pointer" if "CURRENT" in name else name.removeprefix(".")

    def note_sync(descriptor: int) -> None:
        happened.append(f"sync {named(str(Path(f'/proc/self/fd/{descriptor}').readlink()))}")
        fsync(descriptor)

    def note_rename(self: Path, target: Path) -> Path:
        happened.append(f"rename {named(str(target))}")
        return rename(self, target)

    def note_replace(self: Path, target: Path) -> Path:
        happened.append(f"replace {named(str(target))}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    monkeypatch.setattr(Path, "replace", note_replace)
    publish(warehouse, 1)
    assert happened == [
        "sync run-001.duckdb",
        "rename run-001.duckdb",
        "sync versions",
        "sync pointer",
        "replace pointer",
        "sync warehouse",
    ]


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '"run-001"', '{"version": "run-001"}', '{"version": 7}']
)
def test_a_damaged_pointer_is_named_with_the_way_out(
    warehouse: DuckDBWarehouse, damage: str
) -> None:
    publish(warehouse, 1)
    pointer = warehouse.versions.root / "CURRENT"
    pointer.write_text(damage)
    with pytest.raises(WarehouseError, match="pointer to the published version") as error:
        warehouse.current()
    assert error.value.where == str(pointer)
    assert "factory run" in error.value.hint


def test_a_pointer_to_a_file_that_is_gone_is_named(warehouse: DuckDBWarehouse) -> None:
    publish(warehouse, 1).path.unlink()
    with pytest.raises(WarehouseError, match="run-001 is missing") as error:
        warehouse.current()
    assert error.value.where.endswith("run-001.duckdb")


def test_a_version_that_cannot_be_opened_is_named(warehouse: DuckDBWarehouse) -> None:
    version = publish(warehouse, 1)
    version.path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(WarehouseError, match="run-001 cannot be opened"):
        warehouse.open(version)
