"""Loads one settings file into its model, keeping where each value stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from fintech_factory.config.binding import Bound, bind
from fintech_factory.config.model import Settings
from fintech_factory.config.reading import read
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


def load(path: Path, model: type[S]) -> LoadedFile[S]:
    """Read and bind a settings file; ConfigError lists every problem, in the file's order."""
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
