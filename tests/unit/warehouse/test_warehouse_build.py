"""Making a version: small tables, raw files, rows carried over, streams."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.errors import LimitExceeded, ModelError
from fintech_factory.warehouse.duckdb import DuckDBBuild, DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.protocol import Materialised, RunRecord

RUN = RunRecord("run", "abc", (), date(2025, 1, 1), date(2025, 1, 1), (), datetime.now(UTC))
READINGS = {"kpi": "VARCHAR", "as_of": "DATE"}


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path / "it's a warehouse", DuckDBLimits(threads=1))


@pytest.fixture
def build(warehouse: DuckDBWarehouse) -> Iterator[DuckDBBuild]:
    build = warehouse.build("run-1")
    yield build
    build.discard()


def test_a_small_table_keeps_every_value_as_it_is(build: DuckDBBuild) -> None:
    columns = {"a": "DECIMAL(18, 6)", "b": "DATE", "c": "VARCHAR", "d": "BOOLEAN", "e": "BIGINT"}
    rows = [
        (Decimal("123456789012.345678"), date(2024, 2, 29), 'it\'s, "so"\n', True, 2**62),
        (Decimal("-0.000001"), None, "", False, None),
    ]
    build.load("small", columns, rows)
    assert build.query("SELECT * FROM small ORDER BY a DESC") == rows


def test_a_table_of_no_rows_still_has_its_columns(build: DuckDBBuild) -> None:
    build.load("small", {"a": "DATE"}, [])
    assert build.query("SELECT a FROM small") == []


def test_raw_files_are_read_under_their_tables_name(build: DuckDBBuild, tmp_path: Path) -> None:
    path = tmp_path / "loan's.parquet"
    build.query(f"COPY (SELECT 7 AS n) TO '{str(path).replace(chr(39), chr(39) * 2)}'")
    build.attach_raw("loans", path)
    assert build.query("SELECT n FROM raw_loans") == [(7,)]


def test_streams_can_be_read_side_by_side(build: DuckDBBuild) -> None:
    build.create("many", "SELECT range AS n FROM range(50000)", Materialised.TABLE)
    first, second = build.stream("SELECT n FROM many"), build.stream("SELECT -n FROM many")
    pairs = [(a + b) for (a,), (b,) in zip(first, second, strict=True)]
    assert (len(pairs), sum(pairs)) == (50000, 0)


def test_rows_of_an_older_version_are_carried_over_where_asked(
    warehouse: DuckDBWarehouse, build: DuckDBBuild
) -> None:
    old = [("par_90", date(2025, 11, 30)), ("par_90", date(2025, 12, 31))]
    build.load("reading", READINGS, old)
    before = build.publish(RUN)
    fresh = warehouse.build("run-2")
    fresh.load("reading", READINGS, [("par_30", date(2025, 12, 31))])
    fresh.carry_over("reading", before, "as_of NOT IN (SELECT as_of FROM main.reading)")
    assert fresh.query("SELECT * FROM reading ORDER BY as_of") == [
        ("par_90", date(2025, 11, 30)),
        ("par_30", date(2025, 12, 31)),
    ]
    fresh.discard()


def test_rows_are_carried_over_by_name_not_by_place(
    warehouse: DuckDBWarehouse, build: DuckDBBuild
) -> None:
    build.load("reading", READINGS, [("par_90", date(2025, 11, 30))])
    before = build.publish(RUN)
    fresh = warehouse.build("run-2")
    fresh.load("reading", {"as_of": "DATE", "added": "BIGINT", "kpi": "VARCHAR"}, [])
    fresh.carry_over("reading", before, "TRUE")
    assert fresh.query("SELECT * FROM reading") == [(date(2025, 11, 30), None, "par_90")]
    fresh.discard()


def test_a_model_that_does_not_run_says_why_and_where(build: DuckDBBuild) -> None:
    with pytest.raises(ModelError, match="nowhere") as error:
        build.create("a", "SELECT * FROM nowhere", Materialised.TABLE)
    assert (error.value.where, error.value.hint) == ("model a", "see sql/models")


def test_a_model_beyond_the_memory_limit_says_which_and_what_to_raise(tmp_path: Path) -> None:
    build = DuckDBWarehouse(tmp_path, DuckDBLimits(memory_mb=24, threads=1)).build("run-1")
    sql = "SELECT list(range) AS everything FROM range(20000000)"
    with pytest.raises(LimitExceeded, match="more than 24 MB") as error:
        build.create("hungry", sql, Materialised.TABLE)
    build.discard()
    assert error.value.where == "model hungry"
    assert "warehouse.memory_limit" in error.value.hint


def test_a_table_that_cannot_be_read_is_a_finding(
    warehouse: DuckDBWarehouse, build: DuckDBBuild, tmp_path: Path
) -> None:
    """A view of a file that has gone stands for any table that the engine cannot read."""
    build.load("fine", {"n": "BIGINT"}, [(1,)])
    build.query(f"COPY (SELECT 1 AS n) TO '{tmp_path / 'gone.parquet'}'")
    build.query(f"CREATE VIEW broken AS SELECT n FROM read_parquet('{tmp_path / 'gone.parquet'}')")
    build.publish(RUN)
    assert warehouse.check() == []
    (tmp_path / "gone.parquet").unlink()
    (finding,) = warehouse.check()
    assert (finding.code, finding.where) == ("table_unreadable", "broken")
    assert "gone.parquet" in finding.message


def test_an_empty_warehouse_has_nothing_wrong_with_it(warehouse: DuckDBWarehouse) -> None:
    assert warehouse.check() == []


def test_a_build_does_not_wait_for_the_disk_at_every_model(build: DuckDBBuild) -> None:
    """Nobody reads it before `publish` syncs the whole file; that order is tested there."""
    assert build.query("SELECT current_setting('fsync_mode')") == [("NONE",)]


def test_landed_rows_are_sorted_beside_the_build_without_its_room(
    build: DuckDBBuild, tmp_path: Path
) -> None:
    """Two engines that spill into one folder would write over each other's files."""
    path = tmp_path / "loans.parquet"
    build.query(f"COPY (SELECT 7 AS n) TO '{path}'")
    build.attach_raw("loans", path)
    asked = "SELECT current_setting('temp_directory')"
    with build.landed().open() as landed:
        assert landed.query("SELECT n FROM raw_loans") == [(7,)]
        assert landed.query(asked) != build.query(asked)
