"""Says in words what happened to an alert, in both languages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.level import severity_of
from fintech_factory.alerting.notice import OCCASIONS
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.i18n import figure
from fintech_factory.kpi_engine.readings import shown
from fintech_factory.message import Action, Fact, Language, Link, Message, Occasion, Text
from fintech_factory.values import LimitState, Unit

__all__ = ["Background", "Mover", "message_of"]

_LEVELS = {
    LimitState.NONE: Text("within its limits", "dentro de sus límites"),
    LimitState.WARNING: Text("warning", "advertencia"),
    LimitState.CRITICAL: Text("critical", "crítico"),
    LimitState.EXECUTIVE: Text("critical, executive level", "crítico, nivel ejecutivo"),
}
_SAID = {
    Move.FIRED: Text("{what}: {level}", "{what}: {level}"),
    Move.RAISED: Text("{what}: up to {level}", "{what}: sube a {level}"),
    Move.LOWERED: Text("{what}: down to {level}", "{what}: baja a {level}"),
    Move.CLEARED: Text(
        "{what}: over, and to be closed by name", "{what}: terminó; alguien debe cerrarlo"
    ),
    Move.RESOLVED: Text("{what}: resolved", "{what}: resuelto"),
    Move.REOPENED: Text("{what}: open again, {level}", "{what}: abierto de nuevo, {level}"),
    Move.STALE: Text("{what}: no newer figure", "{what}: sin cifra más reciente"),
    Move.FRESH: Text("{what}: figures are back", "{what}: hay cifras de nuevo"),
    Move.ACKNOWLEDGED: Text("{what}: acknowledged by {actor}", "{what}: confirmado por {actor}"),
    Move.ACK_EXPIRED: Text("{what}: still {level}", "{what}: sigue en {level}"),
    Move.ASSIGNED: Text("{what}: assigned", "{what}: asignado"),
    Move.SNOOZED: Text("{what}: snoozed by {actor}", "{what}: pospuesto por {actor}"),
    Move.WOKEN: Text("{what}: still {level}", "{what}: sigue en {level}"),
    Move.NOTED: Text("{what}: note by {actor}", "{what}: nota de {actor}"),
    Move.CLOSED: Text("{what}: closed by {actor}", "{what}: cerrado por {actor}"),
    Move.ESCALATED: Text(
        "Escalation {step}: {what}: {level}", "Escalamiento {step}: {what}: {level}"
    ),
    Move.REPEATED: Text("{what}: still {level}", "{what}: sigue en {level}"),
    Move.RELEASED: Text("{what}: {level}", "{what}: {level}"),
    Move.PENDING: Text("{what}: pending", "{what}: pendiente"),
    Move.LAPSED: Text("{what}: lapsed", "{what}: sin efecto"),
}


@dataclass(frozen=True, slots=True)
class Mover:
    """A part of the book and what it adds to a KPI's change, in the KPI's own unit."""

    name: str
    change: Decimal
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of an alert's subject beside what happened.

    `value` figures are in `unit`; `before` is the reading before this one and its date. `beside`
    are figures that belong next to it (with write-offs, the source's own). `check` is the second
    engine's verdict, `definition` the formula's version; both empty where there is none.
    """

    title: Text
    unit: Unit | None = None
    precision: int = 2
    currency: str = ""
    before: tuple[Decimal, date] | None = None
    beside: tuple[Fact, ...] = ()
    movers: tuple[Mover, ...] = ()
    moved_by: Text | None = None
    check: str = ""
    definition: str = ""
    owner: str = ""
    runbook: Link | None = None
    links: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    chart: str = ""
    next_step: Text | None = field(default=None)


def message_of(
    rule: Rule, state: AlertState, transition: Transition, background: Background
) -> Message:
    """Give the message of one transition; its thread is the alert's for as long as it lives."""
    said = _both(lambda language: _subject(rule, transition, background, state, language))
    return Message(
        thread=f"alert/{state.alert_id}",
        occasion=OCCASIONS.get(transition.kind, Occasion.UPDATE),
        severity=severity_of(transition.level),
        subject=said,
        summary=_both(lambda language: _summary(rule, state, transition, background, language)),
        facts=tuple(_facts(rule, state, transition, background)),
        next_step=background.next_step,
        runbook=background.runbook,
        links=background.links,
        actions=background.actions,
        chart=background.chart,
        as_of=transition.as_of,
        data_through=state.data_through,
        marks={
            "alert": state.alert_id,
            "rule": rule.id,
            "level": transition.level.value,
            "state": state.status.value,
            "owner": state.assignee or background.owner,
        },
    )


def _both(say: Callable[[Language], str]) -> Text:
    return Text(say(Language.EN), say(Language.ES))


def _subject(
    rule: Rule, transition: Transition, background: Background, state: AlertState, to: Language
) -> str:
    what = background.title.within(to)
    if state.member and rule.kind is Kind.KPI:
        what = f"{what} ({state.member})"
    pattern = _SAID[transition.kind].within(to)
    said = pattern.format(
        what=what,
        level=_LEVELS[transition.level].within(to),
        actor=transition.actor,
        step=transition.step,
    )
    if rule.kind is Kind.KPI and transition.value is not None:
        return f"{said}, {_value(rule, transition, background, to)}"
    return said


