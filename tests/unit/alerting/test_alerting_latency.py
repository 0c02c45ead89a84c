"""From arrival to receipt: what is late, what is not known, and how many are summed up."""

from datetime import UTC, datetime, timedelta

import pytest

from fintech_factory.alerting.latency import Latencies, Latency, latencies

ARRIVED = datetime(2026, 1, 5, 3, tzinfo=UTC)
FIRED = ARRIVED + timedelta(seconds=3)


def way(seconds: float | None) -> Latency:
    received = None if seconds is None else ARRIVED + timedelta(seconds=seconds)
    return Latency(FIRED, ARRIVED, FIRED, received)


@pytest.mark.parametrize(
    ("received", "now", "missed"),
    [
        (299.9, 10_000, False),
        # Less than five minutes is promised (R100).
        (300, 10_000, True),
        (None, 299, False),
        (None, 300, True),
    ],
)
def test_five_minutes_are_missed_by_a_late_receipt_or_none(
    received: float | None,
    now: float,
    missed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert way(received).is_missed(ARRIVED + timedelta(seconds=now)) is missed


def test_what_no_arrival_caused_is_neither_measured_nor_missed() -> None:
    by_clock = Latency(FIRED, received_at=FIRED + timedelta(hours=1))
    assert by_clock.seconds is None
    assert not by_clock.is_missed(FIRED + timedelta(days=1))
    assert latencies([by_clock], FIRED) == Latencies(0, 0, 0, None, None, None)


def test_percentiles_are_of_what_was_received_and_the_missed_of_all() -> None:
    """1 to 100 seconds, one of 400, one not received for an hour: the nearest ranks of 101."""
    ways = [*(way(float(each)) for each in range(1, 101)), way(400), way(None)]
    summed = latencies(reversed(ways), ARRIVED + timedelta(hours=1))
    assert summed == Latencies(caused=102, measured=101, missed=2, p50=51, p99=100, most=400)
