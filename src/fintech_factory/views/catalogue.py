"""The views there are, in the order in which a reader goes through them."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from fintech_factory.errors import ModelError, UsageError
from fintech_factory.transform.models import Model
from fintech_factory.views.absent import absent_tables, with_absent
from fintech_factory.views.makers import Maker, maker_of
from fintech_factory.views.spec import TableSpec, read_spec
from fintech_factory.views.table import Missing

__all__ = ["Catalogue", "View"]

_TITLES: Mapping[str, tuple[str, str]] = {
    "overview": ("Overview", "Resumen"),
    "key_indicators": ("Key indicators", "Indicadores clave"),
    "traction": ("Traction", "Tracción"),
    "delinquency": ("Delinquency", "Morosidad"),
    "collection": ("Collection", "Cobranza"),
    "curves": ("Curves", "Curvas"),
    "cohort": ("Cohorts", "Cosechas"),
    "characteristics": ("Characteristics", "Características"),
    "concentration": ("Concentration", "Concentración"),
    "cash_flow": ("Cash flow", "Flujo de caja"),
    "monitor": ("Monitor", "Monitor"),
    "provisions": ("Provisions", "Provisiones"),
    "restatement": ("Restatement", "Reexpresión"),
}


@dataclass(frozen=True)
class View:
    """A named set of tables: those that SQL makes and those that its maker adds.

    `absent` are tables of the product whose file the workspace does not have: shown as missing.
    """

    name: str
    title_en: str
    title_es: str
    specs: tuple[TableSpec, ...]
    absent: tuple[Missing, ...] = ()

    def title(self, language: str) -> str:
        """Give the title in English (`en`) or Spanish (`es`)."""
        return self.title_es if language == "es" else self.title_en

    @cached_property
    def maker(self) -> Maker | None:
        """What makes the tables that SQL does not, and names the absent, if there are any."""
        made = maker_of(self.name)
        return with_absent(made, self.absent) if self.absent else made

    @property
    def table_names(self) -> tuple[str, ...]:
        """Every table the view can show, SQL's first."""
        made = () if self.maker is None else self.maker.tables
        return (*(each.table for each in self.specs if each.shown), *made)

    def has_table(self, table: str) -> None:
        """Raise UsageError, with the nearest name, if the view has no such table."""
        if table not in self.table_names:
            raise _unknown("table", table, self.table_names)

    def spec(self, table: str) -> TableSpec:
        """Give the spec of a table that SQL makes.

        Raises:
            UsageError: the view has no such table, or its figures are no sums over loans.
        """
        self.has_table(table)
        for lost in self.absent:
            if lost.table == table:
                raise UsageError(f"{self.name}.{table} cannot be made: {lost.needs}")
        for each in self.specs:
            if each.shown and each.table == table:
                return each
        raise UsageError(
            f"{self.name}.{table} does not open to loans: it is computed from many at once",
            hint="open a table of sums: " + ", ".join(e.table for e in self.specs if e.drill),
        )


@dataclass(frozen=True)
class Catalogue:
    """Every view of a workspace."""

    views: Mapping[str, View]

    @staticmethod
    def of(models: Mapping[str, Model]) -> "Catalogue":
        """Sort the models that stand in `sql/views/` under their views.

        Raises:
            ModelError: a folder is no view, or the head of a file cannot be read.
        """
        found: dict[str, list[TableSpec]] = {name: [] for name in _TITLES}
        for model in models.values():
            folder = model.path.parent
            if folder.parent.name != "views":
                continue
            if folder.name not in found:
                raise ModelError(
                    f"'{folder.name}' is no view",
                    where=str(model.path),
                    hint="one of " + ", ".join(_TITLES),
                )
            found[folder.name].append(read_spec(folder.name, model))
        absent = absent_tables(models)
        return Catalogue(
            {
                name: View(name, *_TITLES[name], tuple(specs), absent.get(name, ()))
                for name, specs in found.items()
            }
        )

    @staticmethod
    def names() -> tuple[str, ...]:
        """Name every view there can be, in the order in which a reader goes through them."""
        return tuple(_TITLES)

    def get(self, name: str) -> View:
        """Give a view by name; UsageError with the nearest names if there is none."""
        if name not in self.views:
            raise _unknown("view", name, tuple(self.views))
        return self.views[name]


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> UsageError:
    near = get_close_matches(name, known, n=1)
    return UsageError(
        f"there is no {kind} '{name}'",
        hint=f"did you mean '{near[0]}'?" if near else f"one of {', '.join(known)}",
    )
