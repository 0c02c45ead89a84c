"""Brings in the files in which earlier releases kept what is in the database now, once."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import StateError
from fintech_factory.state import logs, runs
from fintech_factory.state.lock import file_lock
from fintech_factory.state.runs import RunRow

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.state.store import State

__all__ = ["bring_in"]

# Other files of the folder are none of ours.
_LOGS = ("findings", "baselines", "accuracy", "definitions")
_RUNS = "runs"
_DONE = "imported"


def bring_in(state: "State", folder: Path) -> list[Path]:
    """Import `*.jsonl` of the folder in one transaction; give them under their new names.

    They are renamed to `*.jsonl.imported` afterwards. One whose renaming was cut short is known by
    its SHA-256 and is not imported again.

    Raises:
        StateError: a line of one cannot be read; nothing was imported.
    """
    if not _waiting(folder):
        return []
    with file_lock(folder / ".import.lock"):
        # Another process may have been faster.
        waiting = _waiting(folder)
        with state.transaction() as connection:
            known = _known(connection)
            for path in waiting:
                _import(connection, path, path.read_bytes(), known)
        return [_put_away(path) for path in waiting]


def _waiting(folder: Path) -> list[Path]:
    return [path for name in (*_LOGS, _RUNS) if (path := folder / f"{name}.jsonl").is_file()]


def _import(connection: "Connection", path: Path, content: bytes, known: frozenset[str]) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 in known:
        return
    if path.stem == _RUNS:
        for row in _rows(path, content):
            runs.add(connection, _run(row))
    else:
        logs.append(connection, path.stem, _rows(path, content))
    logs.append(connection, _DONE, [{"file": path.name, "sha256": sha256}])


def _known(connection: "Connection") -> frozenset[str]:
    from sqlalchemy import select

    from fintech_factory.state.tables import log_entry

    bodies = connection.execute(select(log_entry.c.body).where(log_entry.c.log == _DONE)).scalars()
    return frozenset(body["sha256"] for body in bodies)


def _rows(path: Path, content: bytes) -> Iterator[dict[str, Any]]:
    """Give every whole line. The last one may be torn: its writer was never told it is kept."""
    *whole, _torn = content.split(b"\n")
    for number, line in enumerate(whole, start=1):
        try:
            yield json.loads(line)
        except ValueError as broken:
            raise StateError(
                f"the line cannot be read ({broken})",
                where=f"{path}:{number}",
                hint="restore the file from a backup, or take that line out; nothing was imported",
            ) from broken


def _run(row: Mapping[str, Any]) -> RunRow:
    at = datetime.fromisoformat(row["at"])
    # Those files did not hold what the pointer needs: nothing is ever pointed to from here.
    return RunRow(
        run_id=row["run_id"],
        status=row["status"],
        version="",
        record={},
        batch_id=row["batch_id"],
        as_of=date.fromisoformat(row["as_of"]),
        started_at=at,
        committed_at=at,
        reason=row["reason"],
        findings=tuple(row["findings"]),
        expected=row["expected"],
    )


def _put_away(path: Path) -> Path:
    target = path.with_name(f"{path.name}.imported")
    number = 2
    while target.exists():
        target = path.with_name(f"{path.name}.imported-{number}")
        number += 1
    return path.rename(target)
