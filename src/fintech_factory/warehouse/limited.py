"""Runs read-only queries in a child process that cannot outgrow its memory.

DuckDB's `memory_limit` bounds its buffers, not its process, and some functions stay reachable
in a locked connection; the operating system's limit and the parent's timer hold regardless.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, TextIO

# Address space is not memory in use: DuckDB, its allocator and Python's own mappings take about
# this much before a query's first row.
_BASE_ADDRESS_SPACE = 3 * 1024**3


def encode(value: Any) -> Any:  # noqa: ANN401 - a cell may be anything SQL returns
    """Turn one cell into JSON without loss: exact decimals and dates as tagged text."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, float):
        # A KPI is exact or it is not published; compiled queries never divide.
        raise TypeError("a limited query returned a floating-point number")
    return value


def decode(value: Any) -> Any:  # noqa: ANN401
    """Turn one JSON cell back into what `encode` was given."""
    if isinstance(value, dict):
        if "decimal" in value:
            return Decimal(value["decimal"])
        return date.fromisoformat(value["date"])
    return value


def run(request: dict[str, Any], out: TextIO) -> None:
    """Open the version read-only, lock it down, and run each query.

    A line is one row as JSON: the number of its query, then its cells.
    """
    import duckdb

    connection = duckdb.connect(
        request["path"],
        read_only=True,
        config={
            "threads": request["threads"],
            "memory_limit": f"{request['memory_mb']}MB",
            "temp_directory": "",
        },
    )
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    ceiling = request["memory_mb"] * 1024**2 + _BASE_ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    for number, (sql, parameters) in enumerate(request["queries"]):
        for row in _rows(connection.execute(sql, [decode(value) for value in parameters])):
            out.write(json.dumps([number, *(encode(cell) for cell in row)]))
            out.write("\n")


def _rows(cursor: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - duckdb ships no types
    while rows := cursor.fetchmany(10_000):
        yield from rows


if __name__ == "__main__":
    run(json.load(sys.stdin), sys.stdout)
