"""Writes the page of KPIs from config/kpis/kpi_definitions.yaml."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from fintech_factory.kpi_engine import Kpi, load_definitions
from fintech_factory.kpi_engine.definitions import (
    EmptyPolicy,
    Example,
    FromOutside,
    NotConnected,
)

__all__ = ["kpis_page"]

_INTRO = """\
# KPIs

Written from `config/kpis/kpi_definitions.yaml`, which is the only place where a formula or a limit
stands. Every worked example below is computed by both engines when `factory check` runs.

A ratio is in percent: 5 means 5 %. A value is past a limit only beyond it, never on it, and is
compared unrounded; *decimals* says how it is shown. Where there is nothing to divide by, a KPI is
unavailable, which is not 0. [Change a KPI](../how-to/change-a-kpi.md) says how to edit one.

An *observed* figure comes from a run, a view or a check and not from the book's rows: no second
engine can check it, and it is never shown as checked. A figure that *needs* a source is unavailable
until that source is connected.
"""

_HEAD = """
| KPI | English | Spanish | unit | from | limits |
|---|---|---|---|---|---|
"""


def kpis_page(root: Path) -> str:
    """Give the page of the checkout's own KPIs."""
    kpis = load_definitions(root / "config" / "kpis" / "kpi_definitions.yaml").kpis.values()
    departments = list(dict.fromkeys(kpi.department for kpi in kpis))
    contents = "".join(
        f"\n## {name.capitalize()}\n{_HEAD}"
        + "".join(_row(kpi) for kpi in kpis if kpi.department == name)
        + "".join("\n" + _section(kpi) for kpi in kpis if kpi.department == name)
        for name in departments
    )
    links = " · ".join(f"[{name.capitalize()}](#{name})" for name in departments)
    return f"{_INTRO}\n{links}\n{contents}"


def _row(kpi: Kpi) -> str:
    return (
        f"| [`{kpi.id}`](#{kpi.id}) | {kpi.title.en} | {kpi.title.es} | {kpi.unit.value}"
        f" | {_origin(kpi)} | {_limits(kpi) or 'none'} |\n"
    )


def _origin(kpi: Kpi) -> str:
    match kpi.measure:
        case FromOutside():
            return "observed"
        case NotConnected():
            return str(kpi.measure)
    return f"`{kpi.model.name}`" if kpi.model else "other KPIs"


def _section(kpi: Kpi) -> str:
    facts = "".join(f"| {name} | {value} |\n" for name, value in _facts(kpi))
    examples = "".join(f"\n{_example(each)}" for each in kpi.examples)
    head = f"### {kpi.id}\n\n{kpi.title.en} · {kpi.title.es}. {kpi.reason}\n\n| | |\n|---|---|\n"
    return head + facts + examples


def _facts(kpi: Kpi) -> Iterator[tuple[str, str]]:
    match kpi.measure:
        case FromOutside(figure, see):
            yield "observed figure", f"`{figure}`; `{see}` shows where it comes from"
        case NotConnected():
            yield "unavailable", str(kpi.measure)
        case measured:
            yield "formula", f"`{measured}`"
    if kpi.model is not None:
        yield "model", f"[`{kpi.model.name}`](tables.md#{kpi.model.name})"
    yield (
        "unit",
        f"{kpi.unit.value}, {kpi.precision} decimals, {kpi.limits.direction.replace('_', ' ')}",
    )
    if kpi.limits.steps:
        yield "limits", _limits(kpi)
    if kpi.target is not None:
        aims = {"above": kpi.target.above, "below": kpi.target.below}
        aim = ", ".join(f"{word} {figure}" for word, figure in aims.items() if figure is not None)
        yield "target", f"{aim}, by {kpi.target.period}"
    if kpi.clamp is not None:
        yield "shown within", f"{kpi.clamp.low} and {kpi.clamp.high}; the raw value is kept"
    if kpi.model is not None:
        is_zero = kpi.empty is EmptyPolicy.ZERO
        yield (
            "a book without such rows",
            "is a true 0" if is_zero else "has no such figure: unavailable",
        )
    yield "department, owner", f"{kpi.department}, {kpi.owner}"
    yield "version", f"{kpi.version}, from {kpi.effective_from}"
    yield "source", kpi.source


def _limits(kpi: Kpi) -> str:
    return ", ".join(f"{state.value} {limit.normalize():f}" for state, limit in kpi.limits.steps)


def _example(example: Example) -> str:
    if example.rows:
        columns = list(dict.fromkeys(name for row in example.rows for name in row))
        given = _table(
            columns,
            [[_cell(row[name]) if name in row else "" for name in columns] for row in example.rows],
        )
    else:
        names = list(example.inputs)
        given = _table(names, [[_cell(example.inputs[name]) for name in names]])
    expected = ", ".join(f"{name} {_cell(value)}" for name, value in example.expects.items())
    return f"Example: {example.says}\n\n{given}\ngives {expected}.\n"


def _table(columns: list[str], rows: list[list[str]]) -> str:
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(value: object) -> str:
    match value:
        case None:
            return "n/a"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
    return str(value)
