"""Which arrival and which receipt an alert's way is measured by, on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from fintech_factory.pipeline.alert_latency import latency_of
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata

ARRIVED = datetime(2026, 1, 5, 3, tzinfo=UTC)
COMMITTED = ARRIVED + timedelta(seconds=2)
SLACK, MAIL, INBOX = ("slack", "#a"), ("email", "a@b.c"), ("inbox", "risk")


def add(connection: Connection, table: str, **row: object) -> None:
    connection.execute(metadata.tables[table].insert().values(**row))


def run(connection: Connection, name: str, sequence: int, batch: str = "b1") -> None:
    add(connection, "run", run_id=name, sequence=sequence, status="published", version=name,
        record={}, batch_id=batch, as_of=date(2026, 1, 4), started_at=ARRIVED,
        arrived_at=ARRIVED, committed_at=COMMITTED)  # fmt: skip


def fired(  # noqa: PLR0913 - one argument a column
    connection: Connection,
    alert: str,
    run_id: str,
    told: list[tuple[str, str]],
    *,
    withheld: bool = False,
    at: datetime = COMMITTED,
) -> None:
    add(connection, "alert", alert_id=alert, fingerprint=alert, rule="par_90", scope={},
        status="firing", level="critical", severity="critical", opened_at=at, changed_at=at,
        memory={})  # fmt: skip
    more = {"withheld": "silenced"} if withheld else {}
    detail = {"told": [{"channel": way, "address": to, **more} for way, to in told]}
    add(connection, "alert_transition", alert_id=alert, at=at, kind="fired", level="critical",
        actor="system", run_id=run_id, detail=detail)  # fmt: skip


def sent(
    connection: Connection,
    alert: str,
    place: tuple[str, str],
    *words: tuple[str, float],
    at: datetime = COMMITTED,
) -> None:
    channel, address = place
    key = f"{alert} {channel} {address} {at}"
    made = connection.execute(
        metadata.tables["outbox"].insert().values(
            key=key[:64], channel=channel, address=address, language="en", thread="t",
            alert_id=alert, severity="critical", rank=0, message={}, created_at=at, due_at=at,
            deadline=at,
        )
    )  # fmt: skip
    (number,) = made.inserted_primary_key
    for count, (word, seconds) in enumerate(words, start=1):
        add(connection, "attempt", outbox=number, number=count, started_at=at, word=word,
            ended_at=ARRIVED + timedelta(seconds=seconds))  # fmt: skip


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
