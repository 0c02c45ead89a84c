"""Writes a message as JSON and reads it back, digit by digit."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fintech_factory.message import Action, Attachment, Fact, Link, Message, Occasion, Text, Value
from fintech_factory.values import LimitState, Severity, Unit

__all__ = ["decode", "encode"]

_FORMAT = 1


def encode(message: Message) -> dict[str, Any]:
    """Give one JSON object; what is not text carries its type."""
    return {
        "format": _FORMAT,
        "thread": message.thread,
        "occasion": message.occasion.value,
        "severity": message.severity.value,
        "subject": _text(message.subject),
        "summary": _text(message.summary),
        "facts": [_fact(each) for each in message.facts],
        "next_step": _text(message.next_step) if message.next_step else None,
        "runbook": _link(message.runbook) if message.runbook else None,
        "links": [_link(each) for each in message.links],
        "actions": [
            {"verb": each.verb, "label": _text(each.label), "url": each.url, "token": each.token}
            for each in message.actions
        ],
        "attachments": [
            {
                "name": each.name,
                "media_type": each.media_type,
                "path": each.path,
                "sha256": each.sha256,
            }
            for each in message.attachments
        ],
        "chart": message.chart,
        "as_of": message.as_of.isoformat() if message.as_of else None,
        "data_through": message.data_through.isoformat() if message.data_through else None,
        "marks": dict(message.marks) if message.marks is not None else None,
    }


def decode(held: Mapping[str, Any]) -> Message:
    """Read back what `encode` wrote; KeyError or ValueError if it did not."""
    if held["format"] != _FORMAT:
        raise ValueError(f"a message of format {held['format']} cannot be read")
    return Message(
        thread=held["thread"],
        occasion=Occasion(held["occasion"]),
        severity=Severity(held["severity"]),
        subject=Text(**held["subject"]),
        summary=Text(**held["summary"]),
        facts=tuple(_read_fact(each) for each in held["facts"]),
        next_step=Text(**held["next_step"]) if held["next_step"] else None,
        runbook=_read_link(held["runbook"]) if held["runbook"] else None,
        links=tuple(_read_link(each) for each in held["links"]),
        actions=tuple(
            Action(each["verb"], Text(**each["label"]), each["url"], each["token"])
            for each in held["actions"]
        ),
        attachments=tuple(Attachment(**each) for each in held["attachments"]),
        chart=held["chart"],
        as_of=_day(held["as_of"]),
        data_through=_day(held["data_through"]),
        marks=held["marks"],
    )


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "es": text.es}


def _link(link: Link) -> dict[str, Any]:
    return {"label": _text(link.label), "url": link.url}


def _read_link(held: Mapping[str, Any]) -> Link:
    return Link(Text(**held["label"]), held["url"])


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "label": _text(fact.label),
        "value": _value(fact.value),
        "unit": fact.unit.value if fact.unit else None,
        "precision": fact.precision,
        "as_of": fact.as_of.isoformat() if fact.as_of else None,
        "currency": fact.currency,
        "note": _text(fact.note) if fact.note else None,
        "state": fact.state.value if fact.state else None,
        "section": _text(fact.section) if fact.section else None,
    }


def _read_fact(held: Mapping[str, Any]) -> Fact:
    return Fact(
        label=Text(**held["label"]),
        value=_read_value(held["value"]),
        unit=Unit(held["unit"]) if held["unit"] else None,
        precision=held["precision"],
        as_of=_day(held["as_of"]),
        currency=held["currency"],
        note=Text(**held["note"]) if held["note"] else None,
        state=LimitState(held["state"]) if held["state"] else None,
        section=Text(**held["section"]) if held["section"] else None,
    )


def _value(value: Value) -> dict[str, Any] | None:
    if value is None:
        return None
    # A datetime is a date as well: the first that fits says what it is.
    for kind, type_, write in _WRITE:
        if isinstance(value, type_):
            return {kind: write(value)}
    raise TypeError(f"a fact cannot be {value!r}")


_WRITE: tuple[tuple[str, type, Callable[[Any], Any]], ...] = (
    ("decimal", Decimal, lambda value: format(value, "f")),
    ("int", int, int),
    ("moment", datetime, datetime.isoformat),
    ("day", date, date.isoformat),
    ("text", Text, _text),
    ("words", str, str),
)
_READ: dict[str, Callable[[Any], Value]] = {
    "decimal": Decimal,
    "int": int,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "text": lambda held: Text(**held),
    "words": str,
}


def _read_value(held: Mapping[str, Any] | None) -> Value:
    if held is None:
        return None
    ((kind, value),) = held.items()
    return _READ[kind](value)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
