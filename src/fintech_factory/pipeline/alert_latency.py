"""Finds when the export of an alert arrived, and when a channel first said it has the message."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, func, select

from fintech_factory.alerting.alert import Move
from fintech_factory.alerting.latency import Latency
from fintech_factory.distribution.channel import Word
from fintech_factory.state.tables import metadata

__all__ = ["latency_of"]

_transition, _run, _outbox, _attempt = (
    metadata.tables[name] for name in ("alert_transition", "run", "outbox", "attempt")
)
_INSIDE = "inbox"
_AT_A_TIME = 500

# When it was written, channel, address: then each alert's own first receipt, "" for any of them.
_Receipts: TypeAlias = dict[tuple[datetime, str, str], dict[str, datetime]]


def latency_of(connection: Connection, alerts: Collection[str]) -> dict[str, Latency]:
    """Give the way of each alert that has fired, by its id; the first time that it did."""
    names = list(alerts)
    found: dict[str, Latency] = {}
    for start in range(0, len(names), _AT_A_TIME):
        fired: dict[str, Row[Any]] = {}
        for row in _fired(connection, names[start : start + _AT_A_TIME]):
            fired.setdefault(row.alert_id, row)
        receipts = _receipts(connection, {row.at for row in fired.values()})
        found |= {name: _latency(row, receipts) for name, row in fired.items()}
    return found


def _fired(connection: Connection, alerts: list[str]) -> list[Row[Any]]:
    of_batch = _run.alias("of_batch")
    first = (
        select(func.min(of_batch.c.sequence))
        .where(of_batch.c.batch_id == _run.c.batch_id)
        .scalar_subquery()
    )
    wanted = (
        select(
            _transition.c.alert_id,
            _transition.c.at,
            _transition.c.detail,
            _run.c.run_id,
            _run.c.arrived_at,
            _run.c.committed_at,
            (_run.c.sequence == first).label("is_first"),
        )
        .join(_run, _run.c.run_id == _transition.c.run_id, isouter=True)
        .where(_transition.c.alert_id.in_(alerts), _transition.c.kind == Move.FIRED.value)
        .order_by(_transition.c.sequence)
    )
    return list(connection.execute(wanted))


def _receipts(connection: Connection, moments: Collection[datetime]) -> _Receipts:
    """Give the first receipt of each message that was written at one of some moments."""
    wanted = (
        select(
            _outbox.c.created_at,
            _outbox.c.channel,
            _outbox.c.address,
            _outbox.c.alert_id,
            func.min(_attempt.c.ended_at).label("received_at"),
        )
        .join(_attempt, _attempt.c.outbox == _outbox.c.sequence)
        .where(
            _outbox.c.created_at.in_(moments),
            _attempt.c.word == Word.ACCEPTED.value,
        )
        .group_by(_outbox.c.created_at, _outbox.c.channel, _outbox.c.address, _outbox.c.alert_id)
    )
    found: _Receipts = {}
    for row in connection.execute(wanted):
        place = found.setdefault((row.created_at, row.channel, row.address), {})
        place[row.alert_id] = row.received_at
        place[""] = min(place.get("", row.received_at), row.received_at)
    return found


def _first(row: Row[Any], outside: Iterable[Mapping[str, str]], of: _Receipts) -> datetime | None:
    """Give the first receipt of what told an alert: its own message, or the one of its group."""
    places = (of.get((row.at, each["channel"], each["address"]), {}) for each in outside)
    return min((each.get(row.alert_id, each[""]) for each in places if each), default=None)


def _latency(row: Row[Any], receipts: _Receipts) -> Latency:
    outside = [
        each for each in row.detail["told"] if each["channel"] != _INSIDE and "withheld" not in each
    ]
    received_at = _first(row, outside, receipts)
    reasons = []
    if row.run_id is None:
        reasons.append("no run caused it")
    elif not row.is_first:
        reasons.append("its export had been run before")
    if not outside:
        reasons.append("nobody outside was to be told at once")
    elif received_at is None:
        reasons.append("no channel has accepted it yet")
    is_held_to_it = row.run_id is not None and row.is_first and outside
    return Latency(
        fired_at=row.at,
        arrived_at=row.arrived_at if is_held_to_it else None,
        committed_at=row.committed_at,
        received_at=received_at,
        reason=", ".join(reasons),
    )
