"""What a batch holds, as its manifest tells it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fintech_factory.errors import IngestError
from fintech_factory.values import Finding, Severity

__all__ = [
    "MANIFEST",
    "POINTER",
    "Batch",
    "FileEntry",
    "Manifest",
    "ReceivedEntry",
    "landed_batches",
    "last_refused",
    "latest_batch",
    "open_batch",
    "read_manifest",
]

MANIFEST = "manifest.json"
POINTER = "LATEST"
_LAYOUT = 1


@dataclass(frozen=True, slots=True)
class ReceivedEntry:
    """One file as it arrived."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One table of a batch: where it came from, how it was read, what became of its rows.

    `readings` gives each landed column's source header and format; `totals` gives the sum of
    each number column, as exact decimal text, over landed and over quarantined rows.
    """

    table: str
    file: str
    sha256: str
    rows: int
    landed: int
    quarantined: int
    encoding: str = ""
    delimiter: str = ""
    readings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    totals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that is known about one batch."""

    batch_id: str
    source: str
    status: str
    as_of: date | None
    declared_as_of: date | None
    data_through: date | None
    arrived_at: datetime
    content_sha256: str
    contract_sha256: str
    received: tuple[ReceivedEntry, ...]
    files: tuple[FileEntry, ...]
    findings: tuple[Finding, ...]
    reporting_currency: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the manifest as one JSON object; dates in ISO form, decimals as text."""
        return {
            "layout": _LAYOUT,
            "batch_id": self.batch_id,
            "source": self.source,
            "status": self.status,
            "as_of": _iso(self.as_of),
            "declared_as_of": _iso(self.declared_as_of),
            "data_through": _iso(self.data_through),
            "arrived_at": self.arrived_at.isoformat(),
            "content_sha256": self.content_sha256,
            "contract_sha256": self.contract_sha256,
            "reporting_currency": self.reporting_currency,
            "received": [asdict(each) for each in self.received],
            "files": [asdict(each) for each in self.files],
            "findings": [each.as_json() for each in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Batch:
    """One landed batch on disk."""

    folder: Path
    manifest: Manifest

    @property
    def batch_id(self) -> str:
        """Name the batch."""
        return self.manifest.batch_id

    @property
    def tables(self) -> dict[str, Path]:
        """Give every landed table's parquet file."""
        return {path.stem: path for path in sorted((self.folder / "landed").glob("*.parquet"))}

    @property
    def quarantine(self) -> Path:
        """Give the parquet file of rows that broke the contract."""
        return self.folder / "quarantine.parquet"

    @property
    def received(self) -> Path:
        """Give the folder of the bytes as received."""
        return self.folder / "received"

    def table(self, name: str) -> Path:
        """Give one landed table's parquet file; IngestError if the batch has no such table."""
        path = self.folder / "landed" / f"{name}.parquet"
        if not path.is_file():
            raise IngestError(
                f"the batch has no table `{name}`",
                where=str(self.folder),
                hint=f"its tables: {', '.join(self.tables)}",
            )
        return path


def latest_batch(raw_root: Path) -> Batch | None:
    """Give the current good batch of one source, or None before the first."""
    pointer = raw_root / POINTER
    try:
        batch_id = json.loads(pointer.read_text(encoding="utf-8"))["batch_id"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise IngestError(
            "the pointer to the current batch cannot be read",
            where=str(pointer),
            hint="delete it and ingest the latest export again; no batch is lost",
        ) from error
    return open_batch(raw_root, batch_id)


def open_batch(raw_root: Path, batch_id: str) -> Batch:
    """Open one landed batch by its id; IngestError if it is not there."""
    folder = raw_root / batch_id
    return Batch(folder, read_manifest(folder))


def landed_batches(raw_root: Path) -> list[Batch]:
    """Give every batch of a source that landed, the latest arrival last."""
    batches = [
        Batch(path.parent, read_manifest(path.parent))
        for path in raw_root.glob(f"*/{MANIFEST}")
        if not path.parent.name.startswith(".")
    ]
    return sorted(batches, key=lambda batch: (batch.manifest.arrived_at, batch.batch_id))


def last_refused(raw_root: Path) -> Manifest | None:
    """Give the manifest of the export that was refused last, None if none ever was."""
    kept = (raw_root / "refused").glob(f"*/{MANIFEST}")
    last = max(kept, key=lambda path: path.stat().st_mtime_ns, default=None)
    return read_manifest(last.parent) if last else None


def read_manifest(folder: Path) -> Manifest:
    """Read a batch's manifest; IngestError if it is absent or not one of ours."""
    path = folder / MANIFEST
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return _manifest(held)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IngestError(
            "the batch cannot be opened: its manifest is absent or damaged",
            where=str(path),
            hint="ingest its export again",
        ) from error


def _manifest(held: Mapping[str, Any]) -> Manifest:
    return Manifest(
        batch_id=held["batch_id"],
        source=held["source"],
        status=held["status"],
        as_of=_day(held["as_of"]),
        declared_as_of=_day(held["declared_as_of"]),
        data_through=_day(held["data_through"]),
        arrived_at=datetime.fromisoformat(held["arrived_at"]),
        content_sha256=held["content_sha256"],
        contract_sha256=held["contract_sha256"],
        reporting_currency=held["reporting_currency"],
        received=tuple(ReceivedEntry(**each) for each in held["received"]),
        files=tuple(FileEntry(**each) for each in held["files"]),
        findings=tuple(_finding(each) for each in held["findings"]),
    )


def _finding(held: Mapping[str, Any]) -> Finding:
    fields = dict(held)
    fields["severity"] = Severity(fields["severity"])
    fields["evidence"] = tuple(fields["evidence"])
    return Finding(**fields)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
