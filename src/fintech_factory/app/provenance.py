"""Gives what a reading rests on, each part with the audit entry that vouches for it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from fintech_factory.app.settings_trail import CHANGED, RECORDED, REMOVED, fold

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.kpi_engine import Reading

__all__ = ["Provenance", "provenance_of"]

_COLUMNS = "sequence, time, actor, action, subject, after, reason, batch_hashes, hash"


@dataclass(frozen=True, slots=True)
class Told:
    """An entry that vouches for something; `after` is what it says."""

    sequence: int
    time: str
    actor: str
    action: str
    subject: str
    after: dict[str, Any]
    reason: str
    batch_hashes: tuple[str, ...]
    hash: str

    def as_json(self) -> dict[str, Any]:
        """Give its document."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Provenance:
    """A reading, and the entries of its run, batches, definition and settings.

    `run` and `definition` are None where no entry tells of them: a reading that was computed on
    demand, or one from before the trail began. `settings` are the files in force at the run, path
    to SHA-256, None where none is known; `settings_entry` is the last that spoke of them.
    """

    reading: "Reading"
    run: Told | None
    batches: tuple[Told, ...]
    definition: Told | None
    settings: dict[str, str] | None
    settings_entry: Told | None

    @property
    def settings_sha256(self) -> str | None:
        """One hash over all settings and SQL files in force: lines of `sha256  path`."""
        if self.settings is None:
            return None
        lines = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(self.settings.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory kpi why --json`."""
        settings = {
            "sha256": self.settings_sha256,
            "files": self.settings,
            "entry": self.settings_entry,
        }
        return {
            "reading": self.reading.as_json(),
            "second_engine": self.reading.check.value,
            "run": self.run,
            "batches": self.batches,
            "definition": self.definition,
            "settings": settings if self.settings is not None else None,
        }


def provenance_of(factory: "Factory", kpi: str, as_of: date | None) -> Provenance:
    """Give the provenance of a KPI's reading of the whole book at a date.

    Raises:
        UsageError: no such KPI.
    """
    (reading,) = factory.kpis.readings(as_of, [kpi])
    run = _last(factory, "action = ? AND subject = ?", "run.published", reading.run_id or "")
    batches = (
        _last(factory, "action = ? AND subject = ?", "ingest.landed", each)
        for each in reading.batch_ids
    )
    named = _entries(factory, "action = ? AND subject = ?", "kpi.definition", kpi)
    version = reading.definition_version
    definitions = [each for each in named if each.after.get("version") == version]
    until = run.sequence if run is not None else None
    settings, last = _settings(factory, until)
    return Provenance(
        reading=reading,
        run=run,
        batches=tuple(each for each in batches if each is not None),
        definition=definitions[-1] if definitions else None,
        settings=settings,
        settings_entry=last,
    )


def _settings(factory: "Factory", until: int | None) -> tuple[dict[str, str] | None, Told | None]:
    """Give the files in force when an entry was written, or now."""
    spoken = _entries(factory, "action IN (?, ?, ?)", RECORDED, CHANGED, REMOVED)
    before = [each for each in spoken if until is None or each.sequence < until]
    files = fold([(each.action, each.subject, json.dumps(each.after)) for each in before])
    return files, before[-1] if before else None


def _last(factory: "Factory", condition: str, *parameters: str) -> Told | None:
    found = _entries(factory, condition, *parameters)
    return found[-1] if found else None


def _entries(factory: "Factory", condition: str, *parameters: str) -> list[Told]:
    # The conditions are this module's own; what is asked for is bound.
    asked = f"SELECT {_COLUMNS} FROM audit_entry WHERE {condition} ORDER BY sequence"  # noqa: S608
    with factory.state.rows() as rows:
        found = rows.query(asked, parameters)
    return [_told(row) for row in found]


def _told(row: tuple[Any, ...]) -> Told:
    sequence, time, actor, action, subject, after, reason, batch_hashes, told_hash = row
    return Told(
        sequence=sequence,
        time=time,
        actor=actor,
        action=action,
        subject=subject,
        after=json.loads(after or "{}"),
        reason=reason,
        batch_hashes=tuple(json.loads(batch_hashes)),
        hash=told_hash,
    )
