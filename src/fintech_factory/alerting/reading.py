"""Makes the frozen rules, routes and rotas of what config/alerts.yaml says."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fintech_factory.alerting.alert import Move
from fintech_factory.alerting.escalate import COMPLIANCE, Policy, Step
from fintech_factory.alerting.inhibit import Inhibition
from fintech_factory.alerting.latency import PROMISED
from fintech_factory.alerting.level import LEVELS, LimitState
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.observation import UNAVAILABLE
from fintech_factory.alerting.receiver import Address, Directory, Person, Receiver
from fintech_factory.alerting.respond import Answers, Automatic, ResponseKind
from fintech_factory.alerting.rota import Rota, Shift
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import DEFAULT_ROUTE, Alerting, Route
from fintech_factory.alerting.silence import Silence
from fintech_factory.alerting.window import Window
from fintech_factory.kpi_engine.limits import Limits
from fintech_factory.message import Language

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import (
        AlertSettings,
        MatchSettings,
        ReceiverSettings,
        RepeatSettings,
        RotaSettings,
        RouteSettings,
        RuleSettings,
        StepSettings,
        WindowSettings,
    )
    from fintech_factory.kpi_engine.definitions import Definitions, Kpi

__all__ = ["WEEK_DAYS", "make_alerting", "make_match", "make_rules", "make_shift", "make_window"]

WEEK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_DAY_MINUTES = 24 * 60
# The runbook of every figure that is missing.
_MISSING = "unavailable"


def make_alerting(
    settings: "AlertSettings", definitions: "Definitions", channels: Mapping[str, bool]
) -> Alerting:
    """Make what settings say that `check_alerts` found nothing wrong with."""
    policy = make_policy(settings)
    return Alerting(
        rules=make_rules(settings, definitions, policy),
        routes=tuple(_route(each, settings.group_by) for each in settings.routes),
        default=Route(
            DEFAULT_ROUTE, Match(), (settings.default_receiver,), group_by=settings.group_by
        ),
        directory=_directory(settings),
        policy=policy,
        inhibitions=tuple(
            Inhibition(each.name, make_match(each.while_), make_match(each.withhold), each.equal)
            for each in settings.inhibition
        ),
        windows=tuple(make_window(each) for each in settings.maintenance.windows),
        notice=timedelta(hours=settings.maintenance.notice_hours),
        silences=tuple(
            Silence(make_match(each.match), each.owner, each.reason, each.starts, each.ends)
            for each in settings.silences
        ),
        caps=dict(settings.daily_caps),
        answers=_answers(settings),
        channels=dict(channels),
        anchored_at=settings.audit.anchor.receivers,
    )


def make_policy(settings: "AlertSettings") -> Policy:
    """Make what the clock does."""
    names = (*(level.value for level in LEVELS[1:]), COMPLIANCE)
    return Policy(
        steps={name: _steps(getattr(settings.escalation, name)) for name in names},
        critical_answer=timedelta(hours=settings.acknowledgement.critical_hours),
        answer=timedelta(hours=settings.acknowledgement.hours),
        critical_snooze=timedelta(hours=settings.snooze.critical_hours),
        snooze=timedelta(hours=settings.snooze.hours),
        repeat=dict(_repeats(settings.repeat)),
    )


def _steps(settings: "tuple[StepSettings, ...]") -> tuple[Step, ...]:
    return tuple(
        Step(each.level, timedelta(minutes=each.after_minutes), each.receivers) for each in settings
    )


def _repeats(settings: "RepeatSettings") -> Iterator[tuple[LimitState, timedelta]]:
    for level in LEVELS[1:]:
        hours = getattr(settings, f"{level.value}_hours")
        if hours is not None:
            yield level, timedelta(hours=hours)


def make_rules(
    settings: "AlertSettings", definitions: "Definitions", policy: Policy
) -> dict[str, Rule]:
    """Make every rule, by id: the KPIs' own first, each followed by that of its missing figure."""
    written = {each.id: each for each in settings.rules}
    runs = _of_runs(policy, settings)
    rules: dict[str, Rule] = {}
    for kpi in definitions.kpis.values():
        own = written.get(kpi.id)
        if kpi.limits.steps and (own is None or own.enabled):
            _add(rules, _kpi_rule(kpi.id, kpi, own, policy))
    for each in settings.rules:
        if not each.enabled or each.id in rules:
            continue
        if each.watch != "kpi":
            own_policy = runs if each.watch == Kind.PIPELINE.value else policy
            rules[each.id] = _event_rule(each, own_policy)
        elif (each.kpi or each.id) in definitions.kpis:
            _add(rules, _kpi_rule(each.id, definitions.kpis[each.kpi or each.id], each, policy))
    return rules


def _of_runs(policy: Policy, settings: "AlertSettings") -> Policy:
    """Give what the clock does with a run that came to nothing: steps of its own, if there are."""
    steps = _steps(settings.escalation.pipeline)
    return replace(policy, steps=dict.fromkeys(policy.steps, steps)) if steps else policy


