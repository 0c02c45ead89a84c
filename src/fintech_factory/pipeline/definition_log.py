"""Remembers every version of a KPI's definition from the first run that used it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine.definitions import Definitions, Kpi
from fintech_factory.kpi_engine.meaning import fingerprint
from fintech_factory.kpi_engine.versions import LoggedVersion
from fintech_factory.pipeline.json_lines import JsonLines

__all__ = ["DefinitionLog"]


@dataclass(frozen=True, slots=True)
class DefinitionLog:
    """Versions as lines of `state/definitions.jsonl`, in the order of their first use."""

    lines: JsonLines

    @property
    def exists(self) -> bool:
        """Whether any run has kept its definitions here."""
        return self.lines.path.exists()

    def versions(self) -> list[LoggedVersion]:
        """Give every version that a run has used, oldest first.

        Raises:
            WarehouseError: a line cannot be read, or no longer says what it said.
        """
        rows = enumerate(self.lines.rows(), start=1)
        return [_version(row, f"{self.lines.path}:{number}") for number, row in rows]

    def latest(self) -> dict[str, LoggedVersion]:
        """Give the newest version of each KPI; a removed KPI keeps its last."""
        return {each.kpi: each for each in self.versions()}

    def note(self, definitions: Definitions, run_id: str, at: datetime) -> None:
        """Keep the versions that no run has used before."""
        known = {(each.kpi, each.version) for each in self.versions()}
        fresh = (kpi for kpi in definitions.kpis.values() if (kpi.id, kpi.version) not in known)
        self.lines.append(_rows(fresh, run_id, at))


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
        raise WarehouseError(
            f"this is no line of the definition log ({broken!r})", where=where, hint=_RESTORE
        ) from broken
    if not is_whole:
        raise WarehouseError(
            f"the meaning of {version.kpi} {version.version} is not what was logged:"
            " its SHA-256 differs",
            where=where,
            hint=_RESTORE,
        )
    return version


_RESTORE = "restore the file from a backup; without it the next run begins a log of its own"
