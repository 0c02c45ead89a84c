"""Appends lines to the files of a day, whatever the disk does."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

__all__ = ["KEPT_DAYS", "DayFile", "DayFiles", "Kept", "day_files"]

KEPT_DAYS = 30
"""How many days are kept, the present one among them."""
_NAME = re.compile(r"factory-(\d{4}-\d\d-\d\d)(?:\.(\d+))?\.jsonl")
_NOBODY = -1
# Whoever ships logs reads them by the group.
_MODE = 0o640
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept: so many days and bytes in all, in files of not much more than `in_one`."""

    days: int = KEPT_DAYS
    in_one: int = 32 * _MIB
    in_all: int = 512 * _MIB


@dataclass(frozen=True, slots=True, order=True)
class DayFile:
    """One file: its day, and which of the day's files it is, from 1 on."""

    day: date
    part: int
    path: Path

    @property
    def size(self) -> int:
        """How many bytes it holds; 0 if it is gone."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


class DayFiles:
    """The files `factory-YYYY-MM-DD.jsonl` (UTC) of a folder; several processes may append.

    A full one is followed by `factory-YYYY-MM-DD.2.jsonl` and so on; none is ever renamed, so that
    nobody writes into another's. A line is written by one call with O_APPEND: lines of several
    processes stay whole on a local disk. Nothing here raises: what cannot be written is dropped
    and counted in `lost`. Threads may not share it.
    """

    def __init__(self, folder: Path, kept: Kept | None = None) -> None:
        """Take the folder; it is made with the first line."""
        self.folder = folder
        self.lost = 0
        self._kept = kept or Kept()
        self._day: date | None = None
        self._file = _NOBODY
        self._is_torn = False

    def append(self, line: str, moment: float) -> bool:
        """Write a line of a moment (seconds since 1970) into a file of its day; say whether."""
        try:
            self._open(datetime.fromtimestamp(moment, UTC).date())
            # What the disk took only a part of must not swallow this line as well.
            written = f"\n{line}\n" if self._is_torn else f"{line}\n"
            whole = written.encode("ascii", "backslashreplace")
            done = os.write(self._file, whole)
        except OSError:
            self.lost += 1
            return False
        self._is_torn = done < len(whole)
        self.lost += self._is_torn
        return not self._is_torn

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._file != _NOBODY:
            with suppress(OSError):
                os.close(self._file)
        self._file, self._day = _NOBODY, None

    def _open(self, day: date) -> None:
        if self._day == day:
            held = os.fstat(self._file)
            if held.st_nlink and held.st_size < self._kept.in_one:
                return
        # Another day, a full file, or somebody took it away.
        self.close()
        self.folder.mkdir(parents=True, exist_ok=True)
        known = day_files(self.folder)
        path = self._path(day, known)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        self._day = day
        self._prune(day, [each for each in known if each.path != path])

    def _path(self, day: date, known: list[DayFile]) -> Path:
        of_day = [each for each in known if each.day == day]
        last = of_day[-1] if of_day else DayFile(day, 1, self.folder)
        part = last.part + (last.size >= self._kept.in_one if of_day else 0)
        number = f".{part}" if part > 1 else ""
        return self.folder / f"factory-{day.isoformat()}{number}.jsonl"

    def _prune(self, today: date, others: list[DayFile]) -> None:
        """Remove what is too old, then the oldest of what is too much; the open file stays."""
        kept_from = today - timedelta(days=self._kept.days - 1)
        room = self._kept.in_all - self._kept.in_one
        for each in reversed(others):
            room -= each.size
            if each.day < kept_from or room < 0:
                # Another process may have removed it just now.
                with suppress(OSError):
                    each.path.unlink()


def day_files(folder: Path) -> list[DayFile]:
    """Give the files of a folder, the oldest first; other files are none of ours."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        named = _NAME.fullmatch(path.name)
        with suppress(ValueError):
            if named is not None:
                found.append(DayFile(date.fromisoformat(named[1]), int(named[2] or 1), path))
    return sorted(found)
