"""Keeps the work that is due: each slot is put down once, and one process at a time works at it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from fintech_factory.errors import LeaseLost, UsageError
from fintech_factory.pipeline.owner import is_gone
from fintech_factory.pipeline.schedule import Work
from fintech_factory.pipeline.slot import (
    STOPS,
    Cause,
    Ended,
    Held,
    Policy,
    Slot,
    SlotStatus,
    Then,
    Tried,
    then,
)
from fintech_factory.state.insert import insert_new
from fintech_factory.state.tables import metadata

__all__ = [
    "Asked",
    "Claim",
    "Lost",
    "ask",
    "claim",
    "close",
    "coalesce",
    "defer",
    "end",
    "extend",
    "hand_over",
    "last_slots",
    "lost",
    "put_down",
    "release",
    "slot_of",
    "waiting",
    "waits_for",
]

_slot = metadata.tables["slot"]
# A paused one as well: resumed after the later slot, it would do an older day over a newer one.
_NOT_BEGUN = (SlotStatus.WAITING, SlotStatus.PAUSED)


@dataclass(frozen=True, slots=True)
class Asked:
    """Work to be put down; the same schedule and slot are put down once."""

    schedule: str
    slot: str
    does: Work
    cause: Cause
    at: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    status: SlotStatus = SlotStatus.WAITING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks for work, under which policy, and the name that a run of it gets."""

    owner: str
    policy: Policy
    run_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Lost:
    """A slot whose process is gone, and what becomes of it."""

    slot: Slot
    then: Then


def put_down(connection: Connection, asked: Iterable[Asked], at: datetime) -> list[int]:
    """Put work down; give the numbers of what was not there yet."""
    made = []
    for each in asked:
        known = select(_slot.c.sequence).where(
            _slot.c.schedule == each.schedule, _slot.c.slot == each.slot
        )
        if connection.execute(known).first() is None:
            insert_new(connection, _slot, [_row(each, at)], "schedule", "slot")
            made.append(int(connection.execute(known).scalar_one()))
    return made


def _row(asked: Asked, at: datetime) -> dict[str, Any]:
    return {
        "schedule": asked.schedule,
        "slot": asked.slot,
        "does": asked.does.value,
        "cause": asked.cause.value,
        "parameters": dict(asked.parameters),
        "status": asked.status.value,
        "fell_due_at": asked.at,
        "due_at": asked.at,
        "reason": asked.reason,
        "made_at": at,
        "finished_at": at if asked.status.is_over else None,
    }


def waiting(connection: Connection, at: datetime) -> list[Slot]:
    """Give what is due and nobody works at, in the order in which it fell due.

    What is made up for of the past comes after all that is of today.
    """
    is_past = _slot.c.cause == Cause.BACKFILL.value
    wanted = (
        select(_slot)
        .where(_slot.c.status == SlotStatus.WAITING.value, _slot.c.due_at <= at)
        .order_by(is_past, _slot.c.fell_due_at, _slot.c.sequence)
    )
    return [slot_of(row) for row in connection.execute(wanted)]


def waits_for(connection: Connection, schedule: str, beginning: str) -> bool:
    """Say whether work of a schedule whose slot begins so is not done yet."""
    wanted = select(_slot.c.sequence).where(
        _slot.c.schedule == schedule,
        _slot.c.slot.startswith(beginning, autoescape=True),
        _slot.c.status.in_([SlotStatus.WAITING.value, SlotStatus.RUNNING.value]),
    )
    return connection.execute(wanted).first() is not None


def last_slots(connection: Connection) -> dict[str, Slot]:
    """Give the last slot of each schedule that has one, by the schedule's name."""
    newest = select(func.max(_slot.c.sequence)).group_by(_slot.c.schedule)
    found = connection.execute(select(_slot).where(_slot.c.sequence.in_(newest)))
    return {row.schedule: slot_of(row) for row in found}


