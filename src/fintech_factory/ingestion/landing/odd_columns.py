# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Names columns that say nothing: always empty, or one number in every row."""

from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.statements import literal
from fintech_factory.ingestion.landing.table import LandedTable
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    import duckdb

__all__ = ["column_findings"]

_SHOWN = 10


def column_findings(connection: "duckdb.DuckDBPyConnection", landed: LandedTable) -> list[Finding]:
    """Find empty and constant columns; a file of one row says nothing about either."""
    fields = (
        [each for each in landed.seen.layout.fields if each.place is not None]
        if landed.seen
        else []
    )
    if not fields or landed.rows < len(("one row", "another")):
        return []
    known = _statistics(connection, landed)
    empty, constant = [], []
    for each in fields:
        values, low, high = known.get(each.name, (0, None, None))
        if values == 0:
            empty.append({"column": each.name})
        # One currency or one product is a fact; zero in every row is no measurement.
        elif each.column.type in ("money", "integer") and _is_zero(low) and _is_zero(high):
            constant.append({"column": each.name, "value": "0"})
    return [
        *_finding("empty_column", "are empty in every row", landed, empty),
        *_finding("constant_column", "hold 0 in every row", landed, constant),
    ]


def _statistics(
    connection: "duckdb.DuckDBPyConnection", landed: LandedTable
) -> dict[str, tuple[int, str | None, str | None]]:
    """Read filled values, smallest and largest from the parquet file's footer, not its rows."""
    found = connection.execute(
        "SELECT path_in_schema, sum(num_values - coalesce(stats_null_count, 0)),"
        " min(stats_min_value), max(stats_max_value)"
        f" FROM parquet_metadata({literal(str(landed.path))}) GROUP BY 1"
    ).fetchall()
    return {name.strip('"'): (int(values), low, high) for name, values, low, high in found}


def _is_zero(text: str | None) -> bool:
    return text is not None and not text.strip("-0.")


def _finding(
    code: str, what: str, landed: LandedTable, columns: list[dict[str, str]]
) -> list[Finding]:
    if not columns:
        return []
    names = ", ".join(each["column"] for each in columns)
    return [
        Finding(
            code=code,
            severity=Severity.INFO,
            message=f"{len(columns)} columns of {landed.name} {what}: {names}",
            where=landed.seen.where if landed.seen else landed.name,
            hint="nothing is computed from them",
            rows=len(columns),
            evidence=tuple(columns[:_SHOWN]),
        )
    ]
