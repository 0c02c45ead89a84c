"""A message in one language: every text chosen, every figure written, nothing yet escaped."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from fintech_factory.distribution.rendering.escaping import one_line, plain
from fintech_factory.distribution.rendering.words import (
    LEVELS,
    MARKED,
    MARKS,
    OCCASIONS,
    PHRASES,
    SEVERITIES,
)
from fintech_factory.i18n.figures import day, figure
from fintech_factory.message import Fact, Language, Link, Message, Occasion, Text
from fintech_factory.values import LimitState, Severity

__all__ = ["Anchor", "Button", "Line", "Section", "Sheet", "Standing", "lay_out"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A state as it is shown: always an icon and a word, and a tone that colours them.

    `tone` is ok, warning, critical or info.
    """

    icon: str
    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class Line:
    """A fact, written; `figure` is n/a where there is none.

    `is_word` tells words and dates from figures: they are details, and no tile of their own.
    """

    label: str
    figure: str
    note: str = ""
    standing: Standing | None = None
    as_of: str = ""
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one heading; `more` says how many a medium had no room for."""

    title: str
    lines: tuple[Line, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link, with its label."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Button:
    """What a recipient can do at once; `token` is empty where only the address can be opened."""

    verb: str
    label: str
    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is shown, in the order it is shown.

    `occasion` is empty where the standing says it already. `lines` have no heading, `sections`
    have. `dates` says as-of and data-through. `chart_alt` describes the picture, empty without one.
    """

    language: Language
    standing: Standing
    occasion: str
    subject: str
    summary: str
    lines: tuple[Line, ...]
    sections: tuple[Section, ...]
    next_step: str
    runbook: Anchor | None
    links: tuple[Anchor, ...]
    buttons: tuple[Button, ...]
    marks: tuple[tuple[str, str], ...]
    dates: str
    chart_alt: str
    notices: tuple[str, ...]

    @property
    def figures(self) -> tuple[Line, ...]:
        """The lines without heading that hold a figure, or say that there is none."""
        return tuple(each for each in self.lines if not each.is_word)

    @property
    def details(self) -> tuple[Line, ...]:
        """The lines without heading that hold words or dates."""
        return tuple(each for each in self.lines if each.is_word)

    def phrase(self, name: str, *parts: object) -> str:
        """Give a fixed phrase in the sheet's language."""
        return PHRASES[name].within(self.language).format(*parts)


_ICONS = {"critical": "✖", "warning": "▲", "info": "●", "ok": "✓"}
_TONES = {
    LimitState.NONE: "ok",
    LimitState.WARNING: "warning",
    LimitState.CRITICAL: "critical",
    LimitState.EXECUTIVE: "critical",
}
# These say by their occasion what they are; a severity of `info` would add nothing.
_OCCASION_FIRST = frozenset({Occasion.TEST, Occasion.RESOLVED})


def lay_out(message: Message, language: Language, *, may_repeat: bool = False) -> Sheet:
    """Choose the language's words and write every figure.

    `may_repeat` adds the notice that the recipient may have it already.
    """
    standing, occasion = _headline(message, language)
    lines, sections = _grouped(message, language)
    subject = one_line(message.subject.within(language))
    return Sheet(
        language=language,
        standing=standing,
        occasion=occasion,
        subject=subject,
        summary=plain(message.summary.within(language)).strip(),
        lines=lines,
        sections=sections,
        next_step=plain(message.next_step.within(language)).strip() if message.next_step else "",
        runbook=next(iter(_anchors([message.runbook], language)), None),
        links=_anchors(message.links, language),
        buttons=tuple(
            Button(each.verb, one_line(each.label.within(language)), _url(each.url), each.token)
            for each in message.actions
        ),
        marks=_marks(message.marks or {}, language),
        dates=_dates(message, language),
        chart_alt=f"{PHRASES['chart'].within(language)}: {subject}" if message.chart else "",
        notices=tuple(_notices(message, language, may_repeat=may_repeat)),
    )


def _headline(message: Message, language: Language) -> tuple[Standing, str]:
    occasion = OCCASIONS[message.occasion].within(language)
    by_occasion = message.occasion in _OCCASION_FIRST or (
        message.severity is Severity.INFO and message.occasion is not Occasion.ALERT
    )
    tone = "ok" if message.occasion is Occasion.RESOLVED else message.severity.value
    if by_occasion:
        return Standing(_ICONS[tone], occasion, tone), ""
    word = SEVERITIES[message.severity].within(language)
    told = "" if message.occasion is Occasion.ALERT else occasion
    return Standing(_ICONS[tone], word, tone), told


def _notices(message: Message, language: Language, *, may_repeat: bool) -> Iterable[str]:
    if message.occasion is Occasion.TEST:
        yield PHRASES["test"].within(language)
    if may_repeat:
        yield PHRASES["repeat"].within(language)


def _grouped(message: Message, language: Language) -> tuple[tuple[Line, ...], tuple[Section, ...]]:
    first = tuple(_line(each, message, language) for each in message.facts if not each.section)
    below = [(each.section, each) for each in message.facts if each.section]
    sections = tuple(
        Section(one_line(title.within(language)), _lines(facts, message, language))
        for title, facts in groupby(below, key=lambda pair: pair[0])
    )
    return first, sections


def _lines(
    facts: Iterable[tuple[Text, Fact]], message: Message, language: Language
) -> tuple[Line, ...]:
    return tuple(_line(each, message, language) for _, each in facts)


def _line(fact: Fact, message: Message, language: Language) -> Line:
    said = figure(
        fact.value, language, unit=fact.unit, precision=fact.precision, currency=fact.currency
    )
    of_another_day = fact.as_of is not None and fact.as_of != message.as_of
    return Line(
        label=one_line(fact.label.within(language)),
        figure=one_line(said),
        note=one_line(fact.note.within(language)) if fact.note else "",
        standing=_standing(fact.state, language) if fact.state else None,
        as_of=day(fact.as_of, language) if fact.as_of and of_another_day else "",
        is_word=isinstance(fact.value, str | Text | date),
    )


def _standing(state: LimitState, language: Language) -> Standing:
    tone = _TONES[state]
    return Standing(_ICONS[tone], LEVELS[state].within(language), tone)


def _anchors(links: Iterable[Link | None], language: Language) -> tuple[Anchor, ...]:
    return tuple(
        Anchor(one_line(each.label.within(language)), _url(each.url))
        for each in links
        if each and _url(each.url)
    )


def _url(url: str) -> str:
    # Whatever else an address may begin with (javascript:, data:) would act instead of lead.
    cleaned = one_line(url)
    return cleaned if cleaned.casefold().startswith(("https://", "http://")) else ""


def _marks(marks: Mapping[str, str], language: Language) -> tuple[tuple[str, str], ...]:
    return tuple(
        (words.within(language), one_line(_marked(name, marks[name]).within(language)))
        for name, words in MARKS.items()
        if marks.get(name)
    )


def _marked(name: str, value: str) -> Text:
    return MARKED.get((name, value), Text.same(value))


def _dates(message: Message, language: Language) -> str:
    said: Sequence[str] = [
        f"{PHRASES[name].within(language)} {day(on, language)}"
        for name, on in (("as_of", message.as_of), ("data_through", message.data_through))
        if on is not None
    ]
    text = ", ".join(said)
    return text[:1].upper() + text[1:]
