"""One snapshot after the other: reruns, backfills, restatements, missing figures, breaches."""

from dataclasses import replace
from datetime import date

from alerting_built import (
    CRITICAL,
    DAY,
    EXECUTIVE,
    FIRST,
    HOUR,
    MONDAY,
    NONE,
    WARNING,
    Story,
    breach_rule,
    covenant,
    kinds,
    rule,
    seen,
)

from fintech_factory.alerting.act import Acknowledge, Close, SnoozeUntil, act
from fintech_factory.alerting.alert import Move, Status
from fintech_factory.alerting.alert_json import as_json, of_json
from fintech_factory.alerting.evaluate import Said, evaluate
from fintech_factory.alerting.observation import Past, Sight
from fintech_factory.values import Severity


def test_what_is_well_has_no_alert() -> None:
    verdict = Story().see(seen("2"))
    assert (verdict.state, verdict.level, verdict.transitions) == (None, NONE, ())


def test_an_unavailable_figure_begins_nothing() -> None:
    verdict = Story().see(seen(None))
    assert (verdict.state, verdict.level, verdict.said) == (None, None, Said.STALE)


def test_the_same_date_and_batch_set_again_change_nothing() -> None:
    story = Story()
    story.see(seen("6"))
    before = story.alert
    verdict = story.see(seen("6"), MONDAY + HOUR)
    assert (verdict.state, verdict.transitions, verdict.said) == (before, (), Said.RERUN)


def test_a_rerun_begins_no_alert_where_the_store_has_judged_before() -> None:
    verdict = Story().see(seen("6"), past=Past(newest=FIRST, judged=True))
    assert (verdict.state, verdict.transitions, verdict.said) == (None, (), Said.RERUN)


def test_a_backfill_never_tells_anybody() -> None:
    story = Story()
    story.see(seen("2.9", 0), past=Past())
    verdict = story.see(seen("9", 0), past=Past(newest=FIRST + 5 * DAY))
    assert (verdict.state, verdict.transitions, verdict.said) == (None, (), Said.BACKFILL)
    assert verdict.level is EXECUTIVE
    story.see(seen("4", 10))
    alert = story.alert
    assert story.see(seen("9", 9)).transitions == ()
    assert story.see(seen("1", 8)).transitions == ()
    assert story.state == alert


def test_a_month_in_progress_is_no_newer_than_its_last_day_of_data() -> None:
    """31 January with data through the 10th, then the 11th: that is a newer look, no backfill."""
    story = Story()
    cut = {"data_through": date(2026, 1, 10)}
    story.see(seen("4", 9))
    labelled = seen("4", 30, batch="batch-9", **cut)
    assert story.see(labelled).said is Said.RERUN
    assert kinds(story.see(seen("6", 10)).transitions) == [Move.RAISED]


def test_a_restatement_of_the_newest_date_may_tell_with_its_reason() -> None:
    story = Story()
    story.see(seen("4", 3))
    verdict = story.see(seen("6", 3, batch="corrected"))
    (told,) = verdict.transitions
    assert (verdict.said, told.kind, told.restated) == (Said.RESTATED, Move.RAISED, True)
    assert told.reason == "2026-01-04 was restated by corrected"


def test_a_restatement_takes_its_snapshots_place() -> None:
    story = Story()
    story.values("4", "6")
    verdict = story.see(seen("2", 1, batch="corrected"))
    assert kinds(verdict.transitions) == [Move.RESOLVED]
    assert verdict.transitions[0].restated


def test_an_alert_that_a_restatement_takes_back_up_is_the_same_alert() -> None:
    story = Story()
    story.values("4", "2")
    ended = story.alert
    verdict = story.see(seen("4", 1, batch="corrected"))
    assert kinds(verdict.transitions) == [Move.REOPENED]
    assert (story.alert.alert_id, story.alert.is_live) == (ended.alert_id, True)


