"""What the records say of runs and of work that is due, as measures."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from fintech_factory.pipeline.attempts import AttemptStatus
from fintech_factory.state.tables import metadata
from fintech_factory.telemetry.exposition import Family, Kind, Sample

__all__ = ["last_published", "work_measures"]

_attempt, _step, _run, _slot, _heartbeat = (
    metadata.tables[name] for name in ("run_attempt", "run_step", "run", "slot", "heartbeat")
)
_RUNNING = AttemptStatus.RUNNING.value
_OPEN_SLOTS = ("waiting", "running", "paused")
# Those that say how long the work takes: the others ended early, or did nothing.
_WHOLE = (AttemptStatus.PUBLISHED.value, AttemptStatus.BLOCKED.value)


def last_published(connection: Connection) -> Row[Any] | None:
    """Give the row of the last run that published, None before the first."""
    return connection.execute(
        select(_run)
        .where(_run.c.status == AttemptStatus.PUBLISHED.value)
        .order_by(_run.c.sequence.desc())
        .limit(1)
    ).first()


def work_measures(connection: Connection, now: datetime) -> Iterator[Family]:
    """Give what is known of runs, their steps, slots, and of the process that keeps the day."""
    counted = _counted(connection)
    yield Family(
        "factory_runs_total",
        Kind.COUNTER,
        "Tries of runs that have ended, by what began them and how they ended.",
        tuple(
            Sample(count, {"cause": cause, "outcome": status})
            for cause, status, count in counted
            if status != _RUNNING
        ),
    )
    yield Family(
        "factory_runs_running",
        Kind.GAUGE,
        "Tries of runs that are under way.",
        (Sample(sum(count for _, status, count in counted if status == _RUNNING)),),
    )
    yield from _last_runs(connection)
    yield from _due(connection, now)
    seen_at = connection.scalar(select(func.max(_heartbeat.c.seen_at)))
    yield Family(
        "factory_heartbeat_age_seconds",
        Kind.GAUGE,
        "Since a process that keeps the day going was last seen.",
        () if seen_at is None else (Sample(_age(now, seen_at)),),
    )


def _counted(connection: Connection) -> list[tuple[str, str, int]]:
    columns = (_attempt.c.cause, _attempt.c.status)
    wanted = select(*columns, func.count()).group_by(*columns).order_by(*columns)
    return [(cause, status, count) for cause, status, count in connection.execute(wanted)]


def _last_runs(connection: Connection) -> Iterator[Family]:
    last_of_each = (
        select(_attempt.c.status, func.max(_attempt.c.ended_at).label("at"))
        .where(_attempt.c.ended_at.is_not(None))
        .group_by(_attempt.c.status)
        .order_by(_attempt.c.status)
    )
    yield Family(
        "factory_run_last_end_timestamp_seconds",
        Kind.GAUGE,
        "When the last try of each outcome ended, in seconds since 1970.",
        tuple(
            Sample(each.at.timestamp(), {"outcome": each.status})
            for each in connection.execute(last_of_each)
        ),
    )
    last = connection.execute(
        select(_attempt)
        .where(_attempt.c.status.in_(_WHOLE))
        .order_by(_attempt.c.sequence.desc())
        .limit(1)
    ).first()
    took = () if last is None else (Sample((last.ended_at - last.started_at).total_seconds()),)
    yield Family(
        "factory_run_last_duration_seconds",
        Kind.GAUGE,
        "How long the last run took that came to its end, published or blocked.",
        took,
    )
    steps = select(_step.c.name, _step.c.milliseconds).where(
        _step.c.run_id == (last.run_id if last is not None else ""),
        _step.c.milliseconds.is_not(None),
    )
    yield Family(
        "factory_run_last_step_seconds",
        Kind.GAUGE,
        "How long each step of that run took.",
        tuple(
            Sample(each.milliseconds / 1000, {"step": each.name})
            for each in connection.execute(steps.order_by(_step.c.number))
        ),
    )


def _due(connection: Connection, now: datetime) -> Iterator[Family]:
    wanted = (
        select(_slot.c.status, func.count().label("number"))
        .where(_slot.c.status.in_(_OPEN_SLOTS))
        .group_by(_slot.c.status)
    )
    counts = {each.status: each.number for each in connection.execute(wanted)}
    yield Family(
        "factory_slots",
        Kind.GAUGE,
        "Work that is due, paused or worked at.",
        tuple(Sample(counts.get(status, 0), {"status": status}) for status in _OPEN_SLOTS),
    )
    due_at = connection.scalar(
        select(func.min(_slot.c.due_at)).where(_slot.c.status == "waiting", _slot.c.due_at <= now)
    )
    yield Family(
        "factory_slot_oldest_due_age_seconds",
        Kind.GAUGE,
        "How long the oldest work that is due has waited; 0 while nothing is due.",
        (Sample(0 if due_at is None else _age(now, due_at)),),
    )


def _age(now: datetime, moment: datetime) -> float:
    return max((now - moment).total_seconds(), 0)
