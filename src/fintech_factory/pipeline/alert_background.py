"""Gathers what is told of an alert beside what happened: title, reading before, what moved it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

from fintech_factory.alerting.rule import Kind
from fintech_factory.alerting.runbook import FOLDER, Runbook, is_address
from fintech_factory.kpi_engine import Definitions
from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.readings import Check, Reading, Status
from fintech_factory.message import Fact, Language, Link, Text
from fintech_factory.pipeline.alert_covenant import (
    covenant_facts,
    covenant_said,
    covenant_title,
)
from fintech_factory.pipeline.alert_desk import Step
from fintech_factory.pipeline.alert_finding import finding_said, findings_said
from fintech_factory.pipeline.alert_message import Background, Mover
from fintech_factory.pipeline.alert_promise import late_words
from fintech_factory.pipeline.observations import PUBLISH
from fintech_factory.values import Unit

if TYPE_CHECKING:
    from fintech_factory.views.facilities.covenants import Covenant

__all__ = ["Known", "background", "movers_in_words", "subject_title"]

# By these parts of the book a change is explained: they partition it, and name nobody.
_EXPLAINED_BY = ("product", "entity")
_MOVERS = 5
_BESIDE = 3
_HUNDRED = Decimal(100)
_FIRST_STEPS = 3
_RUNBOOK = Text("Runbook", "Guía")


@dataclass(frozen=True, slots=True)
class Known:
    """What the words of an alert are made of.

    `at` gives every reading of a date, groups included; `earlier` those of a KPI at the last date
    before one that has any; `covenants` how all of them stand at a date. `people` are names by id.
    `currency` is that of money. `runbooks` say by their name what to do; `public_url` is how people
    reach this installation, empty where they do not.
    """

    definitions: Definitions
    at: Callable[[date], Sequence[Reading]] = lambda _day: ()
    earlier: Callable[[str, date], Sequence[Reading]] = lambda _kpi, _day: ()
    covenants: Callable[[date], "Sequence[Covenant]"] = lambda _: ()
    people: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    runbooks: Mapping[str, Runbook] = field(default_factory=dict)
    public_url: str = ""


def background(step: Step, known: Known) -> Background:
    """Give what is known of a step's subject."""
    rule, state = step.rule, step.state
    if rule.is_gone:
        return Background(_title_of_gone(step, known))
    if rule.kind in {Kind.KPI, Kind.UNAVAILABLE}:
        found = _of_kpi(step, known.definitions.get(rule.subject), known)
    elif rule.kind is Kind.COVENANT:
        found = _of_covenant(step, known)
    elif rule.kind is Kind.LATENCY:
        found = _of_lateness(step)
    else:
        found = Background(
            title=_STOPPED
            if state.member == PUBLISH
            else _with_member(_TITLES[rule.kind], state.member),
            said=_said(step),
            next_step=_next(step, _LOOK_AT[rule.kind].format(member=state.member)),
        )
    return replace(
        found,
        runbook=_link(rule.runbook, known),
        next_step=_with_steps(step, found.next_step, known.runbooks.get(rule.runbook)),
    )


def subject_title(kind: Kind, member: str) -> Text:
    """Name what an alert that is on no KPI is on."""
    return _with_member(_TITLES[kind], member)


def _title_of_gone(step: Step, known: Known) -> Text:
    """Name an alert whose rule is not there: by its KPI where it had its name, else by the rule."""
    kpi = known.definitions.kpis.get(step.state.rule)
    title = Text(kpi.title.en, kpi.title.es) if kpi else Text.same(step.state.rule)
    return _with_member(title, step.state.member)


def _link(runbook: str, known: Known) -> Link | None:
    """Link to a page elsewhere, or of this installation; none where it would lead nowhere."""
    if is_address(runbook):
        return Link(_RUNBOOK, runbook)
    if known.public_url and runbook in known.runbooks:
        return Link(_RUNBOOK, f"{known.public_url}/{FOLDER}/{runbook}")
    return None


