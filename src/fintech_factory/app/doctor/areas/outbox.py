"""Looks at what is to be sent: what waits too long, was given up, or may not have arrived."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, ok, warning

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground

__all__ = ["CHECKS", "Pile", "judge_ended", "judge_waiting"]

# `factory alerts deliver` sends each minute what is due.
_LATE = timedelta(minutes=5)
_RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pile:
    """Messages of one channel that stand alike: how many, since when, and why the last does."""

    channel: str
    count: int
    oldest: datetime
    reason: str = ""


def _ended(ground: "Ground") -> Iterator[Diagnosis]:
    """Count what ended without being delivered."""
    found = [
        each
        for status in ("dead", "unknown")
        for each in judge_ended(status, _piles(ground, status, "finished_at"))
    ]
    yield from found or [ok("nothing_lost", "no message of the last 7 days was given up")]


def judge_ended(status: str, piles: Sequence[Pile]) -> Iterator[Diagnosis]:
    """Say what was given up (`dead`), or may not have arrived (`unknown`)."""
    for each in piles:
        since = f"since {each.oldest:%Y-%m-%d %H:%M} UTC"
        why = f"; the last: {each.reason}" if each.reason else ""
        count = "a message" if each.count == 1 else f"{each.count} messages"
        if status == "dead":
            what = f"{count} by {each.channel} {_was(each.count)} given up {since}{why}"
            then = f"`factory channels test {each.channel}`, then `factory alerts replay`"
            yield warning("dead_letters", what, where=f"channel {each.channel}", then=then)
        else:
            what = f"nobody knows whether {count} by {each.channel} arrived, {since}{why}"
            then = "ask those who were to be told; `factory alerts replay` sends again, marked so"
            yield warning("in_doubt", what, where=f"channel {each.channel}", then=then)


def _waiting(ground: "Ground") -> Iterator[Diagnosis]:
    """Find what is due and not sent."""
    waiting = _piles(ground, "waiting", "due_at")
    held = _piles(ground, "leased", "lease_until")
    late = [*judge_waiting("waiting", waiting, ground.now)]
    late += judge_waiting("leased", held, ground.now)
    yield from late
    if not late:
        count = sum(each.count for each in (*waiting, *held))
        yield ok("nothing_late", f"{count} messages wait, none too long")


def judge_waiting(status: str, piles: Sequence[Pile], now: datetime) -> Iterator[Diagnosis]:
    """Say what should have been sent more than 5 minutes ago."""
    for each in piles:
        late = now - each.oldest
        if late <= _LATE:
            continue
        minutes = late / timedelta(minutes=1)
        where, then = f"channel {each.channel}", "`factory alerts deliver` sends what is due"
        if status == "leased":
            what = f"a sender took messages by {each.channel} and ended {minutes:,.0f} minutes ago"
            yield warning("sender_gone", what, where=where, then=f"{then}, these too")
        else:
            what = f"messages by {each.channel} are due for {minutes:,.0f} minutes and not sent"
            why = f"; the last try: {each.reason}" if each.reason else ""
            yield warning("message_overdue", f"{what}{why}", where=where, then=then)


def _piles(ground: "Ground", status: str, moment: str) -> list[Pile]:
    # What ended long ago is history; what waits does so however old it is.
    since = (ground.now - _RECENT).isoformat() if moment == "finished_at" else ""
    sql = (
        f"SELECT channel, COUNT(*), MIN({moment}), MAX(sequence) FROM outbox"  # noqa: S608 - our own names
        f" WHERE status = ? AND {moment} >= ? GROUP BY channel ORDER BY channel"
    )
    with ground.rows() as rows:
        if not rows.has("outbox"):
            return []
        found = rows.query(sql, [status, since])
        asked = "SELECT reason FROM outbox WHERE sequence = ?"
        reasons = {last: rows.query(asked, [last])[0][0] for *_, last in found}
    return [
        Pile(channel, count, datetime.fromisoformat(oldest), reasons[last])
        for channel, count, oldest, last in found
    ]


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


CHECKS = {"ended": _ended, "waiting": _waiting}
