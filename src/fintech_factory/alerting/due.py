"""What the clock does with an alert: escalate, repeat, end an answer, wake."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from fintech_factory.alerting.alert import AlertState, Move, Transition, next_revision
from fintech_factory.alerting.escalate import Policy, Step
from fintech_factory.alerting.moves import moved

__all__ = ["due", "hold", "next_due"]


def due(
    state: AlertState, policy: Policy, at: datetime
) -> tuple[AlertState, tuple[Transition, ...]]:
    """Give what has become due by a moment, in the order in which it did.

    A clock that stood still makes up for it: every escalation that was missed, and one repeat.
    """
    made: list[Transition] = []
    after = state
    while after.is_firing and (found := _first(after, policy)) is not None and found[0] <= at:
        after, transition = _done(after, found[1], at)
        made.append(transition)
    return next_revision(state, after), tuple(made)


def next_due(state: AlertState, policy: Policy) -> datetime | None:
    """Give when the clock has something to do with an alert; None if it never has."""
    found = _first(state, policy) if state.is_firing else None
    return found and found[0]


def hold(state: AlertState, until: datetime) -> AlertState:
    """Keep in mind that people could not be told; it is told once that ends."""
    return next_revision(state, replace(state, held_until=until))


_Task = Move | Step


def _first(state: AlertState, policy: Policy) -> tuple[datetime, _Task] | None:
    return min(_tasks(state, policy), key=lambda task: task[0], default=None)


def _tasks(state: AlertState, policy: Policy) -> Iterator[tuple[datetime, _Task]]:
    if state.snooze is not None:
        yield state.snooze.until, Move.WOKEN
    if state.acknowledgement is not None:
        yield state.acknowledgement.expires_at, Move.ACK_EXPIRED
    if state.held_until is not None:
        yield state.held_until, Move.RELEASED
    # Whoever could not be told has not left anything without an answer.
    if (state.snooze, state.acknowledgement, state.held_until) != (None, None, None):
        return
    if state.escalates_from is not None and not state.cleared:
        steps = policy.steps_of(state.level, compliance=state.compliance)
        step = next((each for each in steps if each.level > state.escalated), None)
        if step is not None:
            yield state.escalates_from + step.after, step
    repeat = policy.repeat.get(state.level)
    if repeat is not None and state.told_at is not None:
        yield state.told_at + repeat, Move.REPEATED


def _done(state: AlertState, task: _Task, at: datetime) -> tuple[AlertState, Transition]:
    if isinstance(task, Step):
        reached = max(state.reached, task.level)
        after = replace(state, escalated=task.level, reached=reached, told_at=at)
        return moved(after, Move.ESCALATED, at, step=task.level, reason=_unanswered(state, at))
    match task:
        case Move.WOKEN:
            # Both may end at one moment; what the acknowledgement still holds, it holds.
            woken = replace(state, snooze=None)
            return moved(_again(woken, at), task, at)
        case Move.ACK_EXPIRED:
            by = state.acknowledgement.by if state.acknowledgement else ""
            expired = _again(replace(state, acknowledgement=None), at)
            return moved(expired, task, at, reason=f"{by}'s acknowledgement has expired")
        case Move.RELEASED:
            return moved(_again(state, at), task, at)
    return moved(replace(state, told_at=at), task, at, reason=_unanswered(state, at))


def _again(state: AlertState, at: datetime) -> AlertState:
    """Start escalation anew: nobody is on it, and who was told has let it lie."""
    return replace(state, escalates_from=at, escalated=1, told_at=at, held_until=None)


def _unanswered(state: AlertState, at: datetime) -> str:
    since = state.escalates_from or at
    minutes = int((at - since).total_seconds() // 60)
    return f"nobody has acknowledged it for {minutes} minutes" if minutes else ""
