"""Walks every gate between a figure and the person who should have heard of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from fintech_factory.alerting.alert import AlertState, Move, Status, Transition
from fintech_factory.alerting.ladder import is_known, passed
from fintech_factory.alerting.level import LimitState, at_least
from fintech_factory.alerting.match import Subject, subject_of
from fintech_factory.alerting.notice import Notice, Stop, Withheld
from fintech_factory.alerting.observation import Observation
from fintech_factory.alerting.route import Outcome, Routing, route
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.silence import silenced
from fintech_factory.alerting.window import open_window
from fintech_factory.kpi_engine.limits import Direction, Limits
from fintech_factory.kpi_engine.readings import shown

__all__ = ["Asked", "Delivered", "Gate", "gates"]

_NONE = LimitState.NONE
_FIGURES = frozenset({Kind.KPI, Kind.UNAVAILABLE})
_OF_MESSAGES = frozenset({Kind.DELIVERY, Kind.LATENCY, Kind.PROMISE})


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: whether it lets through, None where that cannot be said, and what was looked at."""

    name: str
    passed: bool | None
    said: str

    def as_json(self) -> dict[str, str | bool | None]:
        """Give the gate as one JSON object."""
        return {"gate": self.name, "passed": self.passed, "said": self.said}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one message: its channel, address, status in the outbox, and why."""

    channel: str
    address: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts that the store holds of one rule and one part of the book.

    `observation` is the newest there is, None where no run has computed any; `stale` says why what
    is published is not what it should be by now; `evaluated_at` is when the rule was last judged
    and `evaluated_of` of which date. `state` is the fingerprint's newest alert, ended or not.
    `delivered` are the outbox rows of its last step. `probes` holds, by channel, what a look at
    its token and addresses said against it, empty for nothing. `precision` is of the page.
    """

    rule: Rule
    observation: Observation | None = None
    stale: str = ""
    evaluated_at: datetime | None = None
    evaluated_of: date | None = None
    state: AlertState | None = None
    delivered: tuple[Delivered, ...] = ()
    probes: Mapping[str, str] = field(default_factory=dict)
    precision: int = 2
    unit: str = ""


def gates(asked: Asked, routing: Routing, at: datetime) -> tuple[Gate, ...]:
    """Walk every gate in order, those behind a closed one as well.

    Behind a condition that does not hold, the rest is walked for the mildest level that the rule
    can come to: what would happen if it did.
    """
    level = _level(asked)
    state = _as_if(asked, level, at)
    subject = subject_of(asked.rule, state, level)
    outcomes = _unstopped(state, level, routing, at)
    return (
        _computed(asked),
        _fresh(asked),
        _evaluated(asked),
        _condition(asked),
        _pending(asked),
        *_stops(subject, routing, at),
        _answered(asked, at),
        *_ways(subject, outcomes, routing),
        *_channels(asked, outcomes),
        _delivered(asked),
    )


def _level(asked: Asked) -> LimitState:
    seen = asked.observation
    now = passed(asked.rule, seen) if seen is not None and is_known(asked.rule, seen) else _NONE
    if now is _NONE and asked.state is not None and asked.state.is_firing:
        return asked.state.level
    if now is not _NONE:
        return now
    return next(iter(asked.rule.reachable), LimitState.WARNING)


def _as_if(asked: Asked, level: LimitState, at: datetime) -> AlertState:
    """Give the alert as it stands, or as it would if it fired now."""
    if asked.state is not None and asked.state.is_firing:
        return asked.state
    seen = asked.observation
    breach = asked.rule.compliance and at_least(level, LimitState.CRITICAL)
    return AlertState(
        rule=asked.rule.id,
        opened_at=at,
        changed_at=at,
        dimension=seen.dimension if seen else asked.rule.dimension,
        member=seen.member if seen else "",
        status=Status.FIRING,
        level=level,
        peak=level,
        compliance=breach,
    )


