"""Tables of views that SQL cannot hold: facts in, tables out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.observed import Observed
    from fintech_factory.values import LedgerRules
    from fintech_factory.views.table import Cells, Missing, Table, ViewDate

__all__ = ["OBSERVING", "Facts", "Maker", "Observer", "maker_of"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a maker is given to work on.

    `tables` holds the rows of each model that it reads, in the spec's order: of the date alone, or
    of every snapshot up to it, as the maker asked. `settings` are what the workspace says
    (facilities, provisioning, scenarios, statements), by name.
    """

    date: "ViewDate"
    tables: "Mapping[str, Sequence[Cells]]"
    rules: "LedgerRules"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observer:
    """Gives the figures that KPIs read of a view's facts, by name.

    `at` and `up_to` name the models it reads, as a maker's: often fewer than the tables need.
    """

    at: tuple[str, ...]
    up_to: tuple[str, ...]
    observe: "Callable[[Facts], Mapping[str, Observed]]"


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the tables of a view that SQL does not.

    `at` and `up_to` name the models it reads, of the date alone or of every snapshot up to it.
    `make` gives its tables and what is missing for the others.
    """

    tables: tuple[str, ...]
    at: tuple[str, ...]
    up_to: tuple[str, ...]
    make: "Callable[[Facts], tuple[Sequence[Table], Sequence[Missing]]]"
    observer: Observer | None = None


OBSERVING = frozenset({"cash_flow", "characteristics", "provisions"})
"""The views whose makers observe figures; a day's run loads no other maker."""


def maker_of(view: str) -> Maker | None:
    """Load a view's maker: `MAKER` of the module here that bears its name, if there is one."""
    if find_spec(f"{__name__}.{view}") is None:
        return None
    maker: Maker = import_module(f"{__name__}.{view}").MAKER
    return maker
