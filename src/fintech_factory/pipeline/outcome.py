"""Which dates a run is asked for, and what it did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fintech_factory.pipeline.inbox import NOTHING, Inbox
from fintech_factory.pipeline.journal import Journal, Step
from fintech_factory.transform.dates import month_ends
from fintech_factory.validation.findings import to_act_on

if TYPE_CHECKING:
    # A run with nothing to do never loads the engine.
    from fintech_factory.kpi_engine import Reading
    from fintech_factory.kpi_engine.observed import ObservedAt
    from fintech_factory.pipeline.live import Stale
    from fintech_factory.validation.comparison import Reconciliation
    from fintech_factory.validation.findings import Tracked
    from fintech_factory.warehouse.protocol import Version

__all__ = ["Dates", "DayOutcome", "DayStatus", "Held", "own_date", "unchanged"]

_BY_THE_CLOCK = "freshness."


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


def own_date(as_ofs: Sequence[date], data_through: date) -> date:
    """Give the date that a run speaks of itself: the last with data, else the last label."""
    return max((day for day in as_ofs if day <= data_through), default=max(as_ofs))


class DayStatus(StrEnum):
    """How a run ended."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What a run did and found.

    `findings` are those that it met itself, `known` all that there are after it, on `found_on`.
    """

    run_id: str
    as_ofs: tuple[date, ...]
    data_through: date
    status: DayStatus
    steps: tuple[Step, ...]
    readings: "tuple[Reading, ...]" = ()
    reconciliation: "Reconciliation | None" = None
    inbox: Inbox = NOTHING
    findings: "tuple[Tracked, ...]" = ()
    known: "tuple[Tracked, ...]" = ()
    found_on: date = date.min
    blocking: tuple[str, ...] = ()
    stale: "Stale | None" = None
    observed: "ObservedAt" = field(default_factory=dict)

    @property
    def open_findings(self) -> "list[Tracked]":
        """Give what is open after the run and of weight, the gravest first.

        Whoever found it: what an earlier run found and nobody answered is still there. That an
        export is late is left out: the label of what is stale says it, and no run can mend it.
        """
        own = (each for each in self.known if not each.found.check.startswith(_BY_THE_CLOCK))
        return to_act_on(own, self.found_on)

    @property
    def open_counts(self) -> dict[str, int]:
        """How many findings of each severity are open, the gravest first."""
        return dict(Counter(each.severity.value for each in self.open_findings))

    @property
    def withheld(self) -> int:
        """How many readings the second engine did not confirm."""
        return sum(reading.status == "withheld" for reading in self.readings)

    @property
    def has_findings(self) -> bool:
        """Whether a person should look: a finding is open, rows were set aside, an export refused.

        What somebody has accepted counts no more, a reading that was withheld included.
        """
        landed = self.inbox.refused or self.inbox.set_aside
        return bool(landed or self.blocking or self.open_findings)

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
            "blocking": list(self.blocking),
            "open": self.open_counts,
            "findings": [each.as_json(self.found_on) for each in self.findings],
            "stale": self.stale.as_json() if self.stale else None,
            "observed": {
                name: figure for at in self.observed.values() for name, figure in at.items()
            },
        }


@dataclass(frozen=True, slots=True)
class Held:
    """What is published: how stale it is, and which findings are known on a day."""

    version: "Version"
    stale: "Stale | None"
    known: "tuple[Tracked, ...]"
    on: date


def unchanged(before: Held, wanted: tuple[date, ...], journal: Journal, inbox: Inbox) -> DayOutcome:
    """Say of what is published that it holds what a run was asked for."""
    for step in ("transform", "kpi", "verify", "observe", "reconcile", "validate", "publish"):
        journal.skip(step)
    return DayOutcome(
        run_id=before.version.run.run_id,
        as_ofs=wanted,
        data_through=before.version.run.data_through,
        status=DayStatus.UNCHANGED,
        steps=tuple(journal.steps),
        inbox=inbox,
        known=before.known,
        found_on=before.on,
        stale=before.stale,
    )
