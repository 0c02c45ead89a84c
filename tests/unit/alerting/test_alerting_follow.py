"""How an alert goes on: who is told of what follows, and what a storm comes to."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from alerting_built import (
    CRITICAL,
    DAY,
    EXECUTIVE,
    HOUR,
    MINUTE,
    MONDAY,
    WARNING,
    Story,
    channels,
    covenant,
    kpi,
    seen,
    told,
)

from fintech_factory.alerting.act import Acknowledge, Close, SnoozeUntil, act
from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.due import due
from fintech_factory.alerting.evaluate import evaluate
from fintech_factory.alerting.group import gather
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.notice import Notice, Stop, Withheld
from fintech_factory.alerting.observation import Sight
from fintech_factory.alerting.reading import make_alerting
from fintech_factory.alerting.route import Routing, route
from fintech_factory.alerting.settings import AlertSettings
from fintech_factory.alerting.setup import Alerting
from fintech_factory.config import load
from fintech_factory.kpi_engine import Definitions
from fintech_factory.message import Occasion
from fintech_factory.values import Severity

ALERTS = Path(__file__).parents[3] / "config" / "alerts.yaml"

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


def given_up(alerting: Alerting) -> AlertState:
    failed = seen(None, rule="pipeline_failed", severity=Severity.CRITICAL, status=Sight.OK)
    state, _ = told(alerting, failed)
    return state


def test_a_run_that_was_given_up_reaches_who_is_on_call_by_steps_of_its_own(
    switched_on: Alerting,
) -> None:
    """After a minute, where whatever else is critical waits for a quarter of an hour."""
    rule, state = switched_on.rules["pipeline_failed"], given_up(switched_on)
    assert due(state, rule.policy, MONDAY + MINUTE / 2)[1] == ()
    state, (second,) = due(state, rule.policy, MONDAY + MINUTE)
    outcomes = route(second, state, Routing(switched_on), MONDAY + MINUTE)
    assert {(n.channel, n.address, n.level) for n in outcomes if n.channel != "inbox"} == {
        ("slack", "#fintech-ops", 2),
        ("sms", "+15005550004", 2),
    }
    state, (third,) = due(state, rule.policy, MONDAY + HOUR)
    assert third.step == 3
    outcomes = route(third, state, Routing(switched_on), MONDAY + HOUR)
    assert {each.level for each in outcomes if isinstance(each, Notice)} == {3}


def test_without_steps_of_its_own_a_run_goes_by_its_level(
    shipped_kpis: Definitions, switched_on: Alerting
) -> None:
    settings = load(ALERTS, AlertSettings).value
    plain = settings.model_copy(
        update={"escalation": settings.escalation.model_copy(update={"pipeline": ()})}
    )
    rule = make_alerting(plain, shipped_kpis, switched_on.channels).rules["pipeline_failed"]
    assert due(given_up(switched_on), rule.policy, MONDAY + 14 * MINUTE)[1] == ()
    assert len(due(given_up(switched_on), rule.policy, MONDAY + 15 * MINUTE)[1]) == 1


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
