"""One query's answer, and how two answers to it differ."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fintech_factory.warehouse.protocol import Reader

__all__ = ["Table", "described", "differences"]

Row = tuple[Any, ...]

# DuckDB's types by GoogleSQL's names.
_KINDS = {
    "BIGINT": "INT64",
    "BOOLEAN": "BOOL",
    "DATE": "DATE",
    "DOUBLE": "DOUBLE",
    "HUGEINT": "INT64",
    "INTEGER": "INT64",
    "VARCHAR": "STRING",
}
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Columns (name and GoogleSQL type) and rows."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def described(reader: Reader, sql: str, parameters: Sequence[object] = ()) -> Table:
    """Give DuckDB's columns and rows of a query."""
    columns = tuple(
        (name, "NUMERIC" if kind.startswith("DECIMAL") else _KINDS[kind])
        for name, kind, *_ in reader.query(f"DESCRIBE {sql}", parameters)
    )
    return Table(columns, tuple(reader.query(sql, parameters)))


def differences(ours: Table, theirs: Table) -> list[str]:
    """Say how two answers differ: columns, kinds of type, rows; the order of rows is free."""
    told = [
        f"column {place}: {one[0]} {one[1]} here, {other[0]} {other[1]} there"
        for place, (one, other) in enumerate(zip(ours.columns, theirs.columns, strict=False), 1)
        if (one[0], _family(one[1])) != (other[0], _family(other[1]))
    ]
    if len(ours.columns) != len(theirs.columns):
        told.append(f"{len(ours.columns)} columns here, {len(theirs.columns)} there")
    mine, others = Counter(ours.rows), Counter(theirs.rows)
    for place, lone in (("here", mine - others), ("there", others - mine)):
        told += [f"only {place}: {row}" for row in sorted(lone.elements(), key=str)[:_SHOWN]]
        if lone.total() > _SHOWN:
            told.append(f"only {place}: {lone.total() - _SHOWN} rows more")
    return told


def _family(kind: str) -> str:
    return "decimal" if kind in {"NUMERIC", "BIGNUMERIC"} else kind
