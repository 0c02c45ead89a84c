"""Limits are strict, on unrounded figures; clear limits hold a level up."""

import pytest
from alerting_built import CRITICAL, EXECUTIVE, NONE, WARNING, Story, kinds, ladder, rule, seen

from fintech_factory.alerting.alert import Move, Status
from fintech_factory.alerting.ladder import passed
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.observation import Observation, Sight
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.values import Severity


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("3", NONE),
        ("3.0000001", WARNING),
        ("5.00", WARNING),
        ("5.0000001", CRITICAL),
        ("8.0", CRITICAL),
        ("8.01", EXECUTIVE),
        ("-1", NONE),
    ],
)
def test_a_value_lies_past_a_limit_and_not_on_it(value: str, level: LimitState) -> None:
    assert passed(rule(), seen(value)) is level


def test_one_alert_stands_on_the_ladder_and_not_one_for_each_limit() -> None:
    story = Story()
    assert story.values("8.4") == [[Move.FIRED, Move.ESCALATED, Move.ESCALATED]]
    assert (story.alert.level, story.alert.number) == (EXECUTIVE, 1)


def test_every_step_up_is_told_and_a_step_down_is_no_new_alert() -> None:
    story = Story()
    assert story.values("4", "6", "4", "2") == [
        [Move.FIRED],
        [Move.RAISED],
        [Move.LOWERED],
        [Move.RESOLVED],
    ]
    assert (story.alert.status, story.alert.number, story.alert.peak) == (
        Status.RESOLVED,
        1,
        CRITICAL,
    )


def test_a_clear_limit_holds_a_level_until_the_value_lies_past_it() -> None:
    """Critical at 5, clear 4.5; warning at 3, clear 2.5: on the clear limit it is still held."""
    story = Story(rule(limits=ladder(critical="4.5", warning="2.5")))
    story.values("5.1", "4.7", "4.5")
    assert story.alert.level is CRITICAL
    story.see(seen("4.49", 3))
    assert story.alert.level is WARNING
    story.see(seen("2.5", 4))
    assert story.alert.is_firing
    story.see(seen("2.49", 5))
    assert not story.alert.is_live


def test_a_clear_limit_keeps_nobody_up_who_never_passed_the_limit() -> None:
    assert Story(rule(limits=ladder(critical="4.5"))).values("4.7", "4.9") == [[Move.FIRED], []]


def test_a_limit_that_was_taken_out_holds_nothing_up() -> None:
    story = Story(rule(limits=ladder(critical="4.5")))
    story.values("6")
    only = ladder()
    story.rule = rule(limits=type(only)(only.direction, only.steps[:1]))
    story.see(seen("4.7", 1))
    assert story.alert.level is WARNING


def test_for_counts_snapshots_in_a_row() -> None:
    story = Story(rule(for_=3))
    assert story.values("4", "4", "2", "4", "4", "6") == [
        [Move.PENDING],
        [],
        [Move.LAPSED],
        [Move.PENDING],
        [],
        [Move.FIRED],
    ]
    # All three were past the warning, only the last past the critical limit.
    assert story.alert.level is WARNING


def test_for_holds_a_step_up_back_as_well() -> None:
    story = Story(rule(for_=2))
    assert story.values("4", "4", "6", "4", "6", "6") == [
        [Move.PENDING],
        [Move.FIRED],
        [],
        [],
        [],
        [Move.RAISED],
    ]


def test_resolve_for_counts_snapshots_in_a_row() -> None:
    story = Story(rule(resolve_for=3))
    assert story.values("4", "2", "2", "4", "2", "2", "2") == [
        [Move.FIRED], [], [], [], [], [], [Move.RESOLVED],
    ]  # fmt: skip


def test_the_snapshot_that_fired_counts_as_one_when_it_is_restated() -> None:
    story = Story(rule(resolve_for=2))
    story.values("4")
    assert story.see(seen("2", 0, batch="corrected")).transitions == ()
    assert kinds(story.see(seen("2", 1)).transitions) == [Move.RESOLVED]


def test_what_is_unknown_counts_neither_for_nor_against() -> None:
    story = Story(rule(resolve_for=2))
    happened = story.values("4", "2", None, "2")
    assert happened[3] == [Move.FRESH, Move.RESOLVED]


def test_a_restated_snapshot_counts_once() -> None:
    """Two exports of one day are one snapshot: `for: 2` waits for another day."""
    story = Story(rule(for_=2))
    story.values("4")
    story.see(seen("4", 0, batch="again"))
    assert not story.alert.is_firing
    story.see(seen("4", 1))
    assert story.alert.is_firing


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (None, NONE),
        (Severity.INFO, NONE),
        (Severity.WARNING, WARNING),
        (Severity.CRITICAL, CRITICAL),
    ],
)
def test_what_is_no_figure_goes_by_its_severity(found: Severity | None, level: LimitState) -> None:
    by = Rule("findings", Kind.FINDING)
    assert passed(by, seen(None, status=Sight.OK, severity=found)) is level


def test_a_rule_can_have_a_level_of_its_own_or_only_some() -> None:
    grave = seen(None, status=Sight.OK, severity=Severity.CRITICAL)
    mild = seen(None, status=Sight.OK, severity=Severity.WARNING)
    late = Rule("export_missing", Kind.FRESHNESS, level=WARNING)
    assert [passed(late, each) for each in (grave, mild)] == [WARNING, WARNING]
    only = Rule("critical_findings", Kind.FINDING, levels=(CRITICAL,))
    assert [passed(only, each) for each in (grave, mild)] == [CRITICAL, NONE]


def absent(observation: Observation) -> LimitState:
    missing = Rule("par_90.unavailable", Kind.UNAVAILABLE, "par_90", level=WARNING)
    return passed(missing, observation.of_absence())


def test_a_missing_figure_is_an_alert_of_its_own_and_never_a_zero() -> None:
    assert absent(seen(None)) is WARNING
    assert absent(seen("0")) is NONE
    assert absent(seen("9", status=Sight.WITHHELD)) is WARNING
    assert absent(seen(None, status=Sight.ERROR)) is WARNING
    assert seen(None).of_absence().fingerprint == "par_90.unavailable"


def test_a_rule_is_about_its_own_part_and_its_own_kinds_of_finding() -> None:
    north = rule(dimension="entity", members=("North",))
    each = rule(dimension="entity")
    parts = (("", ""), ("entity", "North"), ("entity", "South"), ("product", "North"))
    assert [rule().judges(*part) for part in parts] == [True, False, False, False]
    assert [each.judges(*part) for part in parts] == [False, True, True, False]
    assert [north.judges(*part) for part in parts] == [False, True, False, False]
    some = Rule("found", Kind.FINDING, codes=("rows_lost",))
    assert (some.watches("rows_lost"), some.watches("table_gone")) == (True, False)
    assert Rule("found", Kind.FINDING).watches("table_gone")
