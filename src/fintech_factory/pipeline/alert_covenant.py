"""Says how a covenant stands: its figure, what is agreed, headroom, days to breach."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.i18n import figure
from fintech_factory.kpi_engine.readings import shown
from fintech_factory.message import Fact, Language, Text
from fintech_factory.values import LimitState, Unit

if TYPE_CHECKING:
    from fintech_factory.views.facilities.covenants import Covenant

__all__ = ["covenant_facts", "covenant_said", "covenant_title", "covenant_words"]

_MOST_PLACES = 8
_LEVELS = {
    "ok": LimitState.NONE,
    "warning": LimitState.WARNING,
    "breach": LimitState.CRITICAL,
}
_SAID = {
    "at_most": Text(
        "{title} is {value}; at most {agreed} is agreed, headroom {headroom}.",
        "{title} es {value}; se acordó como máximo {agreed}, holgura {headroom}.",
    ),
    "at_least": Text(
        "{title} is {value}; at least {agreed} is agreed, headroom {headroom}.",
        "{title} es {value}; se acordó como mínimo {agreed}, holgura {headroom}.",
    ),
}
_UNKNOWN = Text("{title} is not known: {reason}.", "No se conoce {title}: {reason}.")
_AHEAD = Text(
    " At the present pace it is breached in {days}.", " Al ritmo actual se incumple en {days}."
)
_SINCE = Text(" Breached since {day}.", " Incumplido desde el {day}.")
_AGREED = {
    "at_most": Text("Agreed, at most", "Acordado, como máximo"),
    "at_least": Text("Agreed, at least", "Acordado, como mínimo"),
}
_FACILITY = Text("Facility", "Línea")
_HEADROOM = Text("Headroom", "Holgura")
_BREACHED = Text("Breached since", "Incumplido desde")
_DAYS = Text("Days to breach", "Días hasta el incumplimiento")


def covenant_title(covenant: "Covenant") -> Text:
    """Name a covenant and its facility."""
    return Text(
        f"Covenant {covenant.title_en} ({covenant.facility})",
        f"Covenant {covenant.title_es} ({covenant.facility})",
    )


def covenant_said(covenant: "Covenant", currency: str) -> Text:
    """Say how a covenant stands, in both languages."""
    return Text(
        covenant_words(covenant, Language.EN, currency),
        covenant_words(covenant, Language.ES, currency),
    )


def covenant_words(covenant: "Covenant", to: Language, currency: str = "") -> str:
    """Say how a covenant stands, in one language."""
    title = covenant.title_es if to is Language.ES else covenant.title_en
    value = covenant.found.value
    if value is None:
        return _UNKNOWN.within(to).format(title=title, reason=covenant.found.reason)
    said = (
        _SAID[covenant.direction]
        .within(to)
        .format(
            title=title,
            value=_shown(covenant, value, to, currency),
            agreed=figure(covenant.breach, to, **_agreed(covenant, currency)),  # type: ignore[arg-type]
            headroom=_shown(covenant, covenant.headroom, to, currency),
        )
    )
    if covenant.breach_since is not None:
        return said + _SINCE.within(to).format(day=figure(covenant.breach_since, to))
    if covenant.outlook.days:
        days = figure(covenant.outlook.days, to, unit=Unit.DAYS)
        return said + _AHEAD.within(to).format(days=days)
    return said


def covenant_facts(covenant: "Covenant", currency: str) -> Iterator[Fact]:
    """Give the figures of a covenant; what does not exist is left out, what is not known is n/a."""
    kind = {"unit": Unit(covenant.unit), "currency": currency, "precision": _places(covenant)}
    yield Fact(
        Text(covenant.title_en, covenant.title_es),
        covenant.found.value,
        **kind,  # type: ignore[arg-type]
        state=_LEVELS.get(covenant.state),
    )
    agreed = _agreed(covenant, currency)
    yield Fact(_AGREED[covenant.direction], covenant.breach, **agreed)  # type: ignore[arg-type]
    yield Fact(_HEADROOM, covenant.headroom, **kind)  # type: ignore[arg-type]
    if covenant.breach_since is not None:
        yield Fact(_BREACHED, covenant.breach_since)
    else:
        yield Fact(_DAYS, covenant.outlook.days, unit=Unit.DAYS)
    yield Fact(_FACILITY, covenant.facility)


def _agreed(covenant: "Covenant", currency: str) -> dict[str, object]:
    """Say how what is agreed is written: as the terms have it, 5 % and not 5.00 %."""
    exponent = covenant.breach.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return {"unit": Unit(covenant.unit), "currency": currency, "precision": places}


def _places(covenant: "Covenant") -> int:
    """Give the places that tell the figure from its trigger: 1.004 is not shown as 1.00 of 1."""
    value, places = covenant.found.value, 2
    if value is None or value == covenant.breach:
        return places
    while places < _MOST_PLACES and shown(value, places) == shown(covenant.breach, places):
        places += 1
    return places


def _shown(covenant: "Covenant", value: Decimal | None, to: Language, currency: str) -> str:
    return figure(
        value, to, unit=Unit(covenant.unit), precision=_places(covenant), currency=currency
    )
