"""The outbox: what is to be sent, written together with the reason for it, sent afterwards."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from fintech_factory.distribution.causes import runs_behind
from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.distribution.retry import Next, Policy, Standing, Tried
from fintech_factory.message import Language, Message
from fintech_factory.message_json import decode, encode
from fintech_factory.state.insert import insert_new
from fintech_factory.state.tables import metadata
from fintech_factory.values import Severity

__all__ = [
    "Leased",
    "Post",
    "begin",
    "claim",
    "dead_letters",
    "enqueue",
    "finish",
    "is_finished",
    "next_due",
    "postpone",
    "replay",
]

_outbox = metadata.tables["outbox"]
_attempt = metadata.tables["attempt"]
# The word of an attempt until its outcome is known.
_STARTED = "started"
# What a kill between the provider's acceptance and our own commit leaves behind.
_INTERRUPTED = "the sender stopped before it could write down what became of this attempt"
_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
_FINAL = (Standing.DELIVERED, Standing.DEAD, Standing.UNKNOWN, Standing.DROPPED)


@dataclass(frozen=True, slots=True)
class Post:
    """A message for one address of one channel.

    `cause` names what it is sent for (a transition, a slot): the same cause is told once.
    """

    cause: str
    channel: str
    address: str
    language: Language
    message: Message
    alert_id: str = ""

    @property
    def key(self) -> str:
        """Name what is sent, for good: the idempotency key of every attempt."""
        said = f"{self.cause}\n{self.channel}\n{self.address}\n{self.language.value}"
        return hashlib.sha256(said.encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that one sender holds `until` its lease runs out or its outcome is written.

    `run_id` is the run that it tells of, empty where no run caused it.
    """

    sequence: int
    fence: int
    until: datetime
    channel: str
    alert_id: str
    tried: Tried
    delivery: Delivery
    attempt: int = 0
    run_id: str = ""


def enqueue(connection: Connection, posts: Iterable[Post], at: datetime, policy: Policy) -> None:
    """Write what is to be sent; what was written before under the same key stays as it is."""
    rows = [_row(post, at, policy) for post in posts]
    if rows:
        insert_new(connection, _outbox, rows, "key")


@dataclass(frozen=True, slots=True)
class Lease:
    """Who wants deliveries, for how long and how many; `busy` channels are left alone.

    `held` is what the sender still works on: it is not taken over from itself, however long a
    provider takes to answer.
    """

    owner: str
    lasts: timedelta
    limit: int
    busy: frozenset[str] = frozenset()
    held: frozenset[int] = frozenset()


def claim(connection: Connection, lease: Lease, at: datetime) -> list[Leased]:
    """Lease what is due, the gravest first, then the oldest; a thread's messages in their order.

    A lease that ran out is taken over. If its attempt had begun, nobody knows whether the provider
    has it: it is sent again and says that it may be a repeat (at least once, principle 4).
    """
    lost = (_outbox.c.status == Standing.LEASED, _outbox.c.lease_until < at)
    due = (_outbox.c.status == Standing.WAITING, _outbox.c.due_at <= at)
    rows: list[Row[Any]] = []
    for which in (lost, due):
        wanted = (
            select(_outbox)
            .where(*which, ~_has_earlier(), *_free(lease))
            .order_by(_outbox.c.rank, _outbox.c.sequence)
            .limit(lease.limit - len(rows))
        )
        rows += connection.execute(wanted.with_for_update(skip_locked=True, of=_outbox)).all()
    runs = runs_behind(connection, rows)
    return [
        replace(_lease(connection, row, lease, at), run_id=runs.get(row.sequence, ""))
        for row in rows
    ]


def begin(connection: Connection, leased: Sequence[Leased], at: datetime) -> list[Leased]:
    """Write down that attempts begin; those whose lease is lost are left out."""
    begun = []
    for each in leased:
        number = each.tried.attempts + 1
        held = connection.execute(update(_outbox).where(*_own(each)).values(attempts=number))
        if held.rowcount == 0:
            continue
        made = connection.execute(
            _attempt.insert().values(
                outbox=each.sequence, number=number, started_at=at, word=_STARTED
            )
        )
        (attempt,) = made.inserted_primary_key or (0,)
        begun.append(_begun(each, number, attempt))
    return begun


