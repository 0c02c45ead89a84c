"""A sender holds on to what a provider answered while the database takes nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from distribution_desk import NOON, Desk, ScriptedChannel, post
from sqlalchemy import Connection

from fintech_factory.distribution.channel import Delivery, Outcome
from fintech_factory.distribution.dispatch import Dispatcher, Done
from fintech_factory.errors import StateError, StateUnreachable
from fintech_factory.state.store import State


def away() -> StateUnreachable:
    return StateUnreachable("the server of the operational database does not answer")


@dataclass
class Follower:
    """Notes what is written down; the first times it cannot."""

    clock: Any
    failures: int = 0
    error: Callable[[], Exception] = away
    tried: int = 0
    noted: list[Done] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    kept: int = 0

    def note(self, _connection: Connection, done: Sequence[Done], _at: datetime) -> None:
        self.tried += 1
        if self.tried <= self.failures:
            raise self.error()
        self.noted += done

    def keep(self) -> None:
        self.kept += 1

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.clock.sleep(seconds)

    def of(self, dispatcher: Dispatcher) -> "Follower":
        dispatcher.note, dispatcher.kept, dispatcher.pause = self.note, self.keep, self.pause
        return self


def test_an_answer_is_written_down_as_soon_as_the_database_takes_it(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    follower = Follower(desk.clock, failures=3).of(desk.dispatcher)
    desk.put(post())
    tally = desk.dispatcher.drain()
    assert (tally.delivered, len(desk.channel.given)) == (1, 1)
    assert follower.paused == [0.1, 0.2, 0.4]
    assert len(follower.noted) == follower.kept == 1
    (attempt,) = desk.rows("attempt")
    # It ended when it was answered, not when that could be written down.
    assert (attempt["word"], attempt["provider_id"], attempt["ended_at"]) == (
        "accepted",
        "id-1",
        NOON,
    )
    (row,) = desk.rows()
    assert (row["status"], row["may_repeat"]) == ("delivered", False)
    # Whoever waits for it is told once why it takes so long.
    assert [each.getMessage() for each in caplog.records] == [
        "outcomes not written down yet: the server of the operational database does not answer"
    ]


@pytest.mark.parametrize("error", [away, lambda: StateError("the disk is full")])
def test_an_answer_is_given_up_when_its_lease_ends(
    desk: Desk, caplog: pytest.LogCaptureFixture, error: Callable[[], Exception]
) -> None:
    """Who takes the message over then cannot know that it arrived, and marks it."""
    follower = Follower(desk.clock, failures=10_000, error=error).of(desk.dispatcher)
    desk.put(post())
    with pytest.raises(StateError):
        desk.dispatcher.drain()
    assert max(follower.paused) == 2.0
    assert 118 < sum(follower.paused) <= 120
    assert follower.kept == 0
    assert caplog.records[-1].getMessage() == "outcomes lost"
    assert desk.statuses() == ["leased"]
    follower.failures = 0
    desk.clock.sleep(121)
    assert desk.dispatcher.drain().delivered == 1
    assert [each.may_repeat for each in desk.channel.given] == [False, True]
    assert [row["word"] for row in desk.rows("attempt")] == ["unknown", "accepted"]


def test_it_is_held_to_the_very_end_of_the_lease(desk: Desk) -> None:
    follower = Follower(desk.clock, failures=1).of(desk.dispatcher)
    desk.dispatcher.lease = timedelta(seconds=0.1)
    desk.put(post())
    assert desk.dispatcher.drain().delivered == 1
    assert follower.paused == [0.1]


def test_what_is_none_of_the_databases_troubles_is_not_waited_for(desk: Desk) -> None:
    follower = Follower(desk.clock, failures=1, error=lambda: OSError("no")).of(desk.dispatcher)
    desk.put(post())
    with pytest.raises(OSError, match="no"):
        desk.dispatcher.drain()
    assert follower.paused == []


class BreaksOff:
    """A database that answers nothing to some commits, though it kept them or did not."""

    def __init__(self, state: State, answers: list[str], armed: Callable[[], int]) -> None:
        self._state, self._answers, self._armed, self._seen = state, answers, armed, 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._state.transaction() as connection:
            yield connection
            if (answer := self._answer()) == "dropped":
                raise away()
        if answer == "kept":
            raise away()

    def _answer(self) -> str:
        if self._armed() == self._seen or not self._answers:
            return ""
        self._seen = self._armed()
        return self._answers.pop(0)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._state, name)


@pytest.mark.parametrize(
    ("answers", "noted"), [(["kept"], 1), (["dropped"], 2), (["dropped", "kept"], 2)]
)
def test_a_commit_without_an_answer_is_looked_up(
    desk: Desk, answers: list[str], noted: int
) -> None:
    """What was kept is not written twice: the audit trail would tell of two deliveries."""
    follower = Follower(desk.clock).of(desk.dispatcher)
    desk.dispatcher.state = BreaksOff(  # type: ignore[assignment]
        desk.state, [*answers], lambda: follower.tried
    )
    desk.put(post(), post(address="#ops"))
    desk.dispatcher.at_once = 1
    tally = desk.dispatcher.drain()
    assert tally.delivered == len(desk.channel.given) == 2
    assert (follower.tried, follower.kept) == (noted + 1, 2)
    assert desk.statuses() == ["delivered", "delivered"]
    assert [row["word"] for row in desk.rows("attempt")] == ["accepted", "accepted"]


@dataclass
class AwayOnce:
    """A database that is away at the first transaction after something was written down."""

    state: State
    follower: Follower
    failed: Event

    def transaction(self) -> Any:  # noqa: ANN401
        if self.follower.kept and not self.failed.is_set():
            self.failed.set()
            raise away()
        return self.state.transaction()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.state, name)


def test_what_is_on_its_way_is_written_down_though_no_more_can_be_taken(desk: Desk) -> None:
    """The quick one's answer lets the sender look for more, which fails; the slow one goes on."""
    failed, follower = Event(), Follower(desk.clock)

    class Slow(ScriptedChannel):
        def send(self, delivery: Delivery) -> Outcome:
            assert failed.wait(10)
            return super().send(delivery)

    slow = Slow()
    state = AwayOnce(desk.state, follower, failed)
    desk.dispatcher = Dispatcher(
        state,  # type: ignore[arg-type]
        {"email": slow, "slack": desk.channel},
        desk.clock,
    )
    follower.of(desk.dispatcher)
    desk.put(post(), post(channel="email", address="e@f.test", thread="e"))
    with pytest.raises(StateUnreachable):
        desk.dispatcher.drain()
    assert desk.statuses() == ["delivered", "delivered"]
    assert len(slow.given) == 1
