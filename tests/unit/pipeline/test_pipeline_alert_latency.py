"""Which arrival and which receipt an alert's way is measured by, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from fintech_factory.pipeline.alert_latency import latency_of, news_of
from fintech_factory.state.store import State
from told_rows import ARRIVED, COMMITTED, INBOX, MAIL, SLACK, fired, run, sent, step


def way(connection: Connection, alert: str = "a1") -> Any:  # noqa: ANN401 - what is asked for
    return latency_of(connection, [alert])[alert]


def test_the_first_receipt_from_outside_counts(state: State) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", [INBOX, MAIL, SLACK])
        sent(at, "a1", INBOX, ("accepted", 1))
        sent(at, "a1", MAIL, ("deferred", 3), ("accepted", 9))
        sent(at, "a1", SLACK, ("unknown", 4), ("accepted", 7))
        found = way(at)
    assert (found.arrived_at, found.committed_at, found.seconds) == (ARRIVED, COMMITTED, 7)
    assert not found.reason


def test_what_is_told_later_is_not_what_was_told_first(state: State) -> None:
    """Only the mail of the first time is late; a repeat's receipt does not stand for it."""
    later = COMMITTED + timedelta(hours=4)
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", [MAIL])
        sent(at, "a1", MAIL, ("deferred", 3))
        sent(at, "a1", MAIL, ("accepted", 15_000), at=later)
        found = way(at)
    assert (found.received_at, found.reason) == (None, "no channel has accepted it yet")
    assert found.is_missed(later)


def test_an_alert_of_a_group_is_told_by_the_groups_message(state: State) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", [SLACK])
        fired(at, "a2", "r1", [SLACK])
        sent(at, "a1", SLACK, ("accepted", 5))
        both = latency_of(at, ["a1", "a2"])
    assert {each.seconds for each in both.values()} == {5}


def test_its_own_message_counts_before_that_of_others_at_the_same_place(state: State) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", [SLACK])
        fired(at, "a2", "r1", [SLACK])
        sent(at, "a1", SLACK, ("accepted", 5))
        sent(at, "a2", SLACK, ("accepted", 8))
        both = latency_of(at, ["a1", "a2"])
    assert {name: each.seconds for name, each in both.items()} == {"a1": 5, "a2": 8}


@pytest.mark.parametrize(
    ("run_id", "withheld", "reason"),
    [
        ("", False, "no run caused it"),
        ("failed-1", False, "no run caused it"),
        ("r2", False, "its export had been run before"),
        ("r1", True, "nobody outside was to be told at once"),
    ],
)
def test_only_a_fresh_arrival_that_somebody_is_told_of_is_held_to_it(
    state: State,
    run_id: str,
    reason: str,
    withheld: bool,  # noqa: FBT001 - a column of the table
) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        run(at, "r2", 2)
        run(at, "r3", 3, batch="b2")
        fired(at, "a1", run_id, [INBOX, SLACK], withheld=withheld)
        sent(at, "a1", INBOX, ("accepted", 1))
        if not withheld:
            sent(at, "a1", SLACK, ("accepted", 5))
        fired(at, "a2", "r3", [SLACK])
        sent(at, "a2", SLACK, ("accepted", 6))
        found, fresh = way(at), way(at, "a2")
    assert (found.arrived_at, found.seconds, found.reason) == (None, None, reason)
    assert not found.is_missed(ARRIVED + timedelta(days=1))
    assert fresh.seconds == 6


def test_thousands_are_asked_for_in_portions(state: State) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        for number in range(501):
            fired(at, f"a{number}", "r1", [SLACK])
        sent(at, "a0", SLACK, ("accepted", 5))
        found = latency_of(at, [f"a{number}" for number in range(501)])
    assert len(found) == 501
    assert {each.seconds for each in found.values()} == {5}


def test_what_tells_of_another_alert_alone_is_no_receipt_of_this_one(state: State) -> None:
    """A breach's own message is refused, another alert's is accepted at the same place."""
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", [SLACK])
        fired(at, "a2", "r1", [SLACK])
        fired(at, "a3", "r1", [SLACK])
        sent(at, "a1", SLACK, ("refused", 3))
        sent(at, "a2", SLACK, ("accepted", 4), alone=True)
        both = latency_of(at, ["a1", "a2", "a3"])
    assert {name: each.seconds for name, each in both.items()} == {"a1": None, "a2": 4, "a3": None}


def test_of_two_groups_at_one_place_that_of_its_rule_and_level_counts(state: State) -> None:
    places = [
        ("a", "par_90", "critical", 5),
        ("b", "par_90", "warning", 7),
        ("c", "x", "warning", 9),
    ]
    with state.transaction() as at:
        run(at, "r1", 1)
        for name, rule, level, seconds in places:
            for each in (name, f"{name}2"):
                fired(at, each, "r1", [SLACK], rule=rule, level=level)
            sent(at, name, SLACK, ("accepted", seconds), severity=level)
        found = latency_of(at, ["a2", "b2", "c2"])
    assert {name: each.seconds for name, each in found.items()} == {"a2": 5, "b2": 7, "c2": 9}


def test_who_is_told_by_an_escalation_at_once_is_told_and_a_later_one_is_not(
    state: State,
) -> None:
    phone, later = ("sms", "+15005550001"), COMMITTED + timedelta(minutes=15)
    with state.transaction() as at:
        run(at, "r1", 1)
        for name, escalated_at in (("a1", COMMITTED), ("a2", later)):
            fired(at, name, "r1", [SLACK])
            step(at, name, "r1", [phone], kind="escalated", at=escalated_at)
            sent(at, name, SLACK, ("deferred", 4))
            sent(at, name, phone, ("accepted", 6), at=escalated_at)
        both = latency_of(at, ["a1", "a2"])
    assert (both["a1"].seconds, both["a1"].received_by) == (6, "sms")
    assert (both["a2"].seconds, both["a2"].received_by) == (None, "")


def test_each_rise_is_news_with_a_way_of_its_own(state: State) -> None:
    """Only the end of it and what the clock repeats are none."""
    with state.transaction() as at:
        run(at, "r1", 1)
        run(at, "r2", 2, "b2", ARRIVED + timedelta(days=1))
        fired(at, "a1", "r1", [SLACK], level="warning")
        sent(at, "a1", SLACK, ("accepted", 5))
        second = COMMITTED + timedelta(days=1)
        for kind, level in (("raised", "critical"), ("repeated", "critical"), ("resolved", "none")):
            step(at, "a1", "r2", [SLACK], at=second, kind=kind, level=level)
        news, first = news_of(at, ["a1"]), way(at)
    assert [(each.kind, each.batch_id, each.way.seconds) for each in news] == [
        ("fired", "b1", 5),
        ("raised", "b2", None),
    ]
    assert first.seconds == 5


@pytest.mark.parametrize(
    ("told", "seconds"),
    [([("file", ""), SLACK], 9), ([("file", "")], 1), ([INBOX], None)],
)
def test_a_file_is_a_receipt_only_where_nothing_else_is_told(
    state: State, told: list[tuple[str, str]], seconds: float | None
) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", told)
        for place in told:
            sent(at, "a1", place, ("accepted", 9 if place == SLACK else 1))
        assert way(at).seconds == seconds
