"""Sets several KPIs beside each other and says where they would alert differently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.limits import Limits
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.values import LimitState

__all__ = ["Beside", "Judged", "SideBySide", "judges_of", "side_by_side"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading and where it stands; `state` is None where nothing is known or no limit fits."""

    reading: Reading
    state: LimitState | None

    def as_json(self) -> dict[str, Any]:
        """Give one cell of the comparison; decimals are text."""
        reading = self.reading
        return {
            "value": reading.value if reading.status is Status.OK else None,
            "status": reading.status,
            "reason": reading.reason or None,
            "state": self.state,
            "run_id": reading.run_id,
        }


@dataclass(frozen=True, slots=True)
class Beside:
    """The KPIs at one date; they disagree if two of them stand in different states."""

    as_of: date
    partial: bool
    cells: Mapping[str, Judged]

    @property
    def disagree(self) -> bool:
        """Whether two KPIs would alert differently; what has no state has no say."""
        return len(set(self._states)) > 1

    @property
    def compares(self) -> bool:
        """Whether two KPIs have a state here."""
        return len(self._states) > 1

    @property
    def _states(self) -> list[LimitState]:
        return [each.state for each in self.cells.values() if each.state is not None]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Rows by date, and whose limits each KPI was held against (None: it has none that fit)."""

    judges: Mapping[str, str | None]
    rows: tuple[Beside, ...]

    @property
    def disagreements(self) -> int:
        """At how many dates two KPIs would alert differently."""
        return sum(row.disagree for row in self.rows)

    @property
    def compared(self) -> int:
        """At how many dates two KPIs have a state: at any other there is nothing to agree on."""
        return sum(row.compares for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory kpi compare --json`."""
        return {
            "limits_of": dict(self.judges),
            "disagreements": self.disagreements,
            "compared": self.compared,
            "rows": [
                {
                    "as_of": row.as_of,
                    "partial": row.partial,
                    "disagree": row.disagree,
                    "kpis": {kpi: judged.as_json() for kpi, judged in row.cells.items()},
                }
                for row in self.rows
            ],
        }


def judges_of(kpis: Sequence[Kpi], judge: Kpi | None) -> dict[str, Kpi | None]:
    """Say by whose limits each KPI is judged.

    With a judge: by its limits, all of them. Without: by its own, else by those of the first
    KPI that has limits, if they are in its unit and direction.

    Raises:
        UsageError: the judge has no limits, or none that fit a KPI.
    """
    if judge is not None:
        _refuse_unfit(kpis, judge)
        return {kpi.id: judge for kpi in kpis}
    first = next((kpi for kpi in kpis if kpi.limits.steps), None)
    borrowed = {kpi.id: first if first is not None and _fits(kpi, first) else None for kpi in kpis}
    return {kpi.id: kpi if kpi.limits.steps else borrowed[kpi.id] for kpi in kpis}


def _fits(kpi: Kpi, judge: Kpi) -> bool:
    return (kpi.unit, kpi.limits.direction) == (judge.unit, judge.limits.direction)


def _refuse_unfit(kpis: Sequence[Kpi], judge: Kpi) -> None:
    if not judge.limits.steps:
        raise UsageError(
            f"{judge.id} has no limits", where="--limits-of", hint="name a KPI that has some"
        )
    for kpi in kpis:
        if not _fits(kpi, judge):
            raise UsageError(
                f"the limits of {judge.id} ({judge.unit.value}, {judge.limits.direction.value})"
                f" do not fit {kpi.id} ({kpi.unit.value}, {kpi.limits.direction.value})",
                where="--limits-of",
            )


def side_by_side(
    judges: Mapping[str, Kpi | None], series: Mapping[str, Sequence[Reading]]
) -> SideBySide:
    """Judge each reading; the series have the same dates, oldest first."""
    rows = tuple(
        Beside(
            readings[0].as_of,
            any(reading.partial for reading in readings),
            {
                reading.kpi: Judged(reading, _state(judge.limits if judge else None, reading))
                for judge, reading in zip(judges.values(), readings, strict=True)
            },
        )
        for readings in zip(*(series[kpi] for kpi in judges), strict=True)
    )
    return SideBySide({kpi: judge.id if judge else None for kpi, judge in judges.items()}, rows)


def _state(limits: Limits | None, reading: Reading) -> LimitState | None:
    if limits is None or reading.status is not Status.OK or reading.value is None:
        return None
    return limits.state(reading.value)
