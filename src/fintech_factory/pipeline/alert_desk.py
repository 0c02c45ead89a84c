"""Takes alerts further and writes all that follows in one transaction: states, steps, messages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from fintech_factory.alerting.act import Action, act
from fintech_factory.alerting.alert import AlertState, Transition
from fintech_factory.alerting.due import due, hold, next_due
from fintech_factory.alerting.evaluate import evaluate
from fintech_factory.alerting.group import Bundle, gather
from fintech_factory.alerting.inhibit import freed
from fintech_factory.alerting.notice import Notice, Withheld
from fintech_factory.alerting.observation import Observation, Past
from fintech_factory.alerting.route import Outcome, Routing, held_until, route
from fintech_factory.alerting.rule import Rule
from fintech_factory.alerting.setup import Alerting
from fintech_factory.distribution.outbox import Post, enqueue
from fintech_factory.distribution.retry import Policy
from fintech_factory.message import Action as Offer
from fintech_factory.message import Message
from fintech_factory.pipeline import alert_store as store
from fintech_factory.pipeline.alert_audit import alert_entries
from fintech_factory.pipeline.alert_circumstances import circumstances
from fintech_factory.pipeline.alert_gone import end_notices, taken_out
from fintech_factory.pipeline.alert_group import group_message
from fintech_factory.pipeline.alert_responses import Answered, answer, close_cases
from fintech_factory.pipeline.alert_responses import entries as response_entries
from fintech_factory.pipeline.alert_responses import keep as keep_responses
from fintech_factory.state.audit import Entry, Head, append

__all__ = ["Change", "Committed", "Desk", "Step", "act_on", "clock", "commit", "judge"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one alert, with the state that it led to and the rule behind it."""

    rule: Rule
    state: AlertState
    transition: Transition

    def __hash__(self) -> int:
        """Tell steps apart by their name: which alert, and which of its steps."""
        return hash(self.name)

    @property
    def name(self) -> str:
        """Name the step for good."""
        return f"{self.state.alert_id}/{self.transition.number}"


@dataclass(frozen=True, slots=True)
class Change:
    """One alert before and after something happened to it."""

    rule: Rule
    before: AlertState | None
    state: AlertState
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """What was written: every change, how many messages it causes, and the audit trail's head."""

    changes: tuple[Change, ...] = ()
    told: int = 0
    withheld: tuple[Withheld, ...] = ()
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The rules of a workspace, and how it puts a step into words.

    `note` gives what is noted on an alert by itself (what moved the figure), empty for nothing;
    `offer` what the recipient of a notice can do at once about an alert; `append` adds to the
    audit trail and gives its head.
    """

    alerting: Alerting
    word: Callable[[Step], Message]
    note: Callable[[Step], str] = lambda _: ""
    offer: Callable[[AlertState, Notice], tuple[Offer, ...]] = lambda _state, _notice: ()
    append: Callable[[Connection, Iterable[Entry]], Head] = append
    policy: Policy = field(default_factory=Policy)


def judge(
    connection: Connection, desk: Desk, observations: Sequence[Observation], at: datetime
) -> list[Change]:
    """Judge what was seen, write the evaluations down, and give the alerts that it changes."""
    known = store.newest(connection, {each.fingerprint for each in observations})
    pasts = store.pasts(connection, observations)
    changes = []
    for seen in observations:
        rule = desk.alerting.rule(seen.rule)
        before = known.get(seen.fingerprint)
        verdict = evaluate(rule, seen, before, at, pasts.get(seen.fingerprint, Past()))
        store.keep_evaluation(connection, seen, verdict, at)
        if verdict.state is not None and verdict.state != before:
            changes.append(Change(rule, before, verdict.state, verdict.transitions))
            known[seen.fingerprint] = verdict.state
    return changes


def clock(connection: Connection, desk: Desk, at: datetime) -> list[Change]:
    """Give the alerts that the clock takes further: escalations, repeats, answers that expired."""
    changes = []
    for before in store.due_states(connection, at):
        rule = desk.alerting.rules.get(before.rule)
        if rule is None:
            # Its rule was taken out of the settings: nothing is due by a rule that is not there.
            continue
        state, transitions = due(before, rule.policy, at)
        changes.append(Change(rule, before, state, transitions))
    return changes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person does with one alert; `revision` is the one that they were looking at."""

    alert: str
    action: Action
    revision: int | None = None


def act_on(connection: Connection, desk: Desk, answer: Answer, at: datetime) -> Change:
    """Give the alert that a person takes further.

    One whose rule was taken out of the settings can be answered and closed like any other; who
    heard that it began hears that it is closed.

    Raises:
        UsageError: there is no such alert, it may not be done, or somebody else was first.
    """
    before = store.find(connection, answer.alert)
    rule = desk.alerting.rules.get(before.rule) or taken_out(before)
    state, transitions = act(
        before, answer.action, at, policy=rule.policy, revision=answer.revision
    )
    return Change(rule, before, state, transitions)


