"""What a workspace remembers of its findings, baselines, runs and recomputations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.pipeline.accuracy_log import AccuracyLog
from fintech_factory.pipeline.baseline_store import BaselineLog, Reset
from fintech_factory.pipeline.findings_store import FindingFile
from fintech_factory.pipeline.json_lines import JsonLines
from fintech_factory.pipeline.run_log import PUBLISHED, RunEntry, RunLog
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

    @classmethod
    def of(cls, state: Path) -> "Memory":
        """Take the folder; files that are not there yet are empty."""
        return cls(
            findings=FindingFile(JsonLines(state / "findings.jsonl")),
            baselines=BaselineLog(JsonLines(state / "baselines.jsonl")),
            runs=RunLog(JsonLines(state / "runs.jsonl")),
            accuracy=AccuracyLog(JsonLines(state / "accuracy.jsonl")),
        )

    def after(self, looks: Iterable[Look]) -> dict[str, Tracked]:
        """Give every finding as some looks leave it, and keep nothing."""
        return fold(_grown(self, looks)[0])

    def remember(self, looks: Iterable[Look]) -> dict[str, Tracked]:
        """Keep what some looks changed; give every finding as it stands then."""
        events, fresh = _grown(self, looks)
        self.findings.append(fresh)
        return fold(events)

    def block(self, version: Version | None) -> RunEntry | None:
        """Give the run that the gate stopped and nothing was published since, None without one.

        A version published by a run that stopped before it could write that down counts as well.
        """
        entries = self.runs.entries()
        last = entries[-1] if entries else None
        if last is None or not last.is_blocked:
            return None
        return None if version is not None and version.run.finished_at > last.at else last

    def bad_batches(self, version: Version | None) -> frozenset[str]:
        """Name the exports that the gate stopped, and that were not published later."""
        last = {each.batch_id: each.status for each in self.runs.entries()}
        held = version.run.batch_ids if version is not None else ()
        return frozenset(
            batch for batch, status in last.items() if status != PUBLISHED and batch not in held
        )


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
