"""Turns measured cells into readings: the division, the limits, and what cannot be said."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine.arithmetic import DIVISION, EXACT, calculate, percentage
from fintech_factory.kpi_engine.compile import compile_model
from fintech_factory.kpi_engine.definitions import (
    Amount,
    Definitions,
    EmptyPolicy,
    Formula,
    Kpi,
    Ratio,
)
from fintech_factory.kpi_engine.nodes import Aggregate, KpiRef, Node
from fintech_factory.kpi_engine.readings import GroupKey, Reading, Status
from fintech_factory.kpi_engine.scope import Scope

__all__ = ["Cells", "RunQuery", "cells_of", "evaluate", "read_cells", "read_formula"]

RunQuery = Callable[[str, Sequence[Any]], Iterable[Sequence[Any]]]
"""Runs one query with its bound parameters and gives its rows."""

Measured = Mapping[Aggregate, Decimal | None]
Cells = Mapping[str, Mapping[GroupKey, Measured]]
"""Model name -> group -> measure -> figure; a group without rows is absent."""


def evaluate(definitions: Definitions, scope: Scope, run_query: RunQuery) -> tuple[Reading, ...]:
    """Read every KPI at every as-of date for the whole book and every group of it.

    One query per model. Readings come by date, then group (the whole book first), then in
    the order of the definitions.
    """
    cells = {}
    as_ofs = scope.answerable()
    for model in definitions.models() if as_ofs else ():
        query = compile_model(model, definitions.of_model(model), as_ofs)
        rows = run_query(query.sql, query.params)
        cells[model.name] = cells_of(rows, query.measures)
    return read_cells(definitions, scope, cells)


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
class _Figures:
    """What is known of one KPI in one group before its limits are looked at."""

    raw: Decimal | None = None
    part: Decimal | None = None
    whole: Decimal | None = None
    reason: str = ""


def read_cells(definitions: Definitions, scope: Scope, cells: Cells) -> tuple[Reading, ...]:
    """Make the readings of measured cells; shared by both engines."""
    return tuple(
        reading
        for as_of in sorted(set(scope.as_ofs))
        for group in _groups(as_of, cells)
        for reading in _read_group(definitions, scope, cells, group)
    )


def _groups(as_of: date, cells: Cells) -> list[GroupKey]:
    found = {group for of_model in cells.values() for group in of_model if group[0] == as_of}
    return sorted({(as_of, "", ""), *found})


def _read_group(
    definitions: Definitions, scope: Scope, cells: Cells, group: GroupKey
) -> Iterator[Reading]:
    silence = scope.silence(group[0])
    read: dict[str, Reading] = {}
    for name in definitions.order:
        kpi = definitions.kpis[name]
        figures = _Figures(reason=silence) if silence else _figures(kpi, cells, group, read)
        partial = scope.is_partial(kpi, group[0]) or _any_partial(kpi, read)
        read[name] = _reading(kpi, scope, group, figures, partial=partial)
    return (read[name] for name in definitions.kpis)


def _any_partial(kpi: Kpi, read: Mapping[str, Reading]) -> bool:
    inputs = kpi.measure.inputs if isinstance(kpi.measure, Formula) else ()
    return any(read[name].partial for name in inputs)


def _figures(kpi: Kpi, cells: Cells, group: GroupKey, read: Mapping[str, Reading]) -> _Figures:
    match kpi.measure:
        case Ratio(model=model, part=part, whole=whole):
            return _ratio(part, whole, cells.get(model.name, {}).get(group))
        case Amount(model=model, value=value):
            return _amount(kpi, value, cells.get(model.name, {}).get(group))
        case Formula(formula=formula, inputs=inputs):
            return _formula(formula, inputs, read)


def _measure(node: Node, measured: Measured) -> Decimal | None:
    def lookup(leaf: Aggregate | KpiRef) -> Decimal | None:
        return measured[leaf] if isinstance(leaf, Aggregate) else None

    return calculate(node, lookup, EXACT)


def _ratio(part_node: Node, whole_node: Node, measured: Measured | None) -> _Figures:
    if measured is None:
        return _Figures(reason="the book has no loan to measure here")
    part, whole = _measure(part_node, measured), _measure(whole_node, measured)
    if whole is None or part is None:
        which = "whole" if whole is None else "part"
        return _Figures(None, part, whole, f"the {which} is not known: its column is empty")
    if whole <= 0:
        which = "0" if whole == 0 else "negative"
        return _Figures(None, part, whole, f"the whole is {which}: there is nothing to divide by")
    return _Figures(percentage(part, whole), part, whole)


def _amount(kpi: Kpi, node: Node, measured: Measured | None) -> _Figures:
    if measured is None:
        if kpi.empty is EmptyPolicy.ZERO:
            return _Figures(Decimal(0))
        return _Figures(reason="the book has no loan to measure here")
    value = _measure(node, measured)
    return _Figures(value, reason="" if value is not None else "nothing is known to measure")


def _formula(node: Node, inputs: Sequence[str], read: Mapping[str, Reading]) -> _Figures:
    for name in inputs:
        if read[name].status is not Status.OK:
            return _Figures(reason=f"{name} is {read[name].status.value}: {read[name].reason}")
    return _calculated(node, {name: read[name].raw_value for name in inputs})


def _calculated(node: Node, inputs: Mapping[str, Decimal | None]) -> _Figures:
    def lookup(leaf: Aggregate | KpiRef) -> Decimal | None:
        return inputs[leaf.name] if isinstance(leaf, KpiRef) else None

    value = calculate(node, lookup, DIVISION)
    return _Figures(value, reason="" if value is not None else "the formula divides by 0")


def read_formula(
    kpi: Kpi, formula: Formula, inputs: Mapping[str, Decimal], scope: Scope
) -> Reading:
    """Read a formula at given inputs, for the whole book at the scope's last date."""
    group = (scope.as_ofs[-1], "", "")
    return _reading(kpi, scope, group, _calculated(formula.formula, inputs), partial=False)


def _reading(
    kpi: Kpi, scope: Scope, group: GroupKey, figures: _Figures, *, partial: bool
) -> Reading:
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