def test_what_fires_again_later_is_another_alert() -> None:
    story = Story()
    story.values("4", "2")
    first = story.alert
    story.see(seen("4", 2))
    assert (first.number, story.alert.number) == (1, 2)
    assert story.alert.alert_id != first.alert_id
    assert story.alert.revision == 1


def test_missing_figures_keep_the_last_state_and_show_it_stale() -> None:
    story = Story()
    story.see(seen("6"))
    verdict = story.see(seen(None, 1))
    assert kinds(verdict.transitions) == [Move.STALE]
    assert (story.alert.level, story.alert.stale, story.alert.as_of) == (CRITICAL, "no book", FIRST)
    assert story.see(seen(None, 2)).transitions == ()
    verdict = story.see(seen("6", 3))
    assert kinds(verdict.transitions) == [Move.FRESH]
    assert story.alert.stale == ""


def test_a_failed_evaluation_is_stale_with_its_own_reason() -> None:
    story = Story()
    story.see(seen("6"))
    story.see(seen(None, 1))
    failed = seen(None, 2, status=Sight.ERROR, reason="the query took too long")
    assert kinds(story.see(failed).transitions) == [Move.STALE]
    assert story.alert.stale == "the query took too long"


def test_a_withheld_figure_is_not_compared() -> None:
    story = Story()
    story.see(seen("6"))
    story.see(seen("1", 1, status=Sight.WITHHELD, reason="the engines disagree"))
    assert (story.alert.level, story.alert.stale) == (CRITICAL, "the engines disagree")


def test_an_old_figure_after_a_missing_one_is_a_backfill() -> None:
    story = Story()
    story.see(seen("6", 0))
    story.see(seen(None, 5))
    assert story.see(seen("1", 3)).said is Said.BACKFILL


def test_a_step_up_takes_the_answer_back_and_starts_escalation_anew() -> None:
    story = Story()
    story.see(seen("4"))
    story.state, _ = act(story.alert, Acknowledge("ana"), MONDAY + HOUR)
    story.state, _ = act(story.alert, SnoozeUntil("ana", MONDAY + 3 * HOUR), MONDAY + HOUR)
    story.see(seen("6", 1), MONDAY + 2 * HOUR)
    assert (story.alert.acknowledgement, story.alert.snooze) == (None, None)
    assert (story.alert.escalates_from, story.alert.escalated) == (MONDAY + 2 * HOUR, 1)


def test_a_step_down_keeps_the_answer() -> None:
    story = Story()
    story.see(seen("6"))
    story.state, _ = act(story.alert, Acknowledge("ana"), MONDAY + HOUR)
    story.see(seen("4", 1), MONDAY + 2 * HOUR)
    assert story.alert.acknowledgement is not None


def test_an_answer_ends_with_the_alert() -> None:
    story = Story()
    story.see(seen("6"))
    story.state, _ = act(story.alert, Acknowledge("ana"), MONDAY + HOUR)
    story.see(seen("1", 1))
    assert story.alert.acknowledgement is None
    story.see(seen("6", 2))
    assert story.alert.acknowledgement is None


def test_past_8_all_levels_are_told_at_once_and_at_8_they_are_not() -> None:
    story = Story()
    assert story.values("8.0", "8.01") == [
        [Move.FIRED],
        [Move.RAISED, Move.ESCALATED, Move.ESCALATED],
    ]
    assert [each.step for each in story.told] == [0, 0, 2, 3]
    assert story.alert.escalated == 3


def test_a_breach_is_told_to_every_level_at_once() -> None:
    story = Story(breach_rule())
    verdict = story.see(covenant(Severity.CRITICAL))
    assert [(each.kind, each.step) for each in verdict.transitions] == [
        (Move.FIRED, 0),
        (Move.ESCALATED, 2),
        (Move.ESCALATED, 3),
    ]
    assert story.alert.compliance


