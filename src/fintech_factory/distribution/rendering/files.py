"""Writes a message as JSON for programs, and as Markdown for a file."""

from typing import Any

from fintech_factory import message_json
from fintech_factory.distribution.rendering.jinja import fill
from fintech_factory.distribution.rendering.sheet import Anchor, Sheet
from fintech_factory.message import Message

__all__ = ["as_json", "as_markdown"]


def as_json(sheet: Sheet, message: Message) -> dict[str, Any]:
    """Give one JSON object: every figure exact, and beside it as people read it.

    The words are those of the sheet's language. Decimals are text, digit by digit. Signed tokens
    of buttons stay out; what can be done is given as addresses.
    """
    exact = message_json.encode(message)
    language = sheet.language.value
    return {
        "format": exact["format"],
        "thread": message.thread,
        "occasion": message.occasion.value,
        "severity": message.severity.value,
        "language": language,
        "subject": message.subject.within(sheet.language),
        "summary": message.summary.within(sheet.language),
        "notices": list(sheet.notices),
        "facts": [_fact(each, language) for each in _with_shown(sheet, exact["facts"])],
        "next_step": sheet.next_step or None,
        "runbook": _anchor(sheet.runbook) if sheet.runbook else None,
        "links": [_anchor(each) for each in sheet.links],
        "actions": [
            {"verb": each.verb, "label": each.label, "url": each.url} for each in sheet.buttons
        ],
        "attachments": exact["attachments"],
        "as_of": exact["as_of"],
        "data_through": exact["data_through"],
        "marks": exact["marks"],
    }


def as_markdown(sheet: Sheet) -> str:
    """Give one Markdown text that ends in a line end."""
    anchors = [*([sheet.runbook] if sheet.runbook else []), *sheet.links]
    anchors += [Anchor(each.label, each.url) for each in sheet.buttons if each.url]
    text = fill("message.md.j2", sheet=sheet, anchors=anchors)
    return text.strip("\n") + "\n"


def _anchor(anchor: Anchor) -> dict[str, str]:
    return {"label": anchor.label, "url": anchor.url}


def _with_shown(sheet: Sheet, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = iter(sheet.lines)
    below = iter([line for section in sheet.sections for line in section.lines])
    return [{**fact, "shown": next(below if fact["section"] else first).figure} for fact in facts]


def _fact(fact: dict[str, Any], language: str) -> dict[str, Any]:
    words = {name: fact[name][language] if fact[name] else None for name in ("note", "section")}
    value = next(iter(fact["value"].values())) if fact["value"] else None
    if isinstance(value, dict):
        value = value[language]
    return {**fact, "label": fact["label"][language], "value": value, **words}
