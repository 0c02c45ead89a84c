"""Rotas, windows, silences: what holds when."""

from datetime import UTC, date, datetime, time

import pytest
from alerting_built import CRITICAL, DAY, HOUR, MINUTE, MONDAY, WARNING

from fintech_factory.alerting.match import Match, Subject
from fintech_factory.alerting.reading import make_shift
from fintech_factory.alerting.rota import Override, Rota, covered, make_override, on_call
from fintech_factory.alerting.rule import Kind
from fintech_factory.alerting.silence import Silence, make_silence, silenced
from fintech_factory.alerting.window import AdHoc, Window, announce, next_opening, open_window
from fintech_factory.errors import UsageError

SUNDAY = datetime(2026, 1, 11, tzinfo=UTC)
WEEKLY = Window("database maintenance", 6, time(22), time(23))
FIRST_TUESDAY = Window("software updates", 1, time(22), time(23), nth=1)
LAST_FRIDAY = Window("month-end", 4, time(20), time(21), nth=-1)
ROTA = Rota("ops", date(2026, 1, 5), (make_shift("monday 08:00", "monday 08:00", ("ana", "beto")),))


def at(day: datetime, hour: int, minute: int = 0) -> datetime:
    return day.replace(hour=hour, minute=minute)


# ---- rotas ------------------------------------------------------------------------------------


def test_the_handover_is_when_the_shift_begins_and_not_at_midnight() -> None:
    next_week = MONDAY + 7 * DAY
    assert on_call(ROTA, at(MONDAY, 8)) == "ana"
    assert on_call(ROTA, at(next_week, 7, 59)) == "ana"
    assert on_call(ROTA, at(next_week, 8)) == "beto"
    assert on_call(ROTA, at(next_week + 7 * DAY, 8)) == "ana"
    assert on_call(ROTA, at(MONDAY, 7, 59)) == "beto"


def test_a_shift_may_run_on_into_the_next_week() -> None:
    days = make_shift("monday 08:00", "friday 18:00", ("ana",))
    weekend = make_shift("friday 18:00", "monday 08:00", ("beto",))
    rota = Rota("ops", date(2026, 1, 5), (days, weekend))
    assert on_call(rota, at(SUNDAY, 12)) == "beto"
    assert on_call(rota, at(MONDAY + 7 * DAY, 7)) == "beto"
    assert on_call(rota, at(MONDAY, 8)) == "ana"
    assert covered(rota.shifts) == (None, None)


def test_gaps_and_overlaps_of_a_week_are_found() -> None:
    days = make_shift("monday 08:00", "friday 18:00", ("ana",))
    late = make_shift("friday 19:00", "monday 09:00", ("beto",))
    gap, overlap = covered([days, late])
    assert gap == (4 * 1440 + 18 * 60, 4 * 1440 + 19 * 60)
    assert overlap == (8 * 60, 9 * 60)


def test_who_stands_in_is_on_call_while_they_do() -> None:
    stands_in = make_override(
        Override("ops", "caro", at(MONDAY, 10), at(MONDAY, 12)), ["ana", "beto", "caro"]
    )
    assert [on_call(ROTA, at(MONDAY, hour), [stands_in]) for hour in (9, 10, 11, 12)] == [
        "ana", "caro", "caro", "ana",
    ]  # fmt: skip
    other = Override("another", "caro", at(MONDAY, 10), at(MONDAY, 12))
    assert on_call(ROTA, at(MONDAY, 11), [other]) == "ana"


def test_the_override_made_last_wins() -> None:
    both = [Override("ops", who, at(MONDAY, 10), at(MONDAY, 12)) for who in ("caro", "dani")]
    assert on_call(ROTA, at(MONDAY, 11), both) == "dani"


@pytest.mark.parametrize(
    "wrong",
    [
        Override("ops", "ana", at(MONDAY, 12), at(MONDAY, 12)),
        Override("ops", "anna", at(MONDAY, 10), at(MONDAY, 12)),
    ],
)
def test_an_override_that_cannot_be_is_refused(wrong: Override) -> None:
    with pytest.raises(UsageError):
        make_override(wrong, ["ana"])


# ---- windows ----------------------------------------------------------------------------------


def test_a_weekly_window_opens_on_sundays_from_22_to_23() -> None:
    held = [
        open_window([WEEKLY], (), moment) is not None
        for moment in (at(SUNDAY, 21, 59), at(SUNDAY, 22), at(SUNDAY, 22, 59), at(SUNDAY, 23))
    ]
    assert held == [False, True, True, False]
    assert open_window([WEEKLY], (), at(MONDAY, 22)) is None


