"""Builders for KPI tests: definitions from a few lines, loan_snapshot rows with defaults."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from fintech_factory.kpi_engine import Definitions, RunQuery, load_definitions
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT, MODELS, Column, Kind, Model

SHIPPED = Path(__file__).parents[3] / "config" / "kpis" / "kpi_definitions.yaml"

KPI = {
    "title": '{en: "A", es: "A"}',
    "department": "risk",
    "model": "loan_snapshot",
    "part": "sum(outstanding) filter (where dpd > 90)",
    "whole": "sum(outstanding)",
    "unit": "percent",
    "direction": "bad_above",
    "owner": "somebody",
    "version": "1",
    "effective_from": "2026-01-01",
    "reason": "a test",
    "source": "a test",
    "precision": "2",
    "examples": "[{says: one, rows: [{outstanding: 1}], value: 0}]",
}
AMOUNT = {"part": None, "whole": None, "value": "sum(outstanding)", "unit": "money"}
FORMULA = {
    "model": None,
    "part": None,
    "whole": None,
    "unit": "score",
    "examples": "[{says: one, inputs: {base: 1}, value: 1}]",
}

Fields = Mapping[str, str | None]


@pytest.fixture(scope="session")
def shipped() -> Definitions:
    """The definitions that the product ships."""
    return load_definitions(SHIPPED)


@pytest.fixture(scope="session")
def shipped_path() -> Path:
    return SHIPPED


@pytest.fixture
def define(tmp_path: Path) -> Callable[..., Definitions]:
    """Load KPIs given as `name=fields`; fields fall back to a whole and valid KPI."""

    def load(**kpis: Fields) -> Definitions:
        path = tmp_path / "kpi_definitions.yaml"
        path.write_text(_written(kpis), encoding="utf-8")
        return load_definitions(path)

    return load


@pytest.fixture(scope="session")
def amount() -> Callable[..., Fields]:
    """Fields of a KPI with one value."""
    return lambda **fields: {**AMOUNT, **fields}


@pytest.fixture(scope="session")
def formula() -> Callable[..., Fields]:
    """Fields of a KPI made of others."""
    return lambda **fields: {**FORMULA, **fields}


def _written(kpis: Mapping[str, Fields]) -> str:
    lines = ["kpis:"]
    for name, fields in kpis.items():
        lines.append(f"  {name}:")
        merged = {**KPI, **fields}
        lines += [f"    {key}: {text}" for key, text in merged.items() if text is not None]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def run_query() -> RunQuery:
    """Run a query on an empty DuckDB."""
    connection = duckdb.connect()
    return lambda sql, params: connection.execute(sql, list(params)).fetchall()


@pytest.fixture(scope="session")
def snapshot_of() -> Callable[..., RunQuery]:
    """Make a runner over a loan_snapshot of rows; what a row leaves out is 0, false or empty.

    Other models are given by name and are empty else. The tables are replaced each time: one
    runner at a time.
    """
    connection = duckdb.connect()

    def make(rows: Iterable[Mapping[str, Any]], **others: Iterable[Mapping[str, Any]]) -> RunQuery:
        given = {**others, LOAN_SNAPSHOT.name: rows}
        for model in MODELS.values():
            _fill(connection, model, given.get(model.name, ()))
        return lambda sql, params: connection.execute(sql, list(params)).fetchall()

    return make


def _fill(connection: Any, model: Model, rows: Iterable[Mapping[str, Any]]) -> None:  # noqa: ANN401 - duckdb ships no types
    columns = ", ".join(f"{name} {_type(column)}" for name, column in model.columns.items())
    connection.execute(f"CREATE OR REPLACE TABLE {model.name} ({columns})")
    filled = [full_row(row, place, model) for place, row in enumerate(rows, start=1)]
    if filled:
        # One statement: DuckDB takes a row of executemany for a transaction of its own.
        marks = f"({', '.join('?' * len(model.columns))})"
        values = ", ".join([marks] * len(filled))
        cells = [cell for row in filled for cell in row]
        connection.execute(f"INSERT INTO {model.name} VALUES {values}", cells)


@pytest.fixture(scope="session")
def record() -> Callable[..., tuple[Any, ...]]:
    """Make one record with the columns of loan_snapshot."""
    return lambda **row: tuple(full_row(row, row.get("loan_key", 1)))


def full_row(row: Mapping[str, Any], place: int, model: Model = LOAN_SNAPSHOT) -> Sequence[Any]:
    defaults: dict[str, Any] = {
        "as_of": date(2025, 3, 31),
        "loan_key": place,
        "loan_id": f"L{place}",
        "borrower_id": f"B{place:04}",
        "entity": "North",
        "product": "factoring",
        "borrower_segment": "small",
        "state": "Somewhere",
    }
    given = {**defaults, **row}
    return [given.get(name, _nothing(column)) for name, column in model.columns.items()]


def _nothing(column: Column) -> object:
    if column.kind is Kind.NUMBER:
        return 0 if column.whole_number else Decimal(0)
    return False if column.kind is Kind.BOOLEAN else None


def _type(column: Column) -> str:
    if column.kind is Kind.NUMBER:
        return "BIGINT" if column.whole_number else "DECIMAL(18, 6)"
    return {Kind.TEXT: "VARCHAR", Kind.DATE: "DATE", Kind.BOOLEAN: "BOOLEAN"}[column.kind]
