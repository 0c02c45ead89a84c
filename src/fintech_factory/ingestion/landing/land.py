"""Lands one export, or says why not; the same content again changes nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fintech_factory.clock import Clock
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import UsageError
from fintech_factory.ingestion.landing.manifest import (
    MANIFEST,
    Batch,
    FileEntry,
    Manifest,
    latest_batch,
)
from fintech_factory.ingestion.landing.receive import is_same, list_files
from fintech_factory.values import Finding, Severity

__all__ = ["Arrival", "Landing", "Place", "Progress", "land"]

# Told of each table that has landed, with the bytes of its file.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived: a folder, a ZIP, or some files; and what is said of it.

    `accept_shrink` lands an export with less than half the rows of the one before.
    """

    sources: tuple[Path, ...]
    as_of: date | None = None
    accept_shrink: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an export lands, and the two settings files that say how."""

    raw_root: Path
    contract: Path
    factory: Path

    @classmethod
    def of(cls, workspace: Workspace) -> "Place":
        """Give a workspace's place for Cascade exports."""
        contract = workspace.config / "integrations" / "cascade.yaml"
        return cls(workspace.raw("cascade"), contract, workspace.settings_file)

    def contract_sha256(self) -> str:
        """Hash what decides how files are read: the contract, and the currencies' settings.

        Byte by byte, without reading YAML: a rerun with nothing new must not pay for that.
        """
        try:
            contract, factory = self.contract.read_bytes(), self.factory.read_bytes()
        except OSError as error:
            raise UsageError(
                "a settings file is missing",
                where=str(error.filename),
                hint="`factory init DIR` makes a workspace with all of them",
            ) from error
        digest = hashlib.sha256(contract)
        digest.update(b"\0" + _block(factory, b"currency:"))
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Landing:
    """What became of an arrival; `status` is landed, unchanged or refused."""

    status: str
    manifest: Manifest
    folder: Path

    @property
    def batch_id(self) -> str:
        """Name the batch."""
        return self.manifest.batch_id

    @property
    def as_of(self) -> date | None:
        """Give the day that the export speaks of."""
        return self.manifest.as_of

    @property
    def data_through(self) -> date | None:
        """Give the last day on which the base tables speak."""
        return self.manifest.data_through

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """Give what became of each file."""
        return self.manifest.files

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Give what was found."""
        return self.manifest.findings

    @property
    def manifest_path(self) -> Path:
        """Give the manifest's file."""
        return self.folder / MANIFEST

    @property
    def quarantined(self) -> int:
        """Count the rows set aside."""
        return sum(each.quarantined for each in self.files)

    @property
    def is_critical(self) -> bool:
        """Tell whether a finding is critical."""
        return any(each.severity is Severity.CRITICAL for each in self.findings)


def land(arrival: Arrival, place: Place, clock: Clock, progress: Progress | None = None) -> Landing:
    """Bring an export in: received, checked, landed, published; or refused with its findings.

    SourceUnreadable if there is nothing to read, ConfigError if the settings are wrong,
    IngestError if rows went missing on the way (nothing is published then).
    """
    files = list_files(arrival.sources)
    contract = place.contract_sha256()
    latest = latest_batch(place.raw_root)
    if latest is not None and _is_unchanged(latest, arrival, files, contract):
        return Landing("unchanged", latest.manifest, latest.folder)
    from fintech_factory.ingestion.landing.batch import Attempt, attempt

    return attempt(Attempt(arrival, place, files, contract, latest), clock, progress)


def _is_unchanged(latest: Batch, arrival: Arrival, files: tuple[Path, ...], contract: str) -> bool:
    known = latest.manifest
    same_terms = known.contract_sha256 == contract and known.declared_as_of == arrival.as_of
    return same_terms and is_same(files, known.received)


def _block(text: bytes, key: bytes) -> bytes:
    """Cut one top-level block out of a YAML file."""
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith(key)), None)
    if start is None:
        return b""
    below = (line for line in lines[start + 1 :])
    block = [lines[start]]
    for line in below:
        if line[:1] not in (b" ", b"\t", b"#", b"-", b""):
            break
        block.append(line)
    return b"\n".join(line for line in block if line.strip() and not line.lstrip().startswith(b"#"))
