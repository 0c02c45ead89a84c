"""Writes down once a day what was known at that moment; nothing overwrites it (R061)."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.durable import write_once

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

    from fintech_factory.app.factory import Factory
    from fintech_factory.message import Text
    from fintech_factory.reporting.morning import Morning

__all__ = ["Snapshots"]

_TAKEN = "snapshot.taken"
_READ_ONLY = 0o444


@dataclass(frozen=True)
class Snapshots:
    """The daily snapshots of one workspace: outputs/snapshots/YYYY-MM-DD.json and .md."""

    factory: "Factory"

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.factory.workspace.outputs / "snapshots"

    def path(self, day: "date") -> Path:
        """Give where the snapshot of a day lies, or would."""
        return self.folder / f"{day}.json"

    def keep(self, morning: "Morning") -> Path:
        """Write a day's snapshot unless there is one; of several at once the first stands.

        Raises:
            OSError: it cannot be written.
        """
        path = self.path(morning.day)
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            document = self._document(morning)
            text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=False) + "\n"
            write_once(path.with_suffix(".md"), _markdown(document).encode(), _READ_ONLY)
            write_once(path, text.encode(), _READ_ONLY)
        self._tell(path)
        return path

    def _tell(self, path: Path) -> None:
        """Say in the audit trail which bytes it has, once: who wrote it may have been killed."""
        from fintech_factory.app.audit import Note
        from fintech_factory.state.audit import lock_chain

        subject = f"outputs/snapshots/{path.name}"
        if any(said == subject for _, said, _ in self.factory.audit.said(_TAKEN)):
            return
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with self.factory.audit.transaction() as told:
            lock_chain(told.connection)
            if not _is_told(told.connection, subject):
                told.note(Note(_TAKEN, subject, after={"sha256": digest}))

    def _document(self, morning: "Morning") -> dict[str, Any]:
        known = morning.missing is None
        return {
            "day": morning.day.isoformat(),
            "taken_at": self.factory.clock.now().isoformat(timespec="seconds"),
            "status": "figures" if known else "no_data",
            "as_of": morning.as_of.isoformat() if known and morning.as_of else None,
            "data_through": (
                morning.data_through.isoformat() if known and morning.data_through else None
            ),
            "run_id": morning.run_id or None if known else None,
            "reasons": [_text(each) for each in morning.missing.reasons] if morning.missing else [],
            "expected": morning.missing.expected.isoformat() if morning.missing else None,
            "stale": _text(morning.stale) if morning.stale else None,
            "age_hours": format(morning.age_hours, "f") if morning.age_hours is not None else None,
            "readings": [morning.readings[name].as_json() for name in sorted(morning.readings)]
            if known
            else [],
            "alerts": [
                {
                    "title": _text(each.title),
                    "kind": each.kind,
                    "kpi": each.kpi or None,
                    "level": each.level.value,
                    "since": each.since.isoformat(),
                    "has_owner": each.has_owner,
                    "compliance": each.compliance,
                }
                for each in morning.alerts
            ],
            "findings": [
                {"id": each.id, "owner": each.owner, "code": each.code, "level": each.level.value}
                for each in morning.findings
            ],
        }


def _is_told(connection: "Connection", subject: str) -> bool:
    from sqlalchemy import select

    from fintech_factory.state.tables import audit_entry

    columns = audit_entry.c
    wanted = select(columns.sequence).where(columns.action == _TAKEN, columns.subject == subject)
    return connection.execute(wanted).first() is not None


def _text(text: "Text") -> dict[str, str]:
    return {"en": text.en, "es": text.es}


def _markdown(document: dict[str, Any]) -> str:
    lines = [f"# Portfolio health, {document['day']}", ""]
    if document["status"] == "no_data":
        lines.append(f"No figures for {document['expected']}:")
        lines += [f"- {each['en']}" for each in document["reasons"]]
    else:
        lines += [f"As of {document['as_of']}, data through {document['data_through']}.", ""]
        if document["stale"]:
            lines += [f"Not what it should be by now: {document['stale']['en']}", ""]
        lines += ["| KPI | value | unit | limit |", "| --- | ---: | --- | --- |"]
        for each in document["readings"]:
            value = each["value"] if each["status"] == "ok" else "n/a"
            lines.append(
                f"| {each['kpi']} | {value} | {each['unit']} | {each['limit_state'] or '-'} |"
            )
    lines += ["", "## Open alerts", ""]
    lines += [
        f"- {each['level']}: {each['title']['en']}, since {each['since'][:10]}"
        for each in document["alerts"]
    ] or ["None."]
    return "\n".join(lines) + "\n"
