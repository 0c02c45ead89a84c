"""Questions that a user defines run read-only, within their memory and time, and exact."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.errors import LimitExceeded, WarehouseError
from fintech_factory.warehouse.duckdb import DuckDBBuild, DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.limited import decode, encode


def a_build(folder: Path, **limits: int) -> DuckDBBuild:
    build = DuckDBWarehouse(folder, DuckDBLimits(threads=1, **limits)).build("run-1")
    build.load("loan", {"balance": "DECIMAL(18, 6)", "on_day": "DATE"}, [("1.5", "2025-01-31")])
    return build


@pytest.fixture
def build(tmp_path: Path) -> Iterator[DuckDBBuild]:
    build = a_build(tmp_path, query_memory_mb=1000, query_timeout_s=60)
    yield build
    build.discard()


def test_decimals_dates_texts_and_counts_come_back_as_they_are(build: DuckDBBuild) -> None:
    rows = build.evaluate(
        "SELECT SUM(balance), MAX(on_day), COUNT(*), 'María', NULL, TRUE FROM loan"
        " WHERE on_day <= ?",
        [date(2025, 1, 31)],
    )
    assert rows == [(Decimal("1.5"), date(2025, 1, 31), 1, "María", None, True)]


def test_decimal_parameters_arrive_exactly(build: DuckDBBuild) -> None:
    assert build.evaluate("SELECT balance = ? FROM loan", [Decimal("1.5")]) == [(True,)]


def test_several_questions_are_answered_apart_and_in_order(build: DuckDBBuild) -> None:
    answers = build.evaluate_all(
        [
            ("SELECT 2 UNION ALL SELECT 2", []),
            ("SELECT 1 WHERE FALSE", []),
            ("SELECT balance, on_day FROM loan WHERE balance > ?", [Decimal(1)]),
        ]
    )
    assert answers == [[(2,), (2,)], [], [(Decimal("1.5"), date(2025, 1, 31))]]
    assert build.evaluate_all([]) == []


def test_one_wrong_question_of_several_answers_none(build: DuckDBBuild) -> None:
    with pytest.raises(WarehouseError, match="nowhere"):
        build.evaluate_all([("SELECT 1", []), ("SELECT * FROM nowhere", [])])


def test_the_build_goes_on_after_a_question(build: DuckDBBuild) -> None:
    build.evaluate("SELECT 1")
    assert build.query("SELECT COUNT(*) FROM loan") == [(1,)]


def test_the_build_goes_on_after_a_question_that_failed(build: DuckDBBuild) -> None:
    with pytest.raises(WarehouseError, match="nowhere"):
        build.evaluate("SELECT * FROM nowhere")
    assert build.query("SELECT COUNT(*) FROM loan") == [(1,)]


def test_a_floating_point_answer_is_refused(build: DuckDBBuild) -> None:
    with pytest.raises(WarehouseError, match="floating-point"):
        build.evaluate("SELECT balance / 3 FROM loan")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('{folder}/*')",
        "COPY loan TO '{folder}/stolen.csv'",
        "ATTACH '{folder}/other.duckdb' AS other",
        "INSTALL httpfs",
    ],
)
def test_a_question_reaches_no_file(build: DuckDBBuild, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\nhush,1\n")
    with pytest.raises(WarehouseError) as error:
        build.evaluate(sql.format(secret=secret, folder=tmp_path))
    assert "hush" not in str(error.value)
    assert not (tmp_path / "stolen.csv").exists()
    assert not (tmp_path / "other.duckdb").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE loan",
        "DELETE FROM loan",
        "CREATE TABLE mine AS SELECT 1 AS n",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
    ],
)
def test_a_question_changes_nothing(build: DuckDBBuild, sql: str) -> None:
    with pytest.raises(WarehouseError):
        build.evaluate(sql)
    assert build.query("SELECT COUNT(*) FROM loan") == [(1,)]


def test_a_question_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    build = a_build(tmp_path, query_timeout_s=1)
    with pytest.raises(LimitExceeded, match="longer than 1 s") as error:
        build.evaluate("SELECT SUM(a.range * b.range) FROM range(9000000) a, range(9000000) b")
    assert "query_timeout_s" in error.value.hint
    assert build.query("SELECT COUNT(*) FROM loan") == [(1,)]
    build.discard()


def test_a_question_that_needs_too_much_memory_is_stopped(tmp_path: Path) -> None:
    build = a_build(tmp_path, query_memory_mb=64, query_timeout_s=60)
    with pytest.raises(LimitExceeded, match="more than 64 MB") as error:
        build.evaluate(
            "SELECT COUNT(*) FROM (SELECT DISTINCT range, range * 7 FROM range(60000000))"
        )
    assert "query_memory" in error.value.hint
    build.discard()


def test_a_text_that_outgrows_the_engines_own_limit_is_stopped_as_well(tmp_path: Path) -> None:
    """DuckDB's limit bounds its buffers, not a string; the operating system's holds."""
    build = a_build(tmp_path, query_memory_mb=64, query_timeout_s=60)
    with pytest.raises(LimitExceeded, match="more than 64 MB"):
        build.evaluate("SELECT LENGTH(REPEAT(REPEAT('x', 1000000), 3600))")
    build.discard()


@pytest.mark.parametrize(
    "value", [Decimal("1.500000"), date(2024, 2, 29), "text", 7, None, True, Decimal("-1E-9")]
)
def test_a_cell_survives_the_way_to_the_child_and_back(value: object) -> None:
    assert decode(encode(value)) == value


def test_a_float_is_no_cell() -> None:
    with pytest.raises(TypeError, match="floating-point"):
        encode(0.1)
