"""A view's table, ready to be shown: named columns, rows of cells, what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

from fintech_factory.analytics.ratio import percent
from fintech_factory.views.spec import TableSpec

__all__ = ["Cells", "Missing", "Shown", "Table", "ViewDate", "shape"]

Cells: TypeAlias = Mapping[str, Any]
"""One row: column to Decimal, int, str, date, bool or None (not known, never 0)."""


@dataclass(frozen=True, slots=True)
class ViewDate:
    """A date a view speaks of; its data end at `cut_on`, and `partial` is a month in progress."""

    as_of: date
    cut_on: date
    partial: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a view; every row has the same columns, `partial` last."""

    name: str
    title_en: str
    title_es: str
    rows: tuple[Cells, ...]
    columns: tuple[str, ...]

    def title(self, language: str) -> str:
        """Give the title in English (`en`) or Spanish (`es`)."""
        return self.title_es if language == "es" else self.title_en


@dataclass(frozen=True, slots=True)
class Missing:
    """A table that cannot be made, and which source it needs."""

    table: str
    needs: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A view at one date."""

    view: str
    on: ViewDate
    data_through: date
    tables: tuple[Table, ...]
    missing: tuple[Missing, ...]

    def only(self, table: str) -> "Shown":
        """Give the view with one of its tables alone."""
        return replace(
            self,
            tables=tuple(each for each in self.tables if each.name == table),
            missing=tuple(each for each in self.missing if each.table == table),
        )

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory views show --json`."""
        return {
            "view": self.view,
            "as_of": self.on.as_of,
            "data_through": self.data_through,
            "partial": self.on.partial,
            "tables": {table.name: list(table.rows) for table in self.tables},
            "missing": [{"table": each.table, "needs": each.needs} for each in self.missing],
        }


def shape(
    spec: TableSpec, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], on: ViewDate
) -> Table:
    """Give a model's rows the percentages that its spec asks for, and say which are partial.

    A percentage is None where its whole is dust; the sums it would be made of stay.
    """
    named = [*columns, *(each.name for each in spec.percents)]
    return Table(
        name=spec.table,
        title_en=spec.title_en,
        title_es=spec.title_es,
        rows=tuple(_cells(spec, dict(zip(columns, row, strict=True)), on) for row in rows),
        columns=(*(name for name in named if name != "partial"), "partial"),
    )


def _cells(spec: TableSpec, cells: dict[str, Any], on: ViewDate) -> Cells:
    for each in spec.percents:
        cells[each.name] = percent(cells[each.part], cells[each.whole])
    cells["partial"] = cells.pop("partial", on.partial)
    return cells
