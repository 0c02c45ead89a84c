"""What people may do with an alert, and what they may not."""

import pytest
from alerting_built import (
    CRITICAL,
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    POLICY,
    Story,
    breach_rule,
    breached,
    covenant,
    firing,
    rule,
    seen,
)

from fintech_factory.alerting.act import Acknowledge, Action, Assign, Close, Note, SnoozeUntil, act
from fintech_factory.alerting.alert import AlertState, Move, Status
from fintech_factory.alerting.due import due, hold, next_due
from fintech_factory.errors import UsageError
from fintech_factory.values import Severity


def done(state: AlertState, action: Action, at: object = MONDAY) -> tuple[AlertState, Move]:
    after, (transition,) = act(state, action, at, policy=POLICY)  # type: ignore[arg-type]
    assert transition.actor == action.by
    assert after.revision == state.revision + 1
    return after, transition.kind


@pytest.mark.parametrize(("value", "hours"), [("4", 24), ("6", 4), ("9", 4)])
def test_an_acknowledgement_expires_the_sooner_the_graver(value: str, hours: int) -> None:
    state, kind = done(firing(value), Acknowledge("ana"), MONDAY + MINUTE)
    assert kind is Move.ACKNOWLEDGED
    assert state.acknowledgement is not None
    assert state.acknowledgement.expires_at == MONDAY + MINUTE + hours * HOUR


def test_of_two_who_acknowledge_at_once_one_wins() -> None:
    state = firing()
    after, _ = act(state, Acknowledge("ana"), MONDAY, revision=state.revision)
    with pytest.raises(UsageError, match="has changed since"):
        act(after, Acknowledge("beto"), MONDAY, revision=state.revision)


def test_who_comes_second_is_told_who_was_first() -> None:
    state, _ = done(firing(), Acknowledge("ana"))
    with pytest.raises(UsageError, match="ana acknowledged par_90 at 2026-01-05 09:00 UTC"):
        act(state, Acknowledge("beto"), MONDAY + HOUR)


def test_an_acknowledgement_that_has_expired_can_be_given_again() -> None:
    state, _ = done(firing(), Acknowledge("ana"))
    again, _ = done(state, Acknowledge("beto"), MONDAY + 4 * HOUR)
    assert again.acknowledgement is not None
    assert again.acknowledgement.by == "beto"


@pytest.mark.parametrize(
    "action",
    [
        Acknowledge(" "),
        Assign("ana", " "),
        Note("ana", ""),
        Close("ana", " "),
        Close("", "over"),
        SnoozeUntil("ana", MONDAY),
        SnoozeUntil("ana", MONDAY + 4 * HOUR + MINUTE),
    ],
)
def test_what_says_too_little_or_too_much_is_refused(action: Action) -> None:
    with pytest.raises(UsageError):
        act(firing(), action, MONDAY)


def test_an_assignment_a_note_and_a_snooze_are_kept() -> None:
    state, _ = done(firing(), Assign("ana", "beto", "knows the borrower"))
    state, kind = done(state, Note("beto", "called them"))
    assert (state.assignee, kind) == ("beto", Move.NOTED)
    state, _ = done(state, SnoozeUntil("beto", MONDAY + 4 * HOUR))
    assert state.snooze is not None


def test_a_warning_may_sleep_longer_than_what_is_critical() -> None:
    done(firing("4"), SnoozeUntil("ana", MONDAY + 7 * DAY))
    with pytest.raises(UsageError, match="until 2026-01-12 09:00 UTC"):
        act(firing("4"), SnoozeUntil("ana", MONDAY + 7 * DAY + MINUTE), MONDAY)


def test_nobody_acts_on_what_has_ended() -> None:
    state, kind = done(firing(), Close("ana", "a test loan"))
    assert (kind, state.status, state.ended_at) == (Move.CLOSED, Status.CLOSED, MONDAY)
    for action in (Acknowledge("ana"), Note("ana", "late"), Close("ana", "twice")):
        with pytest.raises(UsageError, match="has ended"):
            act(state, action, MONDAY)


def test_nobody_answers_what_nobody_was_told() -> None:
    story = Story(rule(for_=2))
    story.see(seen("6"))
    for action in (Acknowledge("ana"), SnoozeUntil("ana", MONDAY + HOUR)):
        with pytest.raises(UsageError, match="pending"):
            act(story.alert, action, MONDAY)
    done(story.alert, Note("ana", "watching"))


def test_a_breach_cannot_be_snoozed() -> None:
    with pytest.raises(UsageError, match="cannot be snoozed"):
        act(breached(), SnoozeUntil("ana", MONDAY + HOUR), MONDAY)


