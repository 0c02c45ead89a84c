"""What became of each run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from fintech_factory.state.runs import RunRow, runs
from fintech_factory.state.store import State
from fintech_factory.validation.freshness import Expectation

__all__ = ["BLOCKED", "PUBLISHED", "RunEntry", "RunLog", "expected_row"]

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
    """The runs of the operational database."""

    state: State

    def entries(self) -> list[RunEntry]:
        """Give every run, oldest first."""
        with self.state.rows() as rows:
            return [_entry(row) for row in runs(rows)]


def expected_row(expected: Expectation) -> dict[str, Any]:
    """Give an expectation as one JSON object."""
    return {
        "cadence": expected.cadence,
        "by": expected.expected_by.isoformat(),
        "quiet_days": expected.quiet_days,
    }


def _entry(row: RunRow) -> RunEntry:
    return RunEntry(
        run_id=row.run_id,
        at=row.committed_at,
        status=row.status,
        batch_id=row.batch_id,
        as_of=row.as_of,
        reason=row.reason,
        findings=row.findings,
        expected=_expected(row.expected) if row.expected else None,
    )


def _expected(row: Mapping[str, Any]) -> Expectation:
    return Expectation(row["cadence"], time.fromisoformat(row["by"]), row["quiet_days"])
