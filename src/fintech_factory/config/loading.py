"""Loads one settings file into its model, keeping where each value stands."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from fintech_factory.config.binding import Bound, bind
from fintech_factory.config.model import Settings
from fintech_factory.config.reading import read, shown_path
from fintech_factory.config.tree import Key, Mark, Node, child
from fintech_factory.errors import ConfigError
from fintech_factory.values import Problem

__all__ = ["LoadedFile", "load"]

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class LoadedFile(Generic[S]):
    """A settings file's value, and the way back from a key to its line and column."""

    value: S
    path: Path
    shown_path: str
    root: Node

    def place(self, keys: Sequence[Key], *, of_key: bool = False) -> Mark:
        """Give the place of the value (or the key) at a path such as `("kpis", "par_90")`.

        Where the file does not write a key out, the place is that of its nearest parent.
        """
        node, mark = self.root, self.root.mark
        for key in keys:
            entry = child(node, key)
            if entry is None:
                break
            node, mark = entry.node, entry.mark
        return mark if of_key else node.mark

    def problem(self, keys: Sequence[Key], message: str, hint: str = "") -> Problem:
        """Make a problem at the value of a path of keys."""
        mark = self.place(keys)
        return Problem(self.shown_path, mark.line, mark.column, message, hint)


_Key: TypeAlias = tuple[str, str, type[Settings], str]

# What a process has read before, the newest last: a command asks for the same few files again and
# again, and one that lasts does so all day. A file that says something else is another one.
_READ: "OrderedDict[_Key, LoadedFile[Any]]" = OrderedDict()
_KEPT = 32


def load(path: Path, model: type[S]) -> LoadedFile[S]:
    """Read and bind a settings file; ConfigError lists every problem, in the file's order.

    The same content at the same place gives the same object; nobody may change what is in it.
    """
    key = _key(path, model)
    if key is not None and (known := _READ.get(key)) is not None:
        return known
    loaded = _load(path, model)
    # Whoever wrote to it meanwhile is read the next time.
    if key is not None and key == _key(path, model):
        _READ[key] = loaded
        while len(_READ) > _KEPT:
            _READ.popitem(last=False)
    return loaded


def _key(path: Path, model: type[Settings]) -> _Key | None:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        # What is wrong with it, reading says.
        return None
    return str(path), shown_path(path), model, digest


def _load(path: Path, model: type[S]) -> LoadedFile[S]:
    document = read(path)
    problems = list(document.problems)
    if document.root is not None:
        bound = bind(Bound(document.path, path.parent, document.root), model)
        if not isinstance(bound, list):
            if not problems:
                return LoadedFile(bound, path, document.path, document.root)
        else:
            problems += bound
    raise ConfigError(sorted(problems, key=lambda each: (each.line, each.column)))
