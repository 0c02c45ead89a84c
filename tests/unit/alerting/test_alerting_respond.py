"""What is done without anybody, how long answers take, and what would have been."""

from dataclasses import replace
from datetime import timedelta

from alerting_built import (
    CRITICAL,
    HOUR,
    MINUTE,
    MONDAY,
    NONE,
    WARNING,
    Story,
    breached,
    firing,
    ladder,
    rule,
    seen,
)

from fintech_factory.alerting.act import Acknowledge, Close, act
from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.backtest import backtest, replay
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.respond import Answers, Automatic, ResponseKind, responses
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.times import response_times
from fintech_factory.kpi_engine.limits import Limits
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.rehearse import rehearse
from fintech_factory.values import Unit

EVERYTHING = tuple(ResponseKind)
FIRED = Transition(Move.FIRED, MONDAY, CRITICAL, 1)


def answers(*allowed: ResponseKind, **said: object) -> Answers:
    always = Automatic((Move.FIRED,), Match(), EVERYTHING)
    return replace(Answers(allowed, automatic=(always,)), **said)  # type: ignore[arg-type]


def given(by: Rule, state: AlertState, *live: AlertState, to: Answers | None = None) -> list[str]:
    found = responses(FIRED, state, by, to or answers(*EVERYTHING), live)
    return [each.kind.value for each in found]


def test_nothing_that_is_not_allowed_is_done() -> None:
    assert given(rule(), firing(), to=answers()) == []
    assert given(rule(), firing(), to=answers(ResponseKind.ANNOTATE)) == ["annotate"]


def test_only_what_was_asked_for_is_done() -> None:
    asked = Automatic((Move.RAISED,), Match(), EVERYTHING)
    assert given(rule(), firing(), to=answers(*EVERYTHING, automatic=(asked,))) == []
    other = Automatic((Move.FIRED,), Match(rules=("par_30",)), EVERYTHING)
    assert given(rule(), firing(), to=answers(*EVERYTHING, automatic=(other,))) == []


def test_a_kpi_is_annotated_with_its_movers_and_its_runbook() -> None:
    by = rule(runbook="docs/runbooks/par.md")
    (noted, case) = responses(FIRED, firing(by=by), by, answers(*EVERYTHING))
    assert noted.parameters == {"runbook": "docs/runbooks/par.md", "movers_of": "par_90", "top": 5}
    assert (noted.undo, case.undo) == ("", "close the case")
    assert case.parameters == {"alert_id": firing().alert_id}


def test_a_failed_run_is_run_again_and_a_missing_export_looked_for() -> None:
    failed, late = Rule("pipeline_failed", Kind.PIPELINE), Rule("late", Kind.FRESHNESS)
    state = replace(firing(), run_id="run-7", member="cascade", dimension="source")
    found = responses(FIRED, state, failed, answers(*EVERYTHING, retry_at_most=2))
    (retry,) = (each for each in found if each.kind is ResponseKind.RETRY)
    assert retry.parameters == {"run_id": "run-7", "at_most": 2}
    (again,) = (
        each
        for each in responses(FIRED, state, late, answers(*EVERYTHING))
        if each.kind is ResponseKind.REINGEST
    )
    assert again.parameters == {"source": "cascade"}
    assert "retry" not in given(rule(), firing())
    assert "reingest" not in given(rule(), firing())


def test_a_duplicate_is_muted_and_a_breach_never_is() -> None:
    first = firing()
    twin = replace(first, rule="par_90_critical", opened_at=MONDAY + MINUTE)
    (muted,) = (
        each
        for each in responses(FIRED, twin, rule(), answers(*EVERYTHING), [first])
        if each.kind is ResponseKind.MUTE_DUPLICATE
    )
    assert muted.parameters == {"alert_id": twin.alert_id, "duplicate_of": first.alert_id}
    assert muted.undo
    assert "mute_duplicate" not in given(rule(), first, twin)
    assert "mute_duplicate" not in given(rule(), replace(twin, member="North"), first)
    breach = replace(breached(), opened_at=MONDAY + MINUTE)
    assert "mute_duplicate" not in given(rule(), breach, replace(breached(), rule="other"))


# ---- how long answers take --------------------------------------------------------------------


def test_means_are_from_firing_to_the_first_answer_and_to_the_end() -> None:
    """Acknowledged after 10 and 20 minutes; ended after 60, 120 and 180: means 15 and 120."""
    histories = []
    for minutes, ends in ((10, 60), (20, 120), (0, 180)):
        story = Story()
        story.see(seen("6"))
        if minutes:
            story.state, told = act(story.alert, Acknowledge("ana"), MONDAY + minutes * MINUTE)
            story.told += told
        story.state, told = act(story.alert, Close("ana", "over"), MONDAY + ends * MINUTE)
        histories.append(story.told + list(told))
    times = response_times(histories)
    assert (times.fired, times.acknowledged, times.ended) == (3, 2, 3)
    assert (times.mtta, times.mttr) == (timedelta(minutes=15), timedelta(minutes=120))


