"""Turns what a run knows into what alert rules judge."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fintech_factory.alerting.level import at_least
from fintech_factory.alerting.observation import Observation, Sight, fingerprint
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.message import Language
from fintech_factory.pipeline.alert_covenant import covenant_words
from fintech_factory.pipeline.alert_finding import reason_of
from fintech_factory.pipeline.committing import batch_set
from fintech_factory.validation.findings import Found, State, Tracked
from fintech_factory.values import Finding, LimitState, Severity

if TYPE_CHECKING:
    from fintech_factory.views.facilities.covenants import Covenant

__all__ = ["Scene", "failed_run", "of_reading", "seen"]

_SIGHTS = {
    Status.OK: Sight.OK,
    Status.UNAVAILABLE: Sight.UNAVAILABLE,
    Status.WITHHELD: Sight.WITHHELD,
}
_FRESHNESS = "freshness."
_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known once a run has been judged.

    `as_of` is the date that the run speaks of, `today` the day it looked. `readings` are those of
    that date, groups included; `findings` all that there are. `blocking` are those because of which
    nothing was published, none if it was. `live` are the fingerprints of the alerts that are open.
    """

    run_id: str
    as_of: date
    data_through: date
    today: date
    batch_set: str
    readings: Sequence[Reading] = ()
    findings: Sequence[Tracked] = ()
    covenants: "Sequence[Covenant]" = ()
    blocking: Sequence[Found] = ()
    live: Collection[str] = ()


def seen(
    alerting: Alerting, scene: Scene, kinds: Collection[Kind] = frozenset(Kind)
) -> list[Observation]:
    """Give what every rule, or those of some kinds, is to be judged on."""
    found: list[Observation] = []
    for rule in alerting.rules.values():
        if rule.kind is Kind.PIPELINE and rule.kind in kinds:
            found += _of_pipeline(rule, scene, _stopped_at(alerting, scene))
        elif rule.kind in kinds:
            found += _LOOKS[rule.kind](rule, scene)
    return found


def failed_run(rule: Rule, run: str, today: date, reason: str) -> Observation:
    """Give what is seen of a run that ended without a result."""
    return _of_run(rule, _RUN, run, today, reason)


def of_reading(rule: Rule, reading: Reading) -> Observation:
    """Give what a rule on a KPI, or on its missing figure, sees of a reading.

    The definition's version belongs to what is behind it: by other limits it is judged anew.
    """
    return Observation(
        rule=rule.id,
        as_of=reading.as_of,
        data_through=reading.data_through,
        batch_set=f"{batch_set(reading.batch_ids)} v{reading.definition_version}",
        run_id=reading.run_id or "",
        dimension=reading.dimension,
        member=reading.member,
        status=_SIGHTS[reading.status],
        value=reading.value,
        reason=reading.reason,
    )


def _of_kpi(rule: Rule, scene: Scene) -> Iterator[Observation]:
    for reading in scene.readings:
        if (reading.kpi, reading.as_of) != (rule.subject, scene.as_of):
            continue
        is_meant = not rule.members or reading.member in rule.members
        if reading.dimension == rule.dimension and is_meant:
            yield of_reading(rule, reading)


def _of_findings(rule: Rule, scene: Scene) -> Iterator[Observation]:
    for each in scene.findings:
        if not each.found.check.startswith(_FRESHNESS):
            yield from _of_finding(rule, scene, each, ("finding", each.id))


def _of_freshness(rule: Rule, scene: Scene) -> Iterator[Observation]:
    late = set()
    for each in scene.findings:
        if each.found.check.startswith(_FRESHNESS):
            place = ("source", each.found.finding.where)
            late.add(fingerprint(rule.id, *place))
            yield from _of_finding(rule, scene, each, place)
    # That an export is late is found anew at each look: once it is not found, it has come.
    for name in sorted({*scene.live} - late):
        of, _, source = name.partition("|source=")
        if of == rule.id and source:
            yield Observation(
                rule=rule.id,
                as_of=scene.today,
                data_through=scene.today,
                batch_set=f"{scene.batch_set} came",
                run_id=scene.run_id,
                dimension="source",
                member=source,
                reason=f"the export has come; data through {scene.data_through}",
            )