def test_a_covenant_near_its_trigger_is_no_breach() -> None:
    story = Story(breach_rule())
    assert kinds(story.see(covenant(Severity.WARNING)).transitions) == [Move.FIRED]
    assert not story.alert.compliance
    assert Move.RAISED in kinds(story.see(covenant(Severity.CRITICAL, 1)).transitions)
    assert story.alert.compliance


def test_a_breach_ends_only_when_somebody_closes_it() -> None:
    story = Story(breach_rule())
    story.see(covenant(Severity.CRITICAL))
    assert kinds(story.see(covenant(None, 1)).transitions) == [Move.CLEARED]
    assert (story.alert.level, story.alert.is_live, story.alert.cleared) == (CRITICAL, True, True)
    assert story.see(covenant(Severity.WARNING, 2)).transitions == ()
    story.state, _ = act(story.alert, Close("ana", "cured by payment"), MONDAY + DAY)
    assert story.alert.status is Status.CLOSED


def test_a_breach_that_comes_back_before_it_was_closed_is_told_again() -> None:
    story = Story(breach_rule())
    story.see(covenant(Severity.CRITICAL))
    story.see(covenant(None, 1))
    happened = kinds(story.see(covenant(Severity.CRITICAL, 2)).transitions)
    assert happened == [Move.REOPENED, Move.ESCALATED, Move.ESCALATED]
    assert (story.alert.cleared, story.alert.number) == (False, 1)


def test_closing_does_not_make_it_end() -> None:
    """Closed at 6 %, still 6 % the day after: it is open again, as the same alert."""
    story = Story()
    story.see(seen("6"))
    story.state, _ = act(story.alert, Close("ana", "seen"), MONDAY + HOUR)
    verdict = story.see(seen("6", 1))
    assert (kinds(verdict.transitions), story.alert.number) == ([Move.REOPENED], 1)


def test_what_was_closed_and_then_well_comes_back_as_another_alert() -> None:
    story = Story()
    story.see(seen("6"))
    story.state, _ = act(story.alert, Close("ana", "repaid"), MONDAY + HOUR)
    assert story.see(seen("2", 1)).transitions == ()
    verdict = story.see(seen("6", 2))
    assert (kinds(verdict.transitions), story.alert.number) == ([Move.FIRED], 2)


def test_a_pending_alert_that_lapsed_and_is_restated_waits_anew() -> None:
    story = Story(rule(for_=2))
    story.values("4", "2")
    assert kinds(story.see(seen("4", 1, batch="corrected")).transitions) == [Move.PENDING]
    assert story.alert.number == 2


def test_the_parts_of_a_book_are_told_apart() -> None:
    north = seen("6", dimension="entity", member="North")
    assert north.fingerprint == "par_90|entity=North"
    assert evaluate(rule(), north, None, MONDAY).state is not None


def test_transitions_are_numbered_and_every_change_is_a_revision() -> None:
    story = Story()
    story.values("4", "6", "6", "1")
    assert [each.number for each in story.told] == [1, 2, 3]
    assert (story.alert.moves, story.alert.revision) == (3, 4)


def test_a_level_falls_by_more_than_one_step() -> None:
    story = Story()
    assert story.values("9", "3.5")[1] == [Move.LOWERED]
    assert (story.alert.level, story.told[-1].before) == (WARNING, EXECUTIVE)


def test_memory_comes_back_from_json_digit_by_digit() -> None:
    story = Story(rule(for_=1, resolve_for=3))
    story.see(seen("6.10"))
    state, _ = act(story.alert, Acknowledge("ana"), MONDAY + HOUR)
    state, _ = act(state, SnoozeUntil("ana", MONDAY + 2 * HOUR), MONDAY + HOUR)
    state = replace(state, held_until=MONDAY + DAY, stale="no book", assignee="beto")
    back = of_json(as_json(state))
    assert back == state
    assert str(back.value) == "6.10"
