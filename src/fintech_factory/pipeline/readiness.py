"""Tells whether an export in the inbox is all there: nobody lands half of one (R003, R100)."""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fintech_factory.ingestion.landing.naming import matching_table

__all__ = ["READY", "Contract", "Patience", "Readiness", "is_partial", "readiness", "signature"]

_PARTIAL = frozenset({".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download", ".swp"})
_TEXT = frozenset({".csv", ".tsv", ".txt"})
_BOOKS = frozenset({".xlsx", ".xlsm", ".zip"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an export has to lie untouched, and how long one that looks incomplete may."""

    settle: timedelta = timedelta(seconds=2)
    incomplete: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Contract:
    """The tables of an export by the names of their files, and those that it cannot do without."""

    patterns: Mapping[str, tuple[str, ...]]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether an export may be landed; `why` not, in words."""

    is_ready: bool
    why: str = ""


READY = Readiness(is_ready=True)
"""All there."""


def is_partial(path: Path) -> bool:
    """Say whether a name is one that a transfer gives to what it has not finished."""
    return path.suffix.casefold() in _PARTIAL or path.name.endswith("~")


def signature(export: Iterable[Path]) -> str:
    """Name an export by its files as they lie there; delivered again it is another one."""
    said = [
        f"{path.name} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"
        for path in _files(export)
        if (stat := path.stat())
    ]
    return hashlib.sha256("\n".join(sorted(said)).encode()).hexdigest()[:24]


def readiness(
    export: Iterable[Path], contract: Contract, patience: Patience, at: datetime
) -> Readiness:
    """Say whether an export is all there at a moment of the files' own clock.

    What looks incomplete is landed after a while all the same: it is refused then, and says why.
    """
    try:
        files = _files(export)
        if not files:
            return Readiness(is_ready=False, why="there is no file in it yet")
        touched = max(_touched(path) for path in files)
        age = at - touched
        # What was written in the future was written before the clock was put back.
        if timedelta() <= age < patience.settle:
            return Readiness(is_ready=False, why="it was written to a moment ago")
        lacks = _lack(files, contract)
    except OSError as gone:
        return Readiness(is_ready=False, why=f"it cannot be read: {gone.strerror or gone}")
    if not lacks or age >= patience.incomplete:
        return READY
    return Readiness(is_ready=False, why=lacks)


def _lack(files: list[Path], contract: Contract) -> str:
    """Say what an export that lies still lacks, nothing if it is whole."""
    for path in files:
        if is_partial(path):
            return f"{path.name} is still being written"
        if path.suffix.casefold() == ".zip" and not zipfile.is_zipfile(path):
            return f"{path.name} has no end yet"
        if path.suffix.casefold() in _TEXT and not _ends(path):
            return f"the last line of {path.name} has no end yet"
    if any(path.suffix.casefold() in _BOOKS for path in files):
        # Their tables lie inside; landing looks.
        return ""
    found = {matching_table(path.stem, contract.patterns) for path in files}
    missing = sorted(contract.required - found)
    return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing" if missing else ""


def _ends(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return False
        file.seek(-1, 2)
        return file.read(1) in b"\r\n"


def _files(export: Iterable[Path]) -> list[Path]:
    return [
        file
        for path in export
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file() and not file.name.startswith(".")
    ]


def _touched(path: Path) -> datetime:
    # A copy that keeps the original's time still changes the inode now.
    stat = path.stat()
    return datetime.fromtimestamp(max(stat.st_mtime, stat.st_ctime), UTC)
