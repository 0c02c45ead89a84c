"""Says what a department has to know today, in both languages: figures, or why there are none."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory.alerting.level import LEVELS
from fintech_factory.alerting.rule import Kind
from fintech_factory.i18n import figure, words
from fintech_factory.kpi_engine.definitions import Kpi, NotConnected
from fintech_factory.kpi_engine.readings import Reading, Status, shown
from fintech_factory.message import Fact, Language, Message, Occasion, Text
from fintech_factory.reporting.department import Department
from fintech_factory.reporting.morning import Missing, Morning, OpenAlert
from fintech_factory.values import Severity, Unit

__all__ = ["FIGURES", "LATE_FIGURES", "NO_DATA", "daily_message", "kind_of"]

FIGURES = "figures"
"""A message with the figures of the expected date."""
NO_DATA = "no_data"
"""A message that says that there are none, and why."""
LATE_FIGURES = "late_figures"
"""The figures, after a message that had none."""

# More than these nobody reads in a mail; the rest is counted.
_LISTED = 10
# From so many hours on an age is told in days.
_LONG_HOURS = 72
_WIDE = Context(prec=28, rounding=ROUND_HALF_EVEN)


def kind_of(morning: Morning, *, follows: bool = False) -> str:
    """Name the kind of message that a morning gives; `follows`: one without figures went before."""
    if morning.missing is not None:
        return NO_DATA
    return LATE_FIGURES if follows else FIGURES


def daily_message(department: Department, morning: Morning, *, follows: bool = False) -> Message:
    """Give a department's message of a day, before it is addressed to anybody.

    No figure of it speaks of another date than the message itself: a reading of another date is
    shown as missing. Without figures (`morning.missing`) it shows none at all, only words.
    `follows` says that a message without figures has gone out before on the same day.
    """
    if morning.missing is not None:
        return _without_figures(department, morning, morning.missing)
    facts = [*_figures(department, morning), *_compliance(department, morning)]
    facts += [*_alerts(department, morning), *_findings(department, morning)]
    facts += [*_unknown(department, morning), *_of_the_data(morning)]
    return Message(
        thread=f"daily/{morning.day}/{department.id}",
        occasion=Occasion.REPORT,
        severity=Severity.INFO,
        subject=_both(lambda to: _subject(department, morning, to)),
        summary=_both(lambda to: _summary(department, morning, to, follows=follows)),
        facts=tuple(facts),
        next_step=_next_step(department, morning.as_of),
        as_of=morning.as_of,
        data_through=morning.data_through,
    )


def _without_figures(department: Department, morning: Morning, missing: Missing) -> Message:
    said = [*missing.reasons]
    last = (
        _both(lambda to: _LATEST.within(to).format(day=figure(missing.latest, to)))
        if missing.latest is not None
        else _NEVER
    )
    return Message(
        thread=f"daily/{morning.day}/{department.id}",
        occasion=Occasion.REPORT,
        severity=Severity.WARNING,
        subject=_both(
            lambda to: _NO_FIGURES.within(to).format(
                what=department.title.within(to), day=figure(missing.expected, to)
            )
        ),
        summary=_both(
            lambda to: "\n".join(_sentence(each.within(to)) for each in [*said, last, _FOLLOWS])
        ),
        facts=(
            *_breaches(department, morning),
            *_alerts(department, morning),
            *_findings(department, morning),
        ),
        next_step=Text(
            "Look: factory findings list; factory runs list",
            "Revisar: factory findings list; factory runs list",
        ),
    )


# ---- words -------------------------------------------------------------------------------------

_NO_FIGURES = Text(
    "{what} daily: no figures for {day}", "{what}, informe diario: sin cifras al {day}"
)
_NAMED = Text("{what} daily, {day}", "{what}, informe diario, {day}")
_LATEST = Text(
    "The last figures that were published are of {day}; they are not repeated here.",
    "Las últimas cifras publicadas son del {day}; no se repiten aquí.",
)
_NEVER = Text("No figures were ever published.", "Nunca se han publicado cifras.")
_FOLLOWS = Text(
    "The figures follow as soon as they are published.",
    "Las cifras se envían en cuanto se publiquen.",
)
_FOLLOWED = Text(
    "These are the figures that were missing from the earlier message of today.",
    "Estas son las cifras que faltaban en el mensaje anterior de hoy.",
)
_STALE = Text("What is published is not what it should be by now: {why}", "{why}")
_MOVED = {
    1: Text("{what} rose to {value}.", "{what} subió a {value}."),
    -1: Text("{what} fell to {value}.", "{what} bajó a {value}."),
    0: Text("{what} is unchanged at {value}.", "{what} sigue en {value}."),
}
_IS = Text("{what} is {value}.", "{what}: {value}.")
_OPEN = Text(
    "Open alerts: {count}, without an owner: {alone}.",
    "Alertas abiertas: {count}, sin responsable: {alone}.",
)
_NONE_OPEN = Text("No alert is open.", "No hay alertas abiertas.")


def _both(say: Callable[[Language], str]) -> Text:
    return Text(say(Language.EN), say(Language.ES))


def _sentence(said: str) -> str:
    said = said[:1].upper() + said[1:]
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _subject(department: Department, morning: Morning, to: Language) -> str:
    what = department.title.within(to)
    return _NAMED.within(to).format(what=what, day=figure(morning.as_of, to))


def _summary(department: Department, morning: Morning, to: Language, *, follows: bool) -> str:
    said = [_FOLLOWED.within(to)] if follows else []
    said += [*_headline(department, morning, to)]
    alerts = _of_concern(department, morning)
    alone = sum(not each.has_owner for each in alerts)
    said.append(
        _OPEN.within(to).format(count=len(alerts), alone=alone) if alerts else _NONE_OPEN.within(to)
    )
    if morning.stale is not None:
        said.append(_sentence(_STALE.within(to).format(why=morning.stale.within(to))))
    return " ".join(said)


def _headline(department: Department, morning: Morning, to: Language) -> Iterator[str]:
    """Say the first figure that there is, with where it went."""
    for name in department.outputs.kpis:
        kpi, reading = morning.kpis[name], _reading(morning, name)
        if reading is None or reading.value is None:
            continue
        change = _change(kpi, reading.value, morning)
        told = {"what": _title(kpi).within(to), "value": _shown(kpi, reading.value, morning, to)}
        if change is None:
            yield _IS.within(to).format(**told)
        else:
            yield _MOVED[(change[0] > 0) - (change[0] < 0)].within(to).format(**told)
        return


def _next_step(department: Department, as_of: date | None) -> Text | None:
    if not department.outputs.views:
        return None
    looks = "; ".join(
        f"factory views show {each} --as-of {as_of}" for each in department.outputs.views
    )
    return Text(f"Look: {looks}", f"Revisar: {looks}")


# ---- figures -----------------------------------------------------------------------------------

_WITHHELD = Text("withheld: the two engines do not agree", "retenida: los dos motores no coinciden")
_NOT_OF_THE_DAY = Text("not computed for this date", "sin calcular para esta fecha")
_UNKNOWN = Text("Without a figure, and why", "Sin cifra, y por qué")
_CHANGES = {
    True: Text("{change} points since {day}", "{change} puntos desde el {day}"),
    False: Text("{change} since {day}", "{change} desde el {day}"),
}
_SAME = Text("unchanged since {day}", "sin cambio desde el {day}")
_LIMITS = {
    True: Text("limits {steps}", "límites {steps}"),
    False: Text("limit {steps}", "límite {steps}"),
}


def _title(kpi: Kpi) -> Text:
    return Text(kpi.title.en, kpi.title.es)


def _reading(morning: Morning, name: str) -> Reading | None:
    """Give a KPI's reading, if it is of the date of the message and may be used."""
    found = morning.readings.get(name)
    if found is None or found.as_of != morning.as_of or found.status is not Status.OK:
        return None
    return found


