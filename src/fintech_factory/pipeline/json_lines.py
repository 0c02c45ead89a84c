"""Small files of one JSON object a line, which keep what they are told to keep."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fintech_factory.durable import replace_file, sync
from fintech_factory.errors import WarehouseError

__all__ = ["JsonLines"]


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file of one JSON object a line; whoever appends holds the writer's lock."""

    path: Path

    def rows(self) -> list[dict[str, Any]]:
        """Give every whole line. The last one may be torn: its writer was never told it is kept.

        Raises:
            WarehouseError: a line before the last cannot be read.
        """
        *whole, _torn = self._bytes().split(b"\n")
        rows = []
        for number, line in enumerate(whole, start=1):
            try:
                rows.append(json.loads(line))
            except ValueError as broken:
                raise WarehouseError(
                    f"the line cannot be read ({broken})",
                    where=f"{self.path}:{number}",
                    hint="restore the file from a backup, or take that line out",
                ) from broken
        return rows

    def append(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add lines and have the disk keep them; a torn last line goes first."""
        text = _written(rows)
        if not text:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        with self.path.open("ab+") as file:
            _drop_torn_line(file.fileno(), self._bytes())
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync(self.path.parent)

    def replace(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write the file anew; a reader, or a power cut, meets the old one or the new, whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, _written(rows).encode())

    def _bytes(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""


def _drop_torn_line(descriptor: int, held: bytes) -> None:
    whole = held.rfind(b"\n") + 1
    if whole < len(held):
        os.ftruncate(descriptor, whole)


def _written(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)
