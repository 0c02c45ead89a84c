"""Checks that need no run: whether the export has come, landed, and was recomputed in time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fintech_factory.ingestion.landing.manifest import Manifest
from fintech_factory.pipeline.memory import Look, Memory
from fintech_factory.pipeline.run_log import RunEntry
from fintech_factory.validation.accuracy import examine_accuracy
from fintech_factory.validation.findings import Examined, Sighting
from fintech_factory.validation.freshness import (
    Arrived,
    Expectation,
    examine_freshness,
    overdue_since,
)
from fintech_factory.validation.landed import Refusal, examine_refusal

if TYPE_CHECKING:
    # A run with nothing to do never loads the settings.
    from fintech_factory.config.validation import ValidationSettings

__all__ = ["Stale", "arrived", "expectation", "live_look", "refusal_of", "stale_of"]

_DATA, _ACCURACY = "technology", "compliance"


@dataclass(frozen=True, slots=True)
class Stale:
    """Why what is published is not what it should be by now, and since when.

    Of several `causes` the first to have come says since when; each keeps its own day.
    """

    since: datetime
    reason: str
    findings: tuple[str, ...]
    causes: tuple["Stale", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give the label as one JSON object."""
        own = {
            "since": self.since.isoformat(timespec="seconds"),
            "reason": self.reason,
            "findings": list(self.findings),
        }
        return own | ({"causes": [each.as_json() for each in self.causes]} if self.causes else {})


def expectation(settings: "ValidationSettings") -> Expectation:
    """Say when exports are expected."""
    freshness = settings.freshness
    return Expectation(freshness.cadence, freshness.expected_by, freshness.quiet_days)


def arrived(manifest: Manifest) -> Arrived | None:
    """Say what came and of which day it speaks, None if it does not say."""
    speaks_of = manifest.as_of or manifest.data_through
    if speaks_of is None:
        return None
    return Arrived(
        source=manifest.source,
        batch_id=manifest.batch_id,
        arrived_at=manifest.arrived_at,
        speaks_of=speaks_of,
        declared=manifest.declared_as_of is not None,
    )


def refusal_of(current: Manifest, refused: Manifest | None) -> Refusal | None:
    """Give the export that was refused last if it came after the one in force."""
    if refused is None or refused.arrived_at <= current.arrived_at:
        return None
    return Refusal(refused.batch_id, refused.arrived_at, refused.findings)


def live_look(
    now: datetime,
    current: Manifest,
    refusal: Refusal | None,
    memory: Memory,
    settings: "ValidationSettings",
) -> Look:
    """Examine what changes by the clock alone."""
    came = arrived(current)
    fresh = [examine_freshness(now, came, expectation(settings), _DATA)] if came else []
    calendar = (now.astimezone(UTC).date(), settings.accuracy.due_day)
    examined: list[Examined] = [
        *fresh,
        examine_refusal(current.source, refusal, _DATA),
        *examine_accuracy(memory.accuracy.last(), _first_run(memory), calendar, _ACCURACY),
    ]
    return Sighting(at=now), examined


def stale_of(
    now: datetime,
    blocked: RunEntry | None,
    current: Manifest | None,
    expected: Expectation,
) -> Stale | None:
    """Label what is published: a later run was blocked, or the next export is overdue.

    Without the manifest of the export in force, lateness is not looked at.
    """
    labels = list[Stale]()
    if blocked is not None:
        labels.append(Stale(blocked.at, blocked.reason, blocked.findings))
    came = arrived(current) if current else None
    since = overdue_since(now, came, expected) if came else None
    if since is not None and came is not None:
        late = examine_freshness(now, came, expected, _DATA).found
        labels.append(Stale(since, _overdue(since, came), tuple(each.id for each in late)))
    labels.sort(key=lambda each: each.since)
    if len(labels) <= 1:
        return labels[0] if labels else None
    first, *later = labels
    said = [f"since {each.since:%Y-%m-%d %H:%M} UTC: {each.reason}" for each in later]
    return Stale(
        since=first.since,
        reason="; ".join([first.reason, *said]),
        findings=tuple(name for each in labels for name in each.findings),
        causes=tuple(labels),
    )


def _overdue(since: datetime, came: Arrived) -> str:
    missing = since.date() - timedelta(days=1)
    return (
        f"the export of {missing} was expected by {since:%Y-%m-%d %H:%M} UTC;"
        f" the latest ends on {came.speaks_of}"
    )


def _first_run(memory: Memory) -> date | None:
    entries = memory.runs.entries()
    return entries[0].at.date() if entries else None
