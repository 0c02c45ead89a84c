"""Checks the worked examples of a KPI's settings."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.kpi_engine.definitions import (
    Cell,
    Example,
    Formula,
    FromOutside,
    Measure,
    NotConnected,
)
from fintech_factory.kpi_engine.models import Column, Kind, Model
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.registry import suggestion

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.settings import ExampleSettings

__all__ = ["read_examples"]

_FIGURES = ("part", "whole", "value", "raw_value")
_OBSERVED = (["value"], ["part", "whole"])


def read_examples(
    settings: "tuple[ExampleSettings, ...]", measure: Measure, notes: Notes
) -> tuple[Example, ...]:
    """Give the examples; unknown columns and missing inputs are noted."""
    if isinstance(measure, NotConnected):
        if settings:
            notes.below("examples").note("what cannot be known yet has no example", "leave it out")
        return ()
    if not settings:
        notes.note("it has no worked example", "give rows and the figures that they must give")
    return tuple(
        _read(example, measure, notes.below("examples", place))
        for place, example in enumerate(settings)
    )


def _read(settings: "ExampleSettings", measure: Measure, notes: Notes) -> Example:
    rows: tuple[Mapping[str, Cell], ...] = ()
    if isinstance(measure, Formula):
        _check_inputs(settings, measure, notes)
    elif isinstance(measure, FromOutside):
        _check_observed(settings, notes)
    elif not isinstance(measure, NotConnected):
        if settings.inputs:
            notes.below("inputs").note("only a formula has inputs", "give `rows` of the model")
        if not settings.rows:
            notes.note("it has no rows", "give at least one row of the model in `rows`")
        rows = tuple(
            _row(row, measure.model, notes.below("rows", place))
            for place, row in enumerate(settings.rows)
        )
    stated = {
        name: getattr(settings, name) for name in _FIGURES if name in settings.model_fields_set
    }
    return Example(settings.says, rows, settings.inputs, stated, *notes.place())


def _check_inputs(settings: "ExampleSettings", formula: Formula, notes: Notes) -> None:
    if settings.rows:
        notes.below("rows").note("a formula has no rows", "give `inputs`: one value per KPI")
    if missing := [name for name in formula.inputs if name not in settings.inputs]:
        notes.note(f"the inputs lack {', '.join(missing)}")
    for name in settings.inputs:
        if name not in formula.inputs:
            at = notes.below("inputs", name)
            at.note("the formula does not use this KPI", suggestion(name, list(formula.inputs)))


def _check_observed(settings: "ExampleSettings", notes: Notes) -> None:
    if settings.rows:
        notes.below("rows").note("an observed figure has no rows", "give `inputs`")
    if sorted(settings.inputs) not in _OBSERVED:
        notes.note("the inputs are `value`, or `part` and `whole`")


def _row(
    row: Mapping[str, bool | int | Decimal | str | None], model: Model, notes: Notes
) -> Mapping[str, Cell]:
    cells: dict[str, Cell] = {}
    for name, written in row.items():
        column = model.columns.get(name)
        if column is None or name == "as_of":
            hint = suggestion(name, [each for each in model.columns if each != "as_of"])
            notes.below(name).note(f"unknown column of {model.name}", hint)
            continue
        cell = _cell(written, column)
        if cell is None and written is not None:
            notes.below(name).note(f"a {column.kind.value} is needed, not {written!r}")
        cells[name] = cell
    return cells


def _cell(written: Cell, column: Column) -> Cell:
    """Give the value as the column holds it; None where it cannot hold it."""
    match column.kind, written:
        case Kind.BOOLEAN, bool():
            return written
        case Kind.NUMBER, int() if not isinstance(written, bool):
            return written if column.whole_number else Decimal(written)
        case Kind.NUMBER, Decimal() if written.is_finite() and not column.whole_number:
            return written
        case Kind.TEXT, str():
            return written
        case Kind.DATE, str():
            return _date(written)
    return None


def _date(written: str) -> Cell:
    from datetime import date

    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
