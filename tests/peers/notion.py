"""A Notion workspace that keeps pages and blocks, and refuses what Notion's limits do."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from peers.faults import Answer, Request

__all__ = ["PROPERTIES", "SOURCES", "TOKEN", "VERSION", "Workspace", "error", "text_of"]

TOKEN = "ntn_secret-token-91"  # noqa: S105 - made up
VERSION = "2026-03-11"
SOURCES = {"default": "0" * 31 + "1", "kpis": "0" * 31 + "2"}
PROPERTIES = {
    "Name": "title",
    "Key": "rich_text",
    "Hash": "rich_text",
    "Status": "select",
    "Level": "select",
    "Value": "rich_text",
    "Owner": "rich_text",
    "As of": "date",
}
_PAGE = 100


def error(status: int, code: str, message: str, **headers: str) -> Answer:
    """Give an error in Notion's form."""
    body = {"object": "error", "status": status, "code": code, "message": message}
    return Answer(status, {**body, "request_id": "r-1"}, headers)


def text_of(rich: list[dict[str, Any]]) -> str:
    """Give the words of rich text as it was sent or as it is read."""
    return "".join(each["text"]["content"] for each in rich)


class _Invalid(Exception):  # noqa: N818 - what the request was
    pass


@dataclass
class Workspace:
    """Pages and blocks by id; `faults` are met by the next writes, `writes` are those done."""

    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=lambda: dict(PROPERTIES))
    faults: list[Answer] = field(default_factory=list)
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Answer:
        if request.header("Authorization") != f"Bearer {TOKEN}":
            return error(401, "unauthorized", "API token is invalid.")
        assert request.header("Notion-Version") == VERSION
        path = urlsplit(request.path).path.removeprefix("/v1/")
        self.asked.append(f"{request.method} {path}")
        body = request.json() if request.body else {}
        writes = request.method == "PATCH" or (request.method, path) == ("POST", "pages")
        fault = self.faults.pop(0) if writes and self.faults else None
        if fault and not fault.fault:
            return fault
        try:
            done = self._do(request, path, body)
        except _Invalid as invalid:
            return error(400, "validation_error", str(invalid))
        if writes and done.status == 200:
            self.writes.append((path, body))
        # A fault of the line: Notion has it all the same.
        if fault:
            return Answer(done.status, done.body, done.headers, fault.fault)
        return done

    def page(self, key: str) -> dict[str, Any]:
        """Give the one page that bears a key."""
        (found,) = [each for each in self.pages.values() if self._key(each) == key]
        return found

    def shown(self, parent: str) -> list[dict[str, Any]]:
        """Give the blocks below a page or a block, in order."""
        return [self.blocks[each] for each in self.children.get(parent, [])]

    def add(self, parent: str, block: dict[str, Any], at: int | None = None) -> str:
        """Put a block of a person's into a page."""
        number = self._put(block, parent)
        below = self.children.setdefault(parent, [])
        below.insert(len(below) if at is None else at, number)
        return number

    def remove(self, block_id: str) -> None:
        """Take a block away, as a person does."""
        self.children[self.parents[block_id]].remove(block_id)

    def _do(self, request: Request, path: str, body: dict[str, Any]) -> Answer:  # noqa: PLR0911 - one for each call
        match request.method, path.split("/"):
            case "GET", ["users", "me"]:
                return Answer(body={"object": "user", "type": "bot", "name": "Factory"})
            case "GET", ["data_sources", source]:
                return self._source(source)
            case "POST", ["data_sources", source, "query"]:
                return self._query(source, body)
            case "POST", ["pages"]:
                return self._create(body)
            case "GET", ["pages", page]:
                found = self.pages.get(page)
                return Answer(body=found) if found else _absent(page)
            case "PATCH", ["pages", page]:
                self.pages[page]["properties"] |= self._values(body["properties"])
                return Answer(body=self.pages[page])
            case "GET", ["blocks", block, "children"]:
                return self._list(block, parse_qs(urlsplit(request.path).query))
            case "PATCH", ["blocks", block, "children"]:
                return self._append(block, body)
            case "PATCH", ["blocks", block]:
                return self._update(block, body)
        return error(400, "invalid_request_url", "Invalid request URL.")

    def _source(self, source: str) -> Answer:
        if source not in SOURCES.values():
            return _absent(source)
        named = {
            name: {"id": "title" if kind == "title" else name, "name": name, "type": kind}
            for name, kind in self.properties.items()
        }
        return Answer(body={"object": "data_source", "id": source, "properties": named})

    def _query(self, source: str, body: dict[str, Any]) -> Answer:
        if source not in SOURCES.values():
            return _absent(source)
        sought = body["filter"]
        assert sought["property"] == "Key"
        if "Key" not in self.properties:
            raise _Invalid("Could not find property with name or id: Key")
        found = [
            each
            for each in self.pages.values()
            if each["parent"]["data_source_id"] == source
            and not each["in_trash"]
            and self._key(each) == sought["rich_text"]["equals"]
        ]
        return Answer(body={"object": "list", "results": found, "has_more": False})

    def _create(self, body: dict[str, Any]) -> Answer:
        source = body["parent"]["data_source_id"]
        if source not in SOURCES.values():
            return _absent(source)
        values = self._values(body["properties"])
        page = self._number()
        self.pages[page] = {
            "object": "page",
            "id": page,
            "created_time": f"2025-12-10T06:00:00.{len(self.pages):03}Z",
            "parent": body["parent"],
            "properties": values,
            "in_trash": False,
        }
        self._add_all(page, body.get("children", []))
        return Answer(body=self.pages[page])

    def _append(self, parent: str, body: dict[str, Any]) -> Answer:
        if parent not in self.pages and parent not in self.blocks:
            return _absent(parent)
        if "after" in body:
            raise _Invalid("body.after should be not present")
        first = body.get("position", {"type": "end"})["type"] == "start"
        self._add_all(parent, body["children"], at=0 if first else None)
        return Answer(body={"object": "list", "results": []})

    def _update(self, block: str, body: dict[str, Any]) -> Answer:
        found = self.blocks.get(block)
        if found is None:
            return _absent(block)
        kind = found["type"]
        found[kind] = {**found[kind], **_read(body[kind])}
        return Answer(body=found)

    def _list(self, parent: str, query: dict[str, list[str]]) -> Answer:
        shown = self.shown(parent)
        start = int(query.get("start_cursor", ["0"])[0])
        end = start + min(int(query.get("page_size", ["100"])[0]), _PAGE)
        more = end < len(shown)
        following = str(end) if more else None
        results = shown[start:end]
        return Answer(body={"results": results, "has_more": more, "next_cursor": following})

    def _add_all(self, parent: str, blocks: list[dict[str, Any]], at: int | None = None) -> None:
        if len(blocks) > 100:
            raise _Invalid(f"body.children.length should be ≤ `100`, instead was `{len(blocks)}`")
        for number, block in enumerate(blocks):
            self.add(parent, block, None if at is None else at + number)

    def _put(self, block: dict[str, Any], parent: str) -> str:
        number, kind = self._number(), block["type"]
        inner = {key: value for key, value in block[kind].items() if key != "children"}
        self.blocks[number] = {"object": "block", "id": number, "type": kind, kind: _read(inner)}
        self.parents[number] = parent
        self._add_all(number, block[kind].get("children", []))
        return number

    def _number(self) -> str:
        return str(UUID(int=16 + len(self.pages) + len(self.blocks)))

    def _values(self, given: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in given.items():
            known = "Name" if name == "title" else name
            if self.properties.get(known) not in value:
                raise _Invalid(f"{name} is not a property that exists.")
            found[known] = _read(value)
        return found

    def _key(self, page: dict[str, Any]) -> str:
        return text_of(page["properties"]["Key"]["rich_text"])


def _absent(what: str) -> Answer:
    said = f"Could not find {what}. Make sure it is shared with your integration."
    return error(404, "object_not_found", said)


def _read(value: dict[str, Any]) -> dict[str, Any]:
    """Hold a value against Notion's limits, and give it as Notion does when it is read."""
    read: dict[str, Any] = json.loads(json.dumps(value))
    for rich in _rich(read):
        if len(rich) > 100:
            raise _Invalid(f"rich_text.length should be ≤ `100`, instead was `{len(rich)}`")
        for each in rich:
            content = each["text"]["content"]
            if (length := len(content.encode("utf-16-le")) // 2) > 2000:
                raise _Invalid(f"content.length should be ≤ `2000`, instead was `{length}`")
            url = each["text"].get("link", {}).get("url", "https://x")
            if len(url) > 2000 or not re.match(r"https?://", url):
                raise _Invalid("Invalid URL for link.")
            each["plain_text"] = content
    option = read.get("select")
    if option and ("," in option["name"] or len(option["name"]) > 100):
        raise _Invalid("Invalid select option, commas not allowed")
    return read


def _rich(value: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    for name in ("rich_text", "title"):
        if name in value:
            yield value[name]
