"""Checks every settings file of a workspace at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias

from fintech_factory.config.loading import LoadedFile, load
from fintech_factory.config.model import Settings
from fintech_factory.config.reading import shown_path
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import ConfigError
from fintech_factory.registry import nearest
from fintech_factory.values import Problem

__all__ = ["CheckedFile", "FileCheck", "Models", "check_workspace"]

FileCheck: TypeAlias = Callable[[Path], Sequence[Problem]]
# File inside config/ (`integrations/cascade.yaml`) -> its model, or a check of its own. A pattern
# (`facilities/*.yaml`) stands for every file it fits, and for none.
Models: TypeAlias = Mapping[str, type[Settings] | FileCheck]


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file whose model cannot tell all: `deeper` looks at what was loaded (KPI formulas)."""

    model: type[Settings]
    deeper: Callable[[LoadedFile[Any]], Sequence[Problem]]

    def __call__(self, path: Path) -> Sequence[Problem]:
        """Load the file, then look deeper; what cannot be loaded raises ConfigError."""
        return self.deeper(load(path, self.model))


def check_workspace(workspace: Workspace, models: Models) -> list[Problem]:
    """Give every problem of every file in config/, by file and place; none if all is well."""
    present = _settings_files(workspace)
    models = _spelt_out(models, present)
    problems: list[Problem] = []
    for file in sorted({*present, *models}):
        path = workspace.config / file
        if file not in models:
            missing = [each for each in models if each not in present]
            problems.append(_unknown(path, nearest(file, missing) or nearest(file, models)))
        elif file not in present:
            strangers = [each for each in present if each not in models]
            problems.append(_missing(path, nearest(file, strangers)))
        else:
            found = _check_file(path, models[file])
            problems += sorted(found, key=lambda each: (each.line, each.column))
    return problems


def _spelt_out(models: Models, present: Iterable[str]) -> Models:
    """Put the files there are in the place of each pattern."""
    named = {file: entry for file, entry in models.items() if "*" not in file}
    for pattern, entry in models.items():
        if "*" in pattern:
            fitting = (file for file in present if fnmatchcase(file, pattern))
            named |= {file: entry for file in fitting if file not in named}
    return named


def _settings_files(workspace: Workspace) -> dict[str, Path]:
    return {
        path.relative_to(workspace.config).as_posix(): path
        for path in workspace.config.rglob("*")
        if path.suffix.casefold() in {".yaml", ".yml"} and not path.name.startswith(".")
    }


def _check_file(path: Path, entry: type[Settings] | FileCheck) -> Sequence[Problem]:
    try:
        if isinstance(entry, type):
            load(path, entry)
            return ()
        return entry(path)
    except ConfigError as error:
        return error.problems


def _unknown(path: Path, close: str | None) -> Problem:
    hint = f"did you mean `{close}`?" if close else "delete it, or move it out of config/"
    return Problem(shown_path(path), 1, 1, "no settings file has this name", hint)


def _missing(path: Path, close: str | None) -> Problem:
    default = "copy the default one from a workspace made with `factory init DIR`"
    hint = f"is it `{close}`? then rename that" if close else default
    return Problem(shown_path(path), 1, 1, "the settings file is missing", hint)
