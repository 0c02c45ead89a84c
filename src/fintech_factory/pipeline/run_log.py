"""What became of each run and each recomputation: files that only ever grow."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from fintech_factory.pipeline.json_lines import JsonLines
from fintech_factory.validation.freshness import Expectation

__all__ = ["BLOCKED", "PUBLISHED", "RunEntry", "RunLog"]

PUBLISHED = "published"
BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run: what it computed from, and whether that was published.

    `reason` and `findings` (their ids) say what stopped it, if something did; `expected` is when
    its settings expect the next export.
    """

    run_id: str
    at: datetime
    status: str
    batch_id: str
    as_of: date
    reason: str = ""
    findings: tuple[str, ...] = ()
    expected: Expectation | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether the gate kept it from being published."""
        return self.status == BLOCKED


@dataclass(frozen=True, slots=True)
class RunLog:
    """The file `state/runs.jsonl`."""

    lines: JsonLines

    def entries(self) -> list[RunEntry]:
        """Give every run, oldest first."""
        return [_entry(row) for row in self.lines.rows()]

    def append(self, entry: RunEntry) -> None:
        """Keep what became of a run."""
        self.lines.append([_row(entry)])


def _row(entry: RunEntry) -> dict[str, Any]:
    return {
        "run_id": entry.run_id,
        "at": entry.at.isoformat(),
        "status": entry.status,
        "batch_id": entry.batch_id,
        "as_of": entry.as_of.isoformat(),
        "reason": entry.reason,
        "findings": list(entry.findings),
        "expected": _expected_row(entry.expected) if entry.expected else None,
    }


def _expected_row(expected: Expectation) -> dict[str, Any]:
    return {
        "cadence": expected.cadence,
        "by": expected.expected_by.isoformat(),
        "quiet_days": expected.quiet_days,
    }


def _entry(row: dict[str, Any]) -> RunEntry:
    return RunEntry(
        run_id=row["run_id"],
        at=datetime.fromisoformat(row["at"]),
        status=row["status"],
        batch_id=row["batch_id"],
        as_of=date.fromisoformat(row["as_of"]),
        reason=row["reason"],
        findings=tuple(row["findings"]),
        expected=_expected(row["expected"]) if row["expected"] else None,
    )


def _expected(row: dict[str, Any]) -> Expectation:
    return Expectation(row["cadence"], time.fromisoformat(row["by"]), row["quiet_days"])
