"""Who is sent what next, by which way; who is late."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting_built import DAY, SIX, sent, told

from fintech_factory.alerting.receiver import Directory, Person
from fintech_factory.alerting.rota import Rota
from fintech_factory.message import Language
from fintech_factory.reporting.department import Place, Promise, Recipient, Told, Way
from fintech_factory.reporting.rounds import Sent, Step, Stood, next_step, standing_of

PROMISE = Promise()
ALL = (Way.OWN, Way.FALLBACK, Way.LAST)
DUE = PROMISE.due_at(DAY)


def step(
    *given: Sent, minute: float = 0, figures: bool = True, who: Told | None = None
) -> tuple[str, str] | None:
    """Give kind and way of what is next, so many minutes after 06:00."""
    now = SIX + timedelta(minutes=minute)
    found = next_step(
        who or told(),
        given,
        PROMISE.ways(DAY, now),
        has_figures=figures,
        waits=PROMISE.waits_for_data(DAY, now),
    )
    return (found.kind, found.way) if found else None


@pytest.mark.parametrize(
    ("seconds", "ways", "waits"),
    [
        (19 * 60 + 59, 1, True),
        (20 * 60, 2, False),
        (24 * 60 + 59, 2, False),
        (25 * 60, 3, False),
    ],
)
def test_other_ways_open_ten_and_five_minutes_before_the_deadline(
    seconds: int,
    ways: int,
    waits: bool,  # noqa: FBT001 - a case
) -> None:
    now = SIX + timedelta(seconds=seconds)
    assert PROMISE.ways(DAY, now) == ALL[:ways]
    assert PROMISE.waits_for_data(DAY, now) is waits
    assert datetime(2025, 12, 11, 6, 30, tzinfo=UTC) == DUE


def test_figures_are_sent_at_once_and_once() -> None:
    assert step() == ("figures", Way.OWN)
    assert step(sent()) is None
    assert step(sent(arrived=1), minute=30) is None


def test_figures_that_are_not_there_are_waited_for_until_the_margin() -> None:
    assert step(figures=False, minute=19.9) is None
    assert step(figures=False, minute=20) == ("no_data", Way.OWN)


def test_figures_follow_a_message_without_any_once() -> None:
    none = sent(kind="no_data", arrived=21, written=20)
    assert step(none, minute=40, figures=False) is None
    assert step(none, minute=40) == ("late_figures", Way.OWN)
    assert step(none, sent(kind="late_figures", written=40), minute=41) is None


def test_figures_follow_by_the_way_by_which_the_first_message_came_through() -> None:
    failed = sent(kind="no_data", failed=True)
    other = sent(Way.FALLBACK, "no_data", arrived=22)
    assert step(failed, other, minute=40) == ("late_figures", Way.FALLBACK)


def test_whoever_has_no_receipt_is_told_another_way_and_then_another() -> None:
    assert step(sent(), minute=20) == ("figures", Way.FALLBACK)
    assert step(sent(), sent(Way.FALLBACK), minute=24) is None
    assert step(sent(), sent(Way.FALLBACK), minute=25) == ("figures", Way.LAST)
    assert step(sent(), sent(Way.FALLBACK), sent(Way.LAST), minute=29) is None


def test_after_a_final_refusal_nobody_waits_for_the_margin() -> None:
    assert step(sent(failed=True), minute=5) == ("figures", Way.FALLBACK)


def test_a_way_that_is_lacking_is_passed_over_at_once() -> None:
    assert step(who=told(own="the channel email is off")) == ("figures", Way.FALLBACK)
    assert step(who=told(own="off", fallback="off")) == ("figures", Way.LAST)


def test_a_place_that_two_ways_have_in_common_is_told_once() -> None:
    inbox = Place("inbox", "ana")
    who = Told("Ana", Language.EN, dict.fromkeys((Way.FALLBACK, Way.LAST), inbox), {Way.OWN: "off"})
    first = step(who=who)
    assert first == ("figures", Way.FALLBACK)
    put = Sent("risk", "ana", "figures", Way.FALLBACK, inbox, SIX)
    assert step(put, who=who, minute=29) is None


@given(
    minutes=st.lists(st.integers(0, 90), min_size=1, max_size=12),
    figures_from=st.integers(0, 100),
    answers=st.lists(st.sampled_from(["arrives", "fails", "hangs"]), min_size=4, max_size=4),
)
def test_however_often_it_is_asked_everybody_has_one_message_and_at_most_the_figures_after_it(
    minutes: list[int], figures_from: int, answers: list[str]
) -> None:
    """Ask at any moments; each way answers by a script, at once."""
    known: list[Sent] = []
    for minute in sorted(minutes):
        now = SIX + timedelta(minutes=minute)
        found = next_step(
            told(),
            known,
            PROMISE.ways(DAY, now),
            has_figures=minute >= figures_from,
            waits=PROMISE.waits_for_data(DAY, now),
        )
        if found is None:
            continue
        answer = answers[ALL.index(found.way)]
        arrived = minute if answer == "arrives" else None
        known.append(
            sent(found.way, found.kind, arrived=arrived, failed=answer == "fails", written=minute)
        )
    received = [each.kind for each in known if each.arrived_at is not None]
    assert received.count("figures") + received.count("no_data") <= 1
    assert received.count("late_figures") <= 1
    assert "late_figures" not in received or "figures" not in received
    # Nothing is ever put twice at one place.
    assert len({(each.kind, each.place) for each in known}) == len(known)
    if max(minutes) >= 25 and "arrives" in answers and len(known) == 1:
        assert known[0].way == Way.OWN


def stood(*given: Sent, minute: float) -> Stood:
    who = Stood("risk", "ana", "Ana", DUE)
    return standing_of(who, given, SIX + timedelta(minutes=minute))


def test_a_receipt_at_the_deadline_is_in_time_and_one_after_it_is_late() -> None:
    assert stood(sent(arrived=30), minute=31).is_late is False
    assert stood(sent(arrived=30.001), minute=31).is_late is True
    assert stood(sent(), minute=29).is_late is None
    assert stood(sent(), minute=30.01).is_late is True
    assert stood(minute=30.01).is_late is True


def test_what_was_received_first_is_what_counts() -> None:
    found = stood(
        sent(failed=True),
        sent(Way.FALLBACK, "no_data", arrived=22),
        sent(Way.FALLBACK, "late_figures", arrived=50),
        minute=60,
    )
    assert (found.kind, found.by, found.way) == ("no_data", "webhook", Way.FALLBACK)
    assert found.figures_at == SIX + timedelta(minutes=50)
    assert found.reason == "email: refused"


PEOPLE = {
    "ana": Person("ana", "Ana", Language.ES, {"email": "ana@example.com", "sms": "+15005550001"}),
    "bea": Person("bea", "Bea", Language.EN, {}),
}
ON = {"email": True, "sms": True, "inbox": True}


def resolved(recipient: Recipient, channels: dict[str, bool] | None = None) -> Told:
    directory = Directory(people=PEOPLE, rotas={"ops": Rota("ops", date(2026, 1, 5), ())})
    return recipient.at(directory, channels or ON, SIX)


def test_a_person_is_told_at_their_own_addresses_in_their_own_language() -> None:
    found = resolved(
        Recipient("ana", "Ana", Language.ES, "email", person="ana", fallback=Place("sms"))
    )
    assert found.language is Language.ES
    assert found.places == {
        Way.OWN: Place("email", "ana@example.com"),
        Way.FALLBACK: Place("sms", "+15005550001"),
        Way.LAST: Place("inbox", "ana"),
    }


def test_whoever_cannot_be_reached_is_in_the_inbox_and_it_says_why() -> None:
    nobody = resolved(Recipient("ops", "ops", Language.EN, "email", rota="ops"))
    assert nobody.lacking == {Way.OWN: "nobody is on call in the rota ops"}
    assert nobody.places[Way.FALLBACK] == Place("inbox", "ops")
    bea = resolved(Recipient("bea", "Bea", Language.EN, "email", person="bea"))
    assert bea.lacking == {Way.OWN: "Bea has no email address"}
    off = resolved(Recipient("ana", "Ana", Language.EN, "email", person="ana"), {"email": False})
    assert off.lacking == {Way.OWN: "the channel email is off"}
    assert set(off.places) == {Way.FALLBACK, Way.LAST}


def test_a_step_that_repeats_names_the_message_that_it_repeats() -> None:
    first = sent()
    found = next_step(told(), [first], ALL, has_figures=True, waits=False)
    assert found == Step("figures", Way.FALLBACK, first)