def commit(
    connection: Connection, desk: Desk, changes: Sequence[Change], at: datetime
) -> Committed:
    """Write changes with the messages and audit entries that they cause, in the same transaction.

    An alert that nobody could be told of is held, and is told when what withholds it ends.
    """
    if not changes:
        return Committed()
    live = _live(connection, changes)
    routing = Routing(desk.alerting, circumstances(connection, at, live.values()))
    told: list[tuple[Notice, Step]] = []
    kept: list[Change] = []
    withheld: list[Withheld] = []
    done: list[dict[str, Any]] = []
    for change in changes:
        outcomes = _outcomes(change, routing, at)
        flat = [each for _, some in outcomes for each in some]
        answered = (
            answer(_held(change, flat), desk.alerting, live.values(), desk.note)
            if change.rule.id in desk.alerting.rules
            else Answered(change)
        )
        _keep(connection, answered.change, dict(outcomes))
        kept.append(answered.change)
        done += answered.rows
        told += [
            (each, step) for step, some in outcomes for each in some if isinstance(each, Notice)
        ]
        withheld += [each for each in flat if isinstance(each, Withheld)]
        told += _of_gone(connection, change, desk.alerting, at)
    keep_responses(connection, done)
    posts = [_post(bundle, desk) for bundle in gather(told)]
    enqueue(connection, posts, at, desk.policy)
    _free(connection, desk, live, kept, at)
    head = desk.append(connection, [*alert_entries(kept, at), *response_entries(done)])
    return Committed(tuple(kept), len(posts), tuple(withheld), head)


def _of_gone(
    connection: Connection, change: Change, alerting: Alerting, at: datetime
) -> list[tuple[Notice, Step]]:
    """Give who hears that an alert is closed whose rule is gone."""
    if not change.rule.is_gone or change.state.is_live:
        return []
    step = Step(change.rule, change.state, change.transitions[-1])
    return [(each, step) for each in end_notices(connection, alerting, change.state, at)]


def _held(change: Change, outcomes: Sequence[Outcome]) -> Change:
    if any(isinstance(each, Notice) for each in outcomes):
        return replace(change, state=replace(change.state, heard=True))
    until = held_until(outcomes) if outcomes else None
    return change if until is None else replace(change, state=hold(change.state, until))


_Outcomes = list[tuple[Step, tuple[Outcome, ...]]]


def _outcomes(change: Change, routing: Routing, at: datetime) -> _Outcomes:
    if change.rule.id not in routing.alerting.rules:
        return []
    found: _Outcomes = []
    for each in change.transitions:
        outcomes = route(each, change.state, routing, at)
        routing.count(outcomes)
        found.append((Step(change.rule, change.state, each), outcomes))
    return found


def _live(connection: Connection, changes: Iterable[Change]) -> dict[str, AlertState]:
    """Give every open alert as it will be once the changes are written."""
    live = {each.alert_id: each for each in store.listed(connection, store.Listed())}
    for change in changes:
        live[change.state.alert_id] = change.state
    return {name: each for name, each in live.items() if each.is_live}


def _keep(
    connection: Connection, change: Change, outcomes: Mapping[Step, tuple[Outcome, ...]]
) -> None:
    state = change.state
    store.keep_state(connection, change.before, state, next_due(state, change.rule.policy))
    by_number = {step.transition.number: some for step, some in outcomes.items()}
    steps = [(each, by_number.get(each.number, ())) for each in change.transitions]
    store.keep_transitions(connection, state, steps)
    if not state.is_live:
        close_cases(connection, state.alert_id, state.status.value)


def _free(
    connection: Connection,
    desk: Desk,
    live: dict[str, AlertState],
    kept: Iterable[Change],
    at: datetime,
) -> None:
    """Let go of what an alert that has ended had explained: the clock tells it next."""
    now = {**live, **{each.state.alert_id: each.state for each in kept}}
    still = [each for each in now.values() if each.is_live]
    for before in freed(still, desk.alerting.inhibitions, desk.alerting.rules):
        state = hold(before, at)
        rule = desk.alerting.rules[before.rule]
        store.keep_state(connection, before, state, next_due(state, rule.policy))


def _post(bundle: Bundle[Step], desk: Desk) -> Post:
    """Make the message of a bundle; of several steps, one that lists the gravest."""
    notice, steps = bundle.notice, bundle.about
    first = steps[0]
    message = (
        desk.word(first)
        if len(steps) == 1
        else group_message([desk.word(each) for each in steps[:_LISTED]], len(steps))
    )
    offered = desk.offer(first.state, notice) if len(steps) == 1 else ()
    message = replace(message, occasion=notice.occasion, actions=offered)
    return Post(
        cause="\n".join(each.name for each in steps),
        channel=notice.channel,
        address=notice.address,
        language=notice.language,
        message=message,
        alert_id=first.state.alert_id,
    )


_LISTED = 20