def test_the_first_tuesday_is_the_first_one_of_the_month() -> None:
    """1 and 8 December 2026 are Tuesdays, and so are 7 and 14 April, the last day it can be."""
    days = {
        date(2026, 12, 1): True,
        date(2026, 12, 8): False,
        date(2026, 4, 7): True,
        date(2026, 4, 14): False,
        date(2027, 1, 5): True,
    }
    assert {day: FIRST_TUESDAY.is_on(day) for day in days} == days
    after = datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert next_opening(FIRST_TUESDAY, after) == datetime(2027, 1, 5, 22, tzinfo=UTC)
    assert next_opening(FIRST_TUESDAY, after - MINUTE) == after


def test_the_last_friday_may_be_the_fourth_or_the_fifth() -> None:
    assert [day for day in range(1, 32) if LAST_FRIDAY.is_on(date(2026, 1, day))] == [30]
    assert [day for day in range(1, 29) if LAST_FRIDAY.is_on(date(2026, 2, day))] == [27]


def ad_hoc(hours_ahead: float, **said: str) -> AdHoc:
    starts = MONDAY + hours_ahead * HOUR
    return AdHoc(
        "scaling", starts, starts + HOUR, MONDAY, said.get("by", "ana"), said.get("why", "")
    )


def test_an_ad_hoc_window_needs_24_hours_or_a_reason() -> None:
    assert announce(ad_hoc(24)) == ad_hoc(24)
    with pytest.raises(UsageError, match=r"24 hours ahead; this one begins in 23\.5"):
        announce(ad_hoc(23.5))
    assert announce(ad_hoc(0, why="the disk is full")).override_reason == "the disk is full"
    with pytest.raises(UsageError, match="nobody is named"):
        announce(ad_hoc(48, by=" "))


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    starts = MONDAY + 48 * HOUR
    with pytest.raises(UsageError, match="ends before it begins"):
        announce(AdHoc("scaling", starts, starts, MONDAY, "ana"))


def test_of_several_open_windows_the_one_that_closes_last_is_named() -> None:
    longer = AdHoc("scaling", at(SUNDAY, 22), at(SUNDAY, 23, 30), MONDAY, "ana")
    found = open_window([WEEKLY], [longer], at(SUNDAY, 22, 30))
    assert found is not None
    assert (found.name, found.until) == ("scaling", at(SUNDAY, 23, 30))


# ---- silences ---------------------------------------------------------------------------------

SUBJECT = Subject("par_90", Kind.KPI, CRITICAL, "entity", "North")


def silence(match: Match | None = None, **said: str) -> Silence:
    meant = match or Match(rules=("par_90",))
    owner, reason = said.get("owner", "ana"), said.get("reason", "known")
    return Silence(meant, owner, reason, MONDAY, MONDAY + HOUR)


def test_a_silence_holds_from_its_beginning_until_its_end() -> None:
    held = [
        silenced(SUBJECT, [silence()], moment) is not None
        for moment in (MONDAY - MINUTE, MONDAY, MONDAY + 59 * MINUTE, MONDAY + HOUR)
    ]
    assert held == [False, True, True, False]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(rules=("par_90",)), True),
        (Match(rules=("par_30",)), False),
        (Match(kinds=(Kind.KPI,)), True),
        (Match(kinds=(Kind.FINDING,)), False),
        (Match(levels=(CRITICAL,)), True),
        (Match(levels=(WARNING,)), False),
        (Match(dimension="entity"), True),
        (Match(dimension="product"), False),
        (Match(dimension="entity", members=("North",)), True),
        (Match(dimension="entity", members=("South",)), False),
        (Match(compliance=False), True),
        (Match(compliance=True), False),
    ],
)
def test_every_condition_of_a_match_counts(match: Match, fits: bool) -> None:  # noqa: FBT001
    assert match.fits(SUBJECT) is fits
    assert (silenced(SUBJECT, [silence(match)], MONDAY) is not None) is fits


def test_a_breach_is_never_silenced() -> None:
    breach = Subject("covenants", Kind.COVENANT, CRITICAL, compliance=True)
    assert silenced(breach, [silence(Match(levels=(CRITICAL,)))], MONDAY) is None


@pytest.mark.parametrize(
    "wrong",
    [
        silence(owner=" "),
        silence(reason=""),
        silence(Match()),
        silence(Match(compliance=True)),
        Silence(Match(rules=("par_90",)), "ana", "known", MONDAY, MONDAY),
    ],
)
def test_a_silence_has_an_owner_a_reason_and_an_end(wrong: Silence) -> None:
    with pytest.raises(UsageError):
        make_silence(wrong)