def _figures(department: Department, morning: Morning) -> Iterator[Fact]:
    for name in department.outputs.kpis:
        kpi, reading = morning.kpis[name], _reading(morning, name)
        if reading is not None and reading.value is not None:
            yield _fact(kpi, reading, reading.value, morning)


def _fact(kpi: Kpi, reading: Reading, value: Decimal, morning: Morning) -> Fact:
    note = _both(lambda to: _beside(kpi, value, morning, to))
    return Fact(
        _title(kpi),
        value,
        unit=kpi.unit,
        precision=_places(kpi, value),
        as_of=reading.as_of,
        currency=morning.currency,
        note=note if note.en else None,
        state=reading.limit_state if kpi.limits.steps else None,
    )


_MOST_PLACES = 8


def _places(kpi: Kpi, value: Decimal) -> int:
    """Give the places that tell a figure from each limit: 5.0000001 is not shown as 5.00 of 5."""
    places = kpi.precision
    near = [limit for _, limit in kpi.limits.steps if limit != value]
    while places < _MOST_PLACES and any(
        shown(value, places) == shown(limit, places) for limit in near
    ):
        places += 1
    return places


def _beside(kpi: Kpi, value: Decimal, morning: Morning, to: Language) -> str:
    said = [_limits(kpi, to)] if kpi.limits.steps else []
    change = _change(kpi, value, morning)
    if change is not None:
        points, on = change
        if points == 0:
            said.append(_SAME.within(to).format(day=figure(on, to)))
        else:
            pattern = _CHANGES[kpi.unit is Unit.PERCENT].within(to)
            said.append(
                pattern.format(change=_signed(kpi, points, morning, to), day=figure(on, to))
            )
    return "; ".join(said)


