"""Says in words what happened to an alert, in both languages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.level import severity_of
from fintech_factory.alerting.notice import OCCASIONS
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.i18n import figure, words
from fintech_factory.kpi_engine.readings import shown
from fintech_factory.message import Fact, Language, Link, Message, Occasion, Text
from fintech_factory.values import LimitState, Severity, Unit

__all__ = ["Background", "Mover", "message_of"]

_LEVELS = {
    LimitState.NONE: Text("within its limits", "dentro de sus límites"),
    LimitState.WARNING: Text("warning", "advertencia"),
    LimitState.CRITICAL: Text("critical", "crítico"),
    LimitState.EXECUTIVE: Text("critical, executive level", "crítico, nivel ejecutivo"),
}
_BREACH = Text("breach", "incumplimiento")
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
    Move.ACKNOWLEDGED: Text(
        "{what}: acknowledged by {actor}{until}", "{what}: confirmado por {actor}{until}"
    ),
    Move.ACK_EXPIRED: Text("{what}: still {level}", "{what}: sigue en {level}"),
    Move.ASSIGNED: Text("{what}: assigned to {assignee}", "{what}: asignado a {assignee}"),
    Move.SNOOZED: Text("{what}: snoozed by {actor}{until}", "{what}: pospuesto por {actor}{until}"),
    Move.WOKEN: Text("{what}: still {level}", "{what}: sigue en {level}"),
    Move.NOTED: Text("{what}: note by {actor}", "{what}: nota de {actor}"),
    Move.CLOSED: Text("{what}: closed by {actor}", "{what}: cerrado por {actor}"),
    Move.ESCALATED: Text("Escalation {step}: {what}: {level}", "Escalada {step}: {what}: {level}"),
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
    engine's verdict, `definition` the formula's version; neither where there is none. `said` and
    `facts` are how a subject that is no KPI stands now.
    """

    title: Text
    unit: Unit | None = None
    precision: int = 2
    currency: str = ""
    before: tuple[Decimal, date] | None = None
    beside: tuple[Fact, ...] = ()
    movers: tuple[Mover, ...] = ()
    moved_by: Text | None = None
    check: Text | None = None
    definition: str = ""
    owner: str = ""
    runbook: Link | None = None
    links: tuple[Link, ...] = ()
    said: Text | None = None
    facts: tuple[Fact, ...] = ()
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
        as_of=None if rule.kind in _OF_THE_DAY else transition.as_of,
        data_through=None if rule.kind in _OF_THE_DAY else state.data_through,
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
        level=_level(rule, transition, state).within(to),
        actor=transition.actor,
        step=transition.step,
        assignee=state.assignee,
        until=_until(transition, state, to),
    )
    is_news = transition.kind not in _ANSWERS
    if is_news and rule.kind is Kind.KPI and transition.value is not None:
        return f"{said}, {_value(rule, transition, background, to)}"
    return said


# What people say is news by itself; the figure is the same as before.
_ANSWERS = frozenset({Move.ACKNOWLEDGED, Move.ASSIGNED, Move.SNOOZED, Move.NOTED, Move.CLOSED})
_UNTIL = Text(" until {moment}", " hasta el {moment}")


def _until(transition: Transition, state: AlertState, to: Language) -> str:
    if transition.kind is Move.SNOOZED and state.snooze is not None:
        return _UNTIL.within(to).format(moment=figure(state.snooze.until, to))
    if transition.kind is Move.ACKNOWLEDGED and state.acknowledgement is not None:
        return _UNTIL.within(to).format(moment=figure(state.acknowledgement.expires_at, to))
    return ""


def _summary(
    rule: Rule, state: AlertState, transition: Transition, background: Background, to: Language
) -> str:
    # Whose it is stands in the subject.
    is_told = transition.reason and transition.reason != f"to {state.assignee}"
    parts = [transition.reason] if is_told else []
    if rule.kind is Kind.KPI:
        parts.insert(0, _judged(rule, transition, background, to))
    elif background.said is not None:
        # How it stands is said here; the reason of the step is the same, in one language.
        parts = [background.said.within(to), *(each for each in parts if each != state.reason)]
    elif state.reason and state.reason not in parts:
        parts.append(state.reason)
    parts = [_spoken(each, to) for each in parts]
    if state.stale:
        parts.append(_STALE.within(to).format(why=_spoken(state.stale, to)))
    return " ".join(_sentence(each) for each in parts if each)


def _spoken(said: str, to: Language) -> str:
    """Give a sentence of the product in a language; what a person wrote stays as it is."""
    return words(to).known_sentence(said) or said


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
        limit=_limit(limit, background, to),
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


def _limit(limit: Decimal | None, background: Background, to: Language) -> str:
    """Write a limit as the settings have it: 5 %, not 5.00 %."""
    exponent = 0 if limit is None else limit.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return _shown(limit, background, to, places)


def _level(rule: Rule, transition: Transition, state: AlertState) -> Text:
    is_breach = state.compliance and severity_of(transition.level) is Severity.CRITICAL
    return _BREACH if is_breach and rule.compliance else _LEVELS[transition.level]


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _facts(
    rule: Rule, state: AlertState, transition: Transition, background: Background
) -> Iterator[Fact]:
    if rule.kind is Kind.KPI:
        yield from _figures(rule, transition, background)
    yield from background.facts
    # As-of and data-through are the message's own; what is seen of a day has neither.
    if rule.kind in _OF_THE_DAY:
        yield Fact(_LABELS["seen_on"], transition.as_of)
    yield Fact(_LABELS["since"], state.opened_at)
    if state.assignee or background.owner:
        yield Fact(_LABELS["owner"], state.assignee or background.owner)
    if background.definition:
        yield Fact(_LABELS["definition"], background.definition)
    if background.check:
        yield Fact(_LABELS["check"], background.check)
    for mover in background.movers:
        name = Text.same(mover.name)
        yield replace(_points(name, mover.change, background), section=background.moved_by)


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
            yield _points(_LABELS["change"], transition.value - value, background)
    yield from background.beside


def _points(label: Text, change: Decimal, background: Background) -> Fact:
    """Write a difference: of percentages it is in points, and 2 % is no rise of 2 points."""
    is_percent = background.unit is Unit.PERCENT
    return Fact(
        label,
        change,
        unit=None if is_percent else background.unit,
        precision=background.precision,
        currency=background.currency,
        note=_POINTS if is_percent else None,
    )


_POINTS = Text("points", "puntos")


def _limits(rule: Rule, background: Background, to: Language) -> str:
    *lower, last = (limit for _, limit in rule.limits.steps)
    plain = replace(background, unit=None)
    steps = (*(_limit(each, plain, to) for each in lower), _limit(last, background, to))
    return f"{(_ONE_LIMIT if not lower else _MANY_LIMITS).within(to)} {' · '.join(steps)}"


_ONE_LIMIT = Text("limit", "límite")
_MANY_LIMITS = Text("limits", "límites")
# What these see is of the day on which they look, whatever the newest figures speak of.
_OF_THE_DAY = frozenset({Kind.FRESHNESS, Kind.PIPELINE, Kind.DELIVERY, Kind.LATENCY, Kind.PROMISE})
_LABELS = {
    "seen_on": Text("Seen on", "Visto el"),
    "since": Text("Open since", "Abierto desde"),
    "owner": Text("Owner", "Responsable"),
    "definition": Text("Formula", "Fórmula"),
    "check": Text("Second engine", "Segundo motor"),
    "before": Text("Reading before", "Lectura anterior"),
    "change": Text("Change", "Cambio"),
}
