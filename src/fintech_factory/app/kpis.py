"""What a workspace can say of its KPIs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.kpi_engine import Kpi, Reading
    from fintech_factory.pipeline.opened import Opened

__all__ = ["Kpis"]


@dataclass(frozen=True)
class Kpis:
    """The KPIs of one workspace: read, trace, explain."""

    factory: "Factory"

    def readings(self, as_of: date | None, kpis: Sequence[str] = ()) -> "list[Reading]":
        """Give readings of the whole book, published or, where no run published, made on demand.

        Without a date: the published version's data-through date. Without KPIs: all of them.

        Raises:
            UsageError: no such KPI.
        """
        from fintech_factory.pipeline.reading_table import readings_at

        wanted = [self.factory.definitions.get(kpi).id for kpi in kpis] or list(
            self.factory.definitions.kpis
        )
        day = as_of or self.factory.data_through()
        version = self.factory.current()
        if version is not None:
            with self.factory.warehouse.open(version) as reader:
                found = readings_at(reader, day)
            if all(kpi in found for kpi in wanted):
                return [found[kpi] for kpi in wanted]
        with self.factory.on_demand(day) as (_, made):
            return [made[kpi] for kpi in wanted]

    def of_department(self, department: str | None) -> "list[Kpi]":
        """Give the KPIs of one department, or all of them.

        Raises:
            UsageError: no KPI is of that department.
        """
        from fintech_factory.errors import UsageError
        from fintech_factory.registry import suggestion

        kpis = list(self.factory.definitions.kpis.values())
        found = [kpi for kpi in kpis if department in {None, kpi.department}]
        if not found and department is not None:
            names = sorted({kpi.department for kpi in kpis})
            hint = suggestion(department, names)
            raise UsageError(f"no KPI is of the department `{department}`", hint=hint)
        return found

    def history(self, kpi: str) -> "list[Reading]":
        """Give a KPI's published readings of the whole book, oldest first."""
        from fintech_factory.pipeline.reading_table import history

        self.factory.definitions.get(kpi)
        with self.factory.warehouse.open(self.factory.published()) as reader:
            return history(reader, kpi)

    def explain(self, kpi: str, as_of: date | None) -> "Opened":
        """Open a reading to its definition, SQL, rows, batches and second-engine value."""
        from fintech_factory.kpi_engine import explain
        from fintech_factory.pipeline.opened import Opened, open_rows

        day = as_of or self.factory.data_through()
        with self.factory.at(day) as (reader, readings):
            explanation = explain(
                self.factory.definitions, self._reading_of(kpi, readings), readings
            )
            rows = open_rows(reader, explanation)
        return Opened(
            explanation, rows, self._second(kpi, day), self.factory.batch_behind(day).manifest
        )

    def _second(self, kpi: str, as_of: date) -> "Reading | None":
        """Recompute one KPI by the second engine alone, now; None where no engine can."""
        from fintech_factory.kpi_engine import is_measured
        from fintech_factory.pipeline.day import recompute_at

        if not is_measured(self.factory.definitions.get(kpi)):
            return None

        with self.factory.scratch() as build:
            readings = recompute_at(
                build, self.factory.book(self.factory.batch_behind(as_of)), as_of, kpi
            )
        return self._reading_of(kpi, {each.kpi: each for each in readings if not each.dimension})

    def _reading_of(self, kpi: str, readings: "Mapping[str, Reading]") -> "Reading":
        self.factory.definitions.get(kpi)
        return readings[kpi]
