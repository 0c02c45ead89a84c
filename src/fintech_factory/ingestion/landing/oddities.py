# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Names what is odd in a book and lands all the same: each with its count and some lines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from fintech_factory.ingestion.landing.odd_columns import column_findings
from fintech_factory.ingestion.landing.odd_rows import RowOddity, row_oddities
from fintech_factory.ingestion.landing.statements import ident
from fintech_factory.ingestion.landing.table import LandedTable
from fintech_factory.ingestion.landing.tables import Terms
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    import duckdb

__all__ = ["find_oddities"]

_SHOWN = 10


def find_oddities(
    connection: "duckdb.DuckDBPyConnection",
    tables: Sequence[LandedTable],
    terms: Terms,
    through: date | None,
) -> list[Finding]:
    """Look over every landed table; no row is touched."""
    present = {each.name: each for each in tables if each.seen is not None}
    findings: list[Finding] = []
    for oddity in row_oddities(present, terms.settings.habits, through):
        findings += _found(connection, oddity, present[oddity.table])
    for landed in present.values():
        findings += column_findings(connection, landed)
    return [*findings, *_id_columns(present)]


def _found(
    connection: "duckdb.DuckDBPyConnection", oddity: RowOddity, landed: LandedTable
) -> Iterator[Finding]:
    columns = ", ".join(f"t.{ident(each)}" for each in oddity.shown)
    cursor = connection.execute(
        f"SELECT count(*) OVER () AS n, t.line_no AS line, {columns}"
        f" FROM {oddity.relation or landed.relation} t WHERE {oddity.where}"
        f" ORDER BY t.line_no LIMIT {_SHOWN}"
    )
    names = [each[0] for each in cursor.description or ()][1:]
    rows: list[Any] = cursor.fetchall()
    if rows:
        yield Finding(
            code=oddity.code,
            severity=oddity.severity,
            message=f"{rows[0][0]:,} {oddity.message}",
            where=landed.seen.where if landed.seen else landed.name,
            hint=oddity.hint,
            rows=rows[0][0],
            evidence=tuple(_evidence(names, row[1:]) for row in rows),
        )


def _evidence(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    plain = (
        value if value is None or isinstance(value, int | str) else str(value) for value in values
    )
    return dict(zip(names, plain, strict=True))


def _id_columns(present: Mapping[str, LandedTable]) -> list[Finding]:
    headers: dict[str, list[str]] = {}
    for name, landed in present.items():
        key = next((each.column for each in landed.table.references if each.table == "loans"), None)
        column = key or ("loan_id" if name == "loans" else None)
        fields = landed.seen.layout.fields if landed.seen else ()
        for field in fields:
            if field.name == column and field.header:
                headers.setdefault(field.header, []).append(name)
    if len(headers) < len(("one name", "another")):
        return []
    named = "; ".join(f"`{header}` in {', '.join(names)}" for header, names in headers.items())
    return [
        Finding(
            code="id_column_differs",
            severity=Severity.INFO,
            message=f"the loan's id goes by {len(headers)} names: {named}",
            hint="both are read as the loan's id",
            rows=len(headers),
            evidence=tuple(
                {"header": header, "tables": ", ".join(names)} for header, names in headers.items()
            ),
        )
    ]
