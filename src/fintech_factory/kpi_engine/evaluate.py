"""Turns measured cells into readings: the division, the limits, and what cannot be said."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine.arithmetic import DIVISION, EXACT, calculate, quotient
from fintech_factory.kpi_engine.compile import CompiledQuery, compile_model
from fintech_factory.kpi_engine.definitions import (
    Amount,
    Definitions,
    EmptyPolicy,
    Formula,
    FromOutside,
    Kpi,
    NotConnected,
    Ratio,
)
from fintech_factory.kpi_engine.nodes import Aggregate, KpiRef, Node
from fintech_factory.kpi_engine.readings import GroupKey, Reading, Status
from fintech_factory.kpi_engine.scope import Scope

__all__ = [
    "Cells",
    "Figures",
    "RunQueries",
    "RunQuery",
    "cells_of",
    "divided",
    "evaluate",
    "evaluate_together",
    "make_reading",
    "read_cells",
    "read_formula",
]

RunQuery = Callable[[str, Sequence[Any]], Iterable[Sequence[Any]]]
"""Runs one query with its bound parameters and gives its rows."""

RunQueries = Callable[[Sequence[tuple[str, Sequence[Any]]]], Sequence[Iterable[Sequence[Any]]]]
"""Runs several queries, each with its bound parameters, and gives the rows of each."""

Measured = Mapping[Aggregate, Decimal | None]
Cells = Mapping[str, Mapping[GroupKey, Measured]]
"""Model name -> group -> measure -> figure; a group without rows is absent."""


def evaluate(definitions: Definitions, scope: Scope, run_query: RunQuery) -> tuple[Reading, ...]:
    """Read every KPI at every as-of date for the whole book and every group of it.

    What is observed is left out (`read_observed` gives it); what needs a source that is not
    connected is unavailable, once for the whole book. One query per model. Readings come by
    date, then group (the whole book first), then in the order of the definitions.
    """
    return evaluate_together(
        definitions, scope, lambda queries: [run_query(*each) for each in queries]
    )


def evaluate_together(
    definitions: Definitions,
    scope: Scope,
    run_queries: RunQueries,
    dates_at_a_time: int | None = None,
) -> tuple[Reading, ...]:
    """Read every KPI as `evaluate` does, with all models' queries asked at once.

    A query speaks of so many dates at most, where a book is too large to be asked for all.
    """
    queries = list(_queries(definitions, scope.answerable(), dates_at_a_time))
    answers = run_queries([(query.sql, query.params) for _, query in queries])
    cells: dict[str, dict[GroupKey, Measured]] = defaultdict(dict)
    for (name, query), rows in zip(queries, answers, strict=True):
        cells[name] |= cells_of(rows, query.measures)
    return read_cells(definitions, scope, cells)


def _queries(
    definitions: Definitions, as_ofs: Sequence[date], at_a_time: int | None
) -> Iterator[tuple[str, CompiledQuery]]:
    portion = at_a_time or max(len(as_ofs), 1)
    for start in range(0, len(as_ofs), portion):
        for model in definitions.models():
            days = as_ofs[start : start + portion]
            yield model.name, compile_model(model, definitions.of_model(model), days)


def cells_of(
    rows: Iterable[Sequence[Any]], measures: Sequence[Aggregate]
) -> dict[GroupKey, Measured]:
    """Take a compiled query's rows apart into group and measures."""
    return {
        (_day(row[0]), row[1], row[2]): dict(
            zip(measures, map(_exact, row[3:]), strict=True),
        )
        for row in rows
    }


def _day(cell: date) -> date:
    return cell.date() if isinstance(cell, datetime) else cell


