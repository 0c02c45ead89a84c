"""Takes an alert from one snapshot to the next."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from fintech_factory.alerting.alert import (
    AlertState,
    Move,
    Seen,
    Status,
    Transition,
    next_revision,
)
from fintech_factory.alerting.due import due
from fintech_factory.alerting.ladder import held, is_known, passed
from fintech_factory.alerting.level import LimitState, at_least, highest, lowest
from fintech_factory.alerting.moves import Moves
from fintech_factory.alerting.observation import Observation, Past
from fintech_factory.alerting.rule import Kind, Rule

__all__ = ["Said", "Verdict", "evaluate"]

_NONE = LimitState.NONE


class Said(StrEnum):
    """How an evaluation was taken: only `judged` and `restated` can change an alert's level."""

    JUDGED = "judged"
    RESTATED = "restated"
    RERUN = "rerun"
    BACKFILL = "backfill"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an evaluation.

    `level` is the one whose limit the observation lies past, None where nothing is known. `state`
    is the fingerprint's newest alert afterwards, ended or not, None if there never was one; a
    state whose `number` is higher than before is a new alert.
    """

    level: LimitState | None
    state: AlertState | None
    transitions: tuple[Transition, ...]
    said: Said


def evaluate(
    rule: Rule,
    observation: Observation,
    before: AlertState | None,
    at: datetime,
    past: Past = Past(),  # noqa: B008 - frozen, and empty
) -> Verdict:
    """Judge an observation by a rule, given the fingerprint's newest alert.

    The same date and batch set again change nothing. An older date than was judged before is a
    backfill and changes nothing either. The newest date again, by another batch set, is a
    restatement: it takes that snapshot's place and may tell people, with its reason.
    """
    known = is_known(rule, observation)
    level = passed(rule, observation) if known else None
    taken = _taken(observation, before, past)
    if taken in {Said.RERUN, Said.BACKFILL}:
        return Verdict(level, before, (), taken)
    if not known:
        state, transitions = _stale(observation, before, at)
        return Verdict(None, state, transitions, Said.STALE)
    # Only figures are restated; what was found is looked at as often as anybody looks.
    is_figure = rule.kind in {Kind.KPI, Kind.COVENANT}
    moves = Moves(at, observation, restated=taken is Said.RESTATED and is_figure)
    if before is None or not before.is_live:
        state = _begun(rule, observation, before, moves)
    else:
        state = _gone_on(rule, observation, before, moves)
    if state is None:
        return Verdict(level, None, (), taken)
    at_once: tuple[Transition, ...] = ()
    if state.escalates_from == at:
        # What is due at once, such as the executive level past 8 %, waits for no clock. All else
        # that may be due is the clock's: a snapshot is no reason to repeat or escalate.
        state, at_once = due(state, rule.policy, at)
    return Verdict(level, next_revision(before, state), (*moves.made, *at_once), taken)


def _taken(observation: Observation, before: AlertState | None, past: Past) -> Said:
    cut_on = observation.cut_on
    newest = max((day for day in (past.newest, before and before.judged_on) if day), default=None)
    if past.judged or (
        before is not None
        and (before.judged_on, before.batch_set) == (cut_on, observation.batch_set)
    ):
        return Said.RERUN
    if newest is not None and cut_on < newest:
        return Said.BACKFILL
    return Said.RESTATED if newest == cut_on else Said.JUDGED


def _stale(
    observation: Observation, before: AlertState | None, at: datetime
) -> tuple[AlertState | None, tuple[Transition, ...]]:
    """Keep the last state, and show that it is one: what is not known is neither well nor worse."""
    if before is None or not before.is_live:
        return before, ()
    why = observation.reason or observation.status.value
    after = replace(before, judged_on=observation.cut_on, batch_set=observation.batch_set)
    if before.stale == why:
        return next_revision(before, after), ()
    moves = Moves(at, observation, restated=False)
    after = moves.make(replace(after, stale=why), Move.STALE, reason=why)
    return next_revision(before, after), tuple(moves.made)


def _seen(observation: Observation, state: AlertState) -> AlertState:
    """Take over what was observed, level and all that follows from it aside."""
    return replace(
        state,
        value=observation.value,
        reason=observation.reason,
        as_of=observation.as_of,
        data_through=observation.data_through,
        judged_on=observation.cut_on,
        batch_set=observation.batch_set,
        run_id=observation.run_id,
    )


def _begun(
    rule: Rule, observation: Observation, before: AlertState | None, moves: Moves
) -> AlertState | None:
    """Begin an alert, or take up one that has ended; or leave it all as it is."""
    level = passed(rule, observation)
    if level is _NONE:
        is_over = before is not None and before.status is Status.CLOSED and not before.cleared
        return replace(before, cleared=True) if before is not None and is_over else before
    if before is not None and _goes_on(observation, before):
        return _reopened(rule, observation, before, moves)
    begun = AlertState(
        rule=rule.id,
        opened_at=moves.at,
        changed_at=moves.at,
        dimension=observation.dimension,
        member=observation.member,
        number=before.number + 1 if before is not None else 1,
        recent=(Seen(observation.cut_on, level, level),),
    )
    begun = _seen(observation, begun)
    if rule.for_ > 1:
        return moves.make(begun, Move.PENDING)
    return _raised(rule, begun, level, moves)


def _goes_on(observation: Observation, ended: AlertState) -> bool:
    """Say whether what is found belongs to an alert that has ended.

    To one that a person closed while its cause went on: closing does not make a breach end. And
    to one that was resolved by a figure that another export has just replaced.
    """
    if ended.peak is _NONE:
        return False
    if ended.status is Status.CLOSED:
        return not ended.cleared
    return ended.judged_on == observation.cut_on


def _reopened(rule: Rule, observation: Observation, ended: AlertState, moves: Moves) -> AlertState:
    level = passed(rule, observation)
    state = replace(
        _seen(observation, ended),
        status=Status.FIRING,
        ended_at=None,
        cleared=False,
        stale="",
        recent=(Seen(observation.cut_on, level, level),),
    )
    return _told_anew(rule, state, level, moves, Move.REOPENED)


def _gone_on(rule: Rule, observation: Observation, before: AlertState, moves: Moves) -> AlertState:
    """Take a live alert one snapshot further."""
    seen = Seen(
        observation.cut_on, passed(rule, observation), held(rule, observation, before.level)
    )
    earlier = tuple(each for each in before.recent if each.cut_on != seen.cut_on)
    recent = (*earlier, seen)[-max(rule.for_, rule.resolve_for) :]
    state = replace(_seen(observation, before), recent=recent)
    if state.stale:
        state = moves.make(replace(state, stale=""), Move.FRESH)
    level = _level(rule, state)
    if state.status is Status.PENDING and seen.passed is _NONE:
        ended = replace(state, status=Status.RESOLVED, ended_at=moves.at)
        return moves.make(ended, Move.LAPSED)
    if state.compliance and not at_least(level, LimitState.CRITICAL):
        # Who answers for a breach says that it is over; a figure alone does not.
        return state if state.cleared else moves.make(replace(state, cleared=True), Move.CLEARED)
    if state.cleared:
        return _told_anew(rule, replace(state, cleared=False), level, moves, Move.REOPENED)
    if level is state.level:
        return state
    if at_least(level, state.level):
        return _raised(rule, state, level, moves)
    return _lowered(state, level, moves)


def _level(rule: Rule, state: AlertState) -> LimitState:
    """Give the level after the last snapshot: up once `for` agree, down once `resolve_for` do."""
    up, down = state.recent[-rule.for_ :], state.recent[-rule.resolve_for :]
    reached = lowest(*(each.passed for each in up)) if len(up) == rule.for_ else _NONE
    # Too few are known where the very snapshot that fired was restated: that is one, not all.
    left = highest(*(each.held for each in down)) if len(down) == rule.resolve_for else state.level
    return highest(reached, lowest(state.level, left))


def _raised(rule: Rule, state: AlertState, level: LimitState, moves: Moves) -> AlertState:
    fired = state.status is Status.PENDING
    return _told_anew(rule, state, level, moves, Move.FIRED if fired else Move.RAISED)


def _told_anew(
    rule: Rule, state: AlertState, level: LimitState, moves: Moves, kind: Move
) -> AlertState:
    """Start telling from the first escalation level: no answer to what was before answers this."""
    breach = rule.compliance and at_least(level, LimitState.CRITICAL)
    return moves.make(
        replace(
            state,
            status=Status.FIRING,
            level=level,
            peak=highest(state.peak, level),
            compliance=state.compliance or breach,
            acknowledgement=None,
            snooze=None,
            escalates_from=moves.at,
            escalated=1,
            reached=max(state.reached, 1),
            told_at=moves.at,
            held_until=None,
        ),
        kind,
        before=state.level,
        reason=state.reason if rule.kind is not Kind.KPI else "",
    )


def _lowered(state: AlertState, level: LimitState, moves: Moves) -> AlertState:
    lowered = replace(state, level=level)
    if level is not _NONE:
        return moves.make(lowered, Move.LOWERED, before=state.level)
    ended = replace(
        lowered, status=Status.RESOLVED, ended_at=moves.at, acknowledgement=None, snooze=None
    )
    return moves.make(ended, Move.RESOLVED, before=state.level)
