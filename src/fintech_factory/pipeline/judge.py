"""Judges a run before it may be published: examined, remembered, let through or not."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeAlias

from fintech_factory.ingestion.landing.manifest import Batch
from fintech_factory.pipeline.file_facts import file_checks
from fintech_factory.pipeline.ledger_facts import reconcile_version
from fintech_factory.pipeline.live import Stale, expectation, live_look, stale_of
from fintech_factory.pipeline.run_log import BLOCKED, PUBLISHED, RunEntry
from fintech_factory.pipeline.validate import Examination, Made, Watch, examine
from fintech_factory.validation.comparison import Reconciliation, Tolerances
from fintech_factory.validation.findings import Event, Found, Sighting, Tracked
from fintech_factory.validation.gate import blocking
from fintech_factory.warehouse.protocol import Build, Reader, Version

__all__ = ["Compared", "Judged", "OpenVersion", "compare_all", "judge"]

OpenVersion: TypeAlias = Callable[[Version], AbstractContextManager[Reader]]


@dataclass(frozen=True, slots=True)
class Compared:
    """The reconciliation of the dates asked for, and that of every date that the build holds."""

    asked: Reconciliation
    whole: Reconciliation


@dataclass(frozen=True, slots=True)
class Judged:
    """What validation says of a run.

    `seen` is every finding that it met, `known` all that there are, as they stand now; `blocking`
    is what stops the publish; `events` are what it adds to the log of findings, to be kept with
    the run itself.
    """

    at: datetime
    run_id: str
    made: Made
    examination: Examination
    seen: tuple[Tracked, ...]
    known: tuple[Tracked, ...]
    blocking: tuple[Found, ...]
    events: tuple[Event, ...] = ()

    @property
    def on(self) -> date:
        """The day of the judgement, UTC: acceptances run out by it."""
        return self.at.astimezone(UTC).date()

    def entry(self, watch: Watch) -> RunEntry:
        """Say what becomes of the run, in a line of the run log."""
        said = (f"{each.finding.code}: {each.finding.message}" for each in self.blocking)
        return RunEntry(
            run_id=self.run_id,
            at=self.at,
            status=BLOCKED if self.blocking else PUBLISHED,
            batch_id=self.made.batch.batch_id,
            as_of=self.made.as_of,
            reason="; ".join(said),
            findings=tuple(each.id for each in self.blocking),
            expected=expectation(watch.settings),
        )

    def stale(self, watch: Watch) -> Stale | None:
        """Label what is in force once this run has ended."""
        blocked = self.entry(watch) if self.blocking else None
        return stale_of(self.at, blocked, self.made.batch.manifest, expectation(watch.settings))


def compare_all(
    build: Build,
    batch: Batch,
    dates: tuple[Sequence[date], Sequence[date]],
    tolerances: Tolerances,
    watch: Watch,
) -> Compared:
    """Compare in three rings; `dates` are those asked for, and all that the build holds."""
    asked, held = dates
    files = file_checks(build, build, batch, watch.settings.control_totals, max(asked))
    mine = reconcile_version(build, asked, tolerances).with_checks(files)
    if set(held) == set(asked):
        return Compared(mine, mine)
    return Compared(mine, reconcile_version(build, held, tolerances).with_checks(files))


def judge(
    made: Made, watch: Watch, before: Version | None, open_: OpenVersion, sighting: Sighting
) -> Judged:
    """Run every check and work the gate; what it found is kept when the run is committed."""
    with open_(before) if before else nullcontext() as reader:
        examination = examine(made, reader, watch)
    manifest = made.batch.manifest
    live = live_look(sighting.at, manifest, watch.refusal, watch.memory, watch.settings)
    looks = [*examination.looks(sighting), live]
    known, events = watch.memory.grown(looks)
    watch.memory.keep_evidence(looks, known)
    met = dict.fromkeys(
        found.id for _, checks in looks for check in checks for found in check.found
    )
    today = sighting.at.astimezone(UTC).date()
    return Judged(
        at=sighting.at,
        run_id=sighting.run_id,
        made=made,
        examination=examination,
        seen=tuple(known[each] for each in met),
        known=tuple(known.values()),
        blocking=blocking(examination.examined, known, watch.settings.gate.blocks, today),
        events=events,
    )