def _of_finding(
    rule: Rule, scene: Scene, tracked: Tracked, place: tuple[str, str]
) -> Iterator[Observation]:
    """Give what is seen of a finding that is open, or whose alert is."""
    finding = tracked.found.finding
    is_open = tracked.state_on(scene.today) is State.OPEN
    is_meant = not rule.codes or finding.code in rule.codes
    if not is_meant or not (is_open or fingerprint(rule.id, *place) in scene.live):
        return
    severity = finding.severity if is_open else None
    # It may be accepted, or grow, while the export stays the same.
    said = f"{severity} {finding.rows} {finding.message}"
    as_of = scene.today if rule.kind is Kind.FRESHNESS else scene.as_of
    yield Observation(
        rule=rule.id,
        as_of=as_of,
        data_through=as_of,
        batch_set=f"{scene.batch_set} {_digest(said)}",
        run_id=scene.run_id,
        dimension=place[0],
        member=place[1],
        severity=severity,
        reason=f"{finding.code}: {finding.message}",
    )


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGEST]


def _of_covenants(rule: Rule, scene: Scene) -> Iterator[Observation]:
    for each in scene.covenants:
        if rule.codes and each.facility not in rule.codes:
            continue
        yield Observation(
            rule=rule.id,
            as_of=scene.as_of,
            data_through=scene.data_through,
            batch_set=f"{scene.batch_set} {_digest(_standing(each))}",
            run_id=scene.run_id,
            dimension="covenant",
            member=f"{each.facility}/{each.id}",
            status=Sight.UNAVAILABLE if each.state == _UNAVAILABLE else Sight.OK,
            value=each.found.value,
            severity=_OF_STATE.get(each.state),
            reason=covenant_words(each, Language.EN),
        )


def _standing(covenant: "Covenant") -> str:
    """Say how a covenant stands, by which terms.

    Statements and settings (a trigger, a cash balance) change it while the export stays the same.
    """
    terms = (covenant.figure, covenant.direction, covenant.warning, covenant.breach)
    return f"{covenant.state} {covenant.found.value} {covenant.period_end} {terms}"


_UNAVAILABLE = "unavailable"
_OF_STATE = {"warning": Severity.WARNING, "breach": Severity.CRITICAL}


_RUN = "run"
PUBLISH = "publish"
"""The member of a publish that was stopped by findings each of which is an alert of its own."""
PIPELINE_MEMBERS = (_RUN, PUBLISH)
"""What a rule on the pipeline judges."""
_PIPELINE = "pipeline"


def _stopped_at(alerting: Alerting, scene: Scene) -> str:
    """Give the member under which it is seen that nothing was published.

    Where each finding that stopped it is told as critical by a rule on findings, the shipped
    inhibition withholds this one: it would say the same. Whatever else stops a run is a `run`.
    """
    rules = [each for each in alerting.rules.values() if each.kind is Kind.FINDING]
    is_told = all(
        any(_tells_as_critical(rule, each.finding) for rule in rules) for each in scene.blocking
    )
    return PUBLISH if is_told else _RUN


def _tells_as_critical(rule: Rule, finding: Finding) -> bool:
    """Whether a rule tells of a finding that stops a publish: those are all critical by nature."""
    is_meant = not rule.levels or LimitState.CRITICAL in rule.levels
    tells_milder = rule.level is not None and not at_least(rule.level, LimitState.CRITICAL)
    return rule.watches(finding.code) and is_meant and not tells_milder


def _of_pipeline(rule: Rule, scene: Scene, stopped_at: str) -> Iterator[Observation]:
    """Give what is seen of a run that came to its end: nothing else of it is open any more."""
    for member in PIPELINE_MEMBERS:
        is_it = bool(scene.blocking) and member == stopped_at
        if is_it or fingerprint(rule.id, _PIPELINE, member) in scene.live:
            reason = reason_of(scene.blocking) if is_it else ""
            yield _of_run(rule, member, scene.run_id, scene.today, reason)


def _of_run(rule: Rule, member: str, run_id: str, today: date, reason: str) -> Observation:
    return Observation(
        rule=rule.id,
        as_of=today,
        data_through=today,
        batch_set=run_id,
        run_id=run_id,
        dimension=_PIPELINE,
        member=member,
        severity=Severity.CRITICAL if reason else None,
        reason=reason,
    )


def _of_nothing(_rule: Rule, _scene: Scene) -> Iterable[Observation]:
    """See nothing: deliveries are looked at when they are sent, lateness by the clock."""
    return ()


_LOOKS = {
    Kind.KPI: _of_kpi,
    Kind.UNAVAILABLE: _of_kpi,
    Kind.FINDING: _of_findings,
    Kind.FRESHNESS: _of_freshness,
    Kind.COVENANT: _of_covenants,
    Kind.DELIVERY: _of_nothing,
    Kind.LATENCY: _of_nothing,
    Kind.PROMISE: _of_nothing,
}
