"""Finds when the export of an alert arrived, and when a channel first said it has the message."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, func, select

from fintech_factory.alerting.alert import Move
from fintech_factory.alerting.latency import Latency
from fintech_factory.alerting.level import LimitState, severity_of
from fintech_factory.distribution.channel import Word
from fintech_factory.state.tables import metadata

__all__ = ["News", "latency_of", "news_of", "news_of_exports", "open_exports"]

_alert, _transition, _run, _outbox, _attempt = (
    metadata.tables[name] for name in ("alert", "alert_transition", "run", "outbox", "attempt")
)
_INSIDE = frozenset({"inbox"})
# Nobody reads it at once, unless it is all that there is.
_KEPT = frozenset({"file"})
_NEWS = (Move.FIRED.value, Move.RAISED.value, Move.REOPENED.value)
_AT_A_TIME = 500

# When it was written, channel, address: then the first receipt of each alert's own message, None
# where there is none yet. What tells of several is found by their rule and severity, or by "".
_Receipts: TypeAlias = dict[tuple[datetime, str, str], dict[str, datetime | None]]


@dataclass(frozen=True, slots=True)
class News:
    """One time that people were to be told of an alert at once, and how long that took.

    It fired, rose to `level`, or was opened again. `batch_id` is the export whose run caused it,
    empty where none did.
    """

    alert_id: str
    fingerprint: str
    rule: str
    kind: Move
    level: LimitState
    batch_id: str
    way: Latency


@dataclass(slots=True)
class _Step:
    """A step that is news, and who was told at the same moment: of it, or by an escalation."""

    row: Row[Any]
    told: list[Mapping[str, str]] = field(default_factory=list)


def latency_of(connection: Connection, alerts: Collection[str]) -> dict[str, Latency]:
    """Give the way of each alert that has fired, by its id; the first time that it did."""
    found: dict[str, Latency] = {}
    for each in news_of(connection, alerts):
        if each.kind is Move.FIRED:
            found.setdefault(each.alert_id, each.way)
    return found


def news_of(connection: Connection, alerts: Collection[str]) -> list[News]:
    """Give every time that people were to be told at once of some alerts, oldest first."""
    rows: list[Row[Any]] = []
    for some in _portions(alerts):
        rows += _rows(connection, _transition.c.alert_id.in_(some))
    return _news(connection, rows)


def open_exports(connection: Connection, before: datetime) -> dict[str, datetime]:
    """Give the exports that arrived up to a moment and left alerts that are open, and when."""
    wanted = (
        select(_run.c.batch_id, func.min(_run.c.arrived_at))
        .join(_transition, _transition.c.run_id == _run.c.run_id)
        .where(_is_open(), _transition.c.kind.in_(_NEWS), _run.c.arrived_at <= before)
        .group_by(_run.c.batch_id)
    )
    return dict(connection.execute(wanted).all())


def news_of_exports(connection: Connection, batches: Collection[str]) -> list[News]:
    """Give the news of open alerts that the runs of some exports caused, oldest first."""
    rows: list[Row[Any]] = []
    for some in _portions(batches):
        rows += _rows(connection, _run.c.batch_id.in_(some), _is_open())
    return _news(connection, rows)


def _is_open() -> ColumnElement[bool]:
    # Written so, it begins with the few that are open and not with every step that was ever taken.
    return _transition.c.alert_id.in_(select(_alert.c.alert_id).where(_alert.c.ended_at.is_(None)))


def _rows(connection: Connection, *which: ColumnElement[bool]) -> list[Row[Any]]:
    wanted = (
        select(
            _transition.c.alert_id,
            _alert.c.fingerprint,
            _alert.c.rule,
            _transition.c.at,
            _transition.c.kind,
            _transition.c.level,
            _transition.c.detail,
            _run.c.run_id,
            _run.c.batch_id,
            _run.c.sequence,
            _run.c.arrived_at,
            _run.c.committed_at,
        )
        .join(_alert, _alert.c.alert_id == _transition.c.alert_id)
        .join(_run, _run.c.run_id == _transition.c.run_id, isouter=True)
        .where(*which, _transition.c.kind.in_((*_NEWS, Move.ESCALATED.value)))
        .order_by(_transition.c.sequence)
    )
    return list(connection.execute(wanted))


def _news(connection: Connection, rows: Sequence[Row[Any]]) -> list[News]:
    steps = _steps(rows)
    receipts = _receipts(connection, {each.row.at for each in steps})
    first = _first_runs(connection, {each.row.batch_id for each in steps} - {None})
    return [
        News(
            alert_id=each.row.alert_id,
            fingerprint=each.row.fingerprint,
            rule=each.row.rule,
            kind=Move(each.row.kind),
            level=LimitState(each.row.level),
            batch_id=each.row.batch_id or "",
            way=_latency(each, receipts, first),
        )
        for each in steps
    ]


def _steps(rows: Iterable[Row[Any]]) -> list[_Step]:
    """Put what is escalated at once to the step that it escalates: both tell of one thing."""
    steps: list[_Step] = []
    last: dict[str, _Step] = {}
    for row in rows:
        if row.kind in _NEWS:
            last[row.alert_id] = _Step(row)
            steps.append(last[row.alert_id])
        step = last.get(row.alert_id)
        if step is not None and step.row.at == row.at:
            step.told += row.detail["told"]
    return steps


def _first_runs(connection: Connection, batches: Collection[str]) -> frozenset[int]:
    """Give the number of the first run of each export."""
    found: set[int] = set()
    for some in _portions(batches):
        wanted = select(func.min(_run.c.sequence)).where(_run.c.batch_id.in_(some))
        found |= set(connection.scalars(wanted.group_by(_run.c.batch_id)))
    return frozenset(found)


def _receipts(connection: Connection, moments: Collection[datetime]) -> _Receipts:
    """Give the first receipt of each message that was written at one of some moments."""
    found: _Receipts = {}
    for some in _portions(moments):
        for row in _messages(connection, some):
            place = found.setdefault((row.created_at, row.channel, row.address), {})
            is_of_many = row.thread != f"alert/{row.alert_id}"
            of_many = (f"{row.rule} {row.severity}", "") if is_of_many else ()
            for name in (row.alert_id, *of_many):
                both = (place.get(name), row.received_at)
                place[name] = min((each for each in both if each is not None), default=None)
    return found


def _messages(connection: Connection, moments: list[datetime]) -> Iterable[Row[Any]]:
    accepted = (_attempt.c.outbox == _outbox.c.sequence) & (_attempt.c.word == Word.ACCEPTED.value)
    key = (
        _outbox.c.created_at,
        _outbox.c.channel,
        _outbox.c.address,
        _outbox.c.alert_id,
        _outbox.c.thread,
        _outbox.c.severity,
        _alert.c.rule,
    )
    wanted = (
        select(*key, func.min(_attempt.c.ended_at).label("received_at"))
        .join(_alert, _alert.c.alert_id == _outbox.c.alert_id)
        .join(_attempt, accepted, isouter=True)
        .where(_outbox.c.created_at.in_(moments))
        .group_by(*key)
    )
    return connection.execute(wanted)


def _first(
    step: _Step, outside: Iterable[Mapping[str, str]], of: _Receipts
) -> tuple[datetime, str] | None:
    """Give the first receipt of what told an alert (its own message, or its group's), by whom."""
    found: list[tuple[datetime, str]] = []
    names = (step.row.alert_id, _group(step.row), "")
    for each in outside:
        place = of.get((step.row.at, each["channel"], each["address"]), {})
        received_at = next((place[name] for name in names if name in place), None)
        if received_at is not None:
            found.append((received_at, each["channel"]))
    return min(found, default=None)


def _group(row: Row[Any]) -> str:
    return f"{row.rule} {severity_of(LimitState(row.level)).value}"


def _outside(told: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    every = [each for each in told if each["channel"] not in _INSIDE and "withheld" not in each]
    return [each for each in every if each["channel"] not in _KEPT] or every


def _latency(step: _Step, receipts: _Receipts, first: Collection[int]) -> Latency:
    row, outside = step.row, _outside(step.told)
    received = _first(step, outside, receipts)
    reasons = []
    if row.run_id is None:
        reasons.append("no run caused it")
    elif row.sequence not in first:
        reasons.append("its export had been run before")
    if not outside:
        reasons.append("nobody outside was to be told at once")
    elif received is None:
        reasons.append("no channel has accepted it yet")
    is_held_to_it = row.run_id is not None and row.sequence in first and outside
    return Latency(
        fired_at=row.at,
        arrived_at=row.arrived_at if is_held_to_it else None,
        committed_at=row.committed_at,
        received_at=received[0] if received else None,
        reason=", ".join(reasons),
        received_by=received[1] if received else "",
    )


def _portions(names: Collection[Any]) -> Iterable[list[Any]]:
    every = list(names)
    for start in range(0, len(every), _AT_A_TIME):
        yield every[start : start + _AT_A_TIME]
