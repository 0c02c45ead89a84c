# ruff: noqa: S608 - the names are our own
"""Reads what drift is judged on: columns, sizes, histograms and series."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from fintech_factory.ingestion.landing.manifest import Batch, FileEntry
from fintech_factory.kpi_engine import Reading
from fintech_factory.transform.dates import month_end
from fintech_factory.validation.distribution import Histogram
from fintech_factory.validation.schema_drift import ColumnShape, TableShape
from fintech_factory.validation.series import Point
from fintech_factory.validation.volume import BatchVolume, TableVolume
from fintech_factory.values import LedgerRules
from fintech_factory.warehouse.protocol import Reader

__all__ = ["histograms", "points", "shapes", "volume"]

# Landed beside the contract's columns.
_OURS = frozenset({"line_no", "loan_key"})
_APR_BOUNDS = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100)
_HEADER_BYTES = 1 << 16


def shapes(batch: Batch, columns: Reader | None = None) -> list[TableShape]:
    """Give the columns of each table whose columns the manifest tells.

    `columns` is a reader with the batch's tables; without one, the contract is not looked at.
    """
    return [
        TableShape(
            table=entry.table,
            columns=tuple(
                ColumnShape(name, read.get("header", ""), read.get("type", ""), _format(read))
                for name, read in entry.readings.items()
            ),
            order=_header(batch.received / entry.file, entry),
            absent=_absent(columns, entry) if columns is not None else (),
        )
        for entry in batch.manifest.files
        if entry.readings and entry.table in batch.tables
    ]


def _format(read: "dict[str, str] | object") -> str:
    said = read.get("format", "") if isinstance(read, dict) else ""
    return "" if said == "no sign seen" else said


def _absent(reader: Reader, entry: FileEntry) -> tuple[str, ...]:
    """Name what landed empty because the file has no such column."""
    landed = [row[0] for row in reader.query(f"DESCRIBE raw_{entry.table}")]
    carried = {name for name in landed if name.endswith("_key")}
    return tuple(
        name for name in landed if name not in entry.readings and name not in _OURS | carried
    )


def _header(path: Path, entry: FileEntry) -> tuple[str, ...]:
    """Read a received text file's first line; nothing of an archive or workbook."""
    if not entry.delimiter or path.suffix.casefold() not in {".csv", ".txt", ".tsv"}:
        return ()
    try:
        with path.open("rb") as file:
            first = file.read(_HEADER_BYTES)
    except OSError:
        return ()
    text = first.decode(entry.encoding or "utf-8", errors="replace").lstrip("\ufeff")
    lines = text.splitlines()
    return tuple(next(csv.reader(lines[:1], delimiter=entry.delimiter), ())) if lines else ()


def volume(batch: Batch) -> BatchVolume | None:
    """Give what a batch brought, None if it does not say of which day it speaks."""
    manifest = batch.manifest
    if manifest.as_of is None:
        return None
    shrunk = {each.where for each in manifest.findings if each.code == "half_rows_missing"}
    return BatchVolume(
        batch_id=manifest.batch_id,
        as_of=manifest.as_of,
        tables=tuple(
            TableVolume(
                table=entry.table,
                rows=entry.rows,
                sums={
                    name: Decimal(figure)
                    for name, figure in entry.totals.get("landed", {}).items()
                    if Decimal(figure)
                },
                shrink_accepted=bool(shrunk & {entry.file, entry.table}),
            )
            for entry in manifest.files
        ),
    )


def histograms(reader: Reader, as_of: date, month_ends: int, rules: LedgerRules) -> list[Histogram]:
    """Count the open loans by days past due, balance, term and all-in rate, at some snapshots.

    The snapshots are the as-of date and the last full month-ends before it.
    """
    held = reader.query("SELECT as_of FROM snapshot_date WHERE as_of < ? ORDER BY as_of", [as_of])
    full = [day for (day,) in held if day == month_end(day)]
    days = [*full[-month_ends:], as_of]
    bounds: dict[str, tuple[str, Sequence[Decimal | int]]] = {
        "dpd": ("s.dpd > {}", rules.bucket_bounds),
        "balance": ("s.balance >= {}", rules.sizes.bounds),
        "term_days": ("l.term_days > {}", rules.terms.bounds),
        # Cost of a year against principal, without a division.
        "apr": ("l.annual_cost * 100 >= l.principal * {}", _APR_BOUNDS),
    }
    return [
        _histogram(reader, name, condition, edges, days)
        for name, (condition, edges) in bounds.items()
    ]


def _histogram(
    reader: Reader,
    variable: str,
    condition: str,
    edges: Sequence[Decimal | int],
    days: Sequence[date],
) -> Histogram:
    bin_no = " + ".join(f"CASE WHEN {condition.format(edge)} THEN 1 ELSE 0 END" for edge in edges)
    known = {"term_days": "l.term_days", "apr": "l.annual_cost"}.get(variable)
    filter_ = f" AND {known} IS NOT NULL" if known else ""
    rows = reader.query(
        f"SELECT s.as_of, {bin_no} AS bin_no, COUNT(*) FROM loan_snapshot AS s "
        "INNER JOIN dim_loan AS l ON l.loan_key = s.loan_key "
        f"WHERE s.as_of IN ({', '.join('?' for _ in days)}) AND s.outstanding > 0{filter_} "
        "GROUP BY s.as_of, bin_no",
        days,
    )
    counts = {day: [0] * (len(edges) + 1) for day in days}
    for day, number, count in rows:
        counts[day][number] = count
    sign = ">" if " > " in condition else ">="
    below = "<=" if sign == ">" else "<"
    labels = (f"{below} {edges[0]}", *(f"{sign} {edge}" for edge in edges))
    return Histogram(variable, labels, tuple((day, tuple(counts[day])) for day in days))


def points(readings: Iterable[Reading]) -> list[Point]:
    """Give the readings of a series that hold a value; a date past the data is a partial month."""
    return [
        Point(each.as_of, each.value, each.partial or each.as_of > each.data_through)
        for each in readings
        if each.value is not None
    ]