def finish(
    connection: Connection, leased: Leased, outcome: Outcome, then: Next, at: datetime
) -> Next | None:
    """Write down what became of an attempt; give what becomes of its delivery by that.

    The attempt's row is written either way: it happened. Whoever lost the lease meanwhile has no
    say in what becomes of the delivery (None), but for one thing: what the provider accepted has
    arrived, whoever holds the lease by now, and nobody needs to send it again.
    """
    connection.execute(
        update(_attempt)
        .where(_attempt.c.sequence == leased.attempt)
        .values(
            ended_at=at,
            word=outcome.word.value,
            provider_id=outcome.provider_id,
            reason=outcome.reason,
            retry_after_s=None if outcome.retry_after_s is None else round(outcome.retry_after_s),
        )
    )
    values: dict[str, Any] = {
        "status": then.standing.value,
        "may_repeat": then.may_repeat,
        "reason": then.reason,
        "lease_owner": "",
        "lease_until": None,
    }
    if then.due_at is not None:
        values["due_at"] = then.due_at
    if then.standing in _FINAL:
        values["finished_at"] = at
    if outcome.word is Word.ACCEPTED:
        values["provider_id"] = outcome.provider_id
    held = connection.execute(update(_outbox).where(*_own(leased)).values(**values))
    if held.rowcount == 1:
        return then
    return _settle(connection, leased, values) if outcome.word is Word.ACCEPTED else None


def is_finished(connection: Connection, leased: Leased, at: datetime) -> bool:
    """Whether an attempt's outcome was written down as of a moment.

    A commit that was broken off without an answer may have been kept: whoever still works on it
    is waited for.
    """
    ended_at = connection.scalar(
        select(_attempt.c.ended_at).where(_attempt.c.sequence == leased.attempt).with_for_update()
    )
    return bool(ended_at == at)


def postpone(connection: Connection, leased: Leased, until: datetime) -> None:
    """Give a lease back untried: its destination is not to be hurried."""
    connection.execute(
        update(_outbox)
        .where(*_own(leased))
        .values(status=Standing.WAITING.value, due_at=until, lease_owner="", lease_until=None)
    )


def next_due(connection: Connection) -> datetime | None:
    """Give the moment at which something is to be sent, None when nothing waits."""
    waiting = connection.scalar(
        select(func.min(_outbox.c.due_at)).where(
            _outbox.c.status == Standing.WAITING, ~_has_earlier()
        )
    )
    leased = connection.scalar(
        select(func.min(_outbox.c.lease_until)).where(_outbox.c.status == Standing.LEASED)
    )
    return min((each for each in (waiting, leased) if each is not None), default=None)


def dead_letters(connection: Connection) -> Sequence[Row[Any]]:
    """Give what will not be sent again by itself and is not known to have arrived."""
    ended = _outbox.c.status.in_((Standing.DEAD, Standing.UNKNOWN))
    return connection.execute(select(_outbox).where(ended).order_by(_outbox.c.sequence)).all()


def replay(
    connection: Connection, keys: Sequence[str], at: datetime, policy: Policy
) -> list[Row[Any]]:
    """Put dead and unknown deliveries back, with a deadline of their own; give their rows.

    One that may have arrived says that it may be a repeat.
    """
    ended = _outbox.c.status.in_((Standing.DEAD, Standing.UNKNOWN))
    rows = list(connection.execute(select(_outbox).where(ended, _outbox.c.key.in_(keys))))
    for row in rows:
        connection.execute(
            update(_outbox)
            .where(_outbox.c.sequence == row.sequence)
            .values(
                status=Standing.WAITING.value,
                due_at=at,
                deadline=policy.deadline(Severity(row.severity), at),
                finished_at=None,
                may_repeat=row.may_repeat or row.status == Standing.UNKNOWN,
            )
        )
    return rows


def _own(leased: Leased) -> tuple[ColumnElement[bool], ...]:
    """Match a delivery as long as a sender holds it."""
    return (
        _outbox.c.sequence == leased.sequence,
        _outbox.c.fence == leased.fence,
        _outbox.c.status == Standing.LEASED,
    )


