"""What lies in the inbox, and where it goes once it is dealt with."""

from pathlib import Path

__all__ = ["arrivals", "put_away"]

_DEALT_WITH = frozenset({"landed", "refused"})


def arrivals(inbox: Path) -> list[tuple[Path, ...]]:
    """Give each export that waits: every folder and archive by name, then loose files as one."""
    if not inbox.is_dir():
        return []
    waiting = sorted(
        path
        for path in inbox.iterdir()
        if not path.name.startswith(".") and path.name not in _DEALT_WITH
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
