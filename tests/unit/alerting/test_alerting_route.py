"""Who is told of what, by the shipped rules with every channel switched on."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from alerting_built import (
    CRITICAL,
    DAY,
    EXECUTIVE,
    HOUR,
    MINUTE,
    MONDAY,
    WARNING,
    Story,
    covenant,
    seen,
)

from fintech_factory.alerting.act import Acknowledge, Close, SnoozeUntil, act
from fintech_factory.alerting.alert import AlertState, Move, Snooze, Status, Transition
from fintech_factory.alerting.due import due, hold, next_due
from fintech_factory.alerting.evaluate import evaluate
from fintech_factory.alerting.group import gather
from fintech_factory.alerting.inhibit import UNTIL_FREED, freed
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.notice import Notice, Stop, Withheld
from fintech_factory.alerting.observation import Observation, Sight
from fintech_factory.alerting.rota import Override
from fintech_factory.alerting.route import Circumstances, Outcome, Routing, held_until, route
from fintech_factory.alerting.setup import Alerting
from fintech_factory.alerting.silence import Silence
from fintech_factory.alerting.window import AdHoc
from fintech_factory.message import Language, Occasion
from fintech_factory.values import Severity

# Sunday evening, within the weekly window.
IN_WINDOW = datetime(2026, 1, 11, 22, 30, tzinfo=UTC)


def told(
    alerting: Alerting, observation: Observation, at: datetime = MONDAY, **now: object
) -> tuple[AlertState, list[tuple[Transition, Outcome]]]:
    """Judge a first observation; give the alert and who is told of each step."""
    verdict = evaluate(alerting.rules[observation.rule], observation, None, at)
    assert verdict.state is not None
    routing = Routing(alerting, Circumstances(**now))  # type: ignore[arg-type]
    return verdict.state, [
        (step, outcome)
        for step in verdict.transitions
        for outcome in route(step, verdict.state, routing, at)
    ]


def channels(outcomes: list[tuple[Transition, Outcome]], level: int = 1) -> list[str]:
    return sorted(
        each.channel
        for _, each in outcomes
        if isinstance(each, Notice) and each.level == level and each.channel != "inbox"
    )


def kpi(name: str, value: str, **said: object) -> Observation:
    return seen(value, rule=name, **said)


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
    (inhibition,) = switched_on.inhibitions
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


# ---- what follows -----------------------------------------------------------------------------


def test_a_step_down_edits_the_thread_of_those_who_were_told_of_the_worst(
    switched_on: Alerting,
) -> None:
    story = Story(switched_on.rules["par_90"])
    story.see(kpi("par_90", "9"))
    verdict = story.see(kpi("par_90", "4", day=1), MONDAY + DAY)
    (lowered,) = verdict.transitions
    outcomes = route(lowered, story.alert, Routing(switched_on), MONDAY + DAY)
    notices = [each for each in outcomes if isinstance(each, Notice)]
    assert {each.channel for each in notices} == {"slack", "inbox"}
    assert {each.occasion for each in notices} == {Occasion.UPDATE}
    # Level 2's channel was told of it, and so it hears how it goes on.
    assert {each.address for each in notices if each.channel == "slack"} == {
        "#fintech-alerts", "#fintech-ops",
    }  # fmt: skip
    assert {each.stop for each in outcomes if isinstance(each, Withheld)} == {Stop.QUIET}


def test_whoever_was_told_hears_that_it_is_over(switched_on: Alerting) -> None:
    story = Story(switched_on.rules["par_90"])
    first = story.see(kpi("par_90", "9"))
    routing = Routing(switched_on)
    began = {
        (each.channel, each.address)
        for step in first.transitions
        for each in route(step, story.alert, routing, MONDAY)
    }
    last = story.see(kpi("par_90", "1", day=1), MONDAY + HOUR)
    over = route(last.transitions[0], story.alert, routing, MONDAY + HOUR)
    assert {(each.channel, each.address) for each in over if isinstance(each, Notice)} >= {
        place for place in began if place[0] != "inbox"
    }
    assert {each.occasion for each in over if isinstance(each, Notice)} == {Occasion.RESOLVED}


def test_a_snooze_withholds_what_is_loud_and_shows_what_people_write(switched_on: Alerting) -> None:
    state, _ = told(switched_on, kpi("par_90", "6"))
    state, (snoozed,) = act(state, SnoozeUntil("ana", MONDAY + HOUR), MONDAY)
    routing = Routing(switched_on)
    shown = route(snoozed, state, routing, MONDAY)
    assert {each.channel for each in shown if isinstance(each, Notice)} == {"slack", "inbox"}
    repeat = Transition(Move.REPEATED, MONDAY, CRITICAL, 9)
    loud = route(repeat, state, routing, MONDAY + MINUTE)
    assert {each.stop for each in loud if isinstance(each, Withheld)} == {Stop.SNOOZE}
    assert not [each for each in loud if isinstance(each, Notice)]


def test_an_escalation_goes_to_its_own_level_only(switched_on: Alerting) -> None:
    state, _ = told(switched_on, kpi("par_90", "6"))
    state, (second,) = due(state, switched_on.policy, MONDAY + 15 * MINUTE)
    outcomes = route(second, state, Routing(switched_on), MONDAY + 15 * MINUTE)
    outside = {(n.channel, n.address) for n in outcomes if n.channel != "inbox"}
    assert outside == {("slack", "#fintech-ops"), ("sms", "+15005550004")}
    assert {each.occasion for each in outcomes if isinstance(each, Notice)} == {Occasion.ESCALATION}


def test_a_closed_breach_is_told_to_all_who_were_told(switched_on: Alerting) -> None:
    state, _ = told(switched_on, covenant(Severity.CRITICAL))
    state, (closed,) = act(state, Close("ana", "waived"), MONDAY + HOUR)
    outcomes = route(closed, state, Routing(switched_on), MONDAY + HOUR)
    assert not [
        each for each in outcomes if isinstance(each, Withheld) and each.stop is not Stop.QUIET
    ]
    assert {each.level for each in outcomes if isinstance(each, Notice)} >= {1, 2, 3}


def test_nobody_is_told_of_what_is_pending(switched_on: Alerting) -> None:
    by = replace(switched_on.rules["par_90"], for_=2)
    verdict = evaluate(by, kpi("par_90", "6"), None, MONDAY)
    assert verdict.state is not None
    assert route(verdict.transitions[0], verdict.state, Routing(switched_on), MONDAY) == ()


def test_an_acknowledgement_is_seen_in_the_thread(switched_on: Alerting) -> None:
    state, _ = told(switched_on, kpi("par_90", "6"))
    state, (seen_by,) = act(state, Acknowledge("ana"), MONDAY)
    outcomes = route(seen_by, state, Routing(switched_on), MONDAY)
    assert channels([(seen_by, each) for each in outcomes]) == ["slack"]


# ---- a storm ----------------------------------------------------------------------------------


def storm(switched_on: Alerting, size: int) -> list[tuple[Notice, str]]:
    notices: list[tuple[Notice, str]] = []
    for number in range(size):
        value = Decimal(4) if number % 2 else Decimal(6)
        observation = kpi("par_90", str(value), dimension="entity", member=f"E{number}")
        state, outcomes = told(switched_on, observation)
        notices += [(n, state.alert_id) for _, n in outcomes if isinstance(n, Notice)]
    return notices


def test_a_storm_is_a_few_messages_and_loses_no_alert(switched_on: Alerting) -> None:
    """100 parts, half critical, half warning: Slack and mail twice each, SMS once."""
    notices = storm(switched_on, 100)
    bundles = [each for each in gather(notices) if each.notice.channel != "inbox"]
    assert Counter(each.notice.channel for each in bundles) == {"slack": 2, "email": 2, "sms": 1}
    assert all(len(each.about) == 50 for each in bundles)
    told_of = {about for each in bundles for about in each.about}
    assert told_of == {about for _, about in notices}


def test_levels_are_never_mixed_in_a_message(switched_on: Alerting) -> None:
    levels: dict[str, set[LimitState]] = {}
    for value, level in (("4", WARNING), ("6", CRITICAL), ("9", EXECUTIVE)):
        for _, each in told(switched_on, kpi("par_90", value))[1]:
            if isinstance(each, Notice):
                levels.setdefault(each.group, set()).add(level)
    assert all(len(found) == 1 for found in levels.values())


def test_breaches_are_told_one_by_one(switched_on: Alerting) -> None:
    notices: list[tuple[Notice, str]] = []
    for name in ("example/par_90", "example/par_30"):
        state, outcomes = told(switched_on, replace(covenant(Severity.CRITICAL), member=name))
        notices += [(n, state.alert_id) for _, n in outcomes if isinstance(n, Notice)]
    assert all(len(each.about) == 1 for each in gather(notices))
