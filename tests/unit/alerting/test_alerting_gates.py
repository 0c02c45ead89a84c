"""Why nobody heard of it: every gate, open and closed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from alerting_built import DAY, FIRST, HOUR, MONDAY, Story, covenant, firing, rule, seen

from fintech_factory.alerting.act import Acknowledge, SnoozeUntil, act
from fintech_factory.alerting.gates import Asked, Delivered, Gate, gates
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.observation import Sight
from fintech_factory.alerting.route import Circumstances, Routing
from fintech_factory.alerting.setup import Alerting
from fintech_factory.alerting.silence import Silence
from fintech_factory.values import Severity

IN_WINDOW = datetime(2026, 1, 11, 22, 30, tzinfo=UTC)


def asked(alerting: Alerting, value: str | None = "6", **said: object) -> Asked:
    """PAR 90 just judged, and an alert that fires if its value asks for it."""
    by = alerting.rules["par_90"]
    story = Story(by)
    if value is not None:
        story.see(seen(value))
    built = Asked(
        rule=by,
        observation=seen(value),
        evaluated_at=MONDAY,
        evaluated_of=FIRST,
        state=story.state,
        unit="percent",
    )
    return replace(built, **said)  # type: ignore[arg-type]


def walk(alerting: Alerting, about: Asked, at: datetime = MONDAY, **now: object) -> dict[str, Gate]:
    circumstances = Circumstances(**now)  # type: ignore[arg-type]
    return {each.name: each for each in gates(about, Routing(alerting, circumstances), at)}


def closed(walked: dict[str, Gate]) -> Iterator[str]:
    return (name for name, gate in walked.items() if gate.passed is False)


def test_every_gate_is_walked_in_order_and_an_alert_that_fires_passes_them(
    switched_on: Alerting,
) -> None:
    walked = walk(switched_on, asked(switched_on))
    assert list(walked) == [
        "computed", "fresh", "evaluated", "condition", "pending", "silenced", "maintenance",
        "inhibited", "answered", "routed", "grouped", "capped", "channel slack #fintech-alerts",
        "channel email risk@example.com", "channel sms +15005550001", "channel inbox risk_slack",
        "delivered",
    ]  # fmt: skip
    assert list(closed(walked)) == []


def test_no_run_has_computed_it(switched_on: Alerting) -> None:
    walked = walk(switched_on, asked(switched_on, None, observation=None, evaluated_at=None))
    assert walked["computed"].passed is False
    assert walked["evaluated"].said == "the rule has never been judged"
    assert walked["condition"].passed is walked["fresh"].passed is None


def test_a_missing_figure_is_said_with_its_reason(switched_on: Alerting) -> None:
    walked = walk(switched_on, asked(switched_on, None))
    assert walked["computed"].passed is False
    assert "unavailable as of 2026-01-01: no book" in walked["computed"].said
    assert walked["condition"].passed is None


def test_a_stale_figure(switched_on: Alerting) -> None:
    walked = walk(switched_on, asked(switched_on, stale="the export of 2 January is missing"))
    assert (walked["fresh"].passed, walked["fresh"].said) == (
        False,
        "the export of 2 January is missing",
    )


def test_a_rule_that_was_judged_of_an_older_date(switched_on: Alerting) -> None:
    walked = walk(switched_on, asked(switched_on, evaluated_of=FIRST - DAY))
    assert list(closed(walked)) == ["evaluated"]


def test_the_condition_is_written_out_with_operator_limit_and_precision(
    switched_on: Alerting,
) -> None:
    walked = walk(switched_on, asked(switched_on, "5.0000"))
    assert walked["condition"].said == (
        "5.0000 > 3 (warning) is true; 5.0000 > 5 (critical) is false;"
        " 5.0000 > 8 (executive) is false; strict, unrounded; shown as 5.00 percent"
    )
    walked = walk(switched_on, asked(switched_on, "2.9999"))
    assert (walked["condition"].passed, walked["pending"].passed) == (False, None)
    assert "shown as 3.00 percent" in walked["condition"].said


def test_a_rule_that_is_bad_below_is_compared_so(switched_on: Alerting) -> None:
    health = replace(
        asked(switched_on, None),
        rule=switched_on.rules["portfolio_health"],
        observation=seen("50", rule="portfolio_health"),
    )
    walked = walk(switched_on, health)
    assert walked["condition"].said.startswith("50 < 50 (warning) is false")


def test_a_pending_alert_says_what_it_waits_for(switched_on: Alerting) -> None:
    by = rule(for_=3)
    story = Story(by)
    story.see(seen("6"))
    walked = walk(switched_on, asked(switched_on, rule=by, state=story.state))
    assert (walked["pending"].passed, walked["pending"].said) == (
        False,
        "1 of 3 snapshots in a row are past a limit",
    )


def test_a_silence_a_window_and_an_inhibition_close_one_gate_each(switched_on: Alerting) -> None:
    silence = Silence(Match(rules=("par_90",)), "ana", "known", MONDAY, MONDAY + HOUR)
    walked = walk(switched_on, asked(switched_on), silences=(silence,))
    assert list(closed(walked)) == ["silenced"]
    assert walked["silenced"].said == "by ana until 2026-01-05 10:00 UTC: known"
    mild = walk(switched_on, asked(switched_on, "4"), IN_WINDOW)
    assert list(closed(mild)) == ["maintenance"]
    grave = walk(switched_on, asked(switched_on, "6"), IN_WINDOW)
    assert list(closed(grave)) == []
    cause = firing(
        by=replace(switched_on.rules["export_missing"], kind=rule().kind, limits=rule().limits)
    )
    inhibition = replace(switched_on.inhibitions[0], effect=Match(rules=("par_90",)))
    alerting = replace(switched_on, inhibitions=(inhibition,))
    walked = walk(alerting, asked(alerting, "4"), live=(replace(cause, level=rule().reachable[0]),))
    assert list(closed(walked)) == ["inhibited"]


def test_a_breach_is_exempt_and_says_so(switched_on: Alerting) -> None:
    by = switched_on.rules["covenants"]
    story = Story(by)
    story.see(covenant(Severity.CRITICAL))
    walked = walk(
        switched_on,
        asked(switched_on, rule=by, state=story.state, observation=covenant(Severity.CRITICAL)),
        IN_WINDOW,
    )
    assert list(closed(walked)) == []
    assert walked["silenced"].said == walked["maintenance"].said == "a compliance breach is exempt"
    assert walked["condition"].said == "critical: headroom"


def test_an_answer_closes_the_gate_until_it_expires(switched_on: Alerting) -> None:
    state = asked(switched_on).state
    assert state is not None
    for action in (Acknowledge("ana"), SnoozeUntil("ana", MONDAY + 4 * HOUR)):
        answered, _ = act(state, action, MONDAY)
        about = asked(switched_on, state=answered)
        assert list(closed(walk(switched_on, about))) == ["answered"]
        later = walk(switched_on, about, MONDAY + 4 * HOUR)
        assert later["answered"].passed is True


def test_an_address_that_has_had_its_messages(switched_on: Alerting) -> None:
    sent = {("slack", "#fintech-alerts"): 200}
    walked = walk(switched_on, asked(switched_on, "4"), sent_today=sent)
    assert list(closed(walked)) == ["capped"]


def test_a_channel_that_is_off_or_whose_token_is_wrong(
    shipped: Alerting, switched_on: Alerting
) -> None:
    walked = walk(shipped, asked(shipped))
    assert list(closed(walked)) == [
        "channel slack #fintech-alerts",
        "channel email risk@example.com",
        "channel sms +15005550001",
    ]
    assert "config/integrations/slack.yaml" in walked["channel slack #fintech-alerts"].said
    about = asked(switched_on, probes={"slack": "the token is invalid", "email": ""})
    walked = walk(switched_on, about)
    assert list(closed(walked)) == ["channel slack #fintech-alerts"]
    assert walked["channel slack #fintech-alerts"].said == "the token is invalid"
    assert walked["channel email risk@example.com"].said.endswith("found no fault")


def test_what_the_outbox_says_is_said(switched_on: Alerting) -> None:
    sent = (
        Delivered("slack", "#fintech-alerts", "delivered"),
        Delivered("sms", "+15005550001", "dead", "21211: no such number"),
    )
    walked = walk(switched_on, asked(switched_on, delivered=sent))
    assert walked["delivered"].passed is False
    assert "sms +15005550001: dead (21211: no such number)" in walked["delivered"].said
    walked = walk(switched_on, asked(switched_on, delivered=sent[:1]))
    assert walked["delivered"].passed is True


def test_behind_a_condition_that_does_not_hold_the_mildest_level_is_walked(
    switched_on: Alerting,
) -> None:
    walked = walk(switched_on, asked(switched_on, "1"))
    assert walked["routed"].said == "warning takes par_90_warning to risk_slack, risk_mail"
    assert "channel sms +15005550001" not in walked


def test_the_rule_of_a_missing_figure_has_its_own_gates(switched_on: Alerting) -> None:
    by = switched_on.rules["par_90.unavailable"]
    about = Asked(by, seen(None).of_absence(), evaluated_at=MONDAY, evaluated_of=FIRST)
    walked = walk(switched_on, about)
    assert (walked["computed"].passed, walked["condition"].passed) == (True, True)
    assert walked["condition"].said == "unavailable: no book"
    well = replace(about, observation=seen("1").of_absence())
    assert walk(switched_on, well)["condition"].passed is False


def test_a_gate_is_one_json_object() -> None:
    gate = Gate("fresh", passed=None, said="there is no figure")
    assert gate.as_json() == {"gate": "fresh", "passed": None, "said": "there is no figure"}


def test_a_withheld_figure_says_that_engines_disagree(switched_on: Alerting) -> None:
    held = seen("6", status=Sight.WITHHELD, reason="the engines disagree")
    walked = walk(switched_on, asked(switched_on, observation=held, state=None))
    assert "withheld as of 2026-01-01: the engines disagree" in walked["computed"].said


def test_a_rule_that_finds_things_has_found_nothing_or_names_the_thing(
    switched_on: Alerting,
) -> None:
    by = switched_on.rules["export_missing"]
    walked = walk(switched_on, asked(switched_on, None, rule=by, observation=None))
    assert (walked["computed"].passed, walked["computed"].said) == (
        False,
        "nothing was found by it",
    )
    found = seen(None, rule=by.id, dimension="source", member="cascade", status=Sight.OK)
    walked = walk(switched_on, asked(switched_on, None, rule=by, observation=found))
    assert (walked["computed"].passed, walked["computed"].said) == (
        True,
        "cascade as of 2026-01-01",
    )


def test_what_speaks_of_messages_is_not_stale_with_the_figures(switched_on: Alerting) -> None:
    for name, is_open in (("alert_latency", True), ("delivery_failed", True), ("covenants", False)):
        by = switched_on.rules[name]
        found = seen(None, rule=name, member="x", status=Sight.OK)
        about = asked(switched_on, None, rule=by, observation=found, stale="an export is late")
        assert walk(switched_on, about)["fresh"].passed is is_open
