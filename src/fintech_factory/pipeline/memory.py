"""What a workspace remembers of its findings, baselines, runs and recomputations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.pipeline.accuracy_log import AccuracyLog
from fintech_factory.pipeline.baseline_store import BaselineLog, Reset
from fintech_factory.pipeline.evidence_store import EvidenceFolder
from fintech_factory.pipeline.findings_store import FindingFile
from fintech_factory.pipeline.json_lines import JsonLines
from fintech_factory.pipeline.outcome import own_date
from fintech_factory.pipeline.run_log import RunEntry, RunLog
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

__all__ = ["Look", "Memory", "answered_by"]

Look = tuple[Sighting, Sequence[Examined]]
"""When something was looked at, and every check that was made then."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The files of `state/`; whoever changes one holds the writer's lock."""

    findings: FindingFile
    baselines: BaselineLog
    runs: RunLog
    accuracy: AccuracyLog
    evidence: EvidenceFolder

    @classmethod
    def of(cls, state: Path) -> "Memory":
        """Take the folder; files that are not there yet are empty."""
        return cls(
            findings=FindingFile(JsonLines(state / "findings.jsonl")),
            baselines=BaselineLog(JsonLines(state / "baselines.jsonl")),
            runs=RunLog(JsonLines(state / "runs.jsonl")),
            accuracy=AccuracyLog(JsonLines(state / "accuracy.jsonl")),
            evidence=EvidenceFolder(state / "evidence"),
        )

    def after(self, looks: Iterable[Look]) -> dict[str, Tracked]:
        """Give every finding as some looks leave it, and keep nothing."""
        return fold(_grown(self, looks)[0])

    def remember(self, looks: Iterable[Look]) -> dict[str, Tracked]:
        """Keep what some looks changed; give every finding as it stands then."""
        looks = list(looks)
        events, fresh = _grown(self, looks)
        known = fold(events)
        self.findings.append(fresh)
        for _, examined in looks:
            self.evidence.keep(examined, known)
        return known

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


def _grown(memory: Memory, looks: Iterable[Look]) -> tuple[list[Event], list[Event]]:
    events, fresh = memory.findings.events(), list[Event]()
    for sighting, examined in looks:
        news = sweep(fold(events), examined, sighting)
        events, fresh = events + news, fresh + news
    return events, fresh
