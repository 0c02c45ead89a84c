"""Keeps what the audit trail's daily anchors were: of which head, sent where, and what became."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from fintech_factory.alerting.receiver import Destination
from fintech_factory.distribution.outbox import Post
from fintech_factory.message import Message
from fintech_factory.state.audit import ANCHORED, Entry, Head
from fintech_factory.state.audit_seal import Pin
from fintech_factory.state.tables import metadata

__all__ = [
    "Anchored",
    "Place",
    "anchored",
    "entry_of",
    "has_changed_since",
    "places",
    "posts_of",
]

_ACTOR = "clock"
_DELIVERIES = "delivery."
_outbox, _attempt, _entry = (metadata.tables[name] for name in ("outbox", "attempt", "audit_entry"))


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchor that was sent: the UTC day that it is the only one of, and the head it says.

    `at` is when it was signed; `told` the number of the entry that tells of it; `keys` name its
    messages in the outbox, one for each place.
    """

    day: date
    at: datetime
    head: Head
    told: int
    file: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an anchor was sent, and what became of that.

    `status` is the outbox's; `received_at` is None until the place has said that it has it.
    """

    channel: str
    address: str
    status: str
    received_at: datetime | None
    reason: str = ""


def anchored(connection: Connection, limit: int = 1) -> list[Anchored]:
    """Give the newest anchors, the newest first."""
    wanted = (
        select(_entry.c.sequence, _entry.c.time, _entry.c.subject, _entry.c.after)
        .where(_entry.c.action == ANCHORED)
        .order_by(_entry.c.sequence.desc())
        .limit(limit)
    )
    rows: list[Row[Any]] = list(connection.execute(wanted))
    return [_read(row) for row in rows]


def has_changed_since(connection: Connection, last: Anchored) -> bool:
    """Whether the trail tells of more by now than the last anchor and how that was delivered.

    Both move the head: counted in, each day's anchor would be the next one's reason.
    """
    of_itself: tuple[ColumnElement[bool], ...] = (
        _entry.c.action != ANCHORED,
        or_(~_entry.c.action.startswith(_DELIVERIES), _entry.c.subject.not_in(last.keys)),
    )
    wanted = select(_entry.c.sequence).where(_entry.c.sequence > last.head.sequence, *of_itself)
    return connection.execute(wanted.limit(1)).first() is not None


def posts_of(day: date, message: Message, to: Iterable[Destination]) -> list[Post]:
    """Give the messages of a day's anchor; their keys are that day's, whoever makes them."""
    cause = f"audit-anchor/{day}"
    return [Post(cause, each.channel, each.address, each.language, message) for each in to]


def entry_of(day: date, pin: Pin, file: str, posts: Sequence[Post]) -> Entry:
    """Give the entry that tells of an anchor, as `anchored` reads it back."""
    to = [{"channel": each.channel, "address": each.address, "key": each.key} for each in posts]
    after = {"sequence": pin.sequence, "head": pin.head, "file": file, "to": to}
    return Entry(datetime.fromisoformat(pin.time), _ACTOR, ANCHORED, day.isoformat(), after=after)


def places(connection: Connection, found: Iterable[Anchored]) -> dict[int, list[Place]]:
    """Give where each of some anchors was sent, by the number of its entry."""
    by_key = {key: each.told for each in found for key in each.keys}
    accepted = (_attempt.c.outbox == _outbox.c.sequence) & (_attempt.c.word == "accepted")
    columns = [_outbox.c[name] for name in ("key", "channel", "address", "status", "reason")]
    wanted = (
        select(*columns, func.min(_attempt.c.ended_at).label("received_at"))
        .join(_attempt, accepted, isouter=True)
        .where(_outbox.c.key.in_(by_key))
        .group_by(*columns, _outbox.c.sequence)
        .order_by(_outbox.c.sequence)
    )
    sent: dict[int, list[Place]] = {told: [] for told in by_key.values()}
    for row in connection.execute(wanted):
        place = Place(row.channel, row.address, row.status, row.received_at, row.reason)
        sent[by_key[row.key]].append(place)
    return sent


def _read(row: Row[Any]) -> Anchored:
    after: Mapping[str, Any] = json.loads(row.after)
    return Anchored(
        day=date.fromisoformat(row.subject),
        at=datetime.fromisoformat(row.time),
        head=Head(after["sequence"], after["head"]),
        told=row.sequence,
        file=after["file"],
        keys=tuple(each["key"] for each in after["to"]),
    )