def _limits(kpi: Kpi, to: Language) -> str:
    steps = [each for _, each in kpi.limits.steps]
    written = " · ".join(_plain(each) for each in steps)
    if kpi.unit is Unit.PERCENT:
        written += " %"
    return _LIMITS[len(steps) > 1].within(to).format(steps=written)


def _plain(limit: Decimal) -> str:
    """Write a limit as the settings have it: 5, not 5.00."""
    return format(limit.normalize() + 0, ",f")


def _change(kpi: Kpi, value: Decimal, morning: Morning) -> tuple[Decimal, date] | None:
    """Give the difference from the reading before; of what is shown alike, none."""
    before = morning.before.get(kpi.id)
    if before is None:
        return None
    was, on = before
    places = _places(kpi, value)
    return (Decimal(0) if shown(was, places) == shown(value, places) else value - was), on


def _signed(kpi: Kpi, points: Decimal, morning: Morning, to: Language) -> str:
    unit = None if kpi.unit is Unit.PERCENT else kpi.unit
    written = figure(points, to, unit=unit, precision=kpi.precision, currency=morning.currency)
    return written if points < 0 else f"+{written}"


def _shown(kpi: Kpi, value: Decimal, morning: Morning, to: Language) -> str:
    return figure(
        value, to, unit=kpi.unit, precision=_places(kpi, value), currency=morning.currency
    )


def _unknown(department: Department, morning: Morning) -> Iterator[Fact]:
    """List what has no figure, with its reason: n/a, and never 0."""
    for name in department.outputs.kpis:
        kpi, reading = morning.kpis[name], _reading(morning, name)
        if reading is None or reading.value is None:
            why = _why(morning, name)
            yield Fact(_title(kpi), None, unit=kpi.unit, note=why, section=_UNKNOWN)


def _why(morning: Morning, name: str) -> Text:
    found, measure = morning.readings.get(name), morning.kpis[name].measure
    if isinstance(measure, NotConnected):
        return Text(
            f"needs {' and '.join(measure.sources)}", f"necesita {' y '.join(measure.sources)}"
        )
    if found is None or found.as_of != morning.as_of:
        return _NOT_OF_THE_DAY
    if found.status is Status.WITHHELD:
        return _WITHHELD
    return spoken(found.reason) if found.reason else _NOT_OF_THE_DAY


def spoken(*said: str) -> Text:
    """Give sentences of the product in both languages; what it does not know stays as it is."""
    return _both(lambda to: "; ".join(words(to).known_sentence(each) or each for each in said))


# ---- alerts, findings, covenants, data ---------------------------------------------------------

_ALERTS = Text("Open alerts", "Alertas abiertas")
_FINDINGS = Text("Open findings", "Hallazgos abiertos")
_BREACHES = Text("Open breaches", "Incumplimientos abiertos")
_NO_BREACH = Text("No breach is open", "Ningún incumplimiento abierto")
_COVENANTS = Text("Covenants and their headroom", "Covenants y su holgura")
_NO_COVENANT = Text("No covenant is set up", "No hay covenants definidos")
_DATA = Text("The data", "Los datos")
_MORE = Text("and {count} more", "y {count} más")
_SINCE = Text("since {day}", "desde el {day}")
_UNOWNED = Text("nobody has answered", "sin responder")
_AGE = Text("Age of the data", "Antigüedad de los datos")
_THROUGH = Text("Last day of data", "Último día de datos")
_ARRIVED = Text("The export arrived", "La exportación llegó")
_RUN = Text("Published by the run", "Publicado por la ejecución")


