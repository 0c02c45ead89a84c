"""Computes the worked examples of every KPI by both engines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext

from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.compile import compile_model
from fintech_factory.kpi_engine.definitions import (
    Cell,
    Definitions,
    Example,
    Formula,
    FromOutside,
    Kpi,
)
from fintech_factory.kpi_engine.evaluate import Cells, RunQuery, cells_of, read_cells, read_formula
from fintech_factory.kpi_engine.fold import fold_records
from fintech_factory.kpi_engine.models import Column, Kind, Model
from fintech_factory.kpi_engine.observed import Observed, read_observed
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.scope import Scope, month_end
from fintech_factory.kpi_engine.sqltext import number, text
from fintech_factory.values import Problem

__all__ = ["ExampleOutcome", "check_examples", "run_examples"]

# Every example gets a month-end of its own, so that one query answers them all and no month of
# theirs is in progress.
_FIRST_DAY = date(2001, 1, 31)
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class ExampleOutcome:
    """What an example states and what an engine makes of it.

    `engine` is `sql`, `python`, `formula` or `observed`.
    """

    kpi: str
    example: Example
    engine: str
    found: Mapping[str, Decimal | None]

    @property
    def passed(self) -> bool:
        """Whether every figure that the example states is exactly the one found."""
        return all(self.found[name] == figure for name, figure in self.example.expects.items())

    def __str__(self) -> str:
        """Say what was stated and what was found."""
        wrong = [
            f"{name} is {_said(self.found[name])}, the example says {_said(figure)}"
            for name, figure in self.example.expects.items()
            if self.found[name] != figure
        ]
        return f"{self.kpi}: {'; '.join(wrong) or 'as stated'} ({self.engine})"


def _said(figure: Decimal | None) -> str:
    return "unavailable" if figure is None else format(figure, "f")


def check_examples(definitions: Definitions, run_query: RunQuery) -> list[Problem]:
    """Give a problem, with its place in the file, for every example that does not hold."""
    return [
        Problem(
            definitions.path,
            outcome.example.line,
            outcome.example.column,
            str(outcome),
            f"the example: {outcome.example.says}",
        )
        for outcome in run_examples(definitions, run_query)
        if not outcome.passed
    ]


def run_examples(definitions: Definitions, run_query: RunQuery) -> Iterator[ExampleOutcome]:
    """Compute every example: by SQL through `run_query`, by closures, what has no rows alone."""
    for model in definitions.models():
        yield from _of_model(definitions, model, run_query)
    for kpi in definitions.kpis.values():
        if isinstance(kpi.measure, Formula):
            for example in kpi.examples:
                reading = read_formula(kpi, kpi.measure, example.inputs, _scope([_FIRST_DAY]))
                yield ExampleOutcome(kpi.id, example, "formula", _figures(reading))
        elif isinstance(kpi.measure, FromOutside):
            yield from _of_observed(definitions.only(kpi.id), kpi, kpi.measure.figure)


def _of_observed(definitions: Definitions, kpi: Kpi, figure: str) -> Iterator[ExampleOutcome]:
    for example in kpi.examples:
        given = example.inputs.get
        seen = Observed(given("value"), given("part"), given("whole"))
        (reading,) = read_observed(definitions, _scope([_FIRST_DAY]), {_FIRST_DAY: {figure: seen}})
        yield ExampleOutcome(kpi.id, example, "observed", _figures(reading))


def _of_model(
    definitions: Definitions, model: Model, run_query: RunQuery
) -> Iterator[ExampleOutcome]:
    kpis = definitions.of_model(model)
    worked = [(kpi, example) for kpi in kpis for example in kpi.examples]
    days = [_month_end(place) for place in range(len(worked))]
    rows = [
        _filled(row, model, day, place)
        for (_, example), day in zip(worked, days, strict=True)
        for place, row in enumerate(example.rows, start=1)
    ]
    if not rows:
        return
    query = compile_model(model, kpis, days, relation=_relation(rows, model))
    answer = run_query(query.sql, query.params)
    yield from _outcomes(
        definitions, worked, days, "sql", {model.name: cells_of(answer, query.measures)}
    )
    records = sorted(
        ((days.index(row["as_of"]), tuple(row.values())) for row in rows),  # type: ignore[arg-type]
        key=lambda each: str(each[1][_borrower(model)]),
    )
    with localcontext(EXACT):
        cells = fold_records(records, model, query.measures, days)
    yield from _outcomes(definitions, worked, days, "python", {model.name: cells})


def _month_end(place: int) -> date:
    years, months = divmod(place, _MONTHS)
    return month_end(date(_FIRST_DAY.year + years, months + 1, 1))


def _borrower(model: Model) -> int:
    return list(model.columns).index("borrower_id")


def _outcomes(
    definitions: Definitions,
    worked: Sequence[tuple[Kpi, Example]],
    days: Sequence[date],
    engine: str,
    cells: Cells,
) -> Iterator[ExampleOutcome]:
    readings = {
        (reading.kpi, reading.as_of): reading
        for reading in read_cells(definitions, _scope(days), cells)
        if not reading.dimension
    }
    for (kpi, example), day in zip(worked, days, strict=True):
        yield ExampleOutcome(kpi.id, example, engine, _figures(readings[kpi.id, day]))


def _scope(days: Sequence[date]) -> Scope:
    return Scope(tuple(days), days[-1], days[0])


def _figures(reading: Reading) -> Mapping[str, Decimal | None]:
    return {
        "part": reading.part,
        "whole": reading.whole,
        "value": reading.value,
        "raw_value": reading.raw_value,
    }


def _filled(row: Mapping[str, Cell], model: Model, day: date, place: int) -> dict[str, Cell]:
    """Give a full row of the model: what the example leaves out is 0, false or empty."""
    keys: dict[str, Cell] = {
        "as_of": day,
        model.row_key: place,
        "loan_id": f"L{place:04}",
        "borrower_id": f"B{place:04}",
    }
    given = {**keys, **row}
    return {name: given.get(name, _empty(column)) for name, column in model.columns.items()}


def _empty(column: Column) -> Cell:
    match column.kind:
        case Kind.NUMBER:
            return 0 if column.whole_number else Decimal(0)
        case Kind.BOOLEAN:
            return False
    return None


def _relation(rows: Sequence[Mapping[str, Cell]], model: Model) -> str:
    """Write the rows as a query that stands in for the model."""
    return "\n  UNION ALL\n".join(
        "  SELECT "
        + ", ".join(
            f"{_literal(row[name], column)} AS {name}" for name, column in model.columns.items()
        )
        for row in rows
    )


def _literal(cell: Cell, column: Column) -> str:
    kind = {
        Kind.TEXT: "VARCHAR",
        Kind.DATE: "DATE",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.NUMBER: "BIGINT" if column.whole_number else "DECIMAL(18, 6)",
    }[column.kind]
    match cell:
        case None:
            written = "NULL"
        case bool():
            written = "TRUE" if cell else "FALSE"
        case int() | Decimal():
            written = number(Decimal(cell))
        case _:
            written = text(str(cell))
    return f"CAST({written} AS {kind})"
