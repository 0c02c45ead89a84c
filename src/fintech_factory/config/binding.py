"""Binds a tree of nodes to a settings model; every problem gets its place in the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from fintech_factory.config.field_names import known_fields
from fintech_factory.config.model import Settings
from fintech_factory.config.tree import (
    Key,
    MappingNode,
    Mark,
    Node,
    RefusedNode,
    child,
    dotted,
    plain,
)
from fintech_factory.config.wording import expectation, explain, wrong_kind
from fintech_factory.registry import nearest, suggestion
from fintech_factory.values import Problem

__all__ = ["Bound", "bind"]

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Bound:
    """The file whose tree is bound: its shown path, and the folder its paths start from."""

    shown_path: str
    folder: Path
    root: Node


def bind(source: Bound, model: type[S]) -> S | list[Problem]:
    """Give the model's instance, or every problem at once."""
    try:
        return model.model_validate(plain(source.root), context={"folder": source.folder})
    except ValidationError as error:
        # Pydantic's own text would show the values; it goes no further than this.
        errors = error.errors(include_url=False, include_input=False)
    return _Report(source, model).problems(errors)


@dataclass(frozen=True, slots=True)
class _Found:
    """The deepest node that a pydantic loc reaches; `keys` lead to it, `mark` is its key's."""

    node: Node
    mark: Mark
    keys: tuple[Key, ...]


def _reach(root: Node, loc: Sequence[Key]) -> _Found:
    found = _Found(root, root.mark, ())
    for step in loc:
        # Steps that are no key of the file name a member of a union, a validator or `[key]`.
        entry = child(found.node, step)
        if entry is not None:
            found = _Found(entry.node, entry.mark, (*found.keys, step))
    return found


@dataclass(frozen=True, slots=True)
class _Report:
    source: Bound
    model: type[Settings]

    def problems(self, errors: Sequence[Any]) -> list[Problem]:
        grouped: dict[tuple[Key, ...], list[Mapping[str, Any]]] = {}
        problems: list[Problem | None] = []
        for error in errors:
            found = _reach(self.source.root, error["loc"])
            if isinstance(found.node, RefusedNode):
                continue
            if expectation(error["type"]) and error["type"] != "none_required":
                grouped.setdefault(found.keys, []).append(error)
            else:
                problems.append(self._problem(error, found))
        problems += [self._wrong_kind(keys, group) for keys, group in grouped.items()]
        return [problem for problem in dict.fromkeys(problems) if problem is not None]

    def _problem(self, error: Mapping[str, Any], found: _Found) -> Problem | None:
        name = str(error["loc"][-1]) if error["loc"] else ""
        match error["type"]:
            case "extra_forbidden":
                known = known_fields(self.model, error["loc"][:-1])
                taken = child(_reach(self.source.root, error["loc"][:-1]).node, name)
                mark = taken.mark if taken else found.mark
                return self._at(mark, f"unknown key `{name}`", _key_hint(name, list(known)))
            case "missing":
                if self._is_misspelt(found.node, error["loc"][:-1], name):
                    return None
                field = known_fields(self.model, error["loc"][:-1]).get(name)
                message = f"the key `{dotted((*found.keys, name))}` is missing"
                return self._at(found.mark, message, (field and field.description) or "")
        message, hint = explain(error, found.node)
        said = f"{dotted(found.keys)}{message}".removeprefix(":").strip()
        return self._at(found.node.mark, said, hint)

    def _is_misspelt(self, node: Node, loc: Sequence[Key], missing: str) -> bool:
        # One slip is one problem: the unknown key beside it already asks "did you mean".
        if not isinstance(node, MappingNode):
            return False
        known = known_fields(self.model, loc)
        return any(nearest(key, known) == missing for key in node.entries if key not in known)

    def _wrong_kind(self, keys: tuple[Key, ...], group: list[Mapping[str, Any]]) -> Problem:
        # A union that fits none of its members reports each; a person wants one sentence.
        node = _reach(self.source.root, keys).node
        wanted = [kind for error in group if (kind := expectation(error["type"]))]
        message, hint = wrong_kind(wanted, node)
        return self._at(node.mark, f"{dotted(keys) or 'the file'}{message}", hint)

    def _at(self, mark: Mark, message: str, hint: str) -> Problem:
        return Problem(self.source.shown_path, mark.line, mark.column, message, hint)


def _key_hint(name: str, known: list[str]) -> str:
    return suggestion(name, known).replace("valid names:", "valid keys:")
