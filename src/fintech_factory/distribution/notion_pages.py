"""Keeps one Notion page to each key: found before it is made, changed in place, never twice."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fintech_factory.distribution.notion_answers import Asking, Failed
from fintech_factory.distribution.outcomes import deferred, unknown
from fintech_factory.distribution.rendering.notion import HISTORY, KEPT, NotionPage, reference

if TYPE_CHECKING:
    from notion_client import Client

__all__ = ["ID", "Entry", "Kept", "Pages"]

ID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
"""An id of Notion's: 32 hexadecimal digits, with or without dashes."""

_DIVIDER = {"type": "divider", "divider": {}}
# Our blocks stand at the top, a hundred to a page of answers; a history may be long.
_TOP, _PAGES = 5, 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of history: the block, the key of the delivery that it is of, and the heading."""

    block: Any
    key: str
    heading: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a page: its id, how often it was written to, and whether it has a double."""

    page_id: str
    writes: int
    doubled: bool = False


@dataclass(frozen=True, slots=True)
class _Own:
    """The ids of our blocks on a page, empty where people took them away."""

    callout: str = ""
    history: str = ""
    divider: bool = False


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one data source."""

    client: "Client"
    asking: Asking
    data_source: str

    def keep(self, page: NotionPage, key: str, entry: Entry | None, known: str = "") -> Kept:
        """Make the page of a key, or bring it up to date; `known` is its id, if it was told.

        Raises:
            Failed: it was not done, or nobody knows.
        """
        found = self._known(known, key) if ID.fullmatch(known) else None
        rows = [found] if found else self._of_key(key)
        if not rows:
            return Kept(self._made(page, entry), writes=1)
        # Two processes that both looked before either made it: the older is the page.
        row = min(rows, key=lambda each: (str(each.get("created_time", "")), _id(each)))
        return Kept(_id(row), self._changed(row, page, entry), doubled=len(rows) > 1)

    def _known(self, page_id: str, key: str) -> dict[str, Any] | None:
        """Read a page by its id: what was just made is not always found by its key yet."""
        try:
            row = self.asking.reading(lambda: self.client.pages.retrieve(page_id))
        except Failed as failed:
            if failed.code == "object_not_found":
                return None
            raise
        return row if not row.get("in_trash") and _text(row, "Key") == key else None

    def _of_key(self, key: str) -> list[dict[str, Any]]:
        sought = {"property": "Key", "rich_text": {"equals": key}}
        answer = self.asking.reading(
            lambda: self.client.data_sources.query(self.data_source, filter=sought, page_size=100)
        )
        return [each for each in _results(answer) if _id(each) and not each.get("in_trash")]

    def _made(self, page: NotionPage, entry: Entry | None) -> str:
        children = [_callout(page), *([_toggle(entry)] if entry else []), _DIVIDER]
        parent = {"type": "data_source_id", "data_source_id": self.data_source}
        answer = self.asking.writing(
            lambda: self.client.pages.create(
                parent=parent, properties=page.hashed, children=children
            )
        )
        if not _id(answer):
            raise Failed(unknown("Notion's answer names no page"))
        return _id(answer)

    def _changed(self, row: dict[str, Any], page: NotionPage, entry: Entry | None) -> int:
        """Write what is new, the hash last: what is cut off in between is done again."""
        page_id, same = _id(row), _text(row, "Hash") == page.hash
        if same and entry is None:
            return 0
        own = self._own(page_id)
        lacking = [] if own.callout else [_callout(page)]
        lacking += [_toggle(entry)] if entry and not own.history else []
        writes = 0
        if lacking:
            self._inserted(page_id, [*lacking, *([] if own.divider else [_DIVIDER])])
            writes += 1
        if own.callout and not same:
            callout = dict(page.callout)
            self.asking.writing(lambda: self.client.blocks.update(own.callout, callout=callout))
            writes += 1
        if entry and own.history and not self._has(own.history, entry):
            self._appended(own.history, entry)
            writes += 1
        if not same:
            properties = page.hashed
            self.asking.writing(lambda: self.client.pages.update(page_id, properties=properties))
            writes += 1
        return writes

    def _inserted(self, page_id: str, blocks: list[Any]) -> None:
        start = {"type": "start"}
        self.asking.writing(
            lambda: self.client.blocks.children.append(page_id, children=blocks, position=start)
        )

    def _appended(self, history: str, entry: Entry) -> None:
        self.asking.writing(
            lambda: self.client.blocks.children.append(history, children=[entry.block])
        )

    def _own(self, page_id: str) -> _Own:
        """Find our blocks: they stand above the first divider; what is below is people's."""
        callout = history = ""
        for block in self._children(page_id, _TOP):
            said, kind = _said(block), block.get("type")
            if kind == "divider":
                return _Own(callout, history, divider=True)
            if kind == "callout" and said.endswith((KEPT.en, KEPT.es)):
                callout = callout or _id(block)
            if kind == "toggle" and said in (HISTORY.en, HISTORY.es):
                history = history or _id(block)
        return _Own(callout, history)

    def _has(self, history: str, entry: Entry) -> bool:
        sought = reference(entry.key)
        return any(_said(each).endswith(sought) for each in self._children(history, _PAGES))

    def _children(self, block_id: str, pages: int) -> Iterator[dict[str, Any]]:
        cursor: dict[str, str] = {}
        for _ in range(pages):
            answer = self._listed(block_id, cursor)
            yield from _results(answer)
            following = answer.get("next_cursor")
            if not (answer.get("has_more") and isinstance(following, str)):
                return
            cursor = {"start_cursor": following}

    def _listed(self, block_id: str, cursor: dict[str, str]) -> dict[str, Any]:
        children = self.client.blocks.children
        return self.asking.reading(lambda: children.list(block_id, page_size=100, **cursor))


def _callout(page: NotionPage) -> dict[str, Any]:
    return {"type": "callout", "callout": dict(page.callout)}


def _toggle(entry: Entry) -> dict[str, Any]:
    title = [{"type": "text", "text": {"content": entry.heading}}]
    toggle = {"rich_text": title, "children": [entry.block]}
    return {"type": "toggle", "toggle": toggle}


def _results(answer: dict[str, Any]) -> list[dict[str, Any]]:
    results = answer.get("results")
    # Taking anything else for "none" would make a page that is there already.
    if not isinstance(results, list):
        raise Failed(deferred("Notion's answer is no list"))
    return [each for each in results if isinstance(each, dict)]


def _id(thing: dict[str, Any]) -> str:
    found = thing.get("id")
    return found if isinstance(found, str) else ""


def _text(row: dict[str, Any], name: str) -> str:
    properties = row.get("properties")
    found = properties.get(name) if isinstance(properties, dict) else None
    return _plain(found.get("rich_text") if isinstance(found, dict) else None)


def _said(block: dict[str, Any]) -> str:
    inner = block.get(str(block.get("type")))
    return _plain(inner.get("rich_text") if isinstance(inner, dict) else None)


def _plain(rich: object) -> str:
    parts = rich if isinstance(rich, list) else []
    return "".join(str(each.get("plain_text", "")) for each in parts if isinstance(each, dict))
