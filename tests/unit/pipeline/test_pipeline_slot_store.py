"""Each slot is put down once; one process at a time works at it; who lost it keeps nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import select

from fintech_factory.errors import LeaseLost, UsageError
from fintech_factory.pipeline.owner import this_process
from fintech_factory.pipeline.schedule import Schedule, Work
from fintech_factory.pipeline.slot import Cause, Ended, Held, Policy, Slot, SlotStatus, Then
from fintech_factory.pipeline.slot_store import (
    Asked,
    Claim,
    ask,
    claim,
    close,
    defer,
    end,
    extend,
    hand_over,
    lost,
    put_down,
    slot_of,
    waiting,
)
from fintech_factory.pipeline.slots_due import marks, note_slots, pause, resume
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
POLICY = Policy(lease=timedelta(seconds=30))
DAILY = Schedule("ingest", "0 3 * * *", Work.RUN, {"en": "x", "es": "x"})
numbers = count(1)


def asked(name: str = "one", at: datetime = NOW) -> Asked:
    return Asked("ingest", name, Work.RUN, Cause.SCHEDULE, at)


def asks(owner: str = "elsewhere b 1 1") -> Claim:
    return Claim(owner, POLICY, lambda: f"run-{next(numbers)}")


def put(state: State, name: str = "one", at: datetime = NOW) -> int:
    with state.transaction() as connection:
        (made,) = put_down(connection, [asked(name, at)], NOW)
    return made


def take(state: State, sequence: int, at: datetime = NOW, owner: str = "elsewhere b 1 1") -> Held:
    with state.transaction() as connection:
        held = claim(connection, sequence, asks(owner), at)
    assert held is not None
    return held


def found(state: State) -> list[Slot]:
    table = metadata.tables["slot"]
    with state.reading() as connection:
        return [slot_of(row) for row in connection.execute(select(table).order_by(table.c.slot))]


def test_the_same_slot_is_put_down_once(state: State) -> None:
    with state.transaction() as connection:
        assert len(put_down(connection, [asked(), asked("two")], NOW)) == 2
        assert put_down(connection, [asked()], NOW + timedelta(hours=1)) == []
    assert [each.slot for each in found(state)] == ["one", "two"]


def test_what_is_due_comes_in_the_order_in_which_it_fell_due(state: State) -> None:
    put(state, "late", NOW)
    put(state, "early", NOW - timedelta(hours=1))
    put(state, "not yet", NOW + timedelta(seconds=1))
    with state.reading() as connection:
        assert [each.slot for each in waiting(connection, NOW)] == ["early", "late"]


def test_one_takes_it_and_the_other_gets_nothing(state: State) -> None:
    sequence = put(state)
    take(state, sequence)
    with state.transaction() as connection:
        assert claim(connection, sequence, asks(), NOW) is None


def test_who_holds_it_closes_it_and_nobody_else(state: State) -> None:
    held = take(state, put(state))
    with state.transaction() as connection:
        close(connection, held, "published", NOW)
    (slot,) = found(state)
    assert (slot.status, slot.outcome, slot.attempts) == (SlotStatus.DONE, "published", 1)
    with pytest.raises(LeaseLost), state.transaction() as connection:
        close(connection, held, "published", NOW)


@pytest.mark.parametrize(
    "late",
    [
        lambda connection, held: close(connection, held, "published", NOW),
        lambda connection, held: extend(connection, held, NOW),
        lambda connection, held: end(
            connection, held, Then(SlotStatus.FAILED), (Ended.FAILED, "x"), NOW
        ),
    ],
)
def test_who_lost_its_lease_writes_nothing(state: State, late: Callable[..., None]) -> None:
    sequence = put(state)
    stale = take(state, sequence)
    later = NOW + timedelta(seconds=31)
    with state.transaction() as connection:
        (freed,) = lost(connection, POLICY, later, lambda: 0)
    assert freed.then == Then(SlotStatus.WAITING, later)
    fresh = take(state, sequence, later)
    with pytest.raises(LeaseLost, match="taken this work over"), state.transaction() as connection:
        late(connection, stale)
    (slot,) = found(state)
    assert (slot.status, slot.run_id, slot.attempts) == (SlotStatus.RUNNING, fresh.run_id, 2)


def test_a_lease_holds_to_its_end_and_longer_when_it_is_extended(state: State) -> None:
    held = take(state, put(state))
    with state.transaction() as connection:
        assert lost(connection, POLICY, NOW + timedelta(seconds=30), lambda: 0) == []
        extend(connection, held, NOW + timedelta(seconds=50))
        assert lost(connection, POLICY, NOW + timedelta(seconds=50), lambda: 0) == []
        assert len(lost(connection, POLICY, NOW + timedelta(seconds=51), lambda: 0)) == 1


def test_a_lease_of_before_the_clock_was_put_back_holds_nobody_up(state: State) -> None:
    take(state, put(state))
    with state.transaction() as connection:
        assert len(lost(connection, POLICY, NOW - timedelta(hours=2), lambda: 0)) == 1


def test_who_is_known_to_be_dead_is_not_waited_for(state: State) -> None:
    dead = str(replace(this_process(), started="1"))
    take(state, put(state, "dead"), owner=dead)
    take(state, put(state, "alive"), owner=str(this_process()))
    with state.transaction() as connection:
        assert [each.slot.slot for each in lost(connection, POLICY, NOW, lambda: 0)] == ["dead"]


def test_a_slot_whose_process_is_killed_three_times_is_given_up(state: State) -> None:
    sequence = put(state)
    later = NOW
    for number in (1, 2, 3):
        take(state, sequence, later)
        later += timedelta(minutes=1)
        with state.transaction() as connection:
            (freed,) = lost(connection, POLICY, later, lambda: 0)
        assert freed.then.gives_up is (number == 3)
    (slot,) = found(state)
    assert (slot.status, slot.outcome) == (SlotStatus.FAILED, "lost")


def test_a_try_that_does_not_count_is_not_counted(state: State) -> None:
    held = take(state, put(state))
    with state.transaction() as connection:
        what = Then(SlotStatus.WAITING, NOW + timedelta(seconds=5), counts=False)
        end(connection, held, what, (Ended.BUSY, "another writes"), NOW)
    (slot,) = found(state)
    assert (slot.status, slot.attempts, slot.reason) == (SlotStatus.WAITING, 0, "another writes")
    assert slot.due_at == NOW + timedelta(seconds=5)


def test_what_waits_for_a_window_says_so(state: State) -> None:
    sequence = put(state)
    with state.transaction() as connection:
        defer(connection, sequence, NOW + timedelta(hours=1), "database maintenance")
        assert waiting(connection, NOW + timedelta(minutes=59)) == []
    (slot,) = found(state)
    assert (slot.deferred_by, slot.due_at) == ("database maintenance", NOW + timedelta(hours=1))
    assert slot.fell_due_at == NOW


def test_people_cancel_pause_and_resume(state: State) -> None:
    sequence = put(state)
    with state.transaction() as connection:
        assert ask(connection, sequence, "pause", "ana", NOW) is SlotStatus.PAUSED
        assert waiting(connection, NOW) == []
        assert ask(connection, sequence, "resume", "ana", NOW) is SlotStatus.WAITING
    held = take(state, sequence)
    with state.transaction() as connection:
        assert ask(connection, sequence, "cancel", "ana", NOW) is SlotStatus.RUNNING
        assert extend(connection, held, NOW) == "cancel"
        end(connection, held, Then(SlotStatus.CANCELLED), (Ended.CANCELLED, "by ana"), NOW)
        with pytest.raises(UsageError, match="it is cancelled: nothing of it can be paused"):
            ask(connection, sequence, "pause", "ana", NOW)
        with pytest.raises(UsageError, match="nothing of it can be resumed"):
            ask(connection, sequence, "resume", "ana", NOW)


def test_who_is_killed_when_it_was_to_be_cancelled_is_cancelled(state: State) -> None:
    sequence = put(state)
    take(state, sequence, owner=str(replace(this_process(), started="1")))
    with state.transaction() as connection:
        ask(connection, sequence, "cancel", "ana", NOW)
        (freed,) = lost(connection, POLICY, NOW, lambda: 0)
    assert freed.then.status is SlotStatus.CANCELLED


@pytest.mark.parametrize(
    ("wanted", "status"), [("cancel", SlotStatus.CANCELLED), ("pause", SlotStatus.PAUSED)]
)
def test_what_people_ask_for_counts_though_the_process_is_asked_to_end(
    state: State, wanted: str, status: SlotStatus
) -> None:
    sequence = put(state)
    held = take(state, sequence, owner=str(replace(this_process(), started="1")))
    with state.transaction() as connection:
        ask(connection, sequence, wanted, "ana", NOW)
        assert hand_over(connection, held.owner) == 0
        (freed,) = lost(connection, POLICY, NOW, lambda: 0)
    assert freed.then.status is status


# ---- the clock ---------------------------------------------------------------------------------


def note(state: State, at: str, schedule: Schedule = DAILY) -> int:
    with state.transaction() as connection:
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return note_slots(connection, [schedule], moment)


def slots(state: State) -> list[tuple[str, str]]:
    return [(each.slot[:16], each.status.value) for each in found(state)]


def test_a_schedule_counts_from_when_it_was_first_seen(state: State) -> None:
    assert note(state, "2026-11-26T05:00") == 0
    assert note(state, "2026-11-27T02:59:59") == 0
    assert note(state, "2026-11-27T03:00") == 1
    assert note(state, "2026-11-27T03:00:01") == 0
    assert slots(state) == [("2026-11-27T03:00", "waiting")]


def test_of_slots_that_passed_while_nobody_was_there_the_last_stands_for_all(state: State) -> None:
    note(state, "2026-11-26T05:00")
    assert note(state, "2026-11-29T12:00") == 1
    assert slots(state) == [
        ("2026-11-27T03:00", "coalesced"),
        ("2026-11-28T03:00", "coalesced"),
        ("2026-11-29T03:00", "waiting"),
    ]
    # One that nobody got round to is not done beside the next one.
    assert note(state, "2026-11-30T03:00") == 1
    assert [status for _, status in slots(state)] == ["coalesced"] * 3 + ["waiting"]


def test_a_paused_slot_is_not_done_after_a_later_one(state: State) -> None:
    note(state, "2026-11-26T02:00")
    note(state, "2026-11-26T03:00")
    (slot,) = found(state)
    with state.transaction() as connection:
        ask(connection, slot.sequence, "pause", "ana", NOW)
    assert note(state, "2026-11-27T03:00") == 1
    assert [status for _, status in slots(state)] == ["coalesced", "waiting"]
    with pytest.raises(UsageError, match="coalesced"), state.transaction() as connection:
        ask(connection, slot.sequence, "resume", "ana", NOW)


def test_a_clock_that_is_put_back_does_nothing_twice(state: State) -> None:
    note(state, "2026-11-26T02:00")
    assert note(state, "2026-11-26T03:30") == 1
    assert note(state, "2026-11-26T01:30") == 0
    assert note(state, "2026-11-26T03:30") == 0
    assert len(slots(state)) == 1


def test_a_changed_time_counts_from_now_on(state: State) -> None:
    note(state, "2026-11-26T05:00")
    earlier = replace(DAILY, at="0 4 * * *")
    assert note(state, "2026-11-26T06:00", earlier) == 0
    assert note(state, "2026-11-27T04:00", earlier) == 1
    assert slots(state) == [("2026-11-27T04:00", "waiting")]


def test_a_schedule_that_is_off_is_not_put_down(state: State) -> None:
    off = replace(DAILY, reason="not yet")
    note(state, "2026-11-26T02:00", off)
    assert note(state, "2026-11-26T03:00", off) == 0
    with state.reading() as connection:
        assert marks(connection) == {}


def test_a_paused_schedules_slots_pass_and_say_why(state: State) -> None:
    note(state, "2026-11-26T02:00")
    with state.transaction() as connection:
        assert pause(connection, DAILY, "ana", "audit", NOW)
        assert not pause(connection, DAILY, "ben", "again", NOW)
    assert note(state, "2026-11-26T04:00") == 0
    (slot,) = found(state)
    assert (slot.status, slot.reason) == (SlotStatus.COALESCED, "paused by ana: audit")
    with state.transaction() as connection:
        assert resume(connection, DAILY, NOW + timedelta(days=2))
        assert not resume(connection, DAILY, NOW + timedelta(days=2))
    assert note(state, "2026-11-28T04:00") == 0
    assert note(state, "2026-11-29T03:00") == 1
