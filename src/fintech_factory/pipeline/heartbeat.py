"""Writes down from when to when a process kept the day going (R101)."""

from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from fintech_factory.pipeline.owner import is_gone
from fintech_factory.pipeline.uptime import Span
from fintech_factory.state.tables import metadata

__all__ = ["beat", "begin", "end", "others", "spans"]

_beat = metadata.tables["heartbeat"]


def begin(connection: Connection, owner: str, at: datetime) -> int:
    """Write down that a process begins; give the number of its row."""
    values = {"owner": owner, "started_at": at, "seen_at": at}
    made = connection.execute(insert(_beat).values(**values).returning(_beat.c.sequence))
    return int(made.scalar_one())


def beat(connection: Connection, sequence: int, at: datetime) -> None:
    """Write down that a process is still at work; a clock that was put back takes nothing away."""
    connection.execute(
        update(_beat).where(_beat.c.sequence == sequence, _beat.c.seen_at < at).values(seen_at=at)
    )


def end(connection: Connection, sequence: int, at: datetime) -> None:
    """Write down that a process has ended in order."""
    beat(connection, sequence, at)
    connection.execute(update(_beat).where(_beat.c.sequence == sequence).values(ended_at=at))


def spans(connection: Connection, since: datetime) -> list[Span]:
    """Give every time of being up that reaches beyond a moment, in order of its beginning."""
    found = connection.execute(
        select(_beat)
        .where(or_(_beat.c.seen_at >= since, _beat.c.ended_at >= since))
        .order_by(_beat.c.started_at, _beat.c.sequence)
    )
    return [Span(row.started_at, row.seen_at, row.ended_at is not None) for row in found]


def others(connection: Connection, sequence: int, since: datetime) -> list[str]:
    """Name the processes that keep the day of the same workspace beside the one of a row."""
    found = connection.execute(
        select(_beat.c.owner).where(
            _beat.c.sequence != sequence, _beat.c.ended_at.is_(None), _beat.c.seen_at >= since
        )
    )
    return [owner for (owner,) in found if not is_gone(owner)]