def _with_steps(step: Step, then: Text | None, runbook: Runbook | None) -> Text | None:
    """Put what to do first before where to look; an alert that has ended asks for nothing."""
    if then is None or runbook is None:
        return then
    steps = runbook.steps[:_FIRST_STEPS]
    # A message is no Markdown: what marks a command there would only be in its way here.
    plain = [Text(each.en.replace("`", ""), each.es.replace("`", "")) for each in steps]
    lines = [Text(f"{n}. {each.en}", f"{n}. {each.es}") for n, each in enumerate(plain, 1)]
    all_of_it = f"factory alerts runbook {step.rule.id}"
    lines += [Text(f"Runbook: {all_of_it}", f"Guía: {all_of_it} --language es"), then]
    return Text("\n".join(each.en for each in lines), "\n".join(each.es for each in lines))


def _said(step: Step) -> Text | None:
    """Give what a finding says, or those that stopped a publish; None where none did."""
    says = _FINDINGS.get(step.rule.kind)
    return says(step.state.reason) if says else None


_FINDINGS = {
    Kind.FINDING: finding_said,
    Kind.FRESHNESS: finding_said,
    Kind.PIPELINE: findings_said,
}


def movers_in_words(step: Step, known: Known) -> str:
    """Say in one line what moved a KPI's figure; empty where that is not known."""
    found = background(step, known)
    points = (f"{each.name} {each.change:+.2f}" for each in found.movers)
    said = "; ".join(points)
    return f"moved by, in points: {said}" if said else ""


def _of_kpi(step: Step, kpi: Kpi, known: Known) -> Background:
    state = step.state
    title = Text(kpi.title.en, kpi.title.es)
    if step.rule.kind is Kind.UNAVAILABLE:
        title = Text(f"{title.en} not computed", f"{title.es} sin calcular")
    every = known.at(state.as_of) if state.as_of else ()
    now = [each for each in every if each.kpi == kpi.id]
    before = known.earlier(kpi.id, state.as_of) if state.as_of and now else ()
    mine = _of_part(now, state.dimension, state.member)
    earlier = _of_part(before, state.dimension, state.member)
    return Background(
        title=title,
        unit=kpi.unit,
        precision=kpi.precision,
        currency=known.currency,
        before=(earlier.value, earlier.as_of) if earlier and earlier.value is not None else None,
        beside=tuple(_beside(kpi, known, every)),
        movers=_movers(kpi, now, before) if not state.dimension else (),
        moved_by=_MOVED_BY,
        check=_CHECKS[mine.check] if mine is not None else None,
        definition=f"{kpi.id} v{mine.definition_version if mine else kpi.version}",
        owner=known.people.get(kpi.owner, kpi.owner),
        next_step=_next(step, f"factory kpi explain {kpi.id} --as-of {state.as_of}"),
    )


def _of_covenant(step: Step, known: Known) -> Background:
    state = step.state
    every = known.covenants(state.as_of) if state.as_of else ()
    mine = next((each for each in every if f"{each.facility}/{each.id}" == state.member), None)
    next_step = _next(step, _LOOK_AT[Kind.COVENANT])
    if mine is None:
        # Its terms were taken out of the settings since: what was said of it is all there is.
        return Background(_with_member(_TITLES[Kind.COVENANT], state.member), next_step=next_step)
    return Background(
        title=covenant_title(mine),
        said=covenant_said(mine, known.currency),
        facts=tuple(covenant_facts(mine, known.currency)),
        next_step=next_step,
    )


def _of_lateness(step: Step) -> Background:
    reason = step.state.reason
    return Background(
        title=_with_member(_TITLES[Kind.LATENCY], step.state.member),
        said=Text(late_words(reason, Language.EN), late_words(reason, Language.ES)),
        next_step=_next(step, _LOOK_AT[Kind.LATENCY]),
    )


def _of_part(readings: Sequence[Reading], dimension: str, member: str) -> Reading | None:
    place = (dimension, member)
    return next((each for each in readings if (each.dimension, each.member) == place), None)


def _beside(kpi: Kpi, known: Known, every: Sequence[Reading]) -> Iterable[Fact]:
    """Give the other readings of the same thing (A2: with write-offs, by the source's rule)."""
    found = (
        each
        for each in every
        if each.kpi.startswith(f"{kpi.id}_")
        and not each.dimension
        and each.kpi in known.definitions.kpis
    )
    for each in islice(found, _BESIDE):
        other = known.definitions.get(each.kpi)
        yield Fact(
            Text(other.title.en, other.title.es),
            each.value,
            unit=other.unit,
            precision=other.precision,
            currency=known.currency,
        )


