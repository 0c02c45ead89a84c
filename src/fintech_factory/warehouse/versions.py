"""Published versions are immutable files; a small pointer names the one in force."""

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fintech_factory.durable import replace_file
from fintech_factory.errors import WarehouseError
from fintech_factory.values import Finding, Severity
from fintech_factory.warehouse.protocol import RunRecord, Version

__all__ = ["VersionFolder", "is_read", "run_of"]

_POINTER = "CURRENT"


class VersionFolder:
    """The folder `warehouse/`: `CURRENT` and `versions/<name>.duckdb`.

    A version's name never comes again: DuckDB caches a path within a process, and a file replaced
    under the same name would leave readers on the old one.
    """

    def __init__(self, root: Path) -> None:
        """Take the workspace's warehouse folder."""
        self.root = root
        self.folder = root / "versions"

    def path_of(self, name: str) -> Path:
        """Give the file of a version."""
        return self.folder / f"{name}.duckdb"

    def current(self) -> Version | None:
        """Give the version in force, or None before the first.

        Raises:
            WarehouseError: the pointer cannot be read, or names a file that is not there.
        """
        pointer = self.root / _POINTER
        try:
            content = json.loads(pointer.read_text())
            version = Version(content["version"], self.path_of(content["version"]), run_of(content))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as broken:
            raise WarehouseError(
                f"the pointer to the published version cannot be read ({broken})",
                where=str(pointer),
                hint="`factory run --force` publishes anew from the last good batch",
            ) from broken
        if not version.path.exists():
            raise WarehouseError(
                f"the published version {version.name} is missing",
                where=str(version.path),
                hint="restore the file, or publish anew with `factory run --force`",
            )
        return version

    def point_to(self, name: str, run: RunRecord) -> Version:
        """Switch readers to a version whose file is complete and on disk."""
        content = {"version": name, **asdict(run)}
        replace_file(self.root / _POINTER, json.dumps(content, default=str, indent=1).encode())
        return Version(name, self.path_of(name), run)

    def names(self) -> list[str]:
        """Give the published versions, oldest first (names sort by time)."""
        return sorted(path.stem for path in self.folder.glob("*.duckdb") if path.name[0] != ".")

    def prune(self, keep: int, is_read: Callable[[Path], bool]) -> list[str]:
        """Delete all but the newest `keep` versions, never the one in force or one being read."""
        current = self.current()
        spared = {current.name} if current else set()
        dropped = []
        for name in self.names()[:-keep]:
            if name not in spared and not is_read(self.path_of(name)):
                self.path_of(name).unlink()
                dropped.append(name)
        return dropped

    def drop_after(self, name: str, but: Collection[str]) -> None:
        """Remove the files of later versions than one that nobody was ever pointed to."""
        for later in self.names():
            if later > name and later not in but:
                self.path_of(later).unlink()

    def findings(self) -> list[Finding]:
        """Say what is wrong with the folder: leftovers of builds that never finished."""
        return [
            Finding(
                code="abandoned_build",
                severity=Severity.WARNING,
                message=f"a run stopped before it published and left {path.name}",
                where=str(path),
                hint="nothing reads it; the next run removes it",
                rows=1,
            )
            for path in sorted(self.folder.glob(".*.duckdb"))
        ]


def is_read(path: Path) -> bool:
    """Say whether any process holds a version's file open (Linux: /proc; elsewhere: assume so).

    A lock probe would not do: closing the probe's descriptor drops this process's own locks.
    """
    processes = Path("/proc")
    if not processes.is_dir():
        return True
    wanted = str(path.resolve())
    for link in processes.glob("[0-9]*/fd/*"):
        # Another account's processes cannot be looked into; the kernel keeps a file that they
        # hold open readable even when it is unlinked.
        with suppress(OSError):
            if str(link.readlink()) == wanted:
                return True
    return False


def run_of(content: Mapping[str, Any]) -> RunRecord:
    """Read a run as the pointer, or the row of a committed run, holds it."""
    return RunRecord(
        run_id=content["run_id"],
        inputs=content["inputs"],
        as_ofs=tuple(date.fromisoformat(day) for day in content["as_ofs"]),
        first_day=date.fromisoformat(content["first_day"]),
        data_through=date.fromisoformat(content["data_through"]),
        batch_ids=tuple(content["batch_ids"]),
        finished_at=datetime.fromisoformat(content["finished_at"]),
    )
