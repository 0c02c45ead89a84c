"""Puts down the slots that the clock has passed, each once, however often it passes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile

from sqlalchemy import Connection, select, update

from fintech_factory.pipeline.schedule import Schedule, slots
from fintech_factory.pipeline.slot import Cause, SlotStatus
from fintech_factory.pipeline.slot_store import Asked, coalesce, put_down
from fintech_factory.state.insert import insert_new
from fintech_factory.state.tables import metadata

__all__ = ["Mark", "marks", "note_slots", "pause", "resume"]

_mark = metadata.tables["schedule_mark"]
# Every minute of a day, were a schedule so frequent: what nobody did before that is not listed.
_MOST_MISSED = 1440


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to when a schedule's slots are put down; who has paused it, when and why."""

    schedule: str
    at: str
    through: datetime
    paused_at: datetime | None = None
    paused_by: str = ""
    pause_reason: str = ""


def marks(connection: Connection) -> dict[str, Mark]:
    """Give every schedule's mark by its name."""
    return {
        row.schedule: Mark(
            row.schedule, row.at, row.through, row.paused_at, row.paused_by, row.pause_reason
        )
        for row in connection.execute(select(_mark))
    }


def note_slots(connection: Connection, schedules: Iterable[Schedule], now: datetime) -> int:
    """Put down every slot up to now that is not yet; give how many are to be done.

    Of several that passed while nobody was there the last is done and stands for the others, and
    for one that still waits from before. A schedule counts from when it was first seen, or from
    when its time was changed. A clock that is put back passes the same slots again, to no effect.
    """
    known = marks(connection)
    made = 0
    for each in schedules:
        if not each.is_enabled:
            continue
        mark = known.get(each.name)
        if mark is None or mark.at != each.at:
            _remember(connection, each, now, mark)
        elif mark.through < now:
            made += _note(connection, each, mark, now)
    return made


def pause(connection: Connection, schedule: Schedule, by: str, reason: str, at: datetime) -> bool:
    """Let a schedule's slots pass undone until it is resumed; False if it was paused already."""
    insert_new(connection, _mark, [_fresh(schedule, at)], "schedule")
    changed = connection.execute(
        update(_mark)
        .where(_mark.c.schedule == schedule.name, _mark.c.paused_at.is_(None))
        .values(paused_at=at, paused_by=by, pause_reason=reason)
    )
    return changed.rowcount == 1


def resume(connection: Connection, schedule: Schedule, at: datetime) -> bool:
    """Do a schedule's slots again from now on; False if it was not paused."""
    changed = connection.execute(
        update(_mark)
        .where(_mark.c.schedule == schedule.name, _mark.c.paused_at.is_not(None))
        .values(paused_at=None, paused_by="", pause_reason="", through=at)
    )
    return changed.rowcount == 1


def _note(connection: Connection, schedule: Schedule, mark: Mark, now: datetime) -> int:
    passed = takewhile(lambda slot: slot <= now, slots(schedule, mark.through))
    found = list(islice(passed, _MOST_MISSED))
    if not found:
        return 0
    last = found[-1]
    paused = f"paused by {mark.paused_by}: {mark.pause_reason}" if mark.paused_at else ""
    stands = paused or f"the slot of {last:%Y-%m-%d %H:%M} stands for it"
    asked = [_asked(schedule, slot, stands) for slot in (found if paused else found[:-1])]
    put_down(connection, asked, now)
    made = 0 if paused else len(put_down(connection, [_asked(schedule, last)], now))
    if made:
        coalesce(connection, schedule.name, last, stands, now)
    _move(connection, schedule, last)
    return made


def _asked(schedule: Schedule, slot: datetime, instead: str = "") -> Asked:
    return Asked(
        schedule=schedule.name,
        slot=slot.isoformat(),
        does=schedule.does,
        cause=Cause.SCHEDULE,
        at=slot,
        status=SlotStatus.COALESCED if instead else SlotStatus.WAITING,
        reason=instead,
    )


def _remember(connection: Connection, schedule: Schedule, now: datetime, mark: Mark | None) -> None:
    if mark is None:
        insert_new(connection, _mark, [_fresh(schedule, now)], "schedule")
        return
    connection.execute(
        update(_mark)
        .where(_mark.c.schedule == schedule.name)
        .values(at=schedule.at, through=max(now, mark.through))
    )


def _fresh(schedule: Schedule, now: datetime) -> dict[str, object]:
    return {"schedule": schedule.name, "at": schedule.at, "through": now}


def _move(connection: Connection, schedule: Schedule, through: datetime) -> None:
    connection.execute(
        update(_mark).where(_mark.c.schedule == schedule.name).values(through=through)
    )
