# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Writes the rows set aside: which file and line, every reason, the text as received."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.numbering import write_row_texts
from fintech_factory.ingestion.landing.statements import literal
from fintech_factory.ingestion.landing.table import LandedTable, aside

if TYPE_CHECKING:
    import duckdb

# (table, code) -> how many rows, and the first lines of them.
Reasons = dict[tuple[str, str], tuple[int, tuple[int, ...]]]

__all__ = ["Reasons", "explain_orphans", "write_quarantine"]


def explain_orphans(connection: "duckdb.DuckDBPyConnection", landed: LandedTable) -> None:
    """Say of each orphan whether its loan is unknown or itself set aside, and where."""
    for reference in landed.table.references:
        if reference.table != "loans":
            continue
        old = literal(f"{reference.code}|{reference.column}")
        known = literal(f"{reference.code}|its loan is set aside, loans line ")
        connection.execute(
            f"UPDATE {aside(landed.name)} a SET reasons = list_transform(a.reasons,"
            f" lambda reason: CASE WHEN reason = {old} THEN m.why ELSE reason END)"
            f" FROM (SELECT t.line_no, coalesce({known} || min(q.line_no),"
            f" {literal(f'{reference.code}|no such loan')}) AS why"
            f" FROM {aside(landed.name)} t LEFT JOIN {aside('loans')} q"
            f" ON q.loan_id = t.{reference.column}"
            f" WHERE list_contains(t.reasons, {old}) GROUP BY t.line_no) m"
            " WHERE m.line_no = a.line_no"
        )


def write_quarantine(
    connection: "duckdb.DuckDBPyConnection", tables: Sequence[LandedTable], folder: Path
) -> Reasons:
    """Write quarantine.parquet: table, file, line_no, reasons, row_text, note."""
    connection.execute(
        'CREATE OR REPLACE TABLE quarantine ("table" VARCHAR, file VARCHAR, line_no BIGINT,'
        " reasons VARCHAR, row_text VARCHAR, note VARCHAR)"
    )
    for landed in tables:
        if landed.seen is not None:
            _add(connection, landed, folder / "scratch")
    target = literal(str(folder / "quarantine.parquet"))
    connection.execute(
        f'COPY (SELECT * FROM quarantine ORDER BY "table", line_no) TO {target} (FORMAT parquet)'
    )
    counted = connection.execute(
        'SELECT "table", code, count(*), list(line_no ORDER BY line_no)[:10] FROM ('
        "SELECT \"table\", line_no, unnest(string_split(reasons, ',')) AS code FROM quarantine)"
        " GROUP BY ALL"
    ).fetchall()
    return {(table, code): (count, tuple(lines)) for table, code, count, lines in counted}


def _add(connection: "duckdb.DuckDBPyConnection", landed: LandedTable, scratch: Path) -> None:
    rows = aside(landed.name)
    if landed.seen is None or not connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone():
        return
    texts = scratch / f"{landed.name}.aside.csv"
    write_row_texts(landed.seen.text, _lines(connection, rows), texts)
    part = "list_distinct(list_transform(reasons, lambda reason: split_part(reason, '|', 1)))"
    connection.execute(
        "INSERT INTO quarantine SELECT ?, ?, a.line_no,"
        f" array_to_string(list_sort({part}), ','), t.row_text,"
        " array_to_string(list_transform(list_sort(list_distinct(a.reasons)),"
        " lambda reason: replace(reason, '|', ': ')), '; ')"
        f" FROM {rows} a LEFT JOIN read_csv({literal(str(texts))}, header = false,"
        " auto_detect = false, delim = ',', quote = '\"', escape = '\"',"
        " columns = {'line_no': 'BIGINT', 'row_text': 'VARCHAR'}) t ON t.line_no = a.line_no",
        [landed.name, landed.seen.where],
    )


def _lines(connection: "duckdb.DuckDBPyConnection", rows: str) -> Iterator[int]:
    cursor = connection.cursor()
    cursor.execute(f"SELECT line_no FROM {rows} ORDER BY line_no")
    while page := cursor.fetchmany(10_000):
        yield from (line for (line,) in page)