def test_a_breach_is_closed_by_somebody_with_a_name() -> None:
    for nobody in ("", "system", "System "):
        with pytest.raises(UsageError):
            act(breached(), Close(nobody, "cured"), MONDAY)
    state, _ = done(breached(), Close("ana", "cured"))
    assert not state.is_live


# ---- the clock --------------------------------------------------------------------------------


def steps(state: AlertState, minutes: float) -> tuple[AlertState, list[tuple[Move, int]]]:
    after, told = due(state, POLICY, MONDAY + minutes * MINUTE)
    return after, [(each.kind, each.step) for each in told]


def test_nobody_answers_so_level_2_is_told_after_15_minutes_and_level_3_after_45() -> None:
    state = firing()
    assert next_due(state, POLICY) == MONDAY + 15 * MINUTE
    state, told = steps(state, 14.99)
    assert told == []
    state, told = steps(state, 15)
    assert told == [(Move.ESCALATED, 2)]
    assert next_due(state, POLICY) == MONDAY + 45 * MINUTE
    state, told = steps(state, 45)
    assert told == [(Move.ESCALATED, 3)]
    assert steps(state, 45)[1] == []
    # Four hours after it was last told.
    assert next_due(state, POLICY) == MONDAY + 45 * MINUTE + 4 * HOUR


def test_a_clock_that_stood_still_misses_no_level() -> None:
    _, told = steps(firing(), 100)
    assert told == [(Move.ESCALATED, 2), (Move.ESCALATED, 3)]


def test_a_warning_is_repeated_and_not_escalated() -> None:
    state, told = steps(firing("4"), 24 * 60 - 1)
    assert told == []
    state, told = steps(state, 24 * 60)
    assert told == [(Move.REPEATED, 0)]
    _, told = steps(state, 5 * 24 * 60)
    assert told == [(Move.REPEATED, 0)]


def test_who_acknowledges_stops_escalation_until_the_acknowledgement_expires() -> None:
    state, _ = done(firing(), Acknowledge("ana"), MONDAY + 10 * MINUTE)
    assert steps(state, 240)[1] == []
    assert next_due(state, POLICY) == MONDAY + 10 * MINUTE + 4 * HOUR
    state, told = steps(state, 250)
    assert told == [(Move.ACK_EXPIRED, 0)]
    # Fifteen minutes later, not fifteen minutes after it began.
    assert next_due(state, POLICY) == MONDAY + 265 * MINUTE
    assert steps(state, 265)[1] == [(Move.ESCALATED, 2)]


def test_what_was_told_to_executives_is_told_to_them_again_when_the_answer_expires() -> None:
    state, _ = done(firing("9"), Acknowledge("ana"))
    _, told = steps(state, 240)
    assert told == [(Move.ACK_EXPIRED, 0), (Move.ESCALATED, 2), (Move.ESCALATED, 3)]


def test_a_snooze_ends_and_escalation_begins_anew() -> None:
    state, _ = done(firing(), SnoozeUntil("ana", MONDAY + HOUR), MONDAY + 5 * MINUTE)
    assert steps(state, 59)[1] == []
    state, told = steps(state, 60)
    assert (told, state.snooze) == ([(Move.WOKEN, 0)], None)
    assert next_due(state, POLICY) == MONDAY + 75 * MINUTE


def test_the_clock_has_nothing_to_do_with_what_is_pending_or_has_ended() -> None:
    story = Story(rule(for_=2))
    story.see(seen("6"))
    ended, _ = done(firing(), Close("ana", "over"))
    for state in (story.alert, ended):
        assert next_due(state, POLICY) is None
        assert due(state, POLICY, MONDAY + 30 * DAY) == (state, ())


def test_a_breach_that_is_cleared_is_repeated_until_somebody_closes_it() -> None:
    story = Story(breach_rule())
    story.see(covenant(Severity.CRITICAL))
    story.see(covenant(None, 1), MONDAY + HOUR)
    assert story.alert.level is CRITICAL
    assert steps(story.alert, 4 * 60)[1] == [(Move.REPEATED, 0)]


def test_what_nobody_could_be_told_escalates_only_once_it_can() -> None:
    """Held for an hour: released then, level 2 a quarter of an hour after that."""
    state = hold(firing(), MONDAY + HOUR)
    assert steps(state, 59)[1] == []
    state, told = steps(state, 60)
    assert (told, state.held_until) == ([(Move.RELEASED, 0)], None)
    assert steps(state, 74)[1] == []
    assert steps(state, 75)[1] == [(Move.ESCALATED, 2)]


def test_a_revision_is_counted_once_however_much_was_due() -> None:
    state = firing()
    after, told = due(state, POLICY, MONDAY + DAY)
    assert len(told) == 2
    assert after.revision == state.revision + 1
