"""Who is told of what, by the shipped rules with every channel switched on."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from alerting_built import (
    CRITICAL,
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    channels,
    covenant,
    kpi,
    seen,
    told,
)

from fintech_factory.alerting.alert import AlertState, Move, Snooze, Status, Transition
from fintech_factory.alerting.due import due, hold, next_due
from fintech_factory.alerting.evaluate import evaluate
from fintech_factory.alerting.inhibit import UNTIL_FREED, freed
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.notice import Notice, Stop, Withheld
from fintech_factory.alerting.observation import Sight
from fintech_factory.alerting.rota import Override
from fintech_factory.alerting.route import Outcome, Routing, held_until, route
from fintech_factory.alerting.setup import Alerting
from fintech_factory.alerting.silence import Silence
from fintech_factory.alerting.window import AdHoc
from fintech_factory.message import Language, Occasion
from fintech_factory.values import Severity

# Sunday evening, within the weekly window.
IN_WINDOW = datetime(2026, 1, 11, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("par_90", "6", ["email", "slack", "sms"]),
        ("par_90", "4", ["email", "slack"]),
        ("collection_rate", "0.49", ["slack"]),
        ("portfolio_health", "49.99", ["email", "slack"]),
    ],
)
def test_each_alert_goes_where_the_specification_says(
    switched_on: Alerting, name: str, value: str, expected: list[str]
) -> None:
    _, outcomes = told(switched_on, kpi(name, value))
    assert channels(outcomes) == expected
    assert channels(outcomes, 2) == channels(outcomes, 3) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("par_90", "3"), ("collection_rate", "0.5"), ("portfolio_health", "50")],
)
def test_on_the_limit_nobody_is_told(switched_on: Alerting, name: str, value: str) -> None:
    assert evaluate(switched_on.rules[name], kpi(name, value), None, MONDAY).state is None


def test_past_8_percent_the_executives_are_told_at_once(switched_on: Alerting) -> None:
    _, outcomes = told(switched_on, kpi("par_90", "8.01"))
    assert channels(outcomes) == ["email", "slack", "sms"]
    assert channels(outcomes, 2) == ["slack", "sms"]
    assert channels(outcomes, 3) == ["email", "email", "sms", "sms"]
    _, outcomes = told(switched_on, kpi("par_90", "8.0"))
    assert channels(outcomes, 3) == []


def breach(
    switched_on: Alerting, at: datetime = MONDAY, **now: object
) -> list[tuple[Transition, Outcome]]:
    return told(switched_on, covenant(Severity.CRITICAL), at, **now)[1]


def test_a_breach_goes_to_every_channel_and_every_level(switched_on: Alerting) -> None:
    outcomes = breach(switched_on)
    on = {name for name, is_on in switched_on.channels.items() if is_on}
    assert {each.channel for _, each in outcomes if isinstance(each, Notice)} == on
    assert {each.level for _, each in outcomes if isinstance(each, Notice)} == {1, 2, 3}


def test_nothing_keeps_a_breach_from_being_told(switched_on: Alerting) -> None:
    silence = Silence(Match(rules=("covenants",)), "ana", "x", MONDAY - DAY, MONDAY + 30 * DAY)
    places = {(n.channel, n.address) for _, n in breach(switched_on)}
    outcomes = breach(
        switched_on,
        IN_WINDOW,
        silences=(silence,),
        sent_today=dict.fromkeys(places, 10_000),
        live=(told(switched_on, kpi("par_90", "9"))[0],),
    )
    assert not [each for _, each in outcomes if isinstance(each, Withheld)]
    assert {each.group for _, each in outcomes if isinstance(each, Notice)} == {""}


def test_not_even_a_snooze_that_should_not_be_keeps_a_breach_quiet(switched_on: Alerting) -> None:
    state, _ = told(switched_on, covenant(Severity.CRITICAL))
    state = replace(state, snooze=Snooze("ana", MONDAY + DAY), held_until=MONDAY + DAY)
    for kind in (Move.REPEATED, Move.CLOSED):
        step = Transition(kind, MONDAY, CRITICAL, 9)
        outcomes = route(step, state, Routing(switched_on), MONDAY)
        assert not [each for each in outcomes if isinstance(each, Withheld)]


def test_each_address_is_told_once_of_a_step(switched_on: Alerting) -> None:
    for observation in (kpi("par_90", "9"), covenant(Severity.CRITICAL)):
        _, outcomes = told(switched_on, observation)
        counted = Counter((step.number, each.channel, each.address) for step, each in outcomes)
        assert max(counted.values()) == 1


def test_everyone_is_told_in_their_own_language(switched_on: Alerting) -> None:
    _, outcomes = told(switched_on, kpi("par_90", "9"))
    language = {each.address: each.language for _, each in outcomes if isinstance(each, Notice)}
    assert language["chief-executive@example.com"] is Language.ES
    assert language["head-of-risk@example.com"] is Language.EN


def test_who_is_on_call_is_told_and_not_the_other(switched_on: Alerting) -> None:
    def on_call(at: datetime, **now: object) -> str:
        _, outcomes = told(switched_on, kpi("par_90", "9"), at, **now)
        (number,) = [
            each.address
            for _, each in outcomes
            if isinstance(each, Notice) and (each.channel, each.level) == ("sms", 2)
        ]
        return number

    assert on_call(MONDAY + 6 * HOUR) == "+15005550003"
    assert on_call(MONDAY + 7 * DAY + 6 * HOUR) == "+15005550004"
    standing_in = Override("data_team", "data_2", MONDAY, MONDAY + DAY)
    assert on_call(MONDAY + 6 * HOUR, overrides=(standing_in,)) == "+15005550004"


def test_the_in_app_inbox_is_told_of_everything(shipped: Alerting) -> None:
    """The shipped workspace has no outside channel: what goes there says that it is off."""
    for observation in (kpi("par_90", "4"), kpi("par_90", "9"), covenant(Severity.CRITICAL)):
        _, outcomes = told(shipped, observation)
        notices = [each for _, each in outcomes if isinstance(each, Notice)]
        assert "inbox" in {each.channel for each in notices}
        assert {each.channel for each in notices} <= {"inbox", "file"}
        withheld = [each for _, each in outcomes if isinstance(each, Withheld)]
        assert {each.stop for each in withheld} == {Stop.DISABLED}
        assert all("config/integrations/" in each.reason for each in withheld)


def test_what_no_route_means_goes_to_the_default_receiver(switched_on: Alerting) -> None:
    near = covenant(Severity.WARNING)
    _, outcomes = told(switched_on, near)
    assert [each.address for _, each in outcomes] == ["#fintech-factory", "desk"]


def test_a_route_may_go_on_to_those_after_it(switched_on: Alerting) -> None:
    first, *rest = (each for each in switched_on.routes if each.name == "par_90_warning")
    also = replace(first, name="also", receivers=("operations",), goes_on=True)
    _, outcomes = told(replace(switched_on, routes=(also, first, *rest)), kpi("par_90", "4"))
    assert channels(outcomes) == ["email", "email", "slack", "slack"]


# ---- what stops a notice ----------------------------------------------------------------------


def stops(outcomes: list[tuple[Transition, Outcome]]) -> set[Stop]:
    return {each.stop for _, each in outcomes if isinstance(each, Withheld)}


def test_a_silence_withholds_and_says_whose_it_is_and_until_when(switched_on: Alerting) -> None:
    silence = Silence(Match(rules=("par_90",)), "ana", "month-end", MONDAY, MONDAY + HOUR)
    _, outcomes = told(switched_on, kpi("par_90", "6"), silences=(silence,))
    assert not [each for _, each in outcomes if isinstance(each, Notice)]
    assert stops(outcomes) == {Stop.SILENCE}
    (reason,) = {each.reason for _, each in outcomes if isinstance(each, Withheld)}
    assert reason == "silenced by ana until 2026-01-05 10:00 UTC: month-end"


def test_in_a_maintenance_window_only_what_is_critical_is_told(switched_on: Alerting) -> None:
    _, mild = told(switched_on, kpi("par_90", "4"), IN_WINDOW)
    _, grave = told(switched_on, kpi("par_90", "6"), IN_WINDOW)
    assert stops(mild) == {Stop.MAINTENANCE}
    assert channels(grave) == ["email", "slack", "sms"]


def test_an_ad_hoc_window_counts_as_well(switched_on: Alerting) -> None:
    window = AdHoc("scaling", MONDAY - HOUR, MONDAY + HOUR, MONDAY - 2 * DAY, "ana")
    _, outcomes = told(switched_on, kpi("par_90", "4"), windows=(window,))
    assert stops(outcomes) == {Stop.MAINTENANCE}


def test_what_a_window_withheld_is_told_when_it_closes(switched_on: Alerting) -> None:
    state, outcomes = told(switched_on, kpi("par_90", "4"), IN_WINDOW)
    until = held_until(each for _, each in outcomes)
    assert until == IN_WINDOW + 30 * MINUTE
    state = hold(state, until)
    policy = switched_on.policy
    assert next_due(state, policy) == until
    state, (released,) = due(state, policy, until)
    assert (released.kind, state.held_until) == (Move.RELEASED, None)
    after = route(released, state, Routing(switched_on), until)
    assert channels([(released, each) for each in after]) == ["email", "slack"]
    assert {each.occasion for each in after if isinstance(each, Notice)} == {Occasion.ALERT}


def test_an_alert_that_somebody_was_told_of_is_not_held(switched_on: Alerting) -> None:
    _, outcomes = told(switched_on, kpi("par_90", "6"), IN_WINDOW)
    assert held_until(each for _, each in outcomes) is None


def test_who_never_heard_that_it_began_does_not_hear_that_it_is_over(switched_on: Alerting) -> None:
    state, _ = told(switched_on, kpi("par_90", "4"), IN_WINDOW)
    held = hold(state, IN_WINDOW + 30 * MINUTE)
    verdict = evaluate(
        switched_on.rules["par_90"], kpi("par_90", "1", day=1), held, IN_WINDOW + MINUTE
    )
    assert verdict.state is not None
    outcomes = route(
        verdict.transitions[0], verdict.state, Routing(switched_on), IN_WINDOW + MINUTE
    )
    assert {each.stop for each in outcomes if isinstance(each, Withheld)} == {Stop.UNTOLD}
    assert len(outcomes) > 1


def export_missing(switched_on: Alerting) -> AlertState:
    late = seen(None, rule="export_missing", status=Sight.OK, severity=Severity.WARNING)
    return told(switched_on, late)[0]


def test_an_alert_that_another_explains_is_withheld_until_that_ends(switched_on: Alerting) -> None:
    cause = export_missing(switched_on)
    missing = seen(None).of_absence()
    state, outcomes = told(switched_on, missing, live=(cause,))
    assert stops(outcomes) == {Stop.INHIBITION}
    assert held_until(each for _, each in outcomes) == UNTIL_FREED
    state = hold(state, UNTIL_FREED)
    inhibitions, rules = switched_on.inhibitions, switched_on.rules
    assert freed([cause, state], inhibitions, rules) == ()
    over = replace(cause, status=Status.RESOLVED, ended_at=MONDAY)
    assert freed([over, state], inhibitions, rules) == (state,)


def test_what_is_critical_is_not_explained_by_a_warning(switched_on: Alerting) -> None:
    cause = export_missing(switched_on)
    inhibition = replace(switched_on.inhibitions[0], effect=Match(rules=("par_90",)))
    alerting = replace(switched_on, inhibitions=(inhibition,))
    assert stops(told(alerting, kpi("par_90", "6"), live=(cause,))[1]) == set()
    assert stops(told(alerting, kpi("par_90", "4"), live=(cause,))[1]) == {Stop.INHIBITION}


def test_an_inhibition_can_be_of_the_same_part_only(switched_on: Alerting) -> None:
    inhibition, _ = switched_on.inhibitions
    effect = replace(inhibition, effect=Match(rules=("collection_rate",)), equal=True,
                     cause=Match(rules=("par_90",)))  # fmt: skip
    alerting = replace(switched_on, inhibitions=(effect,))
    cause, _ = told(alerting, kpi("par_90", "4", dimension="entity", member="North"))
    north, south = (
        told(
            alerting,
            kpi("collection_rate", "0.1", dimension="entity", member=part),
            live=(cause,),
        )[1]
        for part in ("North", "South")
    )
    assert (stops(north), stops(south)) == ({Stop.INHIBITION}, set())


def test_a_cap_counts_out_warnings_and_never_what_is_critical(switched_on: Alerting) -> None:
    place = ("slack", "#fintech-alerts")
    _, below = told(switched_on, kpi("par_90", "4"), sent_today={place: 199})
    _, mild = told(switched_on, kpi("par_90", "4"), sent_today={place: 200})
    _, grave = told(switched_on, kpi("par_90", "6"), sent_today={place: 10_000})
    assert channels(below) == ["email", "slack"]
    assert (channels(mild), stops(mild)) == (["email"], {Stop.CAP})
    assert channels(grave) == ["email", "slack", "sms"]


def test_a_failing_channel_is_not_asked_to_tell_that_it_fails(switched_on: Alerting) -> None:
    failed = seen(
        None, rule="delivery_failed", dimension="channel", member="slack",
        status=Sight.OK, severity=Severity.CRITICAL,
    )  # fmt: skip
    _, outcomes = told(switched_on, failed)
    assert (channels(outcomes), stops(outcomes)) == (["email"], {Stop.FAILING})