def _summary(
    rule: Rule, state: AlertState, transition: Transition, background: Background, to: Language
) -> str:
    parts = [transition.reason] if transition.reason else []
    if rule.kind is Kind.KPI:
        parts.insert(0, _judged(rule, transition, background, to))
    elif state.reason and state.reason not in parts:
        parts.append(state.reason)
    if state.stale:
        parts.append(_STALE.within(to).format(why=state.stale))
    return " ".join(_sentence(each) for each in parts if each)


_JUDGED = Text(
    "{what} is {value} as of {as_of}; its {level} limit is {limit}.",
    "{what} es {value} al {as_of}; su límite de {level} es {limit}.",
)
_WITHIN = Text("{what} is {value} as of {as_of}.", "{what} es {value} al {as_of}.")
_STALE = Text("The figure is not the newest: {why}", "La cifra no es la más reciente: {why}")
_LIMIT_OF = {
    LimitState.WARNING: Text("warning", "advertencia"),
    LimitState.CRITICAL: Text("critical", "crítico"),
    LimitState.EXECUTIVE: Text("executive", "ejecutivo"),
}


def _judged(rule: Rule, transition: Transition, background: Background, to: Language) -> str:
    limit = dict(rule.limits.steps).get(transition.level)
    pattern = _WITHIN if limit is None else _JUDGED
    return pattern.within(to).format(
        what=background.title.within(to),
        value=_value(rule, transition, background, to),
        as_of=figure(transition.as_of, to),
        level=_LIMIT_OF[transition.level].within(to) if limit is not None else "",
        limit=_shown(limit, background, to),
    )


_MOST_PLACES = 8


def _places(rule: Rule, transition: Transition, background: Background) -> int:
    """Give the places that tell a figure from each limit: 5.0000001 is not shown as 5.00 of 5."""
    value, places = transition.value, background.precision
    if value is None:
        return places
    near = [limit for _, limit in rule.limits.steps if limit != value]
    while places < _MOST_PLACES and any(
        shown(value, places) == shown(limit, places) for limit in near
    ):
        places += 1
    return places


def _value(rule: Rule, transition: Transition, background: Background, to: Language) -> str:
    return _shown(transition.value, background, to, _places(rule, transition, background))


def _shown(
    value: Decimal | None, background: Background, to: Language, places: int | None = None
) -> str:
    return figure(
        value,
        to,
        unit=background.unit,
        precision=background.precision if places is None else places,
        currency=background.currency,
    )


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _facts(
    rule: Rule, state: AlertState, transition: Transition, background: Background
) -> Iterator[Fact]:
    if rule.kind is Kind.KPI:
        yield from _figures(rule, transition, background)
    yield Fact(_LABELS["as_of"], transition.as_of)
    yield Fact(_LABELS["data_through"], state.data_through)
    yield Fact(_LABELS["since"], state.opened_at)
    if state.assignee or background.owner:
        yield Fact(_LABELS["owner"], state.assignee or background.owner)
    if background.definition:
        yield Fact(_LABELS["definition"], background.definition)
    if background.check:
        yield Fact(_LABELS["check"], background.check)
    for mover in background.movers:
        yield Fact(
            Text.same(mover.name),
            mover.change,
            unit=background.unit,
            precision=background.precision,
            currency=background.currency,
            section=background.moved_by,
        )


def _figures(rule: Rule, transition: Transition, background: Background) -> Iterator[Fact]:
    kind = {
        "unit": background.unit,
        "precision": background.precision,
        "currency": background.currency,
    }
    yield Fact(
        background.title,
        transition.value,
        **kind | {"precision": _places(rule, transition, background)},  # type: ignore[arg-type]
        note=_both(lambda to: _limits(rule, background, to)) if rule.limits.steps else None,
        state=transition.level,
    )
    if background.before is not None:
        value, on = background.before
        yield Fact(_LABELS["before"], value, **kind, as_of=on)  # type: ignore[arg-type]
        if transition.value is not None:
            yield Fact(_LABELS["change"], transition.value - value, **kind)  # type: ignore[arg-type]
    yield from background.beside


def _limits(rule: Rule, background: Background, to: Language) -> str:
    steps = (
        f"{_LIMIT_OF[level].within(to)} {_shown(limit, background, to)}"
        for level, limit in rule.limits.steps
    )
    return " · ".join(steps)


_LABELS = {
    "as_of": Text("As of", "Al"),
    "data_through": Text("Data through", "Datos hasta"),
    "since": Text("Open since", "Abierto desde"),
    "owner": Text("Owner", "Responsable"),
    "definition": Text("Formula", "Fórmula"),
    "check": Text("Second engine", "Segundo motor"),
    "before": Text("Reading before", "Lectura anterior"),
    "change": Text("Change", "Cambio"),
}
