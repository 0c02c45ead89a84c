"""What lies in the inbox, and where it goes once it is dealt with."""

from dataclasses import dataclass
from pathlib import Path

from fintech_factory.pipeline.readiness import is_partial

__all__ = ["NOTHING", "Export", "Inbox", "arrivals", "put_away"]

_DEALT_WITH = frozenset({"landed", "refused"})


@dataclass(frozen=True, slots=True)
class Export:
    """What became of one export of the inbox; `reason` says why it could not even be read."""

    batch_id: str
    refused: bool
    set_aside: int = 0
    reason: str = ""

    @property
    def folder(self) -> str:
        """Where in the inbox it is put away."""
        return f"{'refused' if self.refused else 'landed'}/{self.batch_id}"


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a run found in the inbox."""

    exports: tuple[Export, ...] = ()

    def with_export(self, export: Export) -> "Inbox":
        """Add one more export."""
        return Inbox((*self.exports, export))

    @property
    def refused(self) -> tuple[Export, ...]:
        """The exports that did not land."""
        return tuple(export for export in self.exports if export.refused)

    @property
    def set_aside(self) -> int:
        """How many rows of landed exports broke the contract."""
        return sum(export.set_aside for export in self.exports if not export.refused)


NOTHING = Inbox()
"""An inbox in which nothing waited."""


def arrivals(inbox: Path) -> list[tuple[Path, ...]]:
    """Give each export that waits: every folder and archive by name, then loose files as one.

    A file by the name that a transfer gives to what it has not finished is none yet.
    """
    if not inbox.is_dir():
        return []
    waiting = sorted(
        path
        for path in inbox.iterdir()
        if not path.name.startswith(".")
        and path.name not in _DEALT_WITH
        and not (path.is_file() and is_partial(path))
    )
    alone: list[tuple[Path, ...]] = [
        (path,) for path in waiting if path.is_dir() or path.suffix.casefold() == ".zip"
    ]
    loose = tuple(path for path in waiting if (path,) not in alone)
    return [*alone, loose] if loose else alone


def put_away(export: tuple[Path, ...], into: Path) -> None:
    """Move an export out of the way; a name that is taken there gets a number."""
    into.mkdir(parents=True, exist_ok=True)
    for path in export:
        target, copy = into / path.name, 1
        while target.exists():
            copy += 1
            target = into / f"{path.stem}.{copy}{path.suffix}"
        path.rename(target)
