"""A loop goes on whatever befalls a round of it, and says how it stands."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from fintech_factory.app import loop as module
from fintech_factory.app.loop import Loop


@contextmanager
def turning(do: Callable[[], None], every: float = 0.001) -> Iterator[Loop]:
    made = Loop("work", every, do, Event())
    made.start()
    try:
        yield made
    finally:
        made.stopping.set()
        assert made.join(5)


def until(said: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not said():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.001)


def test_it_comes_round_again_and_again_until_it_is_stopped() -> None:
    rounds: list[int] = []
    with turning(lambda: rounds.append(1)) as loop:
        until(lambda: len(rounds) > 3)
        assert (loop.standing().failure, loop.standing().name) == ("", "work")
    done = len(rounds)
    time.sleep(0.02)
    assert len(rounds) == done


def test_a_failure_is_told_and_forgotten_when_it_goes_well_again() -> None:
    broken = Event()
    broken.set()
    at: list[float] = []

    def do() -> None:
        at.append(time.monotonic())
        if broken.is_set():
            raise OSError("no way out")

    with turning(do) as loop:
        until(lambda: loop.standing().failure != "")
        assert loop.standing().failure == "OSError: no way out"
        first = loop.standing().well_s
        until(lambda: len(at) > 3)
        assert loop.standing().well_s > first
        assert loop.standing().silent_s < loop.standing().well_s
        broken.clear()
        until(lambda: loop.standing().failure == "")
        assert loop.standing().well_s < 1


def test_rounds_that_fail_come_more_and_more_seldom_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    stopping = Event()

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds or 0)
        if len(waits) == 8:
            stopping.set()
        return stopping.is_set()

    monkeypatch.setattr(module, "_LONGEST_WAIT", 30.0)
    monkeypatch.setattr(stopping, "wait", wait)

    def do() -> None:
        raise ValueError

    made = Loop("work", 1.0, do, stopping)
    made.start()
    assert made.join(5)
    assert waits == [2, 4, 8, 16, 30, 30, 30, 30]


def test_a_round_that_hangs_grows_old_and_is_not_waited_for() -> None:
    hold = Event()
    with turning(lambda: bool(hold.wait(10))) as loop:
        time.sleep(0.02)
        assert loop.standing().silent_s >= 0.02
        loop.stopping.set()
        assert not loop.join(0.01)
        hold.set()