def _unstopped(
    state: AlertState, level: LimitState, routing: Routing, at: datetime
) -> tuple[Outcome, ...]:
    """Route the alert as if nothing stopped all of it: what does has a gate of its own."""
    alerting = replace(routing.alerting, silences=(), windows=(), inhibitions=())
    now = replace(routing.now, silences=(), windows=(), live=())
    transition = Transition(Move.FIRED, at, level, state.moves + 1)
    return route(transition, replace(state, snooze=None), Routing(alerting, now), at)


def _computed(asked: Asked) -> Gate:
    seen = asked.observation
    is_figure = asked.rule.kind in _FIGURES
    if seen is None:
        none = "no run has published a figure for it" if is_figure else "nothing was found by it"
        return Gate("computed", passed=False, said=none)
    if not is_figure and is_known(asked.rule, seen):
        return Gate("computed", passed=True, said=f"{seen.member or 'it'} as of {seen.as_of}")
    if asked.rule.kind is Kind.UNAVAILABLE or is_known(asked.rule, seen):
        return Gate("computed", passed=True, said=f"as of {seen.as_of}, by {seen.run_id or 'none'}")
    said = f"{seen.status.value} as of {seen.as_of}: {seen.reason or 'no reason given'}"
    return Gate("computed", passed=False, said=f"{said}; a missing figure is an alert of its own")


def _fresh(asked: Asked) -> Gate:
    if asked.observation is None:
        return Gate("fresh", passed=None, said="there is no figure")
    if asked.rule.kind in _OF_MESSAGES:
        return Gate("fresh", passed=True, said="it speaks of messages, not of figures")
    if asked.stale:
        return Gate("fresh", passed=False, said=asked.stale)
    return Gate("fresh", passed=True, said=f"data through {asked.observation.data_through}")


def _evaluated(asked: Asked) -> Gate:
    seen = asked.observation
    if asked.evaluated_at is None:
        return Gate("evaluated", passed=False, said="the rule has never been judged")
    said = f"judged at {_moment(asked.evaluated_at)}, as of {asked.evaluated_of}"
    if seen is not None and asked.evaluated_of is not None and asked.evaluated_of < seen.cut_on:
        return Gate("evaluated", passed=False, said=f"{said}; not yet of {seen.as_of}")
    return Gate("evaluated", passed=True, said=said)


def _condition(asked: Asked) -> Gate:
    rule, seen = asked.rule, asked.observation
    if seen is None or not is_known(rule, seen):
        return Gate("condition", passed=None, said="there is nothing to compare")
    holds = passed(rule, seen) is not _NONE
    if rule.kind is not Kind.KPI or seen.value is None:
        found = seen.severity.value if seen.severity else seen.status.value
        said = f"{found}: {seen.reason}" if seen.reason else found
        return Gate("condition", passed=holds, said=said)
    return Gate("condition", passed=holds, said=_comparison(rule.limits, seen.value, asked))


def _comparison(limits: Limits, value: Decimal, asked: Asked) -> str:
    """Write each comparison out, unrounded, and what the page shows of it."""
    sign = "<" if limits.direction is Direction.BAD_BELOW else ">"
    lines = [
        f"{value} {sign} {limit} ({level.value}) is {str(limits.passed(value, limit)).lower()}"
        for level, limit in limits.steps
    ]
    page = f"shown as {shown(value, asked.precision)}{f' {asked.unit}' if asked.unit else ''}"
    return "; ".join((*lines, f"strict, unrounded; {page}"))


def _pending(asked: Asked) -> Gate:
    state, rule = asked.state, asked.rule
    if state is None or not state.is_live:
        ended = f"the last one {state.status.value}" if state else "there was never one"
        return Gate("pending", passed=None, said=f"no alert is open ({ended})")
    if state.status is Status.PENDING:
        done = sum(each.passed is not _NONE for each in state.recent[-rule.for_ :])
        said = f"{done} of {rule.for_} snapshots in a row are past a limit"
        return Gate("pending", passed=False, said=said)
    stale = f"; shown stale: {state.stale}" if state.stale else ""
    said = f"{state.level.value} since {_moment(state.opened_at)}{stale}"
    return Gate("pending", passed=True, said=said)


