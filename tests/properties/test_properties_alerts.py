"""The machine of alerts, driven at random: what holds whatever happens, in whatever order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from fintech_factory.alerting.act import Acknowledge, Action, Assign, Close, Note, SnoozeUntil, act
from fintech_factory.alerting.alert import AlertState, Move, Status, Transition
from fintech_factory.alerting.alert_json import as_json, of_json
from fintech_factory.alerting.due import due, hold, next_due
from fintech_factory.alerting.escalate import Policy, Step
from fintech_factory.alerting.evaluate import Said, evaluate
from fintech_factory.alerting.level import LEVELS, LimitState, at_least, highest
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.notice import Notice, Stop
from fintech_factory.alerting.observation import Observation, Past, Sight
from fintech_factory.alerting.receiver import Address, Directory, Receiver
from fintech_factory.alerting.route import Circumstances, Routing, held_until, route
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting, Route
from fintech_factory.alerting.silence import Silence
from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine.limits import Direction, Limits

WARNING, CRITICAL, EXECUTIVE = LEVELS[1:]
BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIRST = date(2026, 1, 1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# On each limit, a hair past it, on and past each clear limit.
VALUES = ("0", "2.4", "2.5", "3", "3.0001", "4.5", "5", "5.0000001", "7", "8", "8.01", "20")
LOUD = frozenset({Move.FIRED, Move.RAISED, Move.REOPENED})
POLICY = Policy(
    steps={
        "critical": (Step(2, 15 * MINUTE, ("on_call",)), Step(3, 45 * MINUTE, ("executives",))),
        "executive": (Step(2, timedelta(), ("on_call",)), Step(3, timedelta(), ("executives",))),
        "compliance": (Step(2, timedelta(), ("on_call",)), Step(3, timedelta(), ("executives",))),
    },
    repeat={WARNING: 24 * HOUR, CRITICAL: 4 * HOUR, EXECUTIVE: 4 * HOUR},
)
STEPS = tuple(zip(LEVELS[1:], (Decimal(3), Decimal(5), Decimal(8)), strict=True))
CLEAR = tuple(zip(LEVELS[1:], (Decimal("2.5"), Decimal("4.5"), Decimal(7)), strict=True))


def receiver(name: str) -> Receiver:
    return Receiver(name, addresses=(Address("slack", f"#{name}"), Address("email")))


DIRECTORY = Directory({name: receiver(name) for name in ("desk", "on_call", "executives")})


class Alerts(RuleBasedStateMachine):
    """One rule on one KPI, its snapshots, its people and its clock."""

    @initialize(
        for_=st.integers(1, 3),
        resolve_for=st.integers(1, 3),
        clear=st.booleans(),
        compliance=st.booleans(),
    )
    def begin(self, for_: int, resolve_for: int, clear: bool, compliance: bool) -> None:  # noqa: FBT001
        limits = Limits(Direction.BAD_ABOVE, STEPS, CLEAR if clear else ())
        self.rule = Rule(
            "par_90", Kind.KPI, "par_90", limits,
            for_=for_, resolve_for=resolve_for, compliance=compliance, policy=POLICY,
        )  # fmt: skip
        default = Route("default", Match(), ("desk",))
        on = {"slack": True, "email": True, "inbox": True}
        self.alerting = Alerting({"par_90": self.rule}, (), default, DIRECTORY, POLICY, channels=on)
        self.state: AlertState | None = None
        self.at = BEGIN
        self.day = 0
        self.batch = 0
        self.judged: dict[tuple[date, str], Observation] = {}
        # Every alert by its name, as it was last; every notice by step and address.
        self.alerts: dict[str, AlertState] = {}
        self.sent: set[tuple[str, int, str, str]] = set()
        self.steps: dict[str, int] = {}
        self.past: list[tuple[date, Decimal | None]] = []

    # -- what happens ------------------------------------------------------------------------

    @rule(value=st.sampled_from(VALUES), ahead=st.integers(1, 3), minutes=st.integers(0, 600))
    def a_snapshot_comes(self, value: str, ahead: int, minutes: int) -> None:
        self.day += ahead
        self.at += minutes * MINUTE
        self.judge(self.seen(Decimal(value)))

    @rule(value=st.sampled_from(VALUES))
    @precondition(lambda self: self.judged)
    def the_newest_is_restated(self, value: str) -> None:
        self.judge(self.seen(Decimal(value)))

    @rule(status=st.sampled_from((Sight.UNAVAILABLE, Sight.WITHHELD, Sight.ERROR)))
    def a_figure_is_missing(self, status: Sight) -> None:
        self.day += 1
        before = self.state
        self.judge(self.seen(None, status))
        assert (self.state is None) == (before is None)
        if before is not None and self.state is not None:
            kept = ("status", "level", "peak", "value", "as_of", "acknowledgement", "recent")
            assert all(getattr(self.state, name) == getattr(before, name) for name in kept)
            assert not before.is_live or self.state.stale

    @rule(data=st.data())
    @precondition(lambda self: self.judged)
    def a_run_is_run_again(self, data: st.DataObject) -> None:
        seen = self.judged[data.draw(st.sampled_from(sorted(self.judged)))]
        verdict = evaluate(self.rule, seen, self.state, self.at, self.store(seen))
        assert verdict.said is Said.RERUN
        assert (verdict.state, verdict.transitions) == (self.state, ())

    @rule(value=st.sampled_from(VALUES), back=st.integers(1, 50))
    @precondition(lambda self: self.judged)
    def an_old_date_is_filled_in(self, value: str, back: int) -> None:
        newest = max(day for day, _ in self.judged)
        old = replace(self.seen(Decimal(value)), as_of=newest - back * DAY)
        old = replace(old, data_through=old.as_of)
        verdict = evaluate(self.rule, old, self.state, self.at, self.store(old))
        assert verdict.said is Said.BACKFILL
        assert (verdict.state, verdict.transitions) == (self.state, ())

    @rule(
        who=st.sampled_from(("ana", "beto", "system", " ")),
        kind=st.sampled_from(("ack", "assign", "note", "close", "snooze")),
        hours=st.integers(-1, 30),
    )
    @precondition(lambda self: self.state is not None)
    def somebody_acts(self, who: str, kind: str, hours: int) -> None:
        before = self.alert
        actions: dict[str, Action] = {
            "ack": Acknowledge(who),
            "assign": Assign(who, "caro"),
            "note": Note(who, "seen"),
            "close": Close(who, "over"),
            "snooze": SnoozeUntil(who, self.at + hours * HOUR),
        }
        try:
            state, told = act(
                before, actions[kind], self.at, policy=POLICY, revision=before.revision
            )
        except UsageError:
            return
        assert before.is_live
        assert who.strip()
        assert not (
            before.compliance and (kind == "snooze" or (kind == "close" and who == "system"))
        )
        # Who looked at the alert before this cannot act on it any more.
        with pytest.raises(UsageError):
            act(state, Note("caro", "late"), self.at, policy=POLICY, revision=before.revision)
        self.follow(before, state, told)

    @rule(minutes=st.integers(1, 3000))
    @precondition(lambda self: self.state is not None)
    def time_passes(self, minutes: int) -> None:
        before = self.alert
        expected = next_due(before, POLICY)
        self.at += minutes * MINUTE
        state, told = due(before, POLICY, self.at)
        assert bool(told) == (expected is not None and expected <= self.at)
        held = before.acknowledgement
        if held is not None and held.expires_at > self.at:
            assert not {Move.ESCALATED, Move.REPEATED} & {each.kind for each in told}
        if not before.is_firing:
            assert told == ()
        assert due(state, POLICY, self.at) == (state, ())
        following = next_due(state, POLICY)
        assert following is None or following > self.at
        self.follow(before, state, told)

    # -- what holds --------------------------------------------------------------------------

    @invariant()
    def memory_survives_the_store(self) -> None:
        state = getattr(self, "state", None)
        assert state is None or of_json(as_json(state)) == state

    @invariant()
    def at_most_one_alert_of_the_rule_lives(self) -> None:
        live = [each for each in getattr(self, "alerts", {}).values() if each.is_live]
        assert len(live) <= 1

    @invariant()
    def an_alert_is_what_its_status_says(self) -> None:
        state: AlertState | None = getattr(self, "state", None)
        if state is None:
            return
        assert (state.ended_at is None) == (state.status in {Status.PENDING, Status.FIRING})
        assert at_least(state.peak, state.level)
        assert (state.level is not LimitState.NONE) == (
            state.status in {Status.FIRING, Status.CLOSED} and state.peak is not LimitState.NONE
        )
        assert state.is_live or (state.acknowledgement, state.snooze) == (None, None)
        assert state.status is not Status.RESOLVED or not state.compliance

    # -- how ---------------------------------------------------------------------------------

    @property
    def alert(self) -> AlertState:
        assert self.state is not None
        return self.state

    def seen(self, value: Decimal | None, status: Sight = Sight.OK) -> Observation:
        self.batch += 1
        on = FIRST + self.day * DAY
        return Observation(
            "par_90", on, on, f"batch-{self.batch}", status=status, value=value, reason=status.value
        )

    def store(self, seen: Observation) -> Past:
        newest = max((day for day, _ in self.judged), default=None)
        return Past(newest, (seen.cut_on, seen.batch_set) in self.judged)

    def judge(self, seen: Observation) -> None:
        before = self.state
        verdict = evaluate(self.rule, seen, before, self.at, self.store(seen))
        assert verdict.said not in {Said.RERUN, Said.BACKFILL}
        self.judged[(seen.cut_on, seen.batch_set)] = seen
        if seen.status is Sight.OK:
            self.past = [each for each in self.past if each[0] != seen.cut_on]
            self.past.append((seen.cut_on, seen.value))
        state = verdict.state
        if state is None:
            assert verdict.transitions == ()
            return
        # A step up is told, whatever has been acknowledged, snoozed or assigned before.
        was = before.level if before is not None and before.is_firing else LimitState.NONE
        if state.is_firing and not at_least(was, state.level):
            assert LOUD & {each.kind for each in verdict.transitions}
            assert (state.acknowledgement, state.snooze) == (None, None)
        for each in verdict.transitions:
            assert each.restated == (verdict.said is Said.RESTATED) or each.kind is Move.ESCALATED
        if Move.RESOLVED in {each.kind for each in verdict.transitions}:
            self.was_well(state)
        self.follow(before, state, verdict.transitions)

    def was_well(self, state: AlertState) -> None:
        """It has ended: the last `resolve_for` known snapshots hold no level up."""
        held = dict(self.rule.limits.clear) or dict(self.rule.limits.steps)
        last = [value for _, value in self.past[-self.rule.resolve_for :]]
        assert len(last) == self.rule.resolve_for or state.number > 1
        for value in last:
            assert value is not None
            assert value < held[WARNING] or (not self.rule.limits.clear and value <= held[WARNING])

    def follow(
        self, before: AlertState | None, state: AlertState, told: tuple[Transition, ...]
    ) -> None:
        if before is not None and state.alert_id == before.alert_id:
            assert state.revision == before.revision + (state != before)
        numbers = [each.number for each in told]
        first = self.steps.get(state.alert_id, 0)
        assert numbers == list(range(first + 1, first + 1 + len(told)))
        assert state.moves == first + len(told)
        self.steps[state.alert_id] = state.moves
        for each in told:
            state = self.tell(each, state)
        self.state = self.alerts[state.alert_id] = state

    def tell(self, step: Transition, state: AlertState) -> AlertState:
        silence = Silence(Match(levels=LEVELS), "ana", "x", BEGIN, BEGIN + 2 * DAY)
        routing = Routing(self.alerting, Circumstances(silences=(silence,)))
        outcomes = route(step, state, routing, self.at)
        for each in outcomes:
            if isinstance(each, Notice):
                key = (state.alert_id, step.number, each.channel, each.address)
                assert key not in self.sent
                self.sent.add(key)
            else:
                # Nothing but its own nature keeps any of a breach from being told.
                assert not state.compliance or each.stop is Stop.QUIET
        if state.status is Status.PENDING or step.kind in {Move.PENDING, Move.LAPSED}:
            assert outcomes == ()
        until = held_until(outcomes)
        return state if until is None or not state.is_firing else hold(state, until)


Alerts.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAlerts = Alerts.TestCase


@given(
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=30),
    st.integers(1, 3),
    st.integers(1, 3),
)
@settings(max_examples=200, deadline=None)
def test_a_level_needs_as_many_snapshots_as_its_rule_says(
    values: list[str], for_: int, resolve_for: int
) -> None:
    """Without clear limits: up when `for` in a row are past, down when `resolve_for` are not."""
    by = Rule(
        "par_90", Kind.KPI, "par_90", Limits(Direction.BAD_ABOVE, STEPS),
        for_=for_, resolve_for=resolve_for,
    )  # fmt: skip
    state: AlertState | None = None
    level = LimitState.NONE
    passed: list[LimitState] = []
    for day, value in enumerate(values):
        on = FIRST + day * DAY
        seen = Observation("par_90", on, on, f"b{day}", value=Decimal(value))
        state = evaluate(by, seen, state, BEGIN + day * DAY).state
        passed.append(by.limits.state(Decimal(value)))
        up = passed[-for_:]
        reached = min(up, key=LEVELS.index) if len(up) == for_ else LimitState.NONE
        kept = highest(*passed[-resolve_for:])
        level = highest(reached, min(level, kept, key=LEVELS.index))
        assert (state.level if state is not None and state.is_firing else LimitState.NONE) is level


@given(st.sampled_from(VALUES), st.integers(0, 5000))
@settings(max_examples=100, deadline=None)
def test_what_is_due_in_two_looks_is_what_is_due_in_one(value: str, minutes: int) -> None:
    """The clock may be asked as often as one likes: the same levels are told in the end."""
    by = Rule("par_90", Kind.KPI, "par_90", Limits(Direction.BAD_ABOVE, STEPS), policy=POLICY)
    seen = Observation("par_90", FIRST, FIRST, "b", value=Decimal(value))
    begun = evaluate(by, seen, None, BEGIN).state
    assume(begun is not None)
    assert begun is not None
    last = BEGIN + minutes * MINUTE
    half, first = due(begun, POLICY, BEGIN + minutes * MINUTE / 2)
    _, second = due(half, POLICY, last)
    _, once = due(begun, POLICY, last)

    def levels(told: tuple[Transition, ...]) -> list[int]:
        return [each.step for each in told if each.kind is Move.ESCALATED]

    assert levels(first) + levels(second) == levels(once)