def _exact(cell: object) -> Decimal | None:
    if cell is None or isinstance(cell, Decimal):
        return cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return Decimal(cell)
    raise WarehouseError(
        f"a KPI query gave a {type(cell).__name__} where an exact number is needed",
        hint="make the model's money columns DECIMAL and its counts BIGINT",
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of one KPI in one group before its limits are looked at."""

    raw: Decimal | None = None
    part: Decimal | None = None
    whole: Decimal | None = None
    reason: str = ""


def read_cells(definitions: Definitions, scope: Scope, cells: Cells) -> tuple[Reading, ...]:
    """Make the readings of measured cells; shared by both engines."""
    groups = _groups(scope, cells)
    return tuple(
        reading
        for as_of in sorted(set(scope.as_ofs))
        for partial in [_partial(definitions, scope, as_of)]
        for group in groups[as_of]
        for reading in _read_group(definitions, scope, cells, group, partial)
    )


def _groups(scope: Scope, cells: Cells) -> dict[date, list[GroupKey]]:
    found = {(as_of, "", "") for as_of in scope.as_ofs}
    found.update(*cells.values())
    by_date: dict[date, list[GroupKey]] = defaultdict(list)
    for group in sorted(found):
        by_date[group[0]].append(group)
    return by_date


def _partial(definitions: Definitions, scope: Scope, as_of: date) -> Mapping[str, bool]:
    """Say of each KPI whether its figure may still move; a formula's inputs may make it so."""
    partial: dict[str, bool] = {}
    for name in definitions.order:
        kpi = definitions.kpis[name]
        inputs = kpi.measure.inputs if isinstance(kpi.measure, Formula) else ()
        partial[name] = scope.is_partial(kpi, as_of) or any(partial[each] for each in inputs)
    return partial


def _read_group(
    definitions: Definitions,
    scope: Scope,
    cells: Cells,
    group: GroupKey,
    partial: Mapping[str, bool],
) -> Iterator[Reading]:
    silence = scope.silence(group[0])
    read: dict[str, Reading] = {}
    for name in definitions.order:
        kpi = definitions.kpis[name]
        if isinstance(kpi.measure, FromOutside) or (
            isinstance(kpi.measure, NotConnected) and group[1]
        ):
            continue
        unsaid = silence or (_IN_PROGRESS if kpi.full_months and partial[name] else "")
        figures = Figures(reason=unsaid) if unsaid else _figures(kpi, cells, group, read)
        read[name] = make_reading(kpi, scope, group, figures, partial=partial[name])
    return (read[name] for name in definitions.kpis if name in read)


_IN_PROGRESS = "the month is in progress, and this speaks of full months only"


def _figures(kpi: Kpi, cells: Cells, group: GroupKey, read: Mapping[str, Reading]) -> Figures:
    match kpi.measure:
        case Ratio(model=model) as ratio:
            return _ratio(ratio, cells.get(model.name, {}).get(group))
        case Amount(model=model, value=value):
            return _amount(kpi, value, cells.get(model.name, {}).get(group))
        case Formula(formula=formula, inputs=inputs):
            return _formula(formula, inputs, read)
        case NotConnected() | FromOutside():
            return Figures(reason=str(kpi.measure))


def _measure(node: Node, measured: Measured) -> Decimal | None:
    def lookup(leaf: Aggregate | KpiRef) -> Decimal | None:
        return measured[leaf] if isinstance(leaf, Aggregate) else None

    return calculate(node, lookup, EXACT)


def _ratio(ratio: Ratio, measured: Measured | None) -> Figures:
    if measured is None:
        return Figures(reason="the book has no loan to measure here")
    part, whole = _measure(ratio.part, measured), _measure(ratio.whole, measured)
    return divided(part, whole, in_percent=ratio.in_percent)


def divided(part: Decimal | None, whole: Decimal | None, *, in_percent: bool) -> Figures:
    """Divide what is known; there is no figure where the whole is 0, negative or unknown."""
    if whole is None or part is None:
        which = "whole" if whole is None else "part"
        return Figures(None, part, whole, f"the {which} is not known: its column is empty")
    if whole <= 0:
        which = "0" if whole == 0 else "negative"
        return Figures(None, part, whole, f"the whole is {which}: there is nothing to divide by")
    return Figures(quotient(part, whole, in_percent=in_percent), part, whole)


def _amount(kpi: Kpi, node: Node, measured: Measured | None) -> Figures:
    if measured is None:
        if kpi.empty is EmptyPolicy.ZERO:
            return Figures(Decimal(0))
        return Figures(reason="the book has no loan to measure here")
    value = _measure(node, measured)
    return Figures(value, reason="" if value is not None else "nothing is known to measure")


def _formula(node: Node, inputs: Sequence[str], read: Mapping[str, Reading]) -> Figures:
    for name in inputs:
        if read[name].status is not Status.OK:
            return Figures(reason=f"{name} is {read[name].status.value}: {read[name].reason}")
    return _calculated(node, {name: read[name].raw_value for name in inputs})


def _calculated(node: Node, inputs: Mapping[str, Decimal | None]) -> Figures:
    def lookup(leaf: Aggregate | KpiRef) -> Decimal | None:
        return inputs[leaf.name] if isinstance(leaf, KpiRef) else None

    value = calculate(node, lookup, DIVISION)
    return Figures(value, reason="" if value is not None else "the formula divides by 0")


def read_formula(
    kpi: Kpi, formula: Formula, inputs: Mapping[str, Decimal], scope: Scope
) -> Reading:
    """Read a formula at given inputs, for the whole book at the scope's last date."""
    group = (scope.as_ofs[-1], "", "")
    return make_reading(kpi, scope, group, _calculated(formula.formula, inputs), partial=False)


def make_reading(
    kpi: Kpi, scope: Scope, group: GroupKey, figures: Figures, *, partial: bool
) -> Reading:
    """Make the reading of known figures: clamped, and held against the limits."""
    as_of, dimension, member = group
    raw = figures.raw
    value = raw if raw is None or kpi.clamp is None else kpi.clamp.apply(raw)
    return Reading(
        kpi=kpi.id,
        definition_version=kpi.version,
        as_of=as_of,
        data_through=scope.data_through,
        unit=kpi.unit,
        dimension=dimension,
        member=member,
        status=Status.UNAVAILABLE if value is None else Status.OK,
        reason=figures.reason,
        value=value,
        raw_value=raw,
        part=figures.part,
        whole=figures.whole,
        limit_state=None if value is None else kpi.limits.state(value),
        partial=partial,
        run_id=scope.run_id,
        batch_ids=scope.batch_ids,
    )
