"""Findings over time: found, accepted for a while, fixed, and open again when they return."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from fintech_factory.values import Finding, Severity

__all__ = [
    "Acceptance",
    "Event",
    "EventKind",
    "Examined",
    "Found",
    "Sighting",
    "State",
    "Tracked",
    "fold",
    "sweep",
    "to_act_on",
]

_RANK = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
_SHOWN = 10
_ID_DIGITS = 8
_TWICE = 2


class State(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    FIXED = "fixed"


class EventKind(StrEnum):
    """What can happen to a finding; `seen` is found once more, word for word."""

    FOUND = "found"
    SEEN = "seen"
    FIXED = "fixed"
    ACCEPTED = "accepted"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Found:
    """One finding with who answers for it; code, place and subject together name it for good.

    `every_row` is the whole evidence, of which the finding itself bears the first rows; empty where
    the check knows no more.
    """

    finding: Finding
    check: str
    owner: str
    subject: str = ""
    every_row: tuple[dict[str, Any], ...] = field(default=(), compare=False, repr=False)

    @property
    def id(self) -> str:
        """Name the finding: the same thing found again has the same name."""
        said = f"{self.finding.code}\n{self.finding.where}\n{self.subject}"
        return hashlib.sha256(said.encode()).hexdigest()[:_ID_DIGITS]


@dataclass(frozen=True, slots=True)
class Examined:
    """A check that ran to its end, with all that it found; a check that could not run is absent."""

    check: str
    found: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """When something was looked at: the moment, the run, and the date the figures speak of."""

    at: datetime
    as_of: date | None = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a finding's life; `found` is what was seen, with `found` events only."""

    kind: EventKind
    id: str
    at: datetime
    as_of: date | None = None
    run_id: str = ""
    by: str = ""
    reason: str = ""
    until: date | None = None
    found: Found | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the event as one JSON object, without what was seen."""
        return {
            "event": self.kind.value,
            "at": self.at.isoformat(timespec="seconds"),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "run_id": self.run_id or None,
            "by": self.by or None,
            "reason": self.reason or None,
            "until": self.until.isoformat() if self.until else None,
        }


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody lives with a finding as it was, up to and with a day."""

    by: str
    reason: str
    until: date
    severity: Severity
    rows: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """A finding with its past."""

    found: Found
    first_seen: datetime
    last_seen: datetime
    as_of: date | None = None
    seen: int = 1
    fixed_at: datetime | None = None
    acceptance: Acceptance | None = None
    history: tuple[Event, ...] = field(default=())

    @property
    def id(self) -> str:
        """Name the finding."""
        return self.found.id

    @property
    def severity(self) -> Severity:
        """Say how much it matters."""
        return self.found.finding.severity

    def state_on(self, day: date) -> State:
        """Say where it stands on a day: an acceptance that ran out, or was outrun, leaves it open.

        Outrun is one whose finding has become graver, or much larger: more than twice the rows,
        or any more of what is critical.
        """
        if self.fixed_at is not None:
            return State.FIXED
        accepted = self.acceptance
        if accepted is None or accepted.until < day or _is_worse(self.found.finding, accepted):
            return State.OPEN
        return State.ACCEPTED

    def as_json(self, day: date) -> dict[str, Any]:
        """Give the finding as one JSON object, as it stands on a day."""
        accepted = self.acceptance
        return {
            "id": self.id,
            "state": self.state_on(day).value,
            **self.found.finding.as_json(),
            "owner": self.found.owner,
            "check": self.found.check,
            "first_seen": self.first_seen.isoformat(timespec="seconds"),
            "last_seen": self.last_seen.isoformat(timespec="seconds"),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "seen": self.seen,
            "accepted": None
            if accepted is None
            else {
                "by": accepted.by,
                "reason": accepted.reason,
                "until": accepted.until.isoformat(),
            },
        }


def fold(events: Iterable[Event]) -> dict[str, Tracked]:
    """Make every finding's present state of its past, oldest event first."""
    known: dict[str, Tracked] = {}
    for event in events:
        before = known.get(event.id)
        after = _first(event) if before is None else _next(before, event)
        if after is not None:
            known[event.id] = replace(after, history=(*after.history, event))
    return known


