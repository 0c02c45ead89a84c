"""What a workspace can say of its KPIs over the book's whole history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.kpi_engine import Kpi, Reading
    from fintech_factory.kpi_engine.month_changes import MonthChange
    from fintech_factory.kpi_engine.rehearse import Rehearsal
    from fintech_factory.kpi_engine.side_by_side import SideBySide
    from fintech_factory.pipeline.kpi_past import Part, Past

__all__ = ["GivenLimits", "KpiSeries"]


@dataclass(frozen=True, slots=True)
class GivenLimits:
    """Limits to try in place of the definition's, as `given_limits` reads them."""

    text: str
    confirm_small: bool = False


@dataclass(frozen=True)
class KpiSeries:
    """The KPIs of one workspace at every full month-end and at the last day of data."""

    factory: "Factory"

    def of(self, kpis: Sequence[str], part: "Part | None" = None) -> "dict[str, list[Reading]]":
        """Give each KPI's readings, oldest first, all by the definitions as they stand.

        Published readings are taken where their figure is still defined so; the others are
        computed from the published ledger by the SQL engine alone, and have no run.

        Raises:
            NothingPublished: no run has published yet.
            UsageError: no such KPI, or no such part of the book.
        """
        from fintech_factory.pipeline.kpi_past import BOOK, known_part, past_dates, published_past
        from fintech_factory.pipeline.view_facts import snapshot_dates

        chosen = part or BOOK
        definitions = self.factory.definitions.only(*kpis)
        version = self.factory.published()
        with self.factory.warehouse.open(version) as reader:
            known_part(reader, chosen)
            dates = past_dates(snapshot_dates(reader).values())
            published = published_past(reader, definitions.kpis, chosen)
        usable = {key: each for key, each in published.items() if self._stands(key, published)}
        lacking = [kpi for kpi in kpis if any((kpi, day) not in usable for day in dates)]
        days = [day for day in dates if any((kpi, day) not in usable for kpi in lacking)]
        made = self.past.read(definitions.only(*lacking), days, chosen) if lacking else {}
        found = {**made, **usable}
        return {kpi: [found[kpi, day] for day in dates] for kpi in kpis}

    @property
    def past(self) -> "Past":
        """The ledger of the published version."""
        from fintech_factory.pipeline.kpi_past import Past

        version = self.factory.published()
        return Past(version, partial(self.factory.warehouse.evaluate, version))

    def _stands(
        self, key: tuple[str, date], published: "Mapping[tuple[str, date], Reading]"
    ) -> bool:
        """Say whether a published figure is the one that the file defines now."""
        from fintech_factory.kpi_engine.outdated import figure_moved

        kpi, day = key
        read = {
            name: each.definition_version for (name, on), each in published.items() if on == day
        }
        return not figure_moved(
            self.factory.definitions, kpi, read, self.factory.kpi_versions.known
        )

    def full_months(self, last: int) -> list[date]:
        """Give the last full month-ends that the published version holds, oldest first."""
        from fintech_factory.pipeline.kpi_past import full_month_ends
        from fintech_factory.pipeline.view_facts import snapshot_dates

        with self.factory.warehouse.open(self.factory.published()) as reader:
            return full_month_ends(snapshot_dates(reader).values())[-last:]

    def rehearse(
        self,
        kpis: Sequence[str] = (),
        given: GivenLimits | None = None,
        part: "Part | None" = None,
    ) -> "list[Rehearsal]":
        """Replay limits over all history: the given ones, else the definitions' own.

        Without KPIs: all that have limits.

        Raises:
            UsageError: limits for no KPI in particular, a KPI without limits, or wrong limits.
        """
        from fintech_factory.kpi_engine.given_limits import given_limits
        from fintech_factory.kpi_engine.rehearse import rehearse

        if given is not None and not kpis:
            raise UsageError("--limits needs --kpi", hint="say for which KPI they are")
        chosen = [self.factory.definitions.get(kpi) for kpi in dict.fromkeys(kpis)]
        if not kpis:
            chosen = [kpi for kpi in self.factory.definitions.kpis.values() if kpi.limits.steps]
        ladders = {
            kpi.id: given_limits(kpi, given.text, confirm_small=given.confirm_small)
            if given
            else _own(kpi).limits
            for kpi in chosen
        }
        series = self.of(list(ladders), part)
        return [rehearse(kpi, limits, series[kpi]) for kpi, limits in ladders.items()]

    def compare(
        self, kpis: Sequence[str], as_of: date | None, *, month_ends: bool, limits_of: str | None
    ) -> "SideBySide":
        """Set KPIs beside each other: at one date, else the last day of data, or at all.

        Raises:
            UsageError: no such KPI, one alone by its own limits, or limits that do not fit.
        """
        from fintech_factory.kpi_engine.side_by_side import judges_of, side_by_side

        definitions = self.factory.definitions
        chosen = [definitions.get(kpi) for kpi in dict.fromkeys(kpis)]
        if len(chosen) == 1 and not limits_of:
            raise UsageError(
                f"{chosen[0].id} alone is beside nothing",
                where="KPI",
                hint="name another, or judge it by another's limits with --limits-of",
            )
        judges = judges_of(chosen, definitions.get(limits_of) if limits_of else None)
        names = list(judges)
        if month_ends:
            series = self.of(names)
        else:
            series = self._at(names, as_of or self.factory.data_through())
        return side_by_side(judges, series)

    def _at(self, kpis: Sequence[str], day: date) -> "dict[str, list[Reading]]":
        """Read KPIs at one date by the definitions as they stand."""
        if self.factory.current() is not None:
            series = self.of(kpis)
            found = {kpi: [each for each in series[kpi] if each.as_of == day] for kpi in kpis}
            if all(found.values()):
                return found
        readings = self.factory.kpis.readings(day, kpis)
        if self.factory.kpi_versions.outdated(readings):
            with self.factory.on_demand(day) as (_, made):
                readings = [made[kpi] for kpi in kpis]
        return {each.kpi: [each] for each in readings}

    def month_changes(self, kpi: str) -> "tuple[MonthChange, ...]":
        """Give a KPI's month-ends, each full month with its change from the one before."""
        from fintech_factory.kpi_engine.month_changes import month_changes

        return month_changes(self.of([self.factory.definitions.get(kpi).id])[kpi])


def _own(kpi: "Kpi") -> "Kpi":
    if not kpi.limits.steps:
        raise UsageError(
            f"{kpi.id} has no limits",
            where="--kpi",
            hint="try some: --limits warning=…,critical=…",
        )
    return kpi
