"""Looks at a Notion token and at each data source's properties; nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fintech_factory.distribution.channel import Probe
from fintech_factory.distribution.notion_answers import Asking, Failed, hint_of
from fintech_factory.distribution.rendering.notion import PROPERTIES
from fintech_factory.registry import suggestion

if TYPE_CHECKING:
    from notion_client import Client

__all__ = ["probed"]

# As Notion's own menu calls the types.
_MENU = {"rich_text": "Text", "select": "Select", "date": "Date"}


def probed(
    client: "Client", asking: Asking, sources: Mapping[str, str], addresses: Sequence[str]
) -> Iterator[Probe]:
    """Look at the token, then at each data source, then at each address."""
    try:
        who = asking.reading(client.users.me)
    except Failed as failed:
        yield _failed("token", failed)
        return
    yield Probe("token", ok=True, said=f"the connection {who.get('name') or '?'}")
    for name, source in sources.items():
        yield from _source(client, asking, name, source)
    for address in addresses:
        if address not in sources:
            hint = suggestion(address, [*sources])
            yield Probe(address, ok=False, said="no data source has this name", hint=hint)


def _source(client: "Client", asking: Asking, name: str, source: str) -> Iterator[Probe]:
    try:
        found = asking.reading(lambda: client.data_sources.retrieve(source))
    except Failed as failed:
        yield _failed(name, failed)
        return
    properties = found.get("properties")
    wrong = list(_lacking(name, properties if isinstance(properties, dict) else {}))
    yield from wrong
    if not wrong:
        yield Probe(name, ok=True, said="it is shared with the connection and has what it needs")


def _lacking(name: str, properties: Mapping[str, Any]) -> Iterator[Probe]:
    for needed, kind in PROPERTIES.items():
        there = properties.get(needed)
        has = there.get("type") if isinstance(there, dict) else None
        menu = _MENU[kind]
        if has is None:
            hint = f"in the database: + at the end of the columns, type {menu}, name it {needed}"
            yield Probe(name, ok=False, said=f"the property `{needed}` is missing", hint=hint)
        elif has != kind:
            said = f"the property `{needed}` is of type {has}"
            hint = f"in the database: {needed} > Edit property > Type > {menu}"
            yield Probe(name, ok=False, said=said, hint=hint)


def _failed(what: str, failed: Failed) -> Probe:
    hint = hint_of(failed.code) or "is Notion reached from here?"
    return Probe(what, ok=False, said=str(failed), hint=hint)
