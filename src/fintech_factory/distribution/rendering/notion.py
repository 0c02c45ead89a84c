"""Writes a message as a Notion page: properties, one block that says how it stands, its history.

Rich text is structure rather than markup: nothing that a text holds can format, link or mention.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from fintech_factory.distribution.rendering.escaping import one_line, shortened
from fintech_factory.distribution.rendering.sheet import Anchor, Line, Section, Sheet
from fintech_factory.distribution.rendering.words import MARKED, OCCASIONS, PHRASES, SEVERITIES
from fintech_factory.i18n.figures import moment
from fintech_factory.message import Language, Message, Text

__all__ = ["HISTORY", "KEPT", "PROPERTIES", "NotionPage", "entry_of", "notion_of", "reference"]

Rich: TypeAlias = Mapping[str, Any]

PROPERTIES = {
    "Key": "rich_text",
    "Hash": "rich_text",
    "Status": "select",
    "Level": "select",
    "Value": "rich_text",
    "Owner": "rich_text",
    "As of": "date",
}
"""What a database needs beside a page's title, each with its type."""

# By these our own blocks are known among those of people.
KEPT = PHRASES["kept"]
HISTORY = PHRASES["history"]

# https://developers.notion.com/reference/request-limits
_CONTENT, _ELEMENTS, _URL, _OPTION = 2000, 100, 2000, 100
_PART, _SUMMARY = 200, 4000
_LINES, _SECTIONS, _SECTION_LINES, _LINKS = 100, 10, 50, 20
_COLOURS = {"ok": "green", "warning": "yellow", "critical": "red", "info": "blue"}
_EMOJI = {"critical": "🚨", "warning": "⚠️", "info": "📊", "ok": "✅"}


