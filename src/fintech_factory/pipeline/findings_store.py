"""Findings and what happened to them: a log that only ever grows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.state import logs
from fintech_factory.state.store import State
from fintech_factory.validation.findings import Event, EventKind, Found
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["FindingLog"]

_LOG = "findings"


@dataclass(frozen=True, slots=True)
class FindingLog:
    """Findings as entries of the log `findings`."""

    state: State

    def events(self) -> list[Event]:
        """Give everything that happened, oldest first."""
        with self.state.rows() as rows:
            return [_event(row) for row in logs.entries(rows, _LOG)]

    def append(self, connection: "Connection", events: Iterable[Event]) -> None:
        """Keep what happened within the caller's transaction."""
        logs.append(connection, _LOG, (_row(event) for event in events))


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