def _settle(connection: Connection, leased: Leased, values: dict[str, Any]) -> Next | None:
    """End a delivery that arrived by an attempt whose lease was lost; None if it had ended so."""
    # Whoever took it over marked it; it may have gone out once more since.
    del values["may_repeat"]
    settled = connection.execute(
        update(_outbox)
        .where(_outbox.c.sequence == leased.sequence, _outbox.c.status != Standing.DELIVERED)
        .values(**values)
        .returning(_outbox.c.may_repeat)
    ).first()
    if settled is None:
        return None
    # Nobody takes it over any more, who would say so of whoever stopped meanwhile.
    _interrupted(connection, leased.sequence, values["finished_at"])
    return Next(Standing.DELIVERED, may_repeat=settled.may_repeat)


def _free(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return _outbox.c.channel.not_in(lease.busy), _outbox.c.sequence.not_in(lease.held)


def _has_earlier() -> ColumnElement[bool]:
    """Whether an earlier message of the same thread is still on its way to the same address."""
    earlier = _outbox.alias("earlier")
    return (
        select(earlier.c.sequence)
        .where(
            earlier.c.thread == _outbox.c.thread,
            earlier.c.channel == _outbox.c.channel,
            earlier.c.address == _outbox.c.address,
            earlier.c.sequence < _outbox.c.sequence,
            earlier.c.status.in_((Standing.WAITING, Standing.LEASED)),
        )
        .exists()
    )


def _row(post: Post, at: datetime, policy: Policy) -> dict[str, Any]:
    return {
        "key": post.key,
        "channel": post.channel,
        "address": post.address,
        "language": post.language.value,
        "thread": post.message.thread,
        "alert_id": post.alert_id,
        "severity": post.message.severity.value,
        "rank": _RANK[post.message.severity],
        "message": encode(post.message),
        "status": Standing.WAITING.value,
        "created_at": at,
        "due_at": at,
        "deadline": policy.deadline(post.message.severity, at),
    }


def _interrupted(connection: Connection, sequence: int, at: datetime) -> int:
    """Say of attempts without an outcome that nobody knows it; give how many there were.

    A sender that is alive all the same writes over it what truly became of its own.
    """
    return connection.execute(
        update(_attempt)
        .where(_attempt.c.outbox == sequence, _attempt.c.word == _STARTED)
        .values(word=Word.UNKNOWN.value, ended_at=at, reason=_INTERRUPTED)
    ).rowcount


def _lease(connection: Connection, row: Row[Any], lease: Lease, at: datetime) -> Leased:
    interrupted = _interrupted(connection, row.sequence, at)
    may_repeat = row.may_repeat or interrupted > 0
    connection.execute(
        update(_outbox)
        .where(_outbox.c.sequence == row.sequence)
        .values(
            status=Standing.LEASED.value,
            lease_owner=lease.owner,
            lease_until=at + lease.lasts,
            fence=row.fence + 1,
            may_repeat=may_repeat,
        )
    )
    return Leased(
        sequence=row.sequence,
        fence=row.fence + 1,
        until=at + lease.lasts,
        channel=row.channel,
        alert_id=row.alert_id,
        tried=Tried(row.attempts, Severity(row.severity), row.deadline, may_repeat),
        delivery=Delivery(
            key=row.key,
            message=decode(row.message),
            address=row.address,
            language=Language(row.language),
            thread_id=_thread_id(connection, row),
            may_repeat=may_repeat,
        ),
    )


def _thread_id(connection: Connection, row: Row[Any]) -> str:
    """Give what the provider called the first message of this thread at this address."""
    first = connection.scalar(
        select(_outbox.c.provider_id)
        .where(
            _outbox.c.thread == row.thread,
            _outbox.c.channel == row.channel,
            _outbox.c.address == row.address,
            _outbox.c.status == Standing.DELIVERED,
        )
        .order_by(_outbox.c.sequence)
        .limit(1)
    )
    return first or ""


def _begun(leased: Leased, number: int, attempt: int) -> Leased:
    return replace(
        leased,
        attempt=attempt,
        tried=replace(leased.tried, attempts=number),
        delivery=replace(leased.delivery, attempt=number),
    )
