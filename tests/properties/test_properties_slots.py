"""Work that is due, driven at random by processes that die, lag and are asked to stop."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Row, create_engine, select

from fintech_factory.errors import LeaseLost, UsageError
from fintech_factory.pipeline.schedule import Work
from fintech_factory.pipeline.slot import Cause, Ended, Held, Policy, SlotStatus, Tried, then
from fintech_factory.pipeline.slot_store import (
    Asked,
    Claim,
    ask,
    claim,
    close,
    end,
    extend,
    hand_over,
    lost,
    put_down,
    waiting,
)
from fintech_factory.state.tables import metadata

BEGIN = datetime(2026, 11, 26, 3, tzinfo=UTC)
POLICY = Policy(lease=timedelta(seconds=30))
SLOT = metadata.tables["slot"]
STOPPED = {"cancel": Ended.CANCELLED, "pause": Ended.PAUSED, "hand_over": Ended.HANDED_OVER}


class Slots(RuleBasedStateMachine):
    """Every process that ever took work may come back at any moment and say what came of it."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = create_engine("sqlite://")
        SLOT.create(self.engine)
        self.now = BEGIN
        self.took: list[Held] = []
        self.holders: dict[int, Held] = {}
        self.runs = count(1)
        self.results: Counter[int] = Counter()
        self.over: dict[int, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.engine.dispose()

    def rows(self) -> list[Row[Any]]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(SLOT)).all())

    # ---- what happens --------------------------------------------------------------------------

    @rule(name=st.sampled_from("abc"), late=st.integers(0, 3))
    def fall_due(self, name: str, late: int) -> None:
        at = self.now - timedelta(minutes=late)
        known = [each for each in self.rows() if each.slot == name]
        with self.engine.begin() as connection:
            asked = Asked("ingest", name, Work.RUN, Cause.SCHEDULE, at)
            made = put_down(connection, [asked], self.now)
        assert len(made) == (not known)

    @rule(seconds=st.sampled_from([1, 10, 29, 31, 120, 1000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def clock_is_put_back(self) -> None:
        self.now -= timedelta(hours=2)

    @rule(owner=st.sampled_from(["one b 1 1", "two b 2 2"]))
    def take(self, owner: str) -> None:
        with self.engine.begin() as connection:
            due = waiting(connection, self.now)
            asks = Claim(owner, POLICY, lambda: f"run-{next(self.runs)}")
            if due and (held := claim(connection, due[0].sequence, asks, self.now)) is not None:
                self.took.append(held)
                self.holders[held.slot.sequence] = held
                assert claim(connection, due[0].sequence, asks, self.now) is None

    @precondition(lambda self: self.took)
    @rule(data=st.data())
    def come_to_a_result(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.took))
        self._say(held, lambda c: close(c, held, "published", self.now), is_result=True)

    @precondition(lambda self: self.took)
    @rule(data=st.data(), ended=st.sampled_from([Ended.FAILED, Ended.BUSY, *STOPPED.values()]))
    def come_to_nothing(self, data: st.DataObject, ended: Ended) -> None:
        held = data.draw(st.sampled_from(self.took))
        tried = Tried(held.slot.attempts + 1, ended, self.now, retryable=data.draw(st.booleans()))
        what = then(tried, POLICY, lambda: 0.5)
        self._say(held, lambda c: end(c, held, what, (ended, "it failed"), self.now))

    @precondition(lambda self: self.took)
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.took))
        self._say(held, lambda c: extend(c, held, self.now + POLICY.lease), ends=False)

    @rule()
    def look_for_the_dead(self) -> None:
        running = {each.sequence: each for each in self.rows() if each.status == "running"}
        with self.engine.begin() as connection:
            found = lost(connection, POLICY, self.now, lambda: 0.5)
        for each in found:
            # One whose lease holds is let be, unless the clock was put back behind it.
            until = running[each.slot.sequence].lease_until
            assert until < self.now or until > self.now + POLICY.lease
            del self.holders[each.slot.sequence]

    @precondition(lambda self: self.rows())
    @rule(data=st.data(), wanted=st.sampled_from(["cancel", "pause", "resume"]))
    def people_ask(self, data: st.DataObject, wanted: str) -> None:
        row = data.draw(st.sampled_from(self.rows()))
        try:
            with self.engine.begin() as connection:
                ask(connection, row.sequence, wanted, "ana", self.now)
        except UsageError:
            assert row.sequence in self.over or wanted == "resume"

    @rule(owner=st.sampled_from(["one b 1 1", "two b 2 2"]))
    def is_asked_to_end(self, owner: str) -> None:
        with self.engine.begin() as connection:
            hand_over(connection, owner)

    def _say(self, held: Held, do: Any, *, ends: bool = True, is_result: bool = False) -> None:  # noqa: ANN401
        """Let a process write; it can exactly while the work is its own."""
        is_holder = self.holders.get(held.slot.sequence) is held
        before = self.rows()
        try:
            with self.engine.begin() as connection:
                do(connection)
        except LeaseLost:
            assert not is_holder
            assert self.rows() == before
        else:
            assert is_holder
            self.results[held.slot.sequence] += is_result
            if ends:
                del self.holders[held.slot.sequence]

    # ---- what holds ----------------------------------------------------------------------------

    @invariant()
    def what_is_over_stays_as_it_is(self) -> None:
        for row in self.rows():
            known = self.over.get(row.sequence)
            assert known is None or known == row._asdict()
            if SlotStatus(row.status).is_over:
                self.over[row.sequence] = row._asdict()
                assert row.finished_at is not None

    @invariant()
    def nothing_is_done_twice_or_tried_too_often(self) -> None:
        for row in self.rows():
            assert self.results[row.sequence] == (row.status == "done")
            assert 0 <= row.attempts <= POLICY.attempts
            assert (row.status == "failed") <= (row.attempts >= 1)

    @invariant()
    def who_works_at_it_is_known_and_nobody_else(self) -> None:
        for row in self.rows():
            is_running = row.status == "running"
            assert bool(row.lease_owner) == (row.lease_until is not None) == is_running


Slots.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSlots = Slots.TestCase
