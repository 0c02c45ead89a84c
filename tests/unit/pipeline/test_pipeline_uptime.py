"""Raw uptime and what of an outage was planned, counted from the signs of life."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.pipeline.heartbeat import beat, begin, end, others, spans
from fintech_factory.pipeline.owner import this_process
from fintech_factory.pipeline.uptime import Span, uptime
from fintech_factory.state.store import State

DAY = datetime(2026, 3, 1, tzinfo=UTC)
SILENCE = timedelta(seconds=10)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def span(begun: float, seen: float, *, ended: bool = True) -> Span:
    return Span(at(begun), at(seen), ended)


def test_nobody_there_is_no_uptime_at_all() -> None:
    found = uptime([], [], (at(0), at(24)), SILENCE)
    assert (found.raw, found.down, found.planned) == (0.0, timedelta(hours=24), timedelta())


def test_two_processes_side_by_side_count_once() -> None:
    found = uptime([span(0, 16), span(8, 24)], [], (at(0), at(24)), SILENCE)
    assert (found.raw, found.outages) == (1.0, ())


def test_an_outage_is_counted_raw_and_its_planned_part_beside_it() -> None:
    """Down 21:30 to 23:30; the window is 22:00 to 23:00: an hour of each."""
    found = uptime([span(0, 21.5), span(23.5, 24)], [(at(22), at(23))], (at(0), at(24)), SILENCE)
    (outage,) = found.outages
    assert (outage.begun, outage.ended) == (at(21.5), at(23.5))
    assert (found.down, found.planned) == (timedelta(hours=2), timedelta(hours=1))
    assert found.raw == pytest.approx(22 / 24)
    assert found.beside_planned == pytest.approx(22 / 23)


def test_windows_that_overlap_plan_an_hour_once() -> None:
    windows = [(at(1), at(3)), (at(2), at(4))]
    found = uptime([span(0, 1), span(4, 24)], windows, (at(0), at(24)), SILENCE)
    assert found.planned == found.down == timedelta(hours=3)
    assert found.beside_planned == 1.0


def test_a_window_in_which_all_was_up_plans_no_outage() -> None:
    found = uptime([span(0, 24)], [(at(22), at(23))], (at(0), at(24)), SILENCE)
    assert (found.raw, found.planned) == (1.0, timedelta())


def test_who_fell_silent_lived_for_one_silence_more_and_who_said_good_bye_did_not() -> None:
    killed = uptime([span(0, 12, ended=False)], [], (at(0), at(24)), SILENCE)
    ended = uptime([span(0, 12)], [], (at(0), at(24)), SILENCE)
    assert ended.down - killed.down == SILENCE


def test_what_lies_outside_is_not_counted() -> None:
    found = uptime([span(-5, 1), span(23, 30)], [], (at(0), at(24)), SILENCE)
    assert found.down == timedelta(hours=22)


def test_no_time_has_no_share() -> None:
    assert uptime([], [], (at(0), at(0)), SILENCE).raw is None


HOURS = st.tuples(st.integers(-2, 26), st.integers(-2, 26)).map(sorted)


@given(st.lists(HOURS, max_size=6), st.lists(HOURS, max_size=4))
def test_up_and_down_make_the_whole_and_planned_is_part_of_down(
    up: list[list[int]], planned: list[list[int]]
) -> None:
    windows = [(at(first), at(last)) for first, last in planned]
    found = uptime([span(*each) for each in up], windows, (at(0), at(24)), SILENCE)
    hours = {hour for first, last in up for hour in range(max(first, 0), min(last, 24))}
    within = {hour for first, last in planned for hour in range(first, last)}
    down = set(range(24)) - hours
    assert found.down == timedelta(hours=len(down))
    assert found.planned == timedelta(hours=len(down & within))


def test_signs_of_life_are_kept(state: State) -> None:
    with state.transaction() as connection:
        first = begin(connection, str(this_process()), at(1))
        beat(connection, first, at(2))
        # The clock was put back: what was seen stays seen.
        beat(connection, first, at(1.5))
        second = begin(connection, "elsewhere 0 1 2", at(2))
        end(connection, second, at(3))
    with state.reading() as connection:
        assert spans(connection, at(0)) == [span(1, 2, ended=False), span(2, 3)]
        assert spans(connection, at(2.5)) == [span(2, 3)]
        assert others(connection, second, at(0)) == [str(this_process())]
        assert others(connection, first, at(0)) == []
