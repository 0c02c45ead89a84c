"""Keeps each day's messages: they are rows of the outbox, found by their threads."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from fintech_factory.distribution.outbox import Post, enqueue
from fintech_factory.distribution.retry import Policy, Standing
from fintech_factory.message import Language, Message
from fintech_factory.message_json import decode
from fintech_factory.reporting.department import Place
from fintech_factory.reporting.rounds import Sent, Step
from fintech_factory.state.tables import metadata

__all__ = ["Addressed", "days_told", "message_of_key", "post_of", "put", "sent_on"]

_outbox = metadata.tables["outbox"]
_THREAD = "daily/"
_PARTS = 4
_OVER = frozenset({Standing.DELIVERED, Standing.DEAD, Standing.UNKNOWN, Standing.DROPPED})


@dataclass(frozen=True, slots=True)
class Addressed:
    """A message of a day for one recipient: what, to whom, where, by which way."""

    day: date
    department: str
    recipient: str
    language: Language
    place: Place
    step: Step
    message: Message


def sent_on(connection: Connection, day: date) -> list[Sent]:
    """Give every message of a day, to whomever, in the order in which they were written."""
    wanted = (
        select(_outbox)
        .where(_outbox.c.thread.startswith(f"{_THREAD}{day}/", autoescape=True))
        .order_by(_outbox.c.sequence)
    )
    return [_sent(row) for row in connection.execute(wanted)]


def days_told(connection: Connection, most: int) -> list[date]:
    """Give the last days of which there are messages, the newest first."""
    wanted = (
        select(_outbox.c.thread)
        .where(_outbox.c.thread.startswith(_THREAD, autoescape=True))
        .distinct()
    )
    days = {row.thread.split("/")[1] for row in connection.execute(wanted)}
    return [date.fromisoformat(each) for each in sorted(days, reverse=True)[:most]]


def message_of_key(connection: Connection, key: str) -> Message:
    """Give a message as it was written, to be sent once more by another way."""
    wanted = select(_outbox.c.message).where(_outbox.c.key == key)
    return decode(connection.execute(wanted).scalar_one())


def post_of(addressed: Addressed) -> Post:
    """Give what goes into the outbox: one key for each day, recipient, kind and way."""
    thread = f"{_THREAD}{addressed.day}/{addressed.department}/{addressed.recipient}"
    step = addressed.step
    marks = {"kind": step.kind, "way": step.way}
    return Post(
        cause=f"{thread}/{step.kind}/{step.way}",
        channel=addressed.place.channel,
        address=addressed.place.address,
        language=addressed.language,
        message=replace(addressed.message, thread=thread, marks=marks),
    )


def put(connection: Connection, posts: Iterable[Post], at: datetime) -> None:
    """Write messages into the outbox; one that is there already stays as it is."""
    enqueue(connection, posts, at, Policy())


def _sent(row: Row[Any]) -> Sent:
    _, _, department, recipient = row.thread.split("/", _PARTS - 1)
    marks = row.message["marks"] or {}
    standing = Standing(row.status)
    return Sent(
        department=department,
        recipient=recipient,
        kind=marks.get("kind", ""),
        way=marks.get("way", ""),
        place=Place(row.channel, row.address),
        written_at=row.created_at,
        arrived_at=row.finished_at if standing is Standing.DELIVERED else None,
        is_over=standing in _OVER,
        status=standing.value,
        reason=row.reason,
        key=row.key,
    )
