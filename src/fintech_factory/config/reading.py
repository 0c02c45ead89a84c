"""Reads one YAML file into a tree of nodes with their places, and notes all it refuses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from fintech_factory.config.scalars import Plain, resolve
from fintech_factory.config.tree import (
    Entry,
    MappingNode,
    Mark,
    Node,
    RefusedNode,
    ScalarNode,
    SequenceNode,
)
from fintech_factory.values import Problem

__all__ = ["LARGEST_FILE", "Document", "read", "shown_path"]

LARGEST_FILE = 1_000_000
_DEEPEST = 40
_MOST_PROBLEMS = 100

# What YAML allows nobody to write unescaped: https://yaml.org/spec/1.2.2/#51-character-set
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_SYNTAX_HINTS = {
    "mapping values are not allowed": "a text that contains `: ` needs quotes",
    "could not find expected ':'": "a line in a mapping reads `key: value`",
    "did not find expected key": "check the indentation, and quotes opened but not closed",
    "cannot start any token": "a text that begins with @, ` or % needs quotes",
    "unexpected end of stream": "a quote is opened here and never closed",
}


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: the tree (None if it could not be built) and every problem met."""

    path: str
    root: Node | None
    problems: tuple[Problem, ...]


class _Stopped(Exception):  # noqa: N818 - control flow inside this module
    """Nothing after this place can be read."""


def shown_path(path: Path) -> str:
    """Write a path as a person at the prompt would: relative where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def read(path: Path) -> Document:
    """Read a settings file; it never raises for what the file holds."""
    name = shown_path(path)
    try:
        text = _text(path)
    except _Fault as fault:
        return Document(name, None, (fault.as_problem(name),))
    builder = _Builder(name, text)
    root = builder.build()
    return Document(name, root, tuple(builder.problems))


class _Fault(Exception):  # noqa: N818 - control flow inside this module
    def __init__(self, message: str, hint: str, mark: Mark | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.mark = message, hint, mark or Mark(1, 1)

    def as_problem(self, path: str) -> Problem:
        return Problem(path, self.mark.line, self.mark.column, self.message, self.hint)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise _Fault("the file does not exist", "") from error
    except OSError as error:
        raise _Fault(f"the file cannot be read: {error.strerror}", "") from error
    if len(content) > LARGEST_FILE:
        raise _Fault("the file is larger than 1 MB", "settings are small: is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        mark = _mark_after(before)
        raise _Fault("the file is not UTF-8 text", "save it as UTF-8", mark) from error
    if found := _CONTROL.search(text):
        character = f"U+{ord(found.group()):04X}"
        mark = _mark_after(text[: found.start()])
        raise _Fault(f"the character {character} is not allowed", "delete it", mark)
    return text


def _mark_after(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)


class _Builder:
    """Builds the tree from parser events; PyYAML's own composer would follow aliases."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._lines = text.split("\n")
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        self.problems: list[Problem] = []

    def build(self) -> Node | None:
        try:
            return self._document()
        except yaml.MarkedYAMLError as error:
            self._note_syntax(error)
        except yaml.YAMLError as error:
            self._note(Mark(1, 1), f"the file is not YAML: {error}")
        except _Stopped:
            pass
        return None

    def _document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                self._note(_mark(event), "a second document begins", "one file, one document")
                return root
            root = self._node(next(self._events), 0)
        # An empty file is an empty mapping: its missing keys are then named one by one.
        if root is None or (isinstance(root, ScalarNode) and root.value is None):
            return MappingNode(Mark(1, 1), {})
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            self._note(mark, f"the alias *{event.anchor} is not read", "write the value out")
            return RefusedNode(mark)
        tagged = self._refuse_properties(event)
        node = self._untagged(event, mark, depth)
        return RefusedNode(mark) if tagged else node

    def _untagged(self, event: yaml.Event, mark: Mark, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, mark)
        if depth == _DEEPEST:
            self._note(mark, f"nested more than {_DEEPEST} levels deep", "flatten it")
            raise _Stopped
        if isinstance(event, yaml.SequenceStartEvent):
            return SequenceNode(mark, tuple(self._items(depth)))
        return MappingNode(mark, self._entries(depth))

    def _refuse_properties(self, event: yaml.Event) -> bool:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self._note(_mark(event), f"the anchor &{anchor} is not read", "leave it out")
        if tag is not None:
            self._note(_mark(event), f"the tag {tag} is not read", "use quotes to make a text")
        return tag is not None

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> Node:
        value: Plain = event.value
        # Only what stands without quotes or block sign can be anything but text.
        if event.style is None or event.style == "":
            try:
                value = resolve(event.value)
            except ValueError as error:
                self._note(mark, str(error), "put it in quotes if it is a text")
                return RefusedNode(mark)
        return ScalarNode(mark, event.value, value)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            node = self._node(next(self._events), depth + 1)
            if not isinstance(key, ScalarNode):
                if not isinstance(key, RefusedNode):
                    self._note(key.mark, "a key must be a text", "quote a key that begins with {[")
            elif key.text in entries:
                first = entries[key.text].mark.line
                message = f"the key `{key.text}` stands twice, first in line {first}"
                self._note(key.mark, message, "keep one of the two")
            else:
                entries[key.text] = Entry(key.mark, node)
        return entries

    def _note(self, mark: Mark, message: str, hint: str = "") -> None:
        if len(self.problems) == _MOST_PROBLEMS:
            message, hint = f"more than {_MOST_PROBLEMS} problems; reading stops here", ""
        self.problems.append(Problem(self._path, mark.line, mark.column, message, hint))
        if len(self.problems) > _MOST_PROBLEMS:
            raise _Stopped

    def _note_syntax(self, error: yaml.MarkedYAMLError) -> None:
        place = error.problem_mark or error.context_mark
        mark = Mark(place.line + 1, place.column + 1) if place else Mark(1, 1)
        line = self._lines[mark.line - 1] if mark.line <= len(self._lines) else ""
        indentation = line[: len(line) - len(line.lstrip())]
        if "\t" in indentation:
            mark = Mark(mark.line, indentation.index("\t") + 1)
            self._note(mark, "a tab stands in the indentation", "indent with spaces")
            return
        problem = error.problem or "the file is not YAML"
        hints = (hint for part, hint in _SYNTAX_HINTS.items() if part in problem)
        self._note(mark, f"not valid YAML: {problem}", next(hints, ""))
