"""What people do with an alert: acknowledge, assign, snooze, note, close."""

from dataclasses import dataclass, replace
from datetime import datetime

from fintech_factory.alerting.alert import (
    SYSTEM,
    Acknowledgement,
    AlertState,
    Move,
    Snooze,
    Status,
    Transition,
    next_revision,
)
from fintech_factory.alerting.escalate import Policy
from fintech_factory.alerting.moves import moved
from fintech_factory.errors import UsageError

__all__ = ["Acknowledge", "Action", "Assign", "Close", "Note", "SnoozeUntil", "act"]


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """`by` has seen it and is on it."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """`by` says that it is `to`'s."""

    by: str
    to: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SnoozeUntil:
    """`by` does not want to hear of it before `until`."""

    by: str
    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """`by` writes something down."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """`by` says that it is over, and why."""

    by: str
    reason: str


Action = Acknowledge | Assign | SnoozeUntil | Note | Close

_Done = tuple[AlertState, Transition]


def act(
    state: AlertState,
    action: Action,
    at: datetime,
    *,
    policy: Policy = Policy(),  # noqa: B008 - frozen
    revision: int | None = None,
) -> tuple[AlertState, tuple[Transition, ...]]:
    """Do what a person asks for; `revision` is the one of the alert that they were looking at.

    Raises:
        UsageError: somebody else was first, the alert has ended, or it may not be done.
    """
    _refuse_unknown(action)
    if revision is not None and revision != state.revision:
        raise UsageError(
            f"the alert {state.fingerprint} has changed since (it is at revision"
            f" {state.revision}, not {revision})",
            hint="look at it again, then say what you want",
        )
    if not state.is_live:
        raise UsageError(
            f"the alert {state.fingerprint} has ended ({state.status.value})",
            hint="if it comes back, that is another alert",
        )
    after, transition = _do(state, action, at, policy)
    return next_revision(state, after), (transition,)


def _refuse_unknown(action: Action) -> None:
    if not action.by.strip():
        raise UsageError("nobody is named", where="--by", hint="say who you are")


def _do(state: AlertState, action: Action, at: datetime, policy: Policy) -> _Done:
    match action:
        case Acknowledge():
            return _acknowledged(state, action, at, policy)
        case Assign(by=by, to=to):
            _refuse_blank(to, "--to", "say to whom")
            after = replace(state, assignee=to)
            words = f"to {to}: {action.reason}" if action.reason else f"to {to}"
            return moved(after, Move.ASSIGNED, at, actor=by, reason=words)
        case SnoozeUntil():
            return _snoozed(state, action, at, policy)
        case Note(by=by, reason=words):
            _refuse_blank(words, "--reason", "say what is to be kept")
            return moved(state, Move.NOTED, at, actor=by, reason=words)
        case Close():
            return _closed(state, action, at)


def _refuse_blank(words: str, where: str, hint: str) -> None:
    if not words.strip():
        raise UsageError("it may not be empty", where=where, hint=hint)


def _refuse_pending(state: AlertState) -> None:
    if not state.is_firing:
        raise UsageError(
            f"the alert {state.fingerprint} is pending: nobody has been told of it yet",
            hint="it fires, or lapses, with the next snapshots",
        )


def _acknowledged(state: AlertState, action: Acknowledge, at: datetime, policy: Policy) -> _Done:
    _refuse_pending(state)
    held = state.acknowledgement
    if held is not None and held.expires_at > at:
        raise UsageError(
            f"{held.by} acknowledged {state.fingerprint} at {held.at:%Y-%m-%d %H:%M} UTC",
            hint=f"it holds until {held.expires_at:%Y-%m-%d %H:%M} UTC; assign it to take it over",
        )
    until = at + policy.holds(state.level)
    after = replace(state, acknowledgement=Acknowledgement(action.by, at, until))
    return moved(after, Move.ACKNOWLEDGED, at, actor=action.by, reason=action.reason, until=until)


def _snoozed(state: AlertState, action: SnoozeUntil, at: datetime, policy: Policy) -> _Done:
    _refuse_pending(state)
    if state.compliance:
        raise UsageError(
            f"{state.fingerprint} is a compliance breach and cannot be snoozed",
            hint="acknowledge it; it ends when somebody closes it",
        )
    latest = at + policy.sleeps(state.level)
    if not at < action.until <= latest:
        raise UsageError(
            f"{action.until:%Y-%m-%d %H:%M} is not within the snooze that a {state.level.value}"
            f" alert may have: until {latest:%Y-%m-%d %H:%M} UTC",
            where="--hours",
            hint="a silence, with owner, reason and end, may last longer",
        )
    after = replace(state, snooze=Snooze(action.by, action.until))
    return moved(after, Move.SNOOZED, at, actor=action.by, reason=action.reason, until=action.until)


def _closed(state: AlertState, action: Close, at: datetime) -> _Done:
    _refuse_blank(action.reason, "--reason", "say why it is over")
    if state.compliance and action.by.strip().casefold() == SYSTEM:
        raise UsageError(
            f"{state.fingerprint} is a compliance breach: a person closes it, by name",
            where="--by",
            hint="say who answers for it",
        )
    after = replace(
        state, status=Status.CLOSED, ended_at=at, acknowledgement=None, snooze=None, held_until=None
    )
    return moved(after, Move.CLOSED, at, actor=action.by, reason=action.reason)
