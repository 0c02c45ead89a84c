"""Writes a message as Slack blocks, with a text for notifications."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeAlias

from fintech_factory.distribution.rendering.escaping import one_line, shortened
from fintech_factory.distribution.rendering.jinja import fill
from fintech_factory.distribution.rendering.sheet import Anchor, Button, Line, Section, Sheet

__all__ = ["SlackMessage", "slack_of"]

Block: TypeAlias = Mapping[str, Any]

# https://docs.slack.dev/reference/block-kit/blocks
_HEADER, _TEXT, _FALLBACK = 150, 3000, 3000
_FIELDS_A_BLOCK, _ELEMENTS, _BUTTON_TEXT, _TOKEN, _URL, _ALT = 10, 10, 75, 2000, 3000, 2000
# Escaping makes at most six signs of one, and a field takes 2,000.
_PART = 100
_LINES, _SECTION_LINES, _SECTIONS, _BUTTONS = 20, 12, 6, 5
_EMOJI = {"critical": "🚨", "warning": "⚠️", "info": "ℹ️", "ok": "✅"}  # noqa: RUF001 - the sign that is meant


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """`text` is what a notification shows; `blocks` is what the channel shows."""

    text: str
    blocks: tuple[Block, ...]


def slack_of(sheet: Sheet, *, picture: str = "", buttons: bool = True) -> SlackMessage:
    """Write the blocks; `picture` is the id of an uploaded file, empty for none.

    `buttons` says whether an interaction with them would be answered; links are shown anyway.
    """
    emoji = _EMOJI[sheet.standing.tone]
    said = f"{emoji} {sheet.standing.word}: {sheet.subject}"
    fallback = f"{said} - {one_line(sheet.summary)}" if sheet.summary else said
    return SlackMessage(
        text=_fitting("text.slack.j2", fallback, _FALLBACK),
        blocks=tuple(_blocks(sheet, emoji, picture, buttons=buttons)),
    )


def _blocks(sheet: Sheet, emoji: str, picture: str, *, buttons: bool) -> Iterator[Block]:
    header = shortened(f"{emoji} {sheet.subject}", _HEADER)
    yield {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}
    yield _section(
        _fitting("status.slack.j2", sheet.summary, _TEXT, "summary", sheet=sheet, emoji=emoji)
    )
    yield from _fields(sheet)
    if picture:
        alt = shortened(sheet.chart_alt, _ALT)
        yield {"type": "image", "slack_file": {"id": picture}, "alt_text": alt}
    told = tuple(each for each in sheet.details if not _is_short(each))
    untitled = [Section("", told)] if told else []
    for section in [*untitled, *sheet.sections[:_SECTIONS]]:
        yield _section(_listed(sheet, section))
    if sheet.next_step:
        title = sheet.phrase("next_step")
        yield _section(_fitting("step.slack.j2", sheet.next_step, _TEXT, title=title))
    if buttons and (elements := _buttons(sheet.buttons)):
        yield {"type": "actions", "elements": elements}
    if small := _small_print(sheet, buttons=buttons):
        yield {"type": "context", "elements": [_mrkdwn(each) for each in small]}


def _mrkdwn(text: str) -> Block:
    # Verbatim: Slack makes no links, channels or mentions of what merely looks like one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _fields(sheet: Sheet) -> Iterator[Block]:
    lines = sheet.figures[:_LINES]
    for start in range(0, len(lines), _FIELDS_A_BLOCK):
        fields = [_mrkdwn(_field(each)) for each in lines[start : start + _FIELDS_A_BLOCK]]
        yield {"type": "section", "fields": fields}
    if (left := len(sheet.figures) - _LINES) > 0:
        yield _section(fill("text.slack.j2", text=sheet.phrase("more", left)))


def _field(line: Line) -> str:
    emoji = _EMOJI[line.standing.tone] if line.standing else ""
    return fill("field.slack.j2", line=_cut(line), emoji=emoji)


def _cut(line: Line) -> Line:
    return replace(
        line,
        label=shortened(line.label, _PART),
        figure=shortened(line.figure, _PART),
        note=shortened(line.note, _PART),
    )


def _listed(sheet: Sheet, section: Section) -> str:
    shown = tuple(map(_cut, section.lines[:_SECTION_LINES]))
    while True:
        left = len(section.lines) - len(shown)
        more = sheet.phrase("more", left) if left else ""
        title = shortened(section.title, _PART)
        text = fill("section.slack.j2", title=title, lines=shown, more=more).rstrip()
        if len(text) <= _TEXT:
            return text
        shown = shown[:-1]


def _buttons(given: Sequence[Button]) -> list[Block]:
    shown = [each for each in given if each.token and len(each.token) <= _TOKEN]
    return [_button(each, no) for no, each in enumerate(shown[:_BUTTONS])]


def _button(button: Button, number: int) -> Block:
    style = {"style": "primary"} if number == 0 else {}
    text = {"type": "plain_text", "text": shortened(button.label, _BUTTON_TEXT), "emoji": False}
    # Two actions of one verb (snooze 4 h, snooze 1 d) must not share an id.
    action_id = f"{button.verb}.{number}"
    return {"type": "button", "action_id": action_id, "text": text, "value": button.token, **style}


def _small_print(sheet: Sheet, *, buttons: bool) -> list[str]:
    """Give the links, then the details, then dates and marks; ten in all, links give way."""
    said = [fill("text.slack.j2", text=each) for each in _said_small(sheet)]
    links = (
        fill("link.slack.j2", anchor=Anchor(_label(each), each.url))
        for each in _anchors(sheet, buttons=buttons)
        if each.url and len(each.url) <= _URL
    )
    return [*islice(links, _ELEMENTS - len(said)), *said]


def _said_small(sheet: Sheet) -> Iterator[str]:
    short = [each for each in sheet.details if _is_short(each)][:_ELEMENTS]
    details = [f"{each.label}: {each.figure}" for each in short]
    marks = [f"{name}: {shortened(value, _PART)}" for name, value in sheet.marks]
    for parts in (details, [*([sheet.dates] if sheet.dates else []), *marks]):
        if parts:
            yield " · ".join(parts)


# What is longer needs a line of its own.
_SHORT = 40


def _is_short(line: Line) -> bool:
    plain = not (line.note or line.standing)
    return plain and len(line.label) <= _SHORT and len(line.figure) <= _SHORT


def _label(anchor: Anchor) -> str:
    return shortened(anchor.label or anchor.url, _PART)


def _anchors(sheet: Sheet, *, buttons: bool) -> Iterator[Anchor]:
    """Give what is shown as a link: each action that has no button, the runbook, the links."""
    for button in sheet.buttons:
        if not (buttons and button.token):
            yield Anchor(button.label, button.url)
    if sheet.runbook:
        yield Anchor(f"{sheet.phrase('runbook')}: {sheet.runbook.label}", sheet.runbook.url)
    yield from sheet.links


def _fitting(template: str, text: str, limit: int, name: str = "text", **values: object) -> str:
    """Fill a template with as much of a text as fits once it is escaped."""
    while len(filled := fill(template, **values, **{name: text}).rstrip()) > limit:
        # One sign becomes at most six; cut by the least that may do, and look again.
        over = max(1, (len(filled) - limit) // 6)
        text = shortened(text, max(1, len(text) - over - 1))
    return filled
