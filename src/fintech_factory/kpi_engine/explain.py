"""Opens a reading to its definition, its query, and the rows that weigh most in it."""

# Names come from the model's catalogue and literals from a checked tree; dates are bound.
# ruff: noqa: S608

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fintech_factory.kpi_engine.compile import CompiledQuery, compile_model, members_sql
from fintech_factory.kpi_engine.definitions import (
    Amount,
    Definitions,
    Formula,
    FromOutside,
    Kpi,
    Ratio,
)
from fintech_factory.kpi_engine.models import Model
from fintech_factory.kpi_engine.nodes import Aggregate, AggregateKind, aggregates_of, columns_of
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.sqltext import scalar

__all__ = ["Explanation", "RowsQuery", "explain", "largest_rows"]

LARGEST_ROWS = 10


@dataclass(frozen=True, slots=True)
class RowsQuery:
    """The query for the rows that weigh most in a KPI; `columns` name its cells.

    The last column is the row's contribution to the part (or to the value).
    """

    kpi: str
    sql: str
    params: tuple[Any, ...]
    columns: tuple[str, ...]

    def as_rows(self, cells: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        """Name the cells of the query's answer."""
        return [dict(zip(self.columns, row, strict=True)) for row in cells]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands behind a reading; a formula is explained with the KPIs it is made of.

    What is not measured on rows has no query: an observed figure says what shows it (`see`).
    """

    kpi: Kpi
    reading: Reading
    query: CompiledQuery | None
    rows_query: RowsQuery | None
    inputs: tuple["Explanation", ...]

    @property
    def see(self) -> str | None:
        """The command that shows where an observed figure comes from."""
        return self.kpi.measure.see if isinstance(self.kpi.measure, FromOutside) else None

    def as_json(self) -> dict[str, Any]:
        """Give the explanation as one JSON object, without the rows."""
        kpi = self.kpi
        return {
            "kpi": kpi.id,
            "title": {"en": kpi.title.en, "es": kpi.title.es},
            "formula": str(kpi.measure),
            "definition_version": kpi.version,
            "effective_from": kpi.effective_from.isoformat(),
            "reason": kpi.reason,
            "source": kpi.source,
            "direction": kpi.limits.direction.value,
            "limits": {state.value: format(limit, "f") for state, limit in kpi.limits.steps},
            "owner": kpi.owner,
            "sql": self.query.sql if self.query else None,
            "see": self.see,
            "reading": self.reading.as_json(),
            "inputs": [each.as_json() for each in self.inputs],
        }


def explain(
    definitions: Definitions, reading: Reading, others: Mapping[str, Reading]
) -> Explanation:
    """Explain a reading; `others` are the readings of its group by KPI, for a formula."""
    kpi = definitions.get(reading.kpi)
    if isinstance(kpi.measure, Formula):
        inputs = tuple(explain(definitions, others[name], others) for name in kpi.measure.inputs)
        return Explanation(kpi, reading, None, None, inputs)
    if not isinstance(kpi.measure, Ratio | Amount):
        return Explanation(kpi, reading, None, None, ())
    query = compile_model(kpi.measure.model, [kpi], [reading.as_of])
    return Explanation(kpi, reading, query, largest_rows(kpi, kpi.measure.model, reading), ())


def largest_rows(kpi: Kpi, model: Model, reading: Reading, count: int = LARGEST_ROWS) -> RowsQuery:
    """Ask for the rows with the largest contributions to a KPI's part, by size.

    For a sum of several measures a row contributes to each; what multiplies or subtracts
    them is left out: the rows are shown, not added up.
    """
    measures = aggregates_of(kpi.expressions[0])
    told = dict.fromkeys((*model.describes, *columns_of(kpi.expressions[0])))
    columns = (model.row_key, *(name for name in told if name != model.row_key))
    leaders = [
        part
        for place, measure in enumerate(measures)
        if measure.kind is AggregateKind.TOP_SUM
        for part in _leaders(f"leaders{place}", measure)
    ]
    parts = " + ".join(_contribution(measure, place) for place, measure in enumerate(measures))
    within, params = _within(model, reading)
    told_columns = ", ".join(columns)
    ctes = [
        f"scoped AS (\n  SELECT * FROM {model.name}\n  WHERE {within}\n)",
        *leaders,
        f"contributed AS (\n  SELECT {told_columns}, {parts} AS contribution\n  FROM scoped\n)",
    ]
    sql = (
        "WITH " + ",\n".join(ctes) + f"\nSELECT {told_columns}, contribution\n"
        "FROM contributed\nWHERE contribution <> 0\n"
        f"ORDER BY ABS(contribution) DESC, {model.row_key} ASC\nLIMIT {count}"
    )
    return RowsQuery(kpi.id, sql, params, (*columns, "contribution"))


def _within(model: Model, reading: Reading) -> tuple[str, tuple[Any, ...]]:
    if not reading.dimension:
        return "as_of = ?", (reading.as_of,)
    if reading.dimension not in model.dimensions:
        raise KeyError(reading.dimension)
    return f"as_of = ? AND {members_sql(reading.dimension)} = ?", (reading.as_of, reading.member)


def _contribution(measure: Aggregate, place: int) -> str:
    value = "1" if measure.value is None else scalar(measure.value)
    conditions = [] if measure.where is None else [scalar(measure.where)]
    if measure.kind is AggregateKind.TOP_SUM:
        conditions.append(f"{measure.key} IN (SELECT group_key FROM leaders{place})")
    filled = f"COALESCE({value}, 0)"
    return (
        f"CASE WHEN {' AND '.join(conditions)} THEN {filled} ELSE 0 END" if conditions else filled
    )


def _leaders(name: str, measure: Aggregate) -> Iterator[str]:
    value = "1" if measure.value is None else scalar(measure.value)
    where = "" if measure.where is None else f"\n  WHERE {scalar(measure.where)}"
    yield (
        f"{name} AS (\n  SELECT {measure.key} AS group_key, SUM({value}) AS group_value\n"
        f"  FROM scoped{where}\n  GROUP BY {measure.key}\n"
        f"  ORDER BY group_value DESC NULLS LAST, group_key ASC NULLS LAST\n"
        f"  LIMIT {measure.take}\n)"
    )
