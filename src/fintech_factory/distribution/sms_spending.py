"""How many text message segments went out today: one small file that processes share."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

__all__ = ["Spending"]

_NAME = "spent.json"


@dataclass(frozen=True, slots=True)
class Spending:
    """The count of one day, in a folder of its own; the next day begins at nothing."""

    folder: Path
    most: int

    def reserve(self, day: date, segments: int, *, exempt: bool = False) -> bool:
        """Count segments that are about to go out; False, and nothing counted, if they may not.

        What is `exempt` always may. Whoever asks second, in whatever process, sees what the first
        has taken.

        Raises:
            OSError: the file cannot be read or written.
            ValueError: it holds something else.
        """
        with self._locked():
            spent = self.spent(day)
            if spent + segments > self.most and not exempt:
                return False
            self._write(day, spent + segments)
        return True

    def give_back(self, day: date, segments: int) -> None:
        """Take back what was counted and did not go out after all; errors as for `reserve`."""
        with self._locked():
            self._write(day, max(self.spent(day) - segments, 0))

    def spent(self, day: date) -> int:
        """Give how many segments were counted on a day; nothing is locked, nothing written.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds something else.
        """
        try:
            found = json.loads((self.folder / _NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0
        if not isinstance(found, dict) or not isinstance(found.get("segments"), int):
            raise ValueError(f"{_NAME} holds no count")  # noqa: TRY004 - of its content, not a type
        # A count of another day, be it one that a wrong clock wrote, is none of today's.
        return int(found["segments"]) if found.get("day") == day.isoformat() else 0

    def _write(self, day: date, segments: int) -> None:
        # Replaced whole: a crash in the middle must not leave a file that stops every message.
        beside = self.folder / f".{_NAME}"
        beside.write_text(json.dumps({"day": day.isoformat(), "segments": segments}) + "\n")
        beside.replace(self.folder / _NAME)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