def sweep(
    known: Mapping[str, Tracked], examined: Sequence[Examined], sighting: Sighting
) -> list[Event]:
    """Give what a look changes: what was found, and what is found no more.

    A finding is fixed when its own check ran and did not find it, at a date no earlier than the
    one it was last seen at: a backfill of an old date says nothing about today.
    """
    found = _by_id(each for check in examined for each in check.found)
    ran = {check.check for check in examined}
    events = [_sighted(known.get(each.id), each, sighting) for each in found.values()]
    events += [
        _event(EventKind.FIXED, each.id, sighting)
        for each in known.values()
        if each.fixed_at is None
        and each.id not in found
        and each.found.check in ran
        and _no_earlier(sighting.as_of, each.as_of)
    ]
    return events


def to_act_on(known: Iterable[Tracked], day: date) -> list[Tracked]:
    """Give what is open on a day and more than a note, the gravest first."""
    open_ = (
        each
        for each in known
        if each.severity is not Severity.INFO and each.state_on(day) is State.OPEN
    )
    return sorted(open_, key=lambda each: -_RANK.index(each.severity))


def _by_id(found: Iterable[Found]) -> dict[str, Found]:
    """Make one of findings that are the same thing twice."""
    merged: dict[str, Found] = {}
    for each in found:
        first = merged.setdefault(each.id, each)
        if first is not each:
            merged[each.id] = replace(first, finding=_both(first.finding, each.finding))
    return merged


def _both(one: Finding, other: Finding) -> Finding:
    return replace(
        one,
        severity=max(one.severity, other.severity, key=_RANK.index),
        rows=one.rows + other.rows,
        evidence=(*one.evidence, *other.evidence)[:_SHOWN],
    )


def _event(
    kind: EventKind, finding_id: str, sighting: Sighting, found: Found | None = None
) -> Event:
    return Event(kind, finding_id, sighting.at, sighting.as_of, sighting.run_id, found=found)


def _no_earlier(now: date | None, before: date | None) -> bool:
    return now is None or before is None or now >= before


def _sighted(before: Tracked | None, found: Found, sighting: Sighting) -> Event:
    if before is not None and before.fixed_at is None and before.found == found:
        return _event(EventKind.SEEN, found.id, sighting)
    return _event(EventKind.FOUND, found.id, sighting, found)


def _is_worse(now: Finding, before: Acceptance) -> bool:
    if now.severity is not before.severity:
        return _RANK.index(now.severity) > _RANK.index(before.severity)
    many = before.rows if now.severity is Severity.CRITICAL else before.rows * _TWICE
    return now.rows > many


def _first(event: Event) -> Tracked | None:
    if event.found is None:
        return None
    return Tracked(event.found, event.at, event.at, event.as_of)


def _next(before: Tracked, event: Event) -> Tracked:
    match event.kind:
        case EventKind.FOUND if event.found is not None:
            return _seen_again(before, event, event.found)
        case EventKind.SEEN:
            return _seen_again(before, event, before.found)
        case EventKind.FIXED:
            return replace(before, fixed_at=event.at, acceptance=None)
        case EventKind.ACCEPTED if event.until is not None:
            finding = before.found.finding
            accepted = Acceptance(
                event.by, event.reason, event.until, finding.severity, finding.rows
            )
            return replace(before, acceptance=accepted)
        case EventKind.REOPENED:
            return replace(before, acceptance=None, fixed_at=None)
    return before


def _seen_again(before: Tracked, event: Event, found: Found) -> Tracked:
    """Take what was seen last; a look at an older date does not hide what is known of a newer."""
    is_older = before.fixed_at is None and not _no_earlier(event.as_of, before.as_of)
    return replace(
        before,
        found=before.found if is_older else found,
        last_seen=event.at,
        as_of=before.as_of if is_older else event.as_of or before.as_of,
        seen=before.seen + 1,
        fixed_at=None,
    )
