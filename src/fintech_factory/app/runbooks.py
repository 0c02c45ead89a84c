"""Reads the runbooks of a workspace: config/runbooks/NAME.md in English, NAME.es.md in Spanish."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.alerting.runbook import FOLDER, make_runbook
from fintech_factory.config.defaults import default_home
from fintech_factory.config.reading import shown_path
from fintech_factory.message import Text
from fintech_factory.values import Problem

if TYPE_CHECKING:
    from fintech_factory.alerting.runbook import Runbook

__all__ = ["Runbooks", "known_runbooks", "runbooks_of"]

_SPANISH = ".es.md"


@dataclass(frozen=True, slots=True)
class Runbooks:
    """The runbooks by name, and what is wrong with their files."""

    found: "Mapping[str, Runbook]"
    problems: tuple[Problem, ...]
    names: frozenset[str]
    """All that there are, those that are wrong as well: each is named once."""


def known_runbooks(config: Path) -> Runbooks:
    """Read every runbook of a workspace's `config/`, and those that the package has beside."""
    return runbooks_of(config, default_home() / "config" / FOLDER)


def runbooks_of(config: Path, shipped: Path | None = None) -> Runbooks:
    """Read every runbook of a `config/`; each lies there in both languages or is a problem.

    What it has not, but the folder of the `shipped` ones has, is taken from there: a workspace that
    was made by an older version goes on.
    """
    own = config / FOLDER
    mine = _names(own)
    names = mine | (_names(shipped) if shipped is not None else set())
    found: dict[str, Runbook] = {}
    problems: list[Problem] = []
    for name in sorted(names):
        folder = own if name in mine or shipped is None else shipped
        english, spanish = folder / f"{name}.md", folder / f"{name}{_SPANISH}"
        try:
            text = Text(_read(english), _read(spanish))
            found[name] = make_runbook(name, text)
        except OSError:
            missing = english if spanish.is_file() else spanish
            problems.append(_problem(missing, "the runbook is not there in this language"))
        except ValueError as wrong:
            problems.append(_problem(english, str(wrong)))
    return Runbooks(found, tuple(problems), frozenset(names))


def _names(folder: Path) -> set[str]:
    return {path.name.removesuffix(_SPANISH).removesuffix(".md") for path in folder.glob("*.md")}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no UTF-8 text") from None


def _problem(path: Path, said: str) -> Problem:
    message, _, hint = said.partition("\nhint: ")
    return Problem(shown_path(path), 1, 1, message, hint)
