"""What a workspace remembers of its findings, baselines, runs and recomputations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.pipeline.accuracy_log import AccuracyLog
from fintech_factory.pipeline.baseline_store import BaselineLog, Reset
from fintech_factory.pipeline.evidence_store import EvidenceFolder
from fintech_factory.pipeline.findings_store import FindingLog
from fintech_factory.pipeline.outcome import own_date
from fintech_factory.pipeline.run_log import RunEntry, RunLog
from fintech_factory.state.store import State
from fintech_factory.validation.findings import (
    Event,
    EventKind,
    Examined,
    Sighting,
    Tracked,
    fold,
    sweep,
)
from fintech_factory.warehouse.protocol import Version

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["Look", "Memory", "answered_by"]

Look = tuple[Sighting, Sequence[Examined]]
"""When something was looked at, and every check that was made then."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What lies in the operational database; whoever changes it holds the writer's lock."""

    state: State
    findings: FindingLog
    baselines: BaselineLog
    runs: RunLog
    accuracy: AccuracyLog
    evidence: EvidenceFolder

    @classmethod
    def of(cls, state: State, evidence: Path) -> "Memory":
        """Take the database, empty if nobody has made it yet, and the folder of evidence."""
        return cls(
            state,
            FindingLog(state),
            BaselineLog(state),
            RunLog(state),
            AccuracyLog(state),
            EvidenceFolder(evidence),
        )

    def after(self, looks: Iterable[Look]) -> dict[str, Tracked]:
        """Give every finding as some looks leave it, and keep nothing."""
        return self.grown(looks)[0]

    def grown(self, looks: Iterable[Look]) -> tuple[dict[str, Tracked], tuple[Event, ...]]:
        """Give every finding as some looks leave it, and what they add; keep nothing."""
        events, fresh = self.findings.events(), list[Event]()
        for sighting, examined in looks:
            news = sweep(fold(events), examined, sighting)
            events, fresh = events + news, fresh + news
        return fold(events), tuple(fresh)

    def remember(self, connection: "Connection", looks: Iterable[Look]) -> dict[str, Tracked]:
        """Keep what some looks changed, in the caller's transaction; give all as it stands then."""
        looks = list(looks)
        known, fresh = self.grown(looks)
        self.findings.append(connection, fresh)
        self.keep_evidence(looks, known)
        return known

    def keep_evidence(self, looks: Iterable[Look], known: Mapping[str, Tracked]) -> None:
        """Keep the rows behind what was found, beside the database."""
        for _, examined in looks:
            self.evidence.keep(examined, known)

    def block(self, version: Version | None) -> RunEntry | None:
        """Give the run that the gate stopped and nothing was published since, None without one.

        A backfill of an older date lifts nothing. A version published by a run that stopped
        before it could write that down counts as well.
        """
        stopped = _stopped(self.runs.entries())
        if stopped is None or version is None:
            return stopped
        speaks_of = own_date(version.run.as_ofs, version.run.data_through)
        lifted = version.run.finished_at > stopped.at and speaks_of >= stopped.as_of
        return None if lifted else stopped

    def bad_batches(self, version: Version | None) -> frozenset[str]:
        """Name the exports that the gate stopped, and that were not published later."""
        by_batch: dict[str, list[RunEntry]] = defaultdict(list)
        for each in self.runs.entries():
            by_batch[each.batch_id].append(each)
        held = version.run.batch_ids if version is not None else ()
        return frozenset(
            batch for batch, entries in by_batch.items() if _stopped(entries) and batch not in held
        )


def _stopped(entries: Iterable[RunEntry]) -> RunEntry | None:
    """Give the last run that was blocked, unless a later one published that date or a newer."""
    stopped: RunEntry | None = None
    for each in entries:
        if each.is_blocked:
            stopped = each
        elif stopped is not None and each.as_of >= stopped.as_of:
            stopped = None
    return stopped


def answered_by(reset: Reset, known: Mapping[str, Tracked]) -> list[Event]:
    """Say that a reset baseline is the answer to what was found by it."""
    return [
        Event(EventKind.FIXED, each.id, reset.at, by=reset.by, reason=reset.reason)
        for each in known.values()
        if each.fixed_at is None and reset.answers(each.found.check)
    ]
