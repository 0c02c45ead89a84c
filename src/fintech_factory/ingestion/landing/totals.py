# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Control totals: what each table sums to, landed and set aside."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.errors import IngestError
from fintech_factory.ingestion.landing.layout import Field
from fintech_factory.ingestion.landing.manifest import FileEntry
from fintech_factory.ingestion.landing.statements import ident
from fintech_factory.ingestion.landing.table import LandedTable, aside

if TYPE_CHECKING:
    import duckdb

__all__ = ["data_through", "file_entry"]


def file_entry(connection: "duckdb.DuckDBPyConnection", landed: LandedTable) -> FileEntry:
    """Sum up one table for the manifest; IngestError if its rows do not add up."""
    seen = landed.seen
    money = [name for name, column in landed.table.columns.items() if column.type == "money"]
    kept, totals = _totals(connection, landed.relation, money)
    set_aside, lost = _totals(connection, aside(landed.name), money)
    if kept + set_aside != landed.rows:
        raise IngestError(
            f"{landed.rows:,} rows came in, {kept:,} landed and {set_aside:,} are set aside",
            where=landed.name,
            hint="nothing was published; the last good batch stays",
        )
    return FileEntry(
        table=landed.name,
        file=seen.where if seen else "",
        sha256=seen.part.sha256 if seen else "",
        rows=landed.rows,
        landed=kept,
        quarantined=set_aside,
        encoding=seen.encoding if seen else "",
        delimiter=seen.layout.delimiter if seen else "",
        readings=_readings(landed),
        totals={"landed": totals, "quarantined": lost},
    )


def data_through(
    connection: "duckdb.DuckDBPyConnection", tables: Sequence[LandedTable]
) -> date | None:
    """Give the last day on which the base tables speak: a payment or a disbursement."""
    speaking = {"loans": "disburse_date", "transactions": "date_paid"}
    days = [
        f"SELECT max({speaking[each.name]}) AS day FROM {each.relation}"
        for each in tables
        if each.name in speaking
    ]
    row = connection.execute(f"SELECT max(day) FROM ({' UNION ALL '.join(days)})").fetchone()
    day: date | None = row[0] if row else None
    return day


def _totals(
    connection: "duckdb.DuckDBPyConnection", relation: str, money: list[str]
) -> tuple[int, dict[str, str]]:
    sums = ", ".join(f"sum({ident(name)})" for name in money)
    row = connection.execute(f"SELECT count(*), {sums or 'NULL'} FROM {relation}").fetchone()
    count, *values = row or (0,)
    return int(count), {
        name: format(Decimal(value or 0), "f") for name, value in zip(money, values, strict=False)
    }


def _readings(landed: LandedTable) -> dict[str, dict[str, str]]:
    if landed.seen is None:
        return {}
    fields = (each for each in landed.seen.layout.fields if each.place is not None)
    return {each.name: _reading(each) for each in fields}


def _reading(field: Field) -> dict[str, str]:
    described = {"header": field.header, "type": field.column.type}
    if field.reading is not None:
        described["format"] = field.reading.name if field.reading.proven else "no sign seen"
    return described
