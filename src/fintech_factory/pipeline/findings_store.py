"""Findings and what happened to them: a file that only ever grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fintech_factory.pipeline.json_lines import JsonLines
from fintech_factory.validation.findings import Event, EventKind, Found
from fintech_factory.values import Finding, Severity

__all__ = ["FindingFile"]


@dataclass(frozen=True, slots=True)
class FindingFile:
    """Findings as lines of `state/findings.jsonl`."""

    lines: JsonLines

    def events(self) -> list[Event]:
        """Give everything that happened, oldest first."""
        return [_event(row) for row in self.lines.rows()]

    def append(self, events: Sequence[Event]) -> None:
        """Keep what happened in one write."""
        self.lines.append(_row(event) for event in events)


def _row(event: Event) -> dict[str, Any]:
    row: dict[str, Any] = {
        "event": event.kind.value,
        "id": event.id,
        "at": event.at.isoformat(),
        "as_of": event.as_of.isoformat() if event.as_of else None,
        "run_id": event.run_id,
    }
    if event.by:
        row |= {"by": event.by, "reason": event.reason}
    if event.until is not None:
        row["until"] = event.until.isoformat()
    if event.found is not None:
        found = event.found
        row["found"] = {
            **found.finding.as_json(),
            "check": found.check,
            "owner": found.owner,
            "subject": found.subject,
        }
    return row


def _event(row: dict[str, Any]) -> Event:
    return Event(
        kind=EventKind(row["event"]),
        id=row["id"],
        at=datetime.fromisoformat(row["at"]),
        as_of=_day(row["as_of"]),
        run_id=row["run_id"],
        by=row.get("by", ""),
        reason=row.get("reason", ""),
        until=_day(row.get("until")),
        found=_found(row["found"]) if "found" in row else None,
    )


def _found(held: dict[str, Any]) -> Found:
    finding = Finding(
        code=held["code"],
        severity=Severity(held["severity"]),
        message=held["message"],
        where=held["where"],
        hint=held["hint"],
        rows=held["rows"],
        evidence=tuple(held["evidence"]),
    )
    return Found(finding, held["check"], held["owner"], held["subject"])


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
