"""Readings kept in a version's table come back as they were."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fintech_factory.kpi_engine import Check, Reading, Status
from fintech_factory.pipeline.reading_table import history, readings_at, store
from fintech_factory.values import LimitState, Unit
from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.protocol import RunRecord, Version

NOVEMBER, DECEMBER = date(2025, 11, 30), date(2025, 12, 31)
THIRD = Decimal("33.33333333333333333333333333333333")
READING = Reading(
    kpi="par_90",
    definition_version=2,
    as_of=DECEMBER,
    data_through=date(2025, 12, 10),
    unit=Unit.PERCENT,
    value=THIRD,
    raw_value=THIRD,
    part=Decimal("1.000000"),
    whole=Decimal("3.000000"),
    limit_state=LimitState.EXECUTIVE,
    partial=True,
    run_id="run-2",
    batch_ids=("cascade-20251210-0123456789ab", "settings-1"),
    check=Check.MATCHED,
)
RUN = RunRecord("run", "abc", (), NOVEMBER, DECEMBER, (), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(tmp_path, DuckDBLimits(threads=1))


def publish(
    warehouse: DuckDBWarehouse, *readings: Reading, before: Version | None = None
) -> Version:
    build = warehouse.build(f"run-{len(warehouse.versions.names())}")
    store(build, readings, before)
    return build.publish(RUN)


def test_a_reading_comes_back_to_the_last_digit(warehouse: DuckDBWarehouse) -> None:
    with warehouse.open(publish(warehouse, READING)) as reader:
        assert readings_at(reader, DECEMBER) == {"par_90": READING}


def test_a_reading_without_a_figure_comes_back_without_one(warehouse: DuckDBWarehouse) -> None:
    silent = replace(
        READING,
        status=Status.UNAVAILABLE,
        reason="the book begins on 2026-01-01",
        value=None,
        raw_value=None,
        part=None,
        whole=None,
        limit_state=None,
    )
    with warehouse.open(publish(warehouse, silent)) as reader:
        assert readings_at(reader, DECEMBER) == {"par_90": silent}


def test_readings_of_a_date_are_the_whole_books(warehouse: DuckDBWarehouse) -> None:
    of_entity = replace(READING, dimension="entity", member="North")
    with warehouse.open(publish(warehouse, of_entity, READING)) as reader:
        assert readings_at(reader, DECEMBER) == {"par_90": READING}
        assert readings_at(reader, NOVEMBER) == {}


def test_a_history_is_one_kpis_oldest_first(warehouse: DuckDBWarehouse) -> None:
    older, other = replace(READING, as_of=NOVEMBER), replace(READING, kpi="par_30")
    with warehouse.open(publish(warehouse, READING, other, older)) as reader:
        assert history(reader, "par_90") == [older, READING]


def test_a_history_may_be_of_one_part_of_the_book(warehouse: DuckDBWarehouse) -> None:
    north, south = (
        replace(READING, dimension="entity", member=name) for name in ("North", "South")
    )
    with warehouse.open(publish(warehouse, READING, north, south)) as reader:
        assert history(reader, "par_90", "entity", "North") == [north]


def test_readings_of_dates_that_were_not_read_again_are_carried_over_as_they_were(
    warehouse: DuckDBWarehouse,
) -> None:
    """A18: what was known then keeps its run and its batches."""
    old = replace(READING, as_of=NOVEMBER, run_id="run-1", batch_ids=("cascade-1",))
    before = publish(warehouse, old, replace(READING, run_id="run-1", value=Decimal(5)))
    after = publish(warehouse, READING, before=before)
    with warehouse.open(after) as reader:
        assert history(reader, "par_90") == [old, READING]


def test_a_kpi_that_is_gone_does_not_come_back_at_a_date_that_was_read_again(
    warehouse: DuckDBWarehouse,
) -> None:
    before = publish(warehouse, READING, replace(READING, kpi="gone"))
    with warehouse.open(publish(warehouse, READING, before=before)) as reader:
        assert history(reader, "gone") == []
