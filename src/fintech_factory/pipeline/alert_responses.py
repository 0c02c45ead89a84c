"""Does at level 1 what settings allow to be done without anybody, and takes it back by its name."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, bindparam, select, update

from fintech_factory.alerting.alert import AlertState, Move, Snooze
from fintech_factory.alerting.moves import moved
from fintech_factory.alerting.respond import Response, ResponseKind, responses
from fintech_factory.alerting.setup import Alerting
from fintech_factory.errors import UsageError
from fintech_factory.pipeline import alert_store
from fintech_factory.state.audit import Entry
from fintech_factory.state.tables import metadata

if TYPE_CHECKING:
    from fintech_factory.pipeline.alert_desk import Change, Step

__all__ = [
    "AUTOMATION",
    "Answered",
    "answer",
    "close_cases",
    "entries",
    "find_response",
    "finish",
    "keep",
    "pending",
    "take_back",
]

AUTOMATION = "automation"
"""The actor of what nobody did and settings allow."""

_response = metadata.tables["response"]
# What a transaction cannot do: whoever holds the workspace does it afterwards.
_LATER = frozenset({ResponseKind.RETRY, ResponseKind.REINGEST})
_ID_DIGITS = 12
_CLOSED_CASE = update(_response).where(
    _response.c.alert_id == bindparam("ended"),
    _response.c.kind == ResponseKind.OPEN_CASE.value,
    _response.c.undone_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A change with what was done about it: its row is kept after the alert's own."""

    change: "Change"
    rows: tuple[dict[str, Any], ...] = ()


def answer(
    change: "Change",
    alerting: Alerting,
    live: Iterable[AlertState],
    note: "Callable[[Step], str]",
) -> Answered:
    """Do what is to be done about a change at once, and put down what is to be done later.

    An annotation is a step of the alert's own; `note` gives its words, empty for none.
    """
    from fintech_factory.pipeline.alert_desk import Step

    state, made, rows = change.state, list(change.transitions), list[dict[str, Any]]()
    for step in change.transitions:
        for each in responses(step, change.state, change.rule, alerting.answers, live):
            words = ""
            if each.kind is ResponseKind.ANNOTATE:
                words = note(Step(change.rule, state, step))
                if not words:
                    continue
                state, noted = moved(state, Move.NOTED, step.at, actor=AUTOMATION, reason=words)
                made.append(noted)
            if each.kind is ResponseKind.MUTE_DUPLICATE:
                state, words = _muted(state, each, step.at, alerting)
            rows.append(_row(state, each, step.at, f"{step.number}", words))
    return Answered(replace(change, state=state, transitions=tuple(made)), tuple(rows))


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write down what was done, or is to be done."""
    if rows:
        connection.execute(_response.insert(), list(rows))


def entries(rows: Iterable[dict[str, Any]]) -> list[Entry]:
    """Give the audit entries of what was done."""
    return [
        Entry(
            at=row["at"],
            actor=AUTOMATION,
            action=f"response.{row['kind']}",
            subject=row["response_id"],
            after={"alert": row["alert_id"], **row["parameters"], "outcome": row["outcome"]},
            reason=f"undo: {row['undo']}" if row["undo"] else "",
        )
        for row in rows
    ]


def pending(connection: Connection) -> Sequence[Row[Any]]:
    """Give what is still to be done, oldest first."""
    wanted = select(_response).where(_response.c.done_at.is_(None), _response.c.undone_at.is_(None))
    return connection.execute(wanted.order_by(_response.c.at, _response.c.response_id)).all()


def finish(connection: Connection, response_id: str, outcome: str, at: datetime) -> None:
    """Write down that it was done, and what came of it."""
    connection.execute(
        update(_response)
        .where(_response.c.response_id == response_id)
        .values(done_at=at, outcome=outcome)
    )


def find_response(connection: Connection, name: str) -> Row[Any]:
    """Give one that is not taken back yet.

    Raises:
        UsageError: there is none, or nothing in it can be taken back.
    """
    row = connection.execute(select(_response).where(_response.c.response_id == name)).one_or_none()
    if row is None:
        hint = "`factory alerts show ID` names what was done"
        raise UsageError(f"nothing was done by the name {name}", hint=hint)
    if row.undone_at is not None:
        raise UsageError(f"{row.undone_by} has taken {name} back already")
    if not row.undo:
        raise UsageError(f"{name} ({row.kind}) changed nothing that could be taken back")
    return row


def take_back(connection: Connection, name: str, by: str, reason: str, at: datetime) -> Entry:
    """Say that it no longer holds; give the entry of it."""
    row = find_response(connection, name)
    connection.execute(
        update(_response)
        .where(_response.c.response_id == name)
        .values(undone_at=at, undone_by=by, undone_reason=reason)
    )
    if row.kind == ResponseKind.MUTE_DUPLICATE:
        _unmute(connection, row.alert_id, at)
    before = {"kind": row.kind, "alert": row.alert_id, "outcome": row.outcome}
    return Entry(at, by, f"response.{row.kind}.undone", name, before=before, reason=reason)


def close_cases(connection: Connection, alert_id: str, why: str) -> None:
    """Close the cases of an alert that has ended."""
    closed = {"ended": alert_id, "outcome": f"closed: the alert was {why}"}
    connection.execute(_CLOSED_CASE, closed)


def _unmute(connection: Connection, alert_id: str, at: datetime) -> None:
    state = alert_store.find(connection, alert_id)
    if state.snooze is not None and state.snooze.by == AUTOMATION:
        after = replace(state, snooze=None, revision=state.revision + 1)
        # The clock looks at it next, and finds from its rule when it is due.
        alert_store.keep_state(connection, state, after, at)


def _muted(
    state: AlertState, response: Response, at: datetime, alerting: Alerting
) -> tuple[AlertState, str]:
    """Snooze a duplicate until its next repeat would be due."""
    wait = alerting.policy.repeat.get(state.level) or alerting.policy.sleeps(state.level)
    until = at + min(wait, alerting.policy.sleeps(state.level))
    said = f"the same as alert {response.parameters['duplicate_of']}; muted until {until:%F %R} UTC"
    return replace(state, snooze=Snooze(AUTOMATION, until)), said


def _row(
    state: AlertState, response: Response, at: datetime, step: str, outcome: str
) -> dict[str, Any]:
    name = f"{state.alert_id}/{step}/{response.kind.value}"
    is_later = response.kind in _LATER
    return {
        "response_id": hashlib.sha256(name.encode()).hexdigest()[:_ID_DIGITS],
        "alert_id": state.alert_id,
        "kind": response.kind.value,
        "parameters": dict(response.parameters),
        "at": at,
        "undo": response.undo,
        "done_at": None if is_later else at,
        "outcome": outcome or ("" if is_later else "done"),
    }
