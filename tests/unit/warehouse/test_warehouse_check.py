"""`factory warehouse check` reads every block, not only what the file says of itself."""

from pathlib import Path

from fintech_factory.warehouse.duckdb import DuckDBBuild, DuckDBLimits, DuckDBReader
from fintech_factory.warehouse.duckdb import _unreadable as unreadable
from fintech_factory.warehouse.versions import VersionFolder


def written(tmp_path: Path) -> Path:
    build = DuckDBBuild(VersionFolder(tmp_path), "v", DuckDBLimits())
    build.load("number", {"n": "BIGINT"}, [(1,)])
    build.query("INSERT INTO number SELECT HASH(i) % 1000000007 FROM range(2000000) AS t(i)")
    build.close()
    return build.path


def opened(path: Path) -> DuckDBReader:
    import duckdb

    return DuckDBReader(duckdb.connect(str(path), read_only=True))


def test_a_sound_table_is_no_finding(tmp_path: Path) -> None:
    with opened(written(tmp_path)) as reader:
        assert unreadable(reader, "number") == []


def test_an_overwritten_block_is_found(tmp_path: Path) -> None:
    path = written(tmp_path)
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.seek(size // 2)
        stream.write(b"\xff" * 300_000)
    with opened(path) as reader:
        assert [finding.code for finding in unreadable(reader, "number")] == ["table_unreadable"]