def _of_concern(department: Department, morning: Morning) -> list[OpenAlert]:
    """Give the alerts on the department's KPIs and of its kinds, the gravest first."""
    outputs = department.outputs
    found = [
        each
        for each in morning.alerts
        if each.kpi in outputs.kpis or (not each.kpi and Kind(each.kind) in outputs.alerts)
    ]
    return sorted(found, key=lambda each: (-LEVELS.index(each.level), each.since, each.title.en))


def _alerts(department: Department, morning: Morning) -> Iterator[Fact]:
    # Breaches stand under a heading of their own where there is one.
    apart = department.outputs.compliance
    found = [each for each in _of_concern(department, morning) if not (apart and each.compliance)]
    facts = [_of_alert(each) for each in found]
    yield from _cut(facts, _ALERTS)


def _of_alert(alert: OpenAlert) -> Fact:
    # Its figure may be of another day than this message: it says how it stands, in words.
    since = _both(lambda to: _SINCE.within(to).format(day=figure(alert.since.date(), to)))
    note = None if alert.has_owner else _UNOWNED
    return Fact(alert.title, since, state=alert.level, note=note, section=_ALERTS)


def _findings(department: Department, morning: Morning) -> Iterator[Fact]:
    if not department.outputs.findings:
        return
    mine = [each for each in morning.findings if each.owner == department.id]
    mine.sort(key=lambda each: (-LEVELS.index(each.level), each.code, each.id))
    facts = [
        Fact(each.said, Text.same(each.id), state=each.level, section=_FINDINGS) for each in mine
    ]
    yield from _cut(facts, _FINDINGS)


def _compliance(department: Department, morning: Morning) -> Iterator[Fact]:
    if not department.outputs.compliance:
        return
    yield from _breaches(department, morning)
    if not morning.covenants:
        yield Fact(_NO_COVENANT, Text.same("-"), section=_COVENANTS)
    for each in morning.covenants:
        first, *rest = each.facts
        beside = _both(lambda to, rest=rest: _in_words(rest, to))  # type: ignore[misc]
        yield replace(first, label=each.title, note=beside, section=_COVENANTS)


def _in_words(facts: Sequence[Fact], to: Language) -> str:
    """Write some figures as a few words beside another one; what is not known is left out."""
    said = [
        f"{each.label.within(to)} "
        + figure(each.value, to, unit=each.unit, precision=each.precision, currency=each.currency)
        for each in facts
        if each.value is not None
    ]
    return "; ".join(said)


def _breaches(department: Department, morning: Morning) -> Iterator[Fact]:
    if not department.outputs.compliance:
        return
    facts = [
        replace(_of_alert(each), section=_BREACHES) for each in morning.alerts if each.compliance
    ]
    # Where nothing is judged, nobody knows that all is well.
    if not facts and morning.missing is None and morning.covenants:
        yield Fact(_NO_BREACH, Text.same("✓"), section=_BREACHES)
    yield from _cut(facts, _BREACHES)


def _cut(facts: Sequence[Fact], section: Text) -> Iterable[Fact]:
    yield from facts[:_LISTED]
    if len(facts) > _LISTED:
        more = len(facts) - _LISTED
        yield Fact(
            _both(lambda to: _MORE.within(to).format(count=more)), Text.same("…"), section=section
        )


def _age(hours: Decimal | None) -> Fact:
    """Give the age in hours, or in days once nobody counts it in hours any more."""
    if hours is None or hours < _LONG_HOURS:
        return Fact(_AGE, hours, unit=Unit.HOURS, precision=1, section=_DATA)
    days = _WIDE.divide(hours, Decimal(24))
    return Fact(_AGE, days, unit=Unit.DAYS, precision=1, section=_DATA)


def _of_the_data(morning: Morning) -> Iterator[Fact]:
    yield Fact(_THROUGH, morning.data_through, section=_DATA)
    yield _age(morning.age_hours)
    if morning.arrived_at is not None:
        yield Fact(_ARRIVED, morning.arrived_at, section=_DATA)
    if morning.run_id:
        yield Fact(_RUN, morning.run_id, section=_DATA)
