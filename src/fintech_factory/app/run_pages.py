"""What can be read of a workspace's runs: every try, each step, and the slot behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.slot import Slot
    from fintech_factory.state.rows import Rows

__all__ = ["RunPages", "tries_in_words"]

_ATTEMPT = (
    "run_id", "slot", "number", "cause", "status", "owner", "started_at", "ended_at", "reason",
    "hint", "retryable",
)  # fmt: skip
_SLOT = (
    "sequence", "schedule", "slot", "does", "cause", "status", "fell_due_at", "due_at",
    "deferred_by", "attempts", "outcome", "reason", "made_at", "finished_at",
)  # fmt: skip
_STEP = ("number", "name", "status", "started_at", "ended_at", "milliseconds")


@dataclass(frozen=True)
class RunPages:
    """The runs of one workspace, to be read."""

    factory: "Factory"

    def listed(self, most: int, status: str = "") -> list[dict[str, Any]]:
        """Give the last tries of runs, the newest first; `status` leaves only those."""
        wanted = "WHERE a.status = ? " if status else ""
        sql = (
            f"SELECT {_columns('a', _ATTEMPT)}, s.schedule, s.slot, s.fell_due_at, s.does"  # noqa: S608 - our own names
            f" FROM run_attempt a LEFT JOIN slot s ON s.sequence = a.slot {wanted}"
            "ORDER BY a.sequence DESC LIMIT ?"
        )
        names = (*_ATTEMPT, "schedule", "schedule_slot", "fell_due_at", "does")
        with self.factory.state.rows() as rows:
            if not rows.has("run_attempt"):
                return []
            found = rows.query(sql, [*([status] if status else []), most])
        return [_with_seconds(dict(zip(names, row, strict=True))) for row in found]

    def waiting(self) -> list[dict[str, Any]]:
        """Give what is due, paused or worked at, in the order in which it is done."""
        sql = (
            f"SELECT {_columns('s', _SLOT)} FROM slot s"  # noqa: S608 - our own names
            " WHERE s.status IN ('waiting', 'running', 'paused') ORDER BY s.due_at, s.sequence"
        )
        with self.factory.state.rows() as rows:
            if not rows.has("slot"):
                return []
            return [dict(zip(_SLOT, row, strict=True)) for row in rows.query(sql)]

    def show(self, run: str) -> dict[str, Any]:
        """Give one try with its steps, its slot's other tries, and what it published.

        Raises:
            UsageError: there is no such run.
        """
        with self.factory.state.rows() as rows:
            found = self._find(rows, run)
            found["steps"] = _steps(rows, found["run_id"])
            slot = found.pop("slot")
            found["slot"] = _slot(rows, slot) if slot is not None else None
            found["tries"] = _tries(rows, slot) if slot is not None else []
            found["result"] = _result(rows, found["run_id"])
        return found

    def name(self, run: str) -> str:
        """Give the whole name of a run, by a part of it that no other run bears, or by `last`.

        Raises:
            UsageError: there is no such run.
        """
        with self.factory.state.rows() as rows:
            return str(self._find(rows, run)["run_id"])

    def _find(self, rows: "Rows", run: str) -> dict[str, Any]:
        """Find a run by its name, or by a part of it that no other run bears; `last` is one too."""
        known = rows.has("run_attempt")
        by = "ORDER BY sequence DESC LIMIT 1" if run == "last" else "WHERE run_id LIKE ? LIMIT 2"
        sql = f"SELECT {_columns('a', _ATTEMPT)} FROM run_attempt a {by}"  # noqa: S608 - our own names
        given = [] if run == "last" else [f"%{run.replace('%', '').replace('_', '')}%"]
        found = rows.query(sql, given) if known else []
        if len(found) != 1:
            what = "several runs have that in their name" if found else "there is no such run"
            raise UsageError(what, where=run, hint="`factory runs list` shows them")
        return _with_seconds(dict(zip(_ATTEMPT, found[0], strict=True)))


def tries_in_words(factory: "Factory", slot: "Slot") -> str:
    """Say how often a slot was tried and why the tries before came to nothing (R077)."""
    with factory.state.rows() as rows:
        tries = _tries(rows, slot.sequence)
    if len(tries) < 2:  # noqa: PLR2004 - the one that has just failed is told anyway
        return ""
    told = "; ".join(
        f"try {each['number']} at {each['started_at'][11:16]}: {each['reason'] or each['status']}"
        for each in tries[:-1]
    )
    return f" ({len(tries)} tries; {told})"


def _steps(rows: "Rows", run_id: str) -> list[dict[str, Any]]:
    sql = f"SELECT {', '.join(_STEP)} FROM run_step WHERE run_id = ? ORDER BY number"  # noqa: S608 - our own names
    found = [dict(zip(_STEP, row, strict=True)) for row in rows.query(sql, [run_id])]
    for each in found:
        spent = each.pop("milliseconds")
        each["seconds"] = None if spent is None else spent / 1000
    return found


def _slot(rows: "Rows", sequence: int) -> dict[str, Any]:
    sql = f"SELECT {', '.join(_SLOT)} FROM slot WHERE sequence = ?"  # noqa: S608 - our own names
    (row,) = rows.query(sql, [sequence])
    return dict(zip(_SLOT, row, strict=True))


def _tries(rows: "Rows", slot: int) -> list[dict[str, Any]]:
    sql = (
        "SELECT run_id, number, status, started_at, ended_at, reason"
        " FROM run_attempt WHERE slot = ? ORDER BY sequence"
    )
    names = ("run_id", "number", "status", "started_at", "ended_at", "reason")
    return [dict(zip(names, row, strict=True)) for row in rows.query(sql, [slot])]


def _result(rows: "Rows", run_id: str) -> dict[str, Any] | None:
    found = rows.query(
        "SELECT status, version, batch_id, as_of, arrived_at, committed_at, reason"
        " FROM run WHERE run_id = ?",
        [run_id],
    )
    if not found:
        return None
    names = ("status", "version", "batch_id", "as_of", "arrived_at", "committed_at", "reason")
    said = dict(zip(names, found[0], strict=True))
    said["as_of"] = str(said["as_of"])
    ((readings,),) = rows.query("SELECT COUNT(*) FROM reading WHERE run_id = ?", [run_id])
    return {**said, "readings": readings}


def _columns(table: str, names: Sequence[str]) -> str:
    return ", ".join(f"{table}.{name}" for name in names)


def _with_seconds(found: dict[str, Any]) -> dict[str, Any]:
    began, ended = found["started_at"], found["ended_at"]
    spent = datetime.fromisoformat(ended) - datetime.fromisoformat(began) if ended else None
    found["retryable"] = bool(found["retryable"])
    return {**found, "seconds": None if spent is None else round(spent.total_seconds(), 3)}
