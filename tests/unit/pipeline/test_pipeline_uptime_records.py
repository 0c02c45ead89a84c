"""Which seconds count as up, and which had not to be, on both databases."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from fintech_factory.alerting.window import Window
from fintech_factory.pipeline.uptime_records import Up
from fintech_factory.state.store import State
from told_rows import add

# A Sunday.
DAY = datetime(2026, 3, 1, tzinfo=UTC)
SUNDAYS = Window("database", 6, time(22), time(23))
HOUR = 3600


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def test_what_is_down_in_a_window_is_spared_and_shows_in_the_raw_figure(state: State) -> None:
    """Up 0:00 to 21:30 and 23:15 to 24:00: down 1 h 45 min, of which the window's hour."""
    with state.transaction() as connection:
        for begun, seen in ((0, 21.5), (23.25, 24)):
            add(connection, "heartbeat", owner="p", started_at=at(begun), seen_at=at(seen),
                ended_at=at(seen))  # fmt: skip
        up = Up.of(connection, [SUNDAYS], (at(-24), at(24)))
    assert up.windows == [(at(22), at(23))]
    assert up.raw(at(-24), at(24)) == (Decimal(22.25 * HOUR), 24 * HOUR)
    assert up.beside_planned(at(-24), at(24)) == (Decimal(22.25 * HOUR), 23 * HOUR)
    assert up.raw(at(22), at(23)) == (0, HOUR)
    assert up.beside_planned(at(22), at(23)) == (0, 0)


def test_who_ended_without_a_word_lived_for_half_a_minute_more(state: State) -> None:
    with state.transaction() as connection:
        add(connection, "heartbeat", owner="p", started_at=at(0), seen_at=at(1))
        up = Up.of(connection, [], (at(-24), at(24)))
    assert up.raw(at(0), at(2)) == (HOUR + 30, 2 * HOUR)


def test_before_the_first_sign_of_life_nothing_is_counted(state: State) -> None:
    with state.transaction() as connection:
        none = Up.of(connection, [], (at(-24), at(24)))
        add(connection, "heartbeat", owner="p", started_at=at(5), seen_at=at(6))
        up = Up.of(connection, [], (at(-24), at(24)))
    assert none.raw(at(0), at(24)) == none.beside_planned(at(0), at(24)) == (0, 0)
    assert up.raw(at(0), at(5)) == (0, 0)
    assert up.raw(at(0), at(6)) == (HOUR, HOUR)


def test_an_announced_window_counts_from_its_announcement_until_it_is_cancelled(
    state: State,
) -> None:
    """From 2:00 to 6:00, announced at 3:00 and cancelled at 4:00: one hour was planned."""
    with state.transaction() as connection:
        add(connection, "heartbeat", owner="p", started_at=at(0), seen_at=at(1), ended_at=at(1))
        add(connection, "maintenance_window", window_id="w", name="w", starts_at=at(2),
            ends_at=at(6), announced_at=at(3), announced_by="ana", cancelled_at=at(4))  # fmt: skip
        add(connection, "maintenance_window", window_id="v", name="v", starts_at=at(7),
            ends_at=at(9), announced_at=at(0), announced_by="ana", cancelled_at=at(1))  # fmt: skip
        up = Up.of(connection, [], (at(-24), at(24)))
    assert up.beside_planned(at(0), at(10)) == (HOUR, 9 * HOUR)
