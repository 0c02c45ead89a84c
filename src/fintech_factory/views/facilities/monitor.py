"""The facilities of a workspace before the facts of its book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from fintech_factory.kpi_engine.definitions import Definitions
from fintech_factory.kpi_engine.nodes import Node
from fintech_factory.views.facilities.covenants import Covenant, covenants_at
from fintech_factory.views.facilities.facts import BookFacts
from fintech_factory.views.facilities.path import Path, path_of_states, rolled_parts
from fintech_factory.views.facilities.standing import Standing, standing_at
from fintech_factory.views.facilities.terms import Facility
from fintech_factory.views.table import ViewDate

__all__ = ["NEEDS_FACILITY", "Monitor"]

NEEDS_FACILITY = "needs facility terms in config/facilities/"


@dataclass(frozen=True)
class Monitor:
    """Facilities, facts and KPI definitions; what is made of them is made once a date."""

    facilities: Sequence[Facility]
    facts: BookFacts
    definitions: Definitions
    reporting_currency: str
    _standings: dict[tuple[str, date], Standing | str] = field(default_factory=dict, repr=False)
    _paths: dict[tuple[str, date], Path] = field(default_factory=dict, repr=False)

    def at(self, on: ViewDate) -> list[Facility]:
        """Give the facilities that are in force on the day to which a date's data go."""
        return [each for each in self.facilities if each.in_force(on.cut_on)]

    def standing(self, facility: Facility, on: ViewDate) -> Standing | str:
        """Give a facility at a date, or say why it cannot be."""
        key = facility.id, on.as_of
        if key not in self._standings:
            self._standings[key] = standing_at(facility, self.facts, on, self.reporting_currency)
        return self._standings[key]

    def path(self, on: ViewDate, pool_of: str = "") -> Path:
        """Give the ageing states ahead of a date: the book's, or a facility's pool's.

        Both go by the book's roll rates.
        """
        key = pool_of, on.as_of
        if key not in self._paths:
            facts = self.facts.of_pool(pool_of) if pool_of else self.facts
            self._paths[key] = path_of_states(facts, on.as_of)
        return self._paths[key]

    def covenants(self, facility: Facility, on: ViewDate) -> list[Covenant]:
        """Give the covenants of a facility that are in force on a date."""
        return list(covenants_at(self, facility, on))

    def rate(self, facility: Facility, on: ViewDate) -> Decimal | None:
        """Give what one unit of a facility's currency is worth; None if that is not known."""
        if facility.terms.currency == self.reporting_currency:
            return Decimal(1)
        return self.facts.rates.get(facility.terms.currency, {}).get(on.as_of)

    def unit(self, kpi: str) -> str:
        """Give what a KPI is counted in."""
        return self.definitions.get(kpi).unit.value

    @cached_property
    def kpis(self) -> tuple[str, ...]:
        """The KPIs that covenants are on, each once."""
        named = (each.kpi for one in self.facilities for each in one.terms.covenants)
        return tuple(dict.fromkeys(kpi for kpi in named if kpi is not None))

    @cached_property
    def rolled(self) -> Mapping[str, tuple[Node, Node]]:
        """Those of them that roll rates tell, with part and whole of one row."""
        found = {kpi: rolled_parts(self.definitions.get(kpi)) for kpi in self.kpis}
        return {kpi: parts for kpi, parts in found.items() if parts is not None}
