"""Readings as rows of a published version's table `reading`."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from fintech_factory.kpi_engine.readings import Check, Reading, Status
from fintech_factory.values import LimitState, Unit
from fintech_factory.warehouse.protocol import Build, Reader, Row, Version

__all__ = [
    "all_readings",
    "every_reading_at",
    "history",
    "last_before",
    "published_series",
    "readings_at",
    "store",
]

# Figures are unrounded to 34 digits: text keeps them all, which no DECIMAL does.
_COLUMNS: Mapping[str, str] = {
    "kpi": "VARCHAR",
    "definition_version": "BIGINT",
    "as_of": "DATE",
    "data_through": "DATE",
    "unit": "VARCHAR",
    "dimension": "VARCHAR",
    "member": "VARCHAR",
    "status": "VARCHAR",
    "reason": "VARCHAR",
    "value": "VARCHAR",
    "raw_value": "VARCHAR",
    "part": "VARCHAR",
    "whole": "VARCHAR",
    "limit_state": "VARCHAR",
    "partial": "BOOLEAN",
    "run_id": "VARCHAR",
    "batch_ids": "VARCHAR",
    "verdict": "VARCHAR",
}
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM reading "  # noqa: S608 - our own column names


def store(build: Build, readings: Sequence[Reading], before: Version | None) -> None:
    """Write a run's readings, and carry over those of as-of dates that it did not read.

    A reading that is carried over keeps its run and batches: what was known then (A18).
    """
    build.load("reading", _COLUMNS, [_row(reading) for reading in readings])
    if before is not None:
        build.carry_over(
            "reading", before, "as_of NOT IN (SELECT DISTINCT as_of FROM main.reading)"
        )


def readings_at(reader: Reader, as_of: date) -> dict[str, Reading]:
    """Give the published readings of the whole book at one date, by KPI."""
    rows = reader.query(_SELECT + "WHERE as_of = ? AND dimension = ''", [as_of])
    return {row[0]: _reading(row) for row in rows}


def every_reading_at(reader: Reader, as_of: date) -> list[Reading]:
    """Give the published readings of one date, of the whole book and of its parts."""
    rows = reader.query(_SELECT + "WHERE as_of = ? ORDER BY dimension, member", [as_of])
    return [_reading(row) for row in rows]


def last_before(reader: Reader, kpi: str, day: date) -> list[Reading]:
    """Give a KPI's readings, groups included, at the last date before a day that has any."""
    rows = reader.query(
        _SELECT + "WHERE kpi = ? AND as_of = "  # noqa: S608 - our own column names
        "(SELECT MAX(as_of) FROM reading WHERE kpi = ? AND as_of < ?)",
        [kpi, kpi, day],
    )
    return [_reading(row) for row in rows]


def published_series(reader: Reader, before: date, since: date) -> dict[str, list[Reading]]:
    """Give the whole book's readings before a date, by KPI, oldest first.

    Days since `since`, and what may be a month-end however long ago: all that drift is judged by.
    """
    rows = reader.query(
        _SELECT + "WHERE dimension = '' AND as_of < ? "
        "AND (as_of >= ? OR EXTRACT(DAY FROM as_of) >= 28) ORDER BY as_of",
        [before, since],
    )
    series: dict[str, list[Reading]] = {}
    for row in rows:
        series.setdefault(row[0], []).append(_reading(row))
    return series


def all_readings(reader: Reader) -> list[Reading]:
    """Give every published reading, of the whole book and of its parts."""
    return [_reading(row) for row in reader.query(_SELECT + "ORDER BY as_of, dimension, member")]


def history(reader: Reader, kpi: str, dimension: str = "", member: str = "") -> list[Reading]:
    """Give all published readings of a KPI for one part of the book, oldest first."""
    rows = reader.query(
        _SELECT + "WHERE kpi = ? AND dimension = ? AND member = ? ORDER BY as_of",
        [kpi, dimension, member],
    )
    return [_reading(row) for row in rows]


def _row(reading: Reading) -> Row:
    return (
        reading.kpi,
        reading.definition_version,
        reading.as_of,
        reading.data_through,
        reading.unit.value,
        reading.dimension,
        reading.member,
        reading.status.value,
        reading.reason,
        reading.value,
        reading.raw_value,
        reading.part,
        reading.whole,
        reading.limit_state.value if reading.limit_state else None,
        reading.partial,
        reading.run_id,
        " ".join(reading.batch_ids),
        reading.check.value,
    )


def _reading(row: Row) -> Reading:
    cells = dict(zip(_COLUMNS, row, strict=True))
    return Reading(
        kpi=cells["kpi"],
        definition_version=cells["definition_version"],
        as_of=cells["as_of"],
        data_through=cells["data_through"],
        unit=Unit(cells["unit"]),
        dimension=cells["dimension"],
        member=cells["member"],
        status=Status(cells["status"]),
        reason=cells["reason"],
        value=_decimal(cells["value"]),
        raw_value=_decimal(cells["raw_value"]),
        part=_decimal(cells["part"]),
        whole=_decimal(cells["whole"]),
        limit_state=LimitState(cells["limit_state"]) if cells["limit_state"] else None,
        partial=cells["partial"],
        run_id=cells["run_id"],
        batch_ids=tuple(cells["batch_ids"].split()),
        check=Check(cells["verdict"]),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
