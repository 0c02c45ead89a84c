"""Which dates a run is asked for, and what it did."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fintech_factory.pipeline.inbox import NOTHING, Inbox
from fintech_factory.pipeline.journal import Journal, Step
from fintech_factory.transform.dates import month_ends

if TYPE_CHECKING:
    # A run with nothing to do never loads the engine.
    from fintech_factory.kpi_engine import Reading
    from fintech_factory.validation.comparison import Reconciliation
    from fintech_factory.warehouse.protocol import Version

__all__ = ["Dates", "DayOutcome", "DayStatus", "unchanged"]


@dataclass(frozen=True, slots=True)
class Dates:
    """Which as-of dates a run is asked for; neither means the data-through date."""

    as_of: date | None = None
    month_ends: bool = False

    def resolve(self, first_day: date, data_through: date) -> tuple[date, ...]:
        """Give the dates, oldest first."""
        if self.month_ends:
            return tuple(month_ends(first_day, data_through))
        return (self.as_of or data_through,)


class DayStatus(StrEnum):
    """How a run ended."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What a run did and found."""

    run_id: str
    as_ofs: tuple[date, ...]
    data_through: date
    status: DayStatus
    steps: tuple[Step, ...]
    readings: "tuple[Reading, ...]" = ()
    reconciliation: "Reconciliation | None" = None
    inbox: Inbox = NOTHING

    @property
    def withheld(self) -> int:
        """How many readings the second engine did not confirm."""
        return sum(reading.status == "withheld" for reading in self.readings)

    @property
    def has_findings(self) -> bool:
        """Whether a person should look: rows set aside, an export refused, a check open."""
        disagrees = self.reconciliation is not None and self.reconciliation.disagrees
        return bool(self.inbox.refused or self.inbox.set_aside or self.withheld) or disagrees

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory run --json`."""
        return {
            "run_id": self.run_id,
            "as_of": max(self.as_ofs).isoformat(),
            "as_ofs": [day.isoformat() for day in self.as_ofs],
            "data_through": self.data_through.isoformat(),
            "steps": [step.as_json() for step in self.steps],
            "readings": len(self.readings),
            "withheld": self.withheld,
            "rows_set_aside": self.inbox.set_aside,
            "refused_exports": [export.batch_id for export in self.inbox.refused],
            "reconciliation": self.reconciliation.status.value if self.reconciliation else None,
            "status": self.status.value,
        }


def unchanged(
    before: "Version", wanted: tuple[date, ...], journal: Journal, inbox: Inbox
) -> DayOutcome:
    """Say of a version that it already holds what a run was asked for."""
    for step in ("transform", "kpi", "verify", "reconcile", "publish"):
        journal.skip(step)
    return DayOutcome(
        run_id=before.run.run_id,
        as_ofs=wanted,
        data_through=before.run.data_through,
        status=DayStatus.UNCHANGED,
        steps=tuple(journal.steps),
        inbox=inbox,
    )