@dataclass(frozen=True, slots=True)
class NotionPage:
    """A page's properties (without its hash), and the callout block that says how it stands."""

    properties: Mapping[str, Any]
    callout: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """Tell this content from any other."""
        text = json.dumps([self.properties, self.callout], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    @property
    def hashed(self) -> dict[str, Any]:
        """Give the properties with the hash of it all."""
        return {**self.properties, "Hash": _text_property(self.hash)}


def notion_of(sheet: Sheet, message: Message, key: str) -> NotionPage:
    """Write the page that bears `key`.

    Buttons stay out: a page is read by many, and a signed token is one recipient's.
    """
    tone = sheet.standing.tone
    return NotionPage(
        properties={
            # A title is found by this id, whatever its column is called.
            "title": {"title": _rich([_Said(sheet.subject)])},
            "Key": _text_property(key),
            "Status": _select(_status(message, sheet)),
            "Level": _select(_level(message, sheet.language)),
            "Value": _text_property(sheet.lines[0].figure if sheet.lines else ""),
            "Owner": _text_property((message.marks or {}).get("owner", "")),
            "As of": {"date": {"start": message.as_of.isoformat()} if message.as_of else None},
        },
        callout={
            "rich_text": _rich(_standing(sheet), _Said(KEPT.within(sheet.language), italic=True)),
            "icon": {"type": "emoji", "emoji": _EMOJI[tone]},
            "color": f"{_COLOURS[tone]}_background",
        },
    )


def entry_of(sheet: Sheet, key: str, at: datetime) -> Mapping[str, Any]:
    """Write one line of history as a list item; its end tells deliveries apart."""
    headline = " · ".join(each for each in (sheet.standing.word, sheet.occasion) if each)
    said = [
        _Said(f"{moment(at, sheet.language)} · "),
        _Said(f"{sheet.standing.icon} {headline}: ", bold=True),
        _Said(sheet.subject),
        *(_Said(f" · {each}", italic=True) for each in sheet.notices),
    ]
    item = {"rich_text": _rich(said, _Said(f" {reference(key)}", grey=True))}
    return {"type": "bulleted_list_item", "bulleted_list_item": item}


def reference(key: str) -> str:
    """Give the short name of a delivery that stands in its line of history."""
    return f"#{hashlib.sha256(key.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    url: str = ""
    bold: bool = False
    italic: bool = False
    grey: bool = False


def _standing(sheet: Sheet) -> Iterator[_Said]:
    headline = " · ".join(each for each in (sheet.standing.word, sheet.occasion) if each)
    yield _Said(f"{sheet.standing.icon} {headline}\n", bold=True)
    if sheet.summary:
        yield _Said(f"{shortened(sheet.summary, _SUMMARY)}\n")
    for notice in sheet.notices:
        yield _Said(f"{notice}\n", italic=True)
    yield from _listed(sheet, sheet.lines, _LINES)
    for section in sheet.sections[:_SECTIONS]:
        yield from _section(sheet, section)
    if sheet.next_step:
        yield _Said(f"{sheet.phrase('next_step')}: ", bold=True)
        yield _Said(f"{shortened(sheet.next_step, _SUMMARY)}\n")
    for anchor in _anchors(sheet):
        yield _Said(shortened(anchor.label or anchor.url, _PART), url=anchor.url)
        yield _Said("\n")
    if sheet.dates:
        yield _Said(f"{sheet.dates}\n", grey=True)


def _section(sheet: Sheet, section: Section) -> Iterator[_Said]:
    yield _Said(f"{shortened(section.title, _PART)}\n", bold=True)
    yield from _listed(sheet, section.lines, _SECTION_LINES)


def _listed(sheet: Sheet, lines: Sequence[Line], most: int) -> Iterator[_Said]:
    for line in lines[:most]:
        state = f"  {line.standing.icon} {line.standing.word}" if line.standing else ""
        note = f"  ({shortened(line.note, _PART)})" if line.note else ""
        as_of = f"  [{line.as_of}]" if line.as_of else ""
        figure = f"{shortened(line.label, _PART)}: {shortened(line.figure, _PART)}"
        yield _Said(f"{figure}{state}{note}{as_of}\n")
    if len(lines) > most:
        yield _Said(f"{sheet.phrase('more', len(lines) - most)}\n")


def _anchors(sheet: Sheet) -> list[Anchor]:
    runbook = sheet.runbook
    named = [Anchor(f"{sheet.phrase('runbook')}: {runbook.label}", runbook.url)] if runbook else []
    opened = [Anchor(each.label, each.url) for each in sheet.buttons if each.url and not each.token]
    found = [*named, *sheet.links, *opened]
    return [each for each in found if len(each.url) <= _URL][:_LINKS]


def _rich(said: Iterable[_Said], last: _Said | None = None) -> list[Rich]:
    """Write texts as elements within Notion's limits; `last` is there whatever has to be cut."""
    room = _ELEMENTS if last is None else _ELEMENTS - 1
    elements = [_element(each, part) for each in _joined(said) for part in _parts(each.text)]
    if len(elements) > room:
        elements = [*elements[: room - 1], _element(_Said("…\n"), "…\n")]
    return elements if last is None else [*elements, _element(last, last.text)]


def _joined(said: Iterable[_Said]) -> Iterator[_Said]:
    """Make one of neighbours that look alike."""
    before: _Said | None = None
    for each in filter(lambda one: one.text, said):
        if before is not None and _look(before) == _look(each):
            before = _Said(before.text + each.text, *_look(before))
            continue
        if before is not None:
            yield before
        before = each
    if before is not None:
        yield before


def _look(said: _Said) -> tuple[str, bool, bool, bool]:
    return said.url, said.bold, said.italic, said.grey


def _parts(text: str) -> Iterator[str]:
    """Cut a text to what one element takes, counted as JavaScript does: 😀 is two."""
    part: list[str] = []
    length = 0
    for character in text:
        wide = 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004 - the end of the basic plane
        if length + wide > _CONTENT:
            yield "".join(part)
            part, length = [], 0
        part.append(character)
        length += wide
    yield "".join(part)


def _element(said: _Said, part: str) -> Rich:
    link = {"link": {"url": said.url}} if said.url else {}
    marks = {"bold": said.bold, "italic": said.italic, "color": "gray" if said.grey else ""}
    annotations = {name: value for name, value in marks.items() if value}
    element: dict[str, Any] = {"type": "text", "text": {"content": part, **link}}
    return {**element, "annotations": annotations} if annotations else element


def _text_property(text: str) -> dict[str, Any]:
    return {"rich_text": _rich([_Said(text)])}


def _select(text: str) -> dict[str, Any]:
    # An option's name takes no comma; one that is not there yet is made.
    name = shortened(one_line(text).replace(",", " "), _OPTION)
    return {"select": {"name": name} if name else None}


def _status(message: Message, sheet: Sheet) -> str:
    state = (message.marks or {}).get("state", "")
    told = OCCASIONS[message.occasion]
    return MARKED.get(("state", state), Text.same(state) if state else told).within(sheet.language)


def _level(message: Message, language: Language) -> str:
    level = (message.marks or {}).get("level", "")
    if not level:
        return SEVERITIES[message.severity].within(language)
    return MARKED.get(("level", level), Text.same(level)).within(language)