def _add(rules: dict[str, Rule], rule: Rule) -> None:
    missing = Rule(
        id=f"{rule.id}{UNAVAILABLE}",
        kind=Kind.UNAVAILABLE,
        subject=rule.subject,
        level=LimitState.WARNING,
        dimension=rule.dimension,
        members=rule.members,
        # A rule that names its runbook means its missing figure as well.
        runbook=_MISSING if rule.runbook == rule.subject else rule.runbook,
        policy=rule.policy,
    )
    rules |= {rule.id: rule, missing.id: missing}


def _kpi_rule(name: str, kpi: "Kpi", settings: "RuleSettings | None", policy: Policy) -> Rule:
    if settings is None:
        return Rule(name, Kind.KPI, kpi.id, kpi.limits, runbook=kpi.id, policy=policy)
    return Rule(
        id=name,
        kind=Kind.KPI,
        subject=kpi.id,
        limits=_only(kpi.limits, settings.levels),
        for_=settings.for_,
        resolve_for=settings.resolve_for,
        dimension=settings.dimension,
        members=settings.members,
        compliance=settings.compliance,
        runbook=settings.runbook or kpi.id,
        policy=policy,
    )


def _only(limits: Limits, levels: tuple[str, ...]) -> Limits:
    if not levels:
        return limits
    return Limits(
        limits.direction,
        tuple((level, limit) for level, limit in limits.steps if level.value in levels),
        tuple((level, limit) for level, limit in limits.clear if level.value in levels),
    )


def _event_rule(settings: "RuleSettings", policy: Policy) -> Rule:
    return Rule(
        id=settings.id,
        kind=Kind(settings.watch),
        level=LimitState(settings.level) if settings.level else None,
        levels=tuple(LimitState(each) for each in settings.levels),
        for_=settings.for_,
        resolve_for=settings.resolve_for,
        codes=settings.codes,
        compliance=settings.compliance,
        within=(
            PROMISED
            if settings.within_seconds is None
            else timedelta(seconds=settings.within_seconds)
        ),
        runbook=settings.runbook or settings.id,
        policy=policy,
    )


def make_match(settings: "MatchSettings") -> Match:
    """Make what alerts are meant by."""
    return Match(
        rules=settings.rules,
        kinds=tuple(Kind(each) for each in settings.kinds),
        levels=tuple(LimitState(each) for each in settings.levels),
        dimension=settings.dimension,
        members=settings.members,
        compliance=settings.compliance,
    )


def _route(settings: "RouteSettings", group_by: tuple[str, ...]) -> Route:
    return Route(
        settings.name,
        make_match(settings.match),
        settings.receivers,
        goes_on=settings.continue_,
        group_by=group_by if settings.group_by is None else settings.group_by,
    )


def _directory(settings: "AlertSettings") -> Directory:
    people = {
        name: Person(name, each.name, Language(each.language), dict(each.addresses))
        for name, each in settings.people.items()
    }
    receivers = {name: _receiver(name, each) for name, each in settings.receivers.items()}
    rotas = {name: _rota(name, each) for name, each in settings.rotas.items()}
    return Directory(receivers, people, rotas)


def _receiver(name: str, settings: "ReceiverSettings") -> Receiver:
    return Receiver(
        id=name,
        language=Language(settings.language),
        addresses=tuple(Address(each.channel, each.address) for each in settings.to),
        people=settings.people,
        rota=settings.rota or "",
        via=settings.via,
    )


def _rota(name: str, settings: "RotaSettings") -> Rota:
    shifts = tuple(make_shift(each.from_, each.to, each.people) for each in settings.shifts)
    return Rota(name, settings.begins_on, shifts)


def make_shift(starts: str, ends: str, people: tuple[str, ...]) -> Shift:
    """Make a shift of moments such as `monday 08:00`."""
    return Shift(_minute(starts), _minute(ends), people)


def _minute(text: str) -> int:
    day, _, clock = text.partition(" ")
    hour, _, minute = clock.partition(":")
    return WEEK_DAYS.index(day) * _DAY_MINUTES + int(hour) * 60 + int(minute)


def make_window(settings: "WindowSettings") -> Window:
    """Make a window of days such as `sunday` or `first tuesday`."""
    *nth, day = settings.every.split()
    return Window(
        settings.name,
        WEEK_DAYS.index(day),
        settings.from_,
        settings.to,
        _NTH[nth[0]] if nth else None,
    )


def _answers(settings: "AlertSettings") -> Answers:
    said = settings.responses
    return Answers(
        allowed=tuple(ResponseKind(each) for each in said.allowed),
        retry_at_most=said.retry_at_most,
        automatic=tuple(
            Automatic(
                tuple(Move(each) for each in one.on),
                make_match(one.match),
                tuple(ResponseKind(each) for each in one.do),
            )
            for one in said.automatic
        ),
    )
