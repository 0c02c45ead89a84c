"""What the records say of alerts and of deliveries, as measures."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from fintech_factory.alerting.alert import Move, Status
from fintech_factory.alerting.latency import Latency, latencies
from fintech_factory.alerting.level import LimitState, severity_of
from fintech_factory.distribution.retry import Standing
from fintech_factory.pipeline.alert_latency import news_of
from fintech_factory.state.tables import metadata
from fintech_factory.telemetry.exposition import Family, Kind, Sample

__all__ = ["alert_measures", "delivery_measures", "ways_since"]

_alert, _transition, _outbox, _attempt = (
    metadata.tables[name] for name in ("alert", "alert_transition", "outbox", "attempt")
)
_ON_THEIR_WAY = (Standing.WAITING.value, Standing.LEASED.value)
_LOST = (Standing.DEAD.value, Standing.UNKNOWN.value)
# The word of an attempt until its outcome is known.
_STARTED = "started"


def ways_since(connection: Connection, since: datetime) -> list[Latency]:
    """Give the way of each time that people were to be told at once, from a moment on."""
    wanted = (
        select(_transition.c.alert_id)
        .where(
            _transition.c.at >= since,
            _transition.c.kind.in_((Move.FIRED.value, Move.RAISED.value, Move.REOPENED.value)),
        )
        .distinct()
    )
    news = news_of(connection, list(connection.scalars(wanted)))
    return [each.way for each in news if each.way.fired_at >= since]


def alert_measures(connection: Connection, now: datetime, window: timedelta) -> Iterator[Family]:
    """Give the alerts that are open, and how long people waited for word within a window."""
    columns = (_alert.c.status, _alert.c.level, _alert.c.severity)
    wanted = (
        select(*columns, func.count().label("number"))
        .where(_alert.c.ended_at.is_(None))
        .group_by(*columns)
        .order_by(*columns)
    )
    yield Family(
        "factory_alerts_open",
        Kind.GAUGE,
        "Alerts that are not over, by where they stand, their level and their severity.",
        _open(connection.execute(wanted)),
    )
    found = latencies(ways_since(connection, now - window), now)
    known = (("0.5", found.p50), ("0.99", found.p99))
    yield Family(
        "factory_alert_latency_seconds",
        Kind.GAUGE,
        f"From an export's arrival to the first receipt outside, of {window.days} days.",
        tuple(Sample(each, {"quantile": name}) for name, each in known if each is not None),
    )
    yield Family(
        "factory_alert_latency_caused",
        Kind.GAUGE,
        f"How often an arrival was to be told of within five minutes, in {window.days} days.",
        (Sample(found.caused),),
    )
    yield Family(
        "factory_alert_latency_missed",
        Kind.GAUGE,
        f"How often nobody outside had it within five minutes, in {window.days} days.",
        (Sample(found.missed),),
    )


def _open(rows: Iterable[Row[Any]]) -> tuple[Sample, ...]:
    """Count what is open; where no alert stands at a level that fires, that is known to be 0."""
    found = {
        (Status.FIRING.value, level.value, severity_of(level).value): 0
        for level in LimitState
        if level is not LimitState.NONE
    }
    found |= {(each.status, each.level, each.severity): each.number for each in rows}
    return tuple(
        Sample(number, dict(zip(("status", "level", "severity"), labels, strict=True)))
        for labels, number in found.items()
    )


def delivery_measures(connection: Connection, now: datetime) -> Iterator[Family]:
    """Give what waits to be sent, what was tried, and what nobody is known to have received."""
    wanted = (
        select(_outbox.c.channel, _outbox.c.status, func.count().label("number"))
        .group_by(_outbox.c.channel, _outbox.c.status)
        .order_by(_outbox.c.channel, _outbox.c.status)
    )
    rows = connection.execute(wanted).all()
    known = {(each.channel, each.status): each.number for each in rows}
    yield Family(
        "factory_outbox_messages",
        Kind.GAUGE,
        "Messages that are to be sent: those that wait, and those that a sender holds.",
        tuple(
            Sample(sum(known[each] for each in known if each[1] == status), {"status": status})
            for status in _ON_THEIR_WAY
        ),
    )
    due_at = connection.scalar(
        select(func.min(_outbox.c.due_at)).where(
            _outbox.c.status.in_(_ON_THEIR_WAY), _outbox.c.due_at <= now
        )
    )
    yield Family(
        "factory_outbox_oldest_due_age_seconds",
        Kind.GAUGE,
        "How long the oldest message that is due has waited; 0 while none is due.",
        (Sample(0 if due_at is None else (now - due_at).total_seconds()),),
    )
    yield Family(
        "factory_dead_letters",
        Kind.GAUGE,
        "Messages that were given up (dead) or may not have arrived (unknown).",
        tuple(
            Sample(known.get((channel, status), 0), {"channel": channel, "status": status})
            for channel in sorted({channel for channel, _ in known})
            for status in _LOST
        ),
    )
    yield _attempts(connection)


def _attempts(connection: Connection) -> Family:
    columns = (_outbox.c.channel, _attempt.c.word)
    wanted = (
        select(*columns, func.count().label("number"))
        .join(_outbox, _outbox.c.sequence == _attempt.c.outbox)
        .where(_attempt.c.word != _STARTED)
        .group_by(*columns)
        .order_by(*columns)
    )
    return Family(
        "factory_delivery_attempts_total",
        Kind.COUNTER,
        "Attempts to deliver a message that have ended, by channel and what was answered.",
        tuple(
            Sample(each.number, {"channel": each.channel, "outcome": each.word})
            for each in connection.execute(wanted)
        ),
    )
