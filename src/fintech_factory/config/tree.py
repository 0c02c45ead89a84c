"""The nodes of a settings file, each with its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fintech_factory.config.scalars import Plain

__all__ = [
    "Entry",
    "Key",
    "MappingNode",
    "Mark",
    "Node",
    "RefusedNode",
    "ScalarNode",
    "SequenceNode",
    "child",
    "dotted",
    "plain",
]

Key: TypeAlias = str | int


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value; `text` is what stands in the file, without quotes."""

    mark: Mark
    text: str
    value: Plain


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    mark: Mark
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value`; `mark` is the place of the key."""

    mark: Mark
    node: "Node"


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping; keys are always text."""

    mark: Mark
    entries: dict[str, Entry]


@dataclass(frozen=True, slots=True)
class RefusedNode:
    """Stands where the file holds something we do not read; its problem is already noted."""

    mark: Mark


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode | RefusedNode


def plain(node: Node) -> object:
    """Give the values without their places: dicts, lists and scalars."""
    match node:
        case MappingNode():
            return {key: plain(entry.node) for key, entry in node.entries.items()}
        case SequenceNode():
            return [plain(item) for item in node.items]
        case ScalarNode():
            return node.value
        case RefusedNode():
            return None


def child(node: Node, key: Key) -> Entry | None:
    """Step down to a key of a mapping or an index of a list; None where there is none."""
    match node, key:
        case MappingNode(entries=entries), str():
            return entries.get(key)
        case SequenceNode(items=items), int() if 0 <= key < len(items):
            return Entry(items[key].mark, items[key])
        case _:
            return None


def dotted(keys: Sequence[Key]) -> str:
    """Write a path of keys as people do: `currency.rates[0].rate`."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return "".join(parts).removeprefix(".")
