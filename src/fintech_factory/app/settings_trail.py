"""Tells which settings and SQL files have changed since the audit trail last spoke of them."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from fintech_factory.config.reading import read
from fintech_factory.config.tree import Key, MappingNode, Node, ScalarNode, SequenceNode, dotted
from fintech_factory.config.workspace import Workspace

__all__ = ["CHANGED", "RECORDED", "REMOVED", "Change", "changes", "fold", "hashes", "keep"]

RECORDED = "settings.recorded"
CHANGED = "settings.changed"
REMOVED = "settings.removed"

_SUFFIXES = {".yaml", ".yml", ".sql", ".md"}
_WITHOUT_KEYS = (".sql", ".md")
_MOST_KEYS = 200
# Who is reached where, and by which account: keys are named, values never.
_NO_VALUES = ("config/integrations/", "config/roles")


@dataclass(frozen=True, slots=True)
class Change:
    """One file that is not what it was; `action` says how."""

    action: str
    subject: str
    before: object
    after: object


def hashes(workspace: Workspace) -> dict[str, str]:
    """Hash every settings file, runbook and SQL file: path within the workspace -> SHA-256."""
    found = sorted(
        path
        for folder in (workspace.config, workspace.sql)
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES and path.is_file()
    )
    return {
        path.relative_to(workspace.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def fold(entries: "list[tuple[Any, ...]]") -> dict[str, str] | None:
    """Give what was in force last by (action, subject, after) of entries, None if none says."""
    held: dict[str, str] | None = None
    for action, subject, after in entries:
        if action == RECORDED:
            held = dict(json.loads(after)["files"])
        elif held is not None and action == CHANGED:
            held[subject] = json.loads(after)["sha256"]
        elif held is not None and action == REMOVED:
            held.pop(subject, None)
    return held


def keep(workspace: Workspace, files: Mapping[str, str]) -> None:
    """Keep a copy of each file by its hash, to say later which keys have changed."""
    folder = _copies(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    for name, sha256 in files.items():
        copy = folder / sha256
        if not copy.exists():
            part = copy.with_suffix(".part")
            part.write_bytes((workspace.root / name).read_bytes())
            part.replace(copy)


def changes(
    workspace: Workspace, before: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[Change]:
    """Say what has changed, file by file, with the keys of settings and their plain values."""
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if new is None:
            yield Change(REMOVED, name, {"sha256": old}, None)
            continue
        keys = {} if name.endswith(_WITHOUT_KEYS) else _keys(workspace, name, old, new)
        was = None if old is None else {"sha256": old, **_side(keys, 0)}
        yield Change(CHANGED, name, was, {"sha256": new, **_side(keys, 1)})


def _copies(workspace: Workspace) -> Path:
    return workspace.state / "audit" / "settings"


def _side(keys: Mapping[str, tuple[object, object]], side: int) -> dict[str, object]:
    held = {key: values[side] for key, values in keys.items() if values[side] is not _ABSENT}
    shown = dict(list(held.items())[:_MOST_KEYS])
    more = {"more_keys": len(held) - len(shown)} if len(held) > len(shown) else {}
    return {"keys": shown, **more} if held else {}


_ABSENT = object()
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _keys(
    workspace: Workspace, name: str, old: str | None, new: str
) -> dict[str, tuple[object, object]]:
    """Give the keys that differ, with what may be shown of their values before and after."""
    copies = _copies(workspace)
    then = _flat(copies / old) if old is not None else {}
    now = _flat(copies / new)
    shows = not name.startswith(_NO_VALUES)
    differing = (key for key in {**then, **now} if _text(then.get(key)) != _text(now.get(key)))
    return {
        key: (_shown(then.get(key), shows=shows), _shown(now.get(key), shows=shows))
        for key in differing
    }


def _shown(node: ScalarNode | None, *, shows: bool) -> object:
    """Show numbers, dates and switches; a text may be a secret that was written by mistake."""
    if node is None:
        return _ABSENT
    value = node.value
    if isinstance(value, str):
        return value if shows and _DAY.fullmatch(value) else "(text)"
    is_number = not isinstance(value, Decimal) or value.is_finite()
    return value if shows and is_number else "(value)"


def _text(node: ScalarNode | None) -> str | None:
    """Two scalars are the same wherever they stand in the file."""
    return None if node is None else f"{type(node.value).__name__} {node.text}"


def _flat(path: Path) -> dict[str, ScalarNode]:
    if not path.is_file():
        return {}
    root = read(path).root
    return {} if root is None else {dotted(keys): node for keys, node in _leaves(root, ())}


def _leaves(node: Node, keys: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], ScalarNode]]:
    match node:
        case ScalarNode():
            yield keys, node
        case MappingNode():
            for key, entry in node.entries.items():
                yield from _leaves(entry.node, (*keys, key))
        case SequenceNode():
            for index, item in enumerate(node.items):
                yield from _leaves(item, (*keys, index))
