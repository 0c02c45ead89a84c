"""Makes a workspace from the packaged default settings and SQL."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.config.workspace import FOLDERS, Workspace, is_workspace
from fintech_factory.errors import FactoryError, UsageError

__all__ = ["Initialised", "default_files", "initialise"]

_COPIED = ("config", "sql")
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `initialise` did: the files it wrote, or `existed` and none."""

    workspace: Workspace
    existed: bool
    files: tuple[str, ...]


def default_home(package: Path = _PACKAGE) -> Path:
    """Find the workspace that the package carries.

    An installed package has it in `_defaults`; a checkout is its own default workspace.
    """
    packed = package / "_defaults"
    return packed if packed.is_dir() else package.parents[1]


def default_files(package: Path = _PACKAGE) -> dict[str, Path]:
    """Find the default settings and SQL: path inside a workspace -> the packaged file."""
    home = default_home(package)
    if not is_workspace(home):
        raise FactoryError(
            "the default settings are not where the package keeps them",
            where=str(package / "_defaults"),
            hint="reinstall fintech-factory",
        )
    return {
        path.relative_to(home).as_posix(): path
        for top in _COPIED
        for path in sorted((home / top).rglob("*"))
        if path.is_file() and _is_shipped(path.relative_to(home))
    }


def _is_shipped(path: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return not hidden and path.parts[:2] != ("config", "schemas")


def initialise(folder: Path, models: Mapping[str, object]) -> Initialised:
    """Make `folder` a workspace; a workspace is left as it is, and nothing is overwritten.

    UsageError, with nothing written, if the folder holds something else under one of the
    names a workspace needs. `models` are the settings models whose schemas are written.
    """
    if is_workspace(folder):
        return Initialised(Workspace(folder.resolve()), existed=True, files=())
    _refuse_collisions(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # config/ arrives last and whole: a folder cut short on the way is no workspace, and the
    # next call is not stopped by half of one.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".factory-init-") as name:
        staged = Workspace(Path(name))
        files = _stage(staged, models)
        for top in reversed(FOLDERS):
            (staged.root / top).rename(folder / top)
    return Initialised(Workspace(folder.resolve()), existed=False, files=files)


def _refuse_collisions(folder: Path) -> None:
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="name a folder")
    taken = [top for top in FOLDERS if os.path.lexists(folder / top)]
    if taken:
        raise UsageError(
            f"{folder} is no workspace and already holds {', '.join(taken)}",
            hint="name an empty folder; nothing was written",
        )


def _stage(staged: Workspace, models: Mapping[str, object]) -> tuple[str, ...]:
    from fintech_factory.config.schema import write_schemas

    for top in FOLDERS:
        (staged.root / top).mkdir()
    defaults = default_files()
    for inside, source in defaults.items():
        target = staged.root / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    schemas = write_schemas(staged.schemas, models)
    written = (path.relative_to(staged.root).as_posix() for path in schemas)
    return tuple(sorted([*defaults, *written]))