def claim(connection: Connection, sequence: int, asks: Claim, at: datetime) -> Held | None:
    """Lease a slot that waits; None if somebody else was first."""
    wanted = select(_slot).where(
        _slot.c.sequence == sequence, _slot.c.status == SlotStatus.WAITING.value
    )
    row = connection.execute(wanted.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    held = Held(slot_of(row), row.fence + 1, asks.run_id(), asks.owner, at + asks.policy.lease)
    connection.execute(
        update(_slot)
        .where(_slot.c.sequence == sequence)
        .values(
            status=SlotStatus.RUNNING.value,
            attempts=row.attempts + 1,
            fence=held.fence,
            lease_owner=held.owner,
            lease_until=held.until,
            run_id=held.run_id,
            wanted="",
            reason="",
        )
    )
    return held


def extend(connection: Connection, held: Held, until: datetime) -> str:
    """Hold a slot longer; give what somebody wants of it meanwhile.

    Raises:
        LeaseLost: another process works at it.
    """
    _own(connection, held, {"lease_until": until})
    found = select(_slot.c.wanted).where(_slot.c.sequence == held.slot.sequence)
    return str(connection.execute(found).scalar_one())


def close(connection: Connection, held: Held, outcome: str, at: datetime) -> None:
    """Write down that a slot is done, within the transaction of what it has come to.

    Raises:
        LeaseLost: another process works at it; nothing of the transaction may be kept.
    """
    done = {"status": SlotStatus.DONE.value, "outcome": outcome, "finished_at": at}
    _own(connection, held, {**done, **_FREE})


def end(
    connection: Connection, held: Held, what: Then, said: tuple[Ended, str], at: datetime
) -> None:
    """Write down what becomes of a slot whose try ended without a result.

    Raises:
        LeaseLost: another process works at it.
    """
    ended, reason = said
    _own(connection, held, {**_after(held.slot.attempts + 1, what, ended, reason, at), **_FREE})


def lost(
    connection: Connection, policy: Policy, at: datetime, chance: Callable[[], float]
) -> list[Lost]:
    """Free what was being worked at by a process that is gone, or has not been heard of for long.

    A lease that ends later than one could ends with a clock that was put back since.
    """
    running = select(_slot).where(_slot.c.status == SlotStatus.RUNNING.value)
    found = []
    for row in connection.execute(running.with_for_update(skip_locked=True)).all():
        is_over = not at <= row.lease_until <= at + policy.lease + _SLACK
        if not is_over and not is_gone(row.lease_owner):
            continue
        ended = STOPS.get(row.wanted, Ended.LOST)
        what = then(Tried(row.attempts, ended, at), policy, chance)
        values = _after(row.attempts, what, ended, _GONE, at)
        connection.execute(
            update(_slot).where(_slot.c.sequence == row.sequence).values(**values, **_FREE)
        )
        found.append(Lost(slot_of(row), what))
    return found


def hand_over(connection: Connection, owner: str) -> int:
    """Say of what a process works at that it was asked to end: that is no failed try of it."""
    asked = connection.execute(
        update(_slot)
        .where(
            _slot.c.status == SlotStatus.RUNNING.value,
            _slot.c.lease_owner == owner,
            _slot.c.wanted == "",
        )
        .values(wanted="hand_over")
    )
    return asked.rowcount


def defer(connection: Connection, sequence: int, until: datetime, window: str) -> None:
    """Let a slot that waits wait for the end of a maintenance window."""
    connection.execute(
        update(_slot)
        .where(_slot.c.sequence == sequence, _slot.c.status == SlotStatus.WAITING.value)
        .values(due_at=until, deferred_by=window)
    )


def release(connection: Connection, window: str, at: datetime) -> int:
    """Let what waits for the end of a maintenance window be due now: the window is cancelled."""
    released = connection.execute(
        update(_slot)
        .where(
            _slot.c.status == SlotStatus.WAITING.value,
            _slot.c.deferred_by == window,
            _slot.c.due_at > at,
        )
        .values(due_at=at, deferred_by="")
    )
    return released.rowcount


def coalesce(connection: Connection, schedule: str, before: datetime, by: str, at: datetime) -> int:
    """End what still waits of a schedule and fell due earlier: a later slot stands for it."""
    ended = connection.execute(
        update(_slot)
        .where(
            _slot.c.schedule == schedule,
            _slot.c.fell_due_at < before,
            _slot.c.status.in_([each.value for each in _NOT_BEGUN]),
        )
        .values(status=SlotStatus.COALESCED.value, reason=by, finished_at=at)
    )
    return ended.rowcount


def ask(connection: Connection, sequence: int, wanted: str, by: str, at: datetime) -> SlotStatus:
    """Cancel or pause a slot, or resume a paused one; give how it stands then.

    One that is worked at stops before its next step; one that waits, at once.

    Raises:
        UsageError: it is over, or there is nothing to resume.
    """
    row = connection.execute(select(_slot).where(_slot.c.sequence == sequence)).one()
    before = SlotStatus(row.status)
    values = _answer(before, wanted, by, at)
    if values is None:
        raise UsageError(
            f"it is {before.value}: nothing of it can be {_PAST[wanted]}",
            where=f"{row.schedule} {row.slot}",
            hint="`factory runs list` shows what waits or is running",
        )
    connection.execute(update(_slot).where(_slot.c.sequence == sequence).values(**values))
    return SlotStatus(values.get("status", before.value))


def _answer(before: SlotStatus, wanted: str, by: str, at: datetime) -> dict[str, Any] | None:
    if wanted == "resume":
        again = {"status": SlotStatus.WAITING.value, "due_at": at, "reason": f"resumed by {by}"}
        return again if before is SlotStatus.PAUSED else None
    if before is SlotStatus.RUNNING:
        return {"wanted": wanted}
    if before.is_over:
        return None
    if wanted == "pause":
        return {"status": SlotStatus.PAUSED.value, "reason": f"paused by {by}"}
    said = {"outcome": Ended.CANCELLED.value, "reason": f"cancelled by {by}", "finished_at": at}
    return {"status": SlotStatus.CANCELLED.value, **said}


_PAST = {"cancel": "cancelled", "pause": "paused", "resume": "resumed"}


def slot_of(row: Row[Any]) -> Slot:
    """Give a slot as it stands in its row."""
    return Slot(
        sequence=row.sequence,
        schedule=row.schedule,
        slot=row.slot,
        does=Work(row.does),
        cause=Cause(row.cause),
        status=SlotStatus(row.status),
        fell_due_at=row.fell_due_at,
        due_at=row.due_at,
        attempts=row.attempts,
        parameters=row.parameters,
        deferred_by=row.deferred_by,
        wanted=row.wanted,
        run_id=row.run_id,
        outcome=row.outcome,
        reason=row.reason,
        finished_at=row.finished_at,
    )


def _own(connection: Connection, held: Held, values: Mapping[str, Any]) -> None:
    """Change a slot while it is one's own."""
    changed = connection.execute(
        update(_slot)
        .where(
            _slot.c.sequence == held.slot.sequence,
            _slot.c.fence == held.fence,
            _slot.c.status == SlotStatus.RUNNING.value,
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise LeaseLost(
            "another process has taken this work over; nothing of it was kept here",
            where=f"{held.slot.schedule} {held.slot.slot}",
            hint="was this process stopped, or the machine asleep? `factory runs list` says more",
        )


def _after(tried: int, what: Then, ended: Ended, reason: str, at: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "status": what.status.value,
        "attempts": tried if what.counts else tried - 1,
        "outcome": ended.value if what.status.is_over else "",
        "reason": reason,
        "wanted": "",
    }
    if what.due_at is not None:
        values["due_at"] = what.due_at
    if what.status.is_over:
        values["finished_at"] = at
    return values


_FREE: Mapping[str, Any] = {"lease_owner": "", "lease_until": None}
_GONE = "the process that worked at it is gone"
_SLACK = timedelta(seconds=5)
