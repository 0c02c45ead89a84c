"""Turns what a run knows into what alert rules judge."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fintech_factory.alerting.observation import Observation, Sight, fingerprint
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.alerting.setup import Alerting
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.message import Language
from fintech_factory.pipeline.alert_covenant import covenant_words
from fintech_factory.pipeline.committing import batch_set
from fintech_factory.validation.findings import State, Tracked
from fintech_factory.values import Severity

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
    that date, groups included; `findings` all that there are. `blocked` says why nothing was
    published, empty if it was. `live` are the fingerprints of the alerts that are open.
    """

    run_id: str
    as_of: date
    data_through: date
    today: date
    batch_set: str
    readings: Sequence[Reading] = ()
    findings: Sequence[Tracked] = ()
    covenants: "Sequence[Covenant]" = ()
    blocked: str = ""
    live: Collection[str] = ()


def seen(
    alerting: Alerting, scene: Scene, kinds: Collection[Kind] = frozenset(Kind)
) -> list[Observation]:
    """Give what every rule, or those of some kinds, is to be judged on."""
    found: list[Observation] = []
    for rule in alerting.rules.values():
        if rule.kind in kinds:
            found += _LOOKS[rule.kind](rule, scene)
    return found


def failed_run(rule: Rule, run: str, today: date, reason: str) -> Observation:
    """Give what is seen of a run that ended without a result."""
    return _of_run(rule, run, today, reason)


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


def _of_pipeline(rule: Rule, scene: Scene) -> Iterator[Observation]:
    if scene.blocked or fingerprint(rule.id, *_RUN) in scene.live:
        yield _of_run(rule, scene.run_id, scene.today, scene.blocked)


_RUN = ("pipeline", "run")


def _of_run(rule: Rule, run_id: str, today: date, reason: str) -> Observation:
    return Observation(
        rule=rule.id,
        as_of=today,
        data_through=today,
        batch_set=run_id,
        run_id=run_id,
        dimension=_RUN[0],
        member=_RUN[1],
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
    Kind.PIPELINE: _of_pipeline,
    Kind.DELIVERY: _of_nothing,
    Kind.LATENCY: _of_nothing,
    Kind.PROMISE: _of_nothing,
}
