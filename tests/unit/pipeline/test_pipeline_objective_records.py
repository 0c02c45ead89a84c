"""What counts as good and as bad for each objective, on both databases."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from fintech_factory.alerting.latency import Latency
from fintech_factory.pipeline.objective_records import (
    Freshness,
    Published,
    words_in_time,
    work_done,
)
from fintech_factory.state.store import State
from fintech_factory.validation.freshness import Expectation
from told_rows import ARRIVED, add

NOW = ARRIVED + timedelta(hours=1)
LONG_AGO = ARRIVED - timedelta(days=30)
DAILY = Expectation("daily", time(3, 30))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def way(after_s: float | None, arrived_at: datetime | None = ARRIVED) -> Latency:
    received = None if after_s is None else ARRIVED + timedelta(seconds=after_s)
    return Latency(fired_at=ARRIVED, arrived_at=arrived_at, received_at=received)


def test_word_within_five_minutes_is_good_and_later_or_none_is_bad() -> None:
    ways = [way(7), way(299.9), way(300), way(4000), way(None), way(7, arrived_at=None)]
    assert words_in_time(ways, NOW).count(LONG_AGO, NOW) == (2, 5)


def test_what_is_still_within_its_five_minutes_is_neither() -> None:
    early = ARRIVED + timedelta(seconds=299)
    assert words_in_time([way(None), way(7)], early).count(LONG_AGO, early) == (1, 1)


def test_what_is_late_counts_from_when_it_became_late() -> None:
    due = ARRIVED + timedelta(minutes=5)
    events = words_in_time([way(None)], NOW)
    assert events.count(due, NOW) == (0, 0)
    assert events.count(due - timedelta(seconds=1), due) == (0, 1)


def slot(connection: Connection, name: str, status: str, minutes: int) -> None:
    add(connection, "slot", schedule=name, slot="1", does="run", cause="schedule", parameters={},
        status=status, fell_due_at=ARRIVED, due_at=ARRIVED, made_at=ARRIVED,
        finished_at=ARRIVED + timedelta(minutes=minutes))  # fmt: skip


def test_a_slot_counts_once_however_often_it_was_tried_and_what_ran_by_hand_by_its_try(
    state: State,
) -> None:
    """Good: slot a, r3, r4, r5. Bad: slot b, r6, r7. Neither: the cancelled slot, tries of a."""
    with state.transaction() as connection:
        for name, status in (("a", "done"), ("b", "failed"), ("c", "cancelled"), ("d", "waiting")):
            slot(connection, name, status, 5)
        tries = [
            ("r1", 1, "failed"),
            ("r2", 1, "published"),
            ("r3", None, "published"),
            ("r4", None, "blocked"),
            ("r5", None, "unchanged"),
            ("r6", None, "failed"),
            ("r7", None, "lost"),
            ("r8", None, "cancelled"),
            ("r9", None, "busy"),
        ]
        for number, (name, of, status) in enumerate(tries, start=1):
            add(connection, "run_attempt", run_id=name, sequence=number, slot=of, cause="manual",
                status=status, owner="o", started_at=ARRIVED, ended_at=ARRIVED)  # fmt: skip
        found = work_done(connection, LONG_AGO)
        assert found.count(LONG_AGO, NOW) == (4, 7)
        assert found.count(ARRIVED, NOW) == (1, 2)
        assert work_done(connection, NOW).count(LONG_AGO, NOW) == (0, 0)


def test_figures_are_late_from_three_hours_after_the_export_is_expected() -> None:
    """Data of the 9th came at 03:00 on the 10th, that of the 10th at 08:00 on the 11th."""
    fresh = Freshness(
        [Published(at("2026-01-10T03:00"), date(2026, 1, 9)),
         Published(at("2026-01-11T08:00"), date(2026, 1, 10))],
        DAILY,
    )  # fmt: skip
    moments = ["10T02:59", "10T03:00", "11T06:29", "11T06:30", "11T07:59", "11T08:00", "12T06:30"]
    assert [fresh.is_fresh(at(f"2026-01-{each}")) for each in moments] == [
        False, True, True, False, False, True, False,
    ]  # fmt: skip
    late = Decimal(90 * 60)
    good, whole = fresh.count(at("2026-01-01T00:00"), at("2026-01-12T03:00"))
    assert whole == 48 * 3600
    assert whole - good == late
    assert fresh.count(at("2026-01-11T07:00"), at("2026-01-11T09:00")) == (3600, 7200)


def test_before_the_first_version_nothing_is_expected() -> None:
    begun = at("2026-01-10T03:00")
    fresh = Freshness([Published(begun, date(2026, 1, 9))], DAILY)
    assert fresh.count(at("2026-01-01T00:00"), begun) == (0, 0)
    assert Freshness([], DAILY).count(at("2026-01-01T00:00"), begun) == (0, 0)


@pytest.mark.parametrize(
    ("cadence", "through", "is_fresh"),
    [
        # Monday 12 January 2026 at noon: Friday's data, Sunday's, and those of the month before.
        ("business_days", date(2026, 1, 9), True),
        ("business_days", date(2026, 1, 8), False),
        ("weekly", date(2026, 1, 11), True),
        ("weekly", date(2026, 1, 4), False),
        ("monthly", date(2025, 12, 31), True),
        ("monthly", date(2025, 12, 30), False),
    ],
)
def test_what_is_expected_follows_the_cadence(
    cadence: str, through: date, *, is_fresh: bool
) -> None:
    version = Published(at("2026-01-12T04:00"), through)
    found = Freshness([version], Expectation(cadence, time(3, 30)))
    assert found.is_fresh(at("2026-01-12T12:00")) is is_fresh


def test_an_export_serves_for_the_day_that_it_declares_or_its_quiet_days(state: State) -> None:
    """b1 declares the 5th though nothing moved since the 2nd; b2 does not: the 2nd and 2 days."""
    with state.transaction() as connection:
        for number, batch in enumerate(("b1", "b2"), start=1):
            add(connection, "run", run_id=f"r{number}", sequence=number, status="published",
                version="v", record={"data_through": "2026-01-02"}, batch_id=batch,
                as_of=date(2026, 1, 2), started_at=ARRIVED, committed_at=ARRIVED)  # fmt: skip
        add(connection, "audit_entry", sequence=1, time="t", actor="a", action="ingest.landed",
            subject="b1", after=json.dumps({"as_of": "2026-01-05"}), previous_hash="0",
            hash="1")  # fmt: skip
        add(connection, "audit_entry", sequence=2, time="t", actor="a", action="ingest.landed",
            subject="b2", after=json.dumps({"as_of": "2026-01-02"}), previous_hash="1",
            hash="2")  # fmt: skip
        found = Freshness.of(connection, Expectation("daily", time(3, 30), quiet_days=2))
    assert [each.serves for each in found.published] == [date(2026, 1, 5), date(2026, 1, 4)]