def _movers(kpi: Kpi, now: Sequence[Reading], before: Sequence[Reading]) -> tuple[Mover, ...]:
    """Say which parts of the book a ratio's change comes from; the parts add up to the change.

    Shapes: part of a member / whole of the book x 100, now less before, the largest first; in
    percentage points. Nothing where the parts do not make up the book.
    """
    if kpi.unit is not Unit.PERCENT:
        return ()
    for dimension in _EXPLAINED_BY:
        one, other = _shares(now, dimension), _shares(before, dimension)
        if one is not None and other is not None and len({*one, *other}) > 1:
            changes = {
                name: one.get(name, Decimal(0)) - other.get(name, Decimal(0))
                for name in {*one, *other}
            }
            ranked = sorted(changes.items(), key=lambda each: (-abs(each[1]), each[0]))
            return tuple(
                Mover(name, change, one.get(name)) for name, change in ranked[:_MOVERS] if change
            )
    return ()


def _shares(readings: Sequence[Reading], dimension: str) -> dict[str, Decimal] | None:
    book = next((each for each in readings if not each.dimension), None)
    if book is None or book.status is not Status.OK or not book.whole or book.part is None:
        return None
    parts = {each.member: each.part for each in readings if each.dimension == dimension}
    known = {name: part for name, part in parts.items() if part is not None}
    if len(known) != len(parts) or sum(known.values()) != book.part:
        return None
    return {name: part / book.whole * _HUNDRED for name, part in known.items()}


_CHECKS = {
    Check.MATCHED: Text("confirmed", "lo confirma"),
    Check.MISMATCHED: Text("disagrees", "no coincide"),
    Check.NOT_RUN: Text("not checked", "sin verificar"),
}
_MOVED_BY = Text("What moved it", "Qué lo movió")
_TITLES = {
    Kind.FINDING: Text("Finding", "Hallazgo"),
    Kind.FRESHNESS: Text("Late export:", "Exportación atrasada:"),
    Kind.COVENANT: Text("Covenant", "Covenant"),
    Kind.PIPELINE: Text("Run without a result", "Ejecución sin resultado"),
    Kind.DELIVERY: Text("Failed delivery by", "Falló la entrega por"),
    Kind.LATENCY: Text("Late alerts of", "Alertas tardías de"),
    Kind.PROMISE: Text("Daily message not received", "Informe diario no recibido"),
}
_STOPPED = Text("Publish stopped", "Publicación detenida")
_LOOK_AT = {
    Kind.FINDING: "factory findings show {member}",
    Kind.FRESHNESS: "factory findings; once it is there: factory ingest {member} PATH",
    Kind.COVENANT: "factory views show monitor",
    Kind.PIPELINE: "factory findings",
    Kind.DELIVERY: "factory channels test {member}; then: factory alerts replay --by NAME",
    Kind.LATENCY: "factory alerts history; factory channels list",
    Kind.PROMISE: "factory reports history daily; factory channels list",
}
# These say by themselves what they are of.
_ALONE = frozenset({"run", "day"})


def _with_member(title: Text, member: str) -> Text:
    if not member or member in _ALONE:
        return title
    return Text(f"{title.en} {member}", f"{title.es} {member}")


def _next(step: Step, look: str) -> Text | None:
    """Say where to look and how to answer; nothing once the alert has ended."""
    state = step.state
    if not state.is_live:
        return None
    name = state.alert_id[:8]
    answer = f"factory alerts ack {name} --by NAME"
    said = Text(f"Look: {look}\nAnswer: {answer}", f"Revisar: {look}\nResponder: {answer}")
    if not state.compliance:
        return said
    close = f"factory alerts close {name} --by NAME --reason TEXT"
    return Text(
        f"{said.en}\nA breach ends only when somebody closes it: {close}",
        f"{said.es}\nUn incumplimiento termina solo cuando alguien lo cierra: {close}",
    )
