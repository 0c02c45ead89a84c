"""What follows when a try ends: three in all, full jitter, and nothing tried that cannot help."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.pipeline.slot import Ended, Policy, SlotStatus, Then, Tried, then

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
POLICY = Policy(base=timedelta(seconds=60), longest=timedelta(seconds=100))


def after(number: int, ended: Ended = Ended.FAILED, chance: float = 1.0, **tried: object) -> Then:
    return then(Tried(number, ended, NOW, **tried), POLICY, lambda: chance)  # type: ignore[arg-type]


def test_three_tries_in_all_and_then_it_is_given_up() -> None:
    assert [after(number).status for number in (1, 2, 3)] == [
        SlotStatus.WAITING,
        SlotStatus.WAITING,
        SlotStatus.FAILED,
    ]
    assert after(3).gives_up
    assert not after(2).gives_up


def test_the_wait_doubles_up_to_the_longest() -> None:
    waits = [POLICY.wait(number, lambda: 1.0).total_seconds() for number in (1, 2, 3)]
    assert waits == [60, 100, 100]


@given(st.integers(1, 2), st.floats(0, 1))
def test_a_wait_is_drawn_between_nothing_and_its_bound(number: int, chance: float) -> None:
    due = after(number, chance=chance).due_at
    assert due is not None
    assert NOW <= due <= NOW + min(timedelta(seconds=60 * 2 ** (number - 1)), POLICY.longest)


def test_who_said_when_to_come_again_is_not_asked_earlier() -> None:
    waits = after(1, chance=0, retry_after=timedelta(minutes=7))
    assert waits.due_at == NOW + timedelta(minutes=7)


def test_what_would_fail_again_is_not_tried_again() -> None:
    assert after(1, retryable=False).status is SlotStatus.FAILED


@pytest.mark.parametrize(
    ("ended", "status", "counts"),
    [
        (Ended.CANCELLED, SlotStatus.CANCELLED, True),
        (Ended.PAUSED, SlotStatus.PAUSED, False),
        (Ended.HANDED_OVER, SlotStatus.WAITING, False),
        (Ended.BUSY, SlotStatus.WAITING, False),
        (Ended.LOST, SlotStatus.WAITING, True),
    ],
)
def test_what_was_no_failure_of_its_own_is_no_try(
    ended: Ended, status: SlotStatus, *, counts: bool
) -> None:
    found = after(1, ended)
    assert (found.status, found.counts) == (status, counts)


def test_who_was_killed_at_every_try_is_given_up_too() -> None:
    assert after(2, Ended.LOST).due_at == NOW
    assert after(3, Ended.LOST).status is SlotStatus.FAILED
    # Another process that is at work is waited for, however often.
    assert after(9, Ended.BUSY).status is SlotStatus.WAITING
