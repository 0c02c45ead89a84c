"""Remembers every version of a KPI's definition from the first run that used it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import StateError
from fintech_factory.kpi_engine.definitions import Definitions, Kpi
from fintech_factory.kpi_engine.meaning import fingerprint
from fintech_factory.kpi_engine.versions import LoggedVersion
from fintech_factory.state import logs
from fintech_factory.state.peek import Readable

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["DefinitionLog"]

_LOG = "definitions"


@dataclass(frozen=True, slots=True)
class DefinitionLog:
    """Versions as entries of the log `definitions`, in the order of their first use."""

    state: Readable

    @property
    def where(self) -> str:
        """Its place, for messages."""
        return f"{self.state.where}, log {_LOG}"

    @property
    def exists(self) -> bool:
        """Whether any run has kept its definitions here."""
        with self.state.rows() as rows:
            return bool(rows.query("SELECT 1 FROM log_entry WHERE log = ? LIMIT 1", [_LOG]))

    def versions(self) -> list[LoggedVersion]:
        """Give every version that a run has used, oldest first.

        Raises:
            StateError: an entry cannot be read, or no longer says what it said.
        """
        with self.state.rows() as rows:
            held = logs.entries(rows, _LOG)
        return [
            _version(row, f"{self.where}, entry {number}")
            for number, row in enumerate(held, start=1)
        ]

    def latest(self) -> dict[str, LoggedVersion]:
        """Give the newest version of each KPI; a removed KPI keeps its last."""
        return {each.kpi: each for each in self.versions()}

    def note(
        self, connection: "Connection", definitions: Definitions, run_id: str, at: datetime
    ) -> list[tuple[LoggedVersion | None, Kpi]]:
        """Keep the versions that no run has used before, within the caller's transaction.

        Gives each of them with the version before, None for a KPI that is new.
        """
        versions = self.versions()
        known = {(each.kpi, each.version) for each in versions}
        latest = {each.kpi: each for each in versions}
        fresh = [kpi for kpi in definitions.kpis.values() if (kpi.id, kpi.version) not in known]
        logs.append(connection, _LOG, _rows(fresh, run_id, at))
        return [(latest.get(kpi.id), kpi) for kpi in fresh]


def _rows(kpis: Iterable[Kpi], run_id: str, at: datetime) -> Iterable[dict[str, Any]]:
    for kpi in kpis:
        yield {
            "kpi": kpi.id,
            "version": kpi.version,
            "meaning": dict(kpi.meaning),
            "sha256": fingerprint(kpi.meaning),
            "effective_from": kpi.effective_from.isoformat(),
            "author": kpi.author,
            "reason": kpi.reason,
            "first_run": run_id,
            "at": at.isoformat(),
        }


def _version(row: dict[str, Any], where: str) -> LoggedVersion:
    try:
        version = LoggedVersion(
            kpi=row["kpi"],
            version=row["version"],
            meaning=row["meaning"],
            effective_from=date.fromisoformat(row["effective_from"]),
            author=row["author"],
            reason=row["reason"],
            first_run=row["first_run"],
            logged_at=datetime.fromisoformat(row["at"]),
        )
        is_whole = fingerprint(version.meaning) == row["sha256"]
    except (KeyError, TypeError, ValueError) as broken:
        raise StateError(
            f"this is no entry of the definition log ({broken!r})", where=where, hint=_RESTORE
        ) from broken
    if not is_whole:
        raise StateError(
            f"the meaning of {version.kpi} {version.version} is not what was logged:"
            " its SHA-256 differs",
            where=where,
            hint=_RESTORE,
        )
    return version


_RESTORE = (
    "restore the database from a backup; without its log the next run begins a log of its own"
)