def test_a_mean_of_nothing_is_none() -> None:
    times = response_times([[]])
    assert (times.fired, times.mtta, times.mttr) == (0, None, None)


def test_only_the_first_answer_counts_and_a_reopened_alert_counts_anew() -> None:
    def step(kind: Move, hours: int) -> Transition:
        return Transition(kind, MONDAY + hours * HOUR, CRITICAL, 1)

    times = response_times(
        [
            [
                step(Move.FIRED, 0),
                step(Move.ACKNOWLEDGED, 1),
                step(Move.ACKNOWLEDGED, 9),
                step(Move.CLOSED, 10),
                step(Move.REOPENED, 20),
                step(Move.ACKNOWLEDGED, 23),
            ]
        ]
    )
    assert (times.fired, times.acknowledged, times.ended) == (2, 2, 1)
    assert (times.mtta, times.mttr) == (timedelta(hours=2), timedelta(hours=10))


# ---- what would have been ---------------------------------------------------------------------

VALUES = ("2", "4", "6", None, "9", "4.8", "2")


def test_a_backtest_is_the_real_machine() -> None:
    said = backtest(rule(), [seen(value, day) for day, value in enumerate(VALUES)])
    assert said["rule"] == "par_90"
    assert [(each["level"], each["transition"]) for each in said["evaluations"]] == [
        ("none", None),
        ("warning", "fired"),
        ("critical", "raised"),
        ("critical", "stale"),
        ("executive", "fresh"),
        ("warning", "lowered"),
        ("none", "resolved"),
    ]
    assert said["evaluations"][3]["value"] is None
    assert said["evaluations"][5] == {
        "as_of": "2026-01-06", "value": "4.8", "level": "warning", "transition": "lowered",
    }  # fmt: skip
    counts = said["counts"]
    assert {key: counts[key] for key in ("evaluations", "none", "warning", "critical")} == {
        "evaluations": 7, "none": 2, "warning": 2, "critical": 2,
    }  # fmt: skip
    assert (counts["executive"], counts["unknown"], counts["transitions"]["raised"]) == (1, 1, 2)


def test_a_backtest_takes_the_past_in_order_and_each_part_alone() -> None:
    north = [
        seen(value, day, dimension="entity", member="North") for day, value in ((1, "2"), (0, "6"))
    ]
    south = [seen("6", 1, dimension="entity", member="South")]
    said = backtest(rule(), [*north, *south])
    assert [
        (each["as_of"], each["member"], each["transition"]) for each in said["evaluations"]
    ] == [
        ("2026-01-01", "North", "fired"),
        ("2026-01-02", "North", "resolved"),
        ("2026-01-02", "South", "fired"),
    ]


def test_nothing_escalates_in_a_backtest_but_what_is_told_at_once() -> None:
    steps = [
        step.kind
        for each in replay(rule(), [seen("6", 0), seen("6", 40), seen("9", 80)])
        for step in each.transitions
    ]
    assert steps == [Move.FIRED, Move.RAISED, Move.ESCALATED, Move.ESCALATED]


def test_a_rehearsal_and_a_backtest_agree_on_when_a_level_is_on() -> None:
    """Rehearsed one by one, each level is on whenever the ladder stands at it or above."""
    limits = ladder(warning="2.5", critical="4.5", executive="7")
    values = ("2", "4", "2.7", "6", "4.6", "4.4", "9", "7.5", "6.9", "2.5", "2.4", "3.1")
    observations = [seen(value, day) for day, value in enumerate(values)]
    readings = [
        Reading("par_90", 1, each.as_of, each.data_through, Unit.PERCENT, value=each.value)
        for each in observations
    ]
    stood = [each.level for each in replay(rule(limits=limits), observations)]
    order = [NONE, WARNING, CRITICAL, "executive"]
    for rehearsed in rehearse("par_90", limits, readings).levels:
        least = order.index(rehearsed.level)
        assert rehearsed.held == sum(order.index(level) >= least for level in stood)


def test_a_rule_of_some_levels_has_no_others() -> None:
    only = Limits(ladder().direction, ladder().steps[1:2])
    said = backtest(rule(limits=only), [seen("4", 0), seen("9", 1)])
    assert [each["level"] for each in said["evaluations"]] == ["none", "critical"]
