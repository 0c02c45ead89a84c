"""Work by the clock: exact slots in UTC, windows that defer, and what is refused."""

from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.alerting.window import AdHoc, Window
from fintech_factory.config import load
from fintech_factory.errors import ConfigError
from fintech_factory.pipeline.schedule import Schedule, Work, due_next, due_within, slots
from fintech_factory.pipeline.schedule_settings import (
    Orchestration,
    check_orchestration,
    make_schedules,
)

FILE = Path(__file__).parents[3] / "config" / "pipelines" / "data_orchestration.yaml"
TITLE = {"en": "x", "es": "x"}
SUNDAY = Window("database maintenance", 6, time(22), time(23))
TUESDAY = Window("software updates", 1, time(22), time(23), nth=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shipped() -> dict[str, Schedule]:
    return {each.name: each for each in make_schedules(load(FILE, Orchestration).value)}


def schedule(cron: str, does: Work = Work.RUN) -> Schedule:
    return Schedule("s", cron, does, TITLE)


@pytest.mark.parametrize(
    ("name", "after", "slot"),
    [
        # Later than a moment: a slot that is now has its turn already.
        ("ingest", "2026-11-26T02:59:59", "2026-11-26T03:00"),
        ("ingest", "2026-11-26T03:00", "2026-11-27T03:00"),
        ("monitoring", "2026-02-28T06:00", "2026-03-01T06:00"),
        ("monitoring", "2028-02-28T06:00", "2028-02-29T06:00"),
        ("told_by", "2026-12-31T06:30", "2027-01-01T06:30"),
        ("weekly_review", "2026-11-26T00:00", "2026-11-30T09:00"),
        ("monthly_review", "2026-11-26T00:00", "2026-12-01T09:00"),
    ],
)
def test_the_shipped_day_is_the_specifications(name: str, after: str, slot: str) -> None:
    due = due_next(shipped()[name], at(after), [SUNDAY, TUESDAY], [])
    assert (due.slot, due.done_at, due.window) == (at(slot), at(slot), "")


def test_what_cannot_be_done_yet_is_off_and_says_why() -> None:
    assert not check_orchestration(load(FILE, Orchestration))
    off = {name: each.reason for name, each in shipped().items() if not each.is_enabled}
    assert off.keys() == {"weekly_review", "monthly_review"}
    assert all("is not there yet" in reason for reason in off.values())


@pytest.mark.parametrize("zone", ["America/Mexico_City", "Europe/Madrid", "Pacific/Auckland"])
def test_the_hosts_zone_and_its_summer_time_move_nothing(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time as clock
    from zoneinfo import ZoneInfo

    monkeypatch.setenv("TZ", zone)
    clock.tzset()
    try:
        first = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
        year = list(islice(slots(schedule("0 3 * * *"), first), 365))
    finally:
        monkeypatch.undo()
        clock.tzset()
    assert {(slot.hour, slot.minute, slot.utcoffset()) for slot in year} == {(3, 0, timedelta())}
    assert {later - slot for slot, later in pairwise(year)} == {timedelta(days=1)}


@pytest.mark.parametrize(
    ("cron", "after", "slot", "done_at", "window"),
    [
        # R096: due at 22:30 on a Sunday, done at 23:00; at 23:00 the window is closed.
        ("30 22 * * *", "2026-11-28T23:00", "2026-11-29T22:30", "2026-11-29T23:00",
         "database maintenance"),
        ("0 22 * * *", "2026-11-28T23:00", "2026-11-29T22:00", "2026-11-29T23:00",
         "database maintenance"),
        ("0 23 * * *", "2026-11-29T00:00", "2026-11-29T23:00", "2026-11-29T23:00", ""),
        ("59 21 * * *", "2026-11-29T00:00", "2026-11-29T21:59", "2026-11-29T21:59", ""),
        # A15: the first Tuesday, which is the monthly review's day as well; the second is none.
        ("15 22 1 * *", "2026-11-26T00:00", "2026-12-01T22:15", "2026-12-01T23:00",
         "software updates"),
        ("15 22 8 * *", "2026-12-02T00:00", "2026-12-08T22:15", "2026-12-08T22:15", ""),
    ],
)  # fmt: skip
def test_what_falls_into_a_window_is_done_when_it_closes(
    cron: str, after: str, slot: str, done_at: str, window: str
) -> None:
    due = due_next(schedule(cron), at(after), [SUNDAY, TUESDAY], [])
    assert (due.slot, due.done_at, due.window) == (at(slot), at(done_at), window)


def test_windows_that_follow_each_other_are_waited_for_to_their_end() -> None:
    more = AdHoc("scaling", at("2026-11-29T23:00"), at("2026-11-30T01:00"), at("2026-11-20"), "ana")
    due = due_next(schedule("30 22 * * *"), at("2026-11-29T00:00"), [SUNDAY], [more])
    assert (due.done_at, due.window) == (at("2026-11-30T01:00"), "scaling")


def test_a_deadline_is_never_deferred() -> None:
    due = due_next(schedule("30 22 * * *", Work.DEADLINE), at("2026-11-29T00:00"), [SUNDAY], [])
    assert (due.done_at, due.window) == (at("2026-11-29T22:30"), "")


def test_two_slots_of_one_moment_are_both_done() -> None:
    """1 February 2027 is a Monday: the weekly and the monthly review fall together."""
    both = [each for name, each in shipped().items() if name.endswith("review")]
    found = due_within(both, (at("2027-01-31T12:00"), at("2027-02-01T09:00")), [], [])
    assert [(each.schedule.name, each.slot) for each in found] == [
        ("monthly_review", at("2027-02-01T09:00")),
        ("weekly_review", at("2027-02-01T09:00")),
    ]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    st.integers(1, 40),
)
def test_slots_do_not_depend_on_how_the_span_is_cut(moment: datetime, days: int) -> None:
    whole = due_within(shipped().values(), (moment, moment + timedelta(days=days)), [SUNDAY], [])
    middle = moment + timedelta(days=days) / 3
    cut = [
        *due_within(shipped().values(), (moment, middle), [SUNDAY], []),
        *due_within(shipped().values(), (middle, moment + timedelta(days=days)), [SUNDAY], []),
    ]
    assert cut == whole
    assert all(moment < each.slot <= each.done_at for each in whole)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"0 3 * * *"', '"0 3 * *"', "4 fields instead of 5"),
        ('"0 3 * * *"', '"0 0 3 * * *"', "6 fields instead of 5"),
        ('"0 3 * * *"', '"@daily"', "1 fields instead of 5"),
        ('"0 3 * * *"', '"0 24 * * *"', "Bad hour"),
        ('"0 3 * * *"', '"0 3 30 2 *"', "Bad day-of-month"),
        ("does: run", "does: report", "cannot be done by this version"),
        ("does: run", "does: walk", "run"),
        ("    reason: the executive summary is not there yet\n", "", "nobody says why not"),
        ("    does: run\n", "    does: run\n    reason: x\n", "has a reason why not"),
        ("does: run", "dose: run", "does"),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / FILE.name
    path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        problems = list(check_orchestration(load(path, Orchestration)))
    except ConfigError as error:
        problems = list(error.problems)
    assert said in "\n".join(str(each) for each in problems)
    assert all(each.line > 1 for each in problems)
