"""Makes one message of many, so that a storm is read and not scrolled through."""

import hashlib
from collections.abc import Sequence

from fintech_factory.message import Fact, Message, Text

__all__ = ["group_message"]

_SUBJECT = Text("{count} alerts, the first: {first}", "{count} alertas, la primera: {first}")
_SUMMARY = Text(
    "{count} alerts changed at once. The first {shown} are listed.",
    "{count} alertas cambiaron a la vez. Se muestran las primeras {shown}.",
)
_NEXT = Text(
    "All of them: factory alerts list\nAnswer each: factory alerts ack ID --by NAME\nIds: {ids}",
    "Todas: factory alerts list\nResponder cada una: factory alerts ack ID --by NAME\nIds: {ids}",
)
_MORE = Text("{ids} and {more} more", "{ids} y {more} más")
# As many signs of an id as commands ask for.
_SHORT = 8


def group_message(messages: Sequence[Message], count: int) -> Message:
    """Give one message that lists some of `count`; it keeps what the first one says besides.

    Each line is a fact: what happened, and the figure behind it. The ids of those that are listed
    stand after them, in the same order.
    """
    first = messages[0]
    names = "\n".join(each.thread for each in messages)
    return Message(
        thread=f"group/{hashlib.sha256(names.encode()).hexdigest()[:24]}",
        occasion=first.occasion,
        severity=first.severity,
        subject=_filled(_SUBJECT, count=count, first=first.subject),
        summary=_filled(_SUMMARY, count=count, shown=len(messages)),
        facts=tuple(_line(each) for each in messages),
        next_step=_filled(_NEXT, ids=_ids(messages, count)),
        runbook=first.runbook,
        links=first.links,
        as_of=first.as_of,
        data_through=first.data_through,
        marks={"alerts": str(count), "ids": " ".join(_id(each) for each in messages)},
    )


def _ids(messages: Sequence[Message], count: int) -> Text:
    said = ", ".join(_id(each)[:_SHORT] for each in messages)
    more = count - len(messages)
    return _filled(_MORE, ids=said, more=more) if more else Text.same(said)


def _id(message: Message) -> str:
    return (message.marks or {}).get("alert", "")


def _line(message: Message) -> Fact:
    figure = message.facts[0] if message.facts else None
    if figure is None or figure.state is None:
        return Fact(message.subject, message.summary)
    return Fact(
        message.subject,
        figure.value,
        unit=figure.unit,
        precision=figure.precision,
        as_of=message.as_of,
        currency=figure.currency,
        state=figure.state,
    )


def _filled(pattern: Text, **parts: object) -> Text:
    """Fill the braces in each language, with the words of that language."""
    spoken = {
        name: (part.en, part.es) if isinstance(part, Text) else (part, part)
        for name, part in parts.items()
    }
    return Text(
        pattern.en.format(**{name: both[0] for name, both in spoken.items()}),
        pattern.es.format(**{name: both[1] for name, both in spoken.items()}),
    )