def _stops(subject: Subject, routing: Routing, at: datetime) -> Iterator[Gate]:
    alerting, now = routing.alerting, routing.now
    if subject.compliance:
        for name in ("silenced", "maintenance", "inhibited"):
            yield Gate(name, passed=True, said="a compliance breach is exempt")
        return
    silence = silenced(subject, (*alerting.silences, *now.silences), at)
    why = silence and f"by {silence.owner} until {_moment(silence.ends_at)}: {silence.reason}"
    yield Gate("silenced", passed=silence is None, said=why or "no silence means it")
    window = open_window(alerting.windows, now.windows, at)
    if window is None:
        yield Gate("maintenance", passed=True, said="no window is open")
    else:
        exempt = at_least(subject.level, LimitState.CRITICAL)
        said = f"{window.name} is open until {_moment(window.until)}"
        said = f"{said}; what is critical is told all the same" if exempt else said
        yield Gate("maintenance", passed=exempt, said=said)
    found = routing.causes.inhibit(subject)
    cause = found and f"{found[0].name}: {found[1].fingerprint} fires"
    yield Gate("inhibited", passed=found is None, said=cause or "nothing explains it")


def _answered(asked: Asked, at: datetime) -> Gate:
    state = asked.state
    if state is None or not state.is_firing:
        return Gate("answered", passed=None, said="no alert fires")
    if state.snooze is not None and state.snooze.until > at:
        said = f"snoozed by {state.snooze.by} until {_moment(state.snooze.until)}"
        return Gate("answered", passed=False, said=said)
    answer = state.acknowledgement
    if answer is not None and answer.expires_at > at:
        said = f"acknowledged by {answer.by} until {_moment(answer.expires_at)}"
        return Gate("answered", passed=False, said=f"{said}: it is neither repeated nor escalated")
    return Gate("answered", passed=True, said="nobody has acknowledged or snoozed it")


def _ways(subject: Subject, outcomes: tuple[Outcome, ...], routing: Routing) -> Iterator[Gate]:
    routes = routing.alerting.routes_of(subject)
    told = dict.fromkeys(name for each in routes for name in each.receivers)
    names = ", ".join(each.name for each in routes)
    said = f"{subject.level.value} takes {names} to {', '.join(told)}"
    yield Gate("routed", passed=True, said=said)
    groups = {each.group for each in outcomes if isinstance(each, Notice)} - {""}
    said = f"told together: {', '.join(sorted(groups))}" if groups else "told alone"
    yield Gate("grouped", passed=True, said=said)
    over = [each for each in outcomes if isinstance(each, Withheld) and each.stop is Stop.CAP]
    said = "; ".join(f"{each.channel} {each.address}: {each.reason}" for each in over)
    yield Gate("capped", passed=not over, said=said or "no address has had its messages of the day")


def _channels(asked: Asked, outcomes: tuple[Outcome, ...]) -> Iterator[Gate]:
    """Give one gate for each address: it is one of several, and each may fail alone."""
    for each in outcomes:
        name = f"channel {each.channel} {each.address}".rstrip()
        fault = asked.probes.get(each.channel, "")
        if isinstance(each, Withheld) and each.stop in {Stop.DISABLED, Stop.FAILING}:
            yield Gate(name, passed=False, said=f"{each.stop.value}: {each.reason}")
        elif fault:
            yield Gate(name, passed=False, said=fault)
        else:
            looked = each.channel in asked.probes
            said = "switched on, and a look at it found no fault" if looked else "switched on"
            yield Gate(name, passed=True, said=said)


def _delivered(asked: Asked) -> Gate:
    if not asked.delivered:
        return Gate("delivered", passed=None, said="nothing was sent")
    failed = [each for each in asked.delivered if each.status != "delivered"]
    said = "; ".join(
        f"{each.channel} {each.address}".rstrip()
        + f": {each.status}{f' ({each.reason})' if each.reason else ''}"
        for each in asked.delivered
    )
    return Gate("delivered", passed=not failed, said=said)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
