"""Takes files in while others are already landing: copied, unpacked, recognised, inspected."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.archive import refuse_archive, unpack
from fintech_factory.ingestion.landing.facts import scan
from fintech_factory.ingestion.landing.inspect import Inspected, Inspector, Part
from fintech_factory.ingestion.landing.manifest import ReceivedEntry
from fintech_factory.ingestion.landing.naming import matching_table
from fintech_factory.ingestion.landing.receive import TakenIn, take_in
from fintech_factory.ingestion.landing.sniff import kind_of
from fintech_factory.ingestion.landing.workbook import sheets_as_csv
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    from fintech_factory.ingestion.sources.cascade import CascadeSettings

__all__ = ["Intake", "Taken"]

DICTIONARY = "dictionary"


@dataclass(frozen=True, slots=True)
class Taken:
    """What one received file turned out to hold."""

    entry: ReceivedEntry
    inspected: tuple[Inspected, ...] = ()
    dictionary: tuple[Part, ...] = ()
    findings: tuple[Finding, ...] = ()
    content: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes files in, one after the other, in a thread of its own."""

    settings: "CascadeSettings"
    inspector: Inspector
    folder: Path
    _futures: list[Future[Taken]] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)

    def start(self, files: tuple[Path, ...], thread: ThreadPoolExecutor) -> None:
        """Begin; loans first, since all other tables refer to them, then the large files."""
        ordered = sorted(files, key=self._rank)
        self._sizes.extend(each.stat().st_size for each in files)
        self._futures.extend(thread.submit(self._take, each) for each in ordered)

    def table(self, name: str) -> Inspected | None:
        """Wait until a table has come in; None if no file holds it."""
        for taken in self._each():
            for inspected in taken.inspected:
                if inspected.part.table == name:
                    return inspected
        return None

    def is_refused(self, small: int = 64 << 20) -> bool:
        """Tell whether the files themselves already refuse the export.

        All of a small export is looked at before any of it lands; a large one lands while its
        later files still come in.
        """
        if self._sizes and sum(self._sizes) > small:
            return False
        found = [finding for each in self._each() for finding in each.findings]
        held = {table for each in self._each() for table, _ in each.content}
        needed = {name for name, table in self.settings.tables.items() if table.required}
        return not needed <= held or any(each.severity is Severity.CRITICAL for each in found)

    def all(self) -> list[Taken]:
        """Wait for every file."""
        return list(self._each())

    def _each(self) -> Iterator[Taken]:
        return (future.result() for future in self._futures)

    def _rank(self, path: Path) -> tuple[int, int]:
        table = self._table_of(path.stem)
        first = {"loans": 0, "customers": 1}.get(table or "", 2)
        return (first, -path.stat().st_size)

    @property
    def _patterns(self) -> Mapping[str, tuple[str, ...]]:
        patterns = {name: table.files for name, table in self.settings.tables.items()}
        return {**patterns, DICTIONARY: self.settings.dictionary}

    def _table_of(self, name: str) -> str | None:
        return matching_table(name, self._patterns)

    def _take(self, source: Path) -> Taken:
        received = take_in(source, self.folder / "received")
        parts, findings = self._parts(received)
        inspected: list[Inspected] = []
        for part in parts:
            if part.table in self.settings.tables:
                seen = self.inspector.inspect(part, self.settings.tables[part.table])
                if isinstance(seen, Inspected):
                    inspected.append(seen)
                else:
                    findings += seen
        return Taken(
            entry=received.entry,
            inspected=tuple(inspected),
            dictionary=tuple(part for part in parts if part.table == DICTIONARY),
            findings=tuple(findings),
            content=tuple((part.table, part.sha256) for part in parts),
        )

    def _parts(self, received: TakenIn) -> tuple[list[Part], list[Finding]]:
        path, shown = received.path, received.path.name
        with path.open("rb") as file:
            kind = kind_of(file.read(8192))
        suffix = path.suffix.lower()
        if suffix == ".zip":
            if kind not in ("archive", "workbook"):
                return [], [_wrong_type(shown, kind, "a ZIP archive")]
            return self._unpacked(path)
        if suffix in (".xlsx", ".xlsm"):
            if kind not in ("archive", "workbook"):
                return [], [_wrong_type(shown, kind, "an XLSX workbook")]
            return self._sheets(path, shown, received.facts.sha256)
        table = self._table_of(path.stem)
        if table is None:
            return [], [_unknown_file(shown)]
        return [Part(table, shown, path, received.facts.sha256, received.facts)], []

    def _unpacked(self, archive: Path) -> tuple[list[Part], list[Finding]]:
        into = self.folder / "scratch" / f"{archive.name}.d"
        into.mkdir()
        unpacked = unpack(archive, into, self.settings.archive)
        if isinstance(unpacked, Finding):
            return [], [unpacked]
        parts: list[Part] = []
        findings: list[Finding] = []
        for path in sorted(unpacked):
            shown = f"{archive.name}/{path.name}"
            facts = scan(path)
            if path.suffix.lower() in (".xlsx", ".xlsm"):
                sheets, found = self._sheets(path, shown, facts.sha256)
                parts += sheets
                findings += found
            elif table := self._table_of(path.stem):
                parts.append(Part(table, shown, path, facts.sha256, facts))
            else:
                findings.append(_unknown_file(shown))
        return parts, findings

    def _sheets(self, book: Path, shown: str, sha256: str) -> tuple[list[Part], list[Finding]]:
        refused = refuse_archive(book, self.settings.archive)
        if refused is not None:
            return [], [refused]
        sheets = sheets_as_csv(book, self.folder / "scratch")
        if isinstance(sheets, Finding):
            return [], [sheets]
        parts: list[Part] = []
        for name, path in sheets.items():
            # A workbook of one sheet may name its table by the file, not by `Sheet1`.
            alone = self._table_of(book.stem) if len(sheets) == 1 else None
            if table := self._table_of(name) or alone:
                parts.append(Part(table, f"{shown}#{name}", path, sha256, scan(path)))
        return parts, [] if parts else [_unknown_file(shown)]


def _wrong_type(shown: str, kind: str, wanted: str) -> Finding:
    return Finding(
        code="wrong_file_type",
        severity=Severity.CRITICAL,
        message=f"the file is {'text' if kind == 'text' else kind}, not {wanted}",
        where=shown,
        hint="give it the ending of what it is, or export it again",
    )


def _unknown_file(shown: str) -> Finding:
    return Finding(
        code="unknown_file",
        severity=Severity.INFO,
        message="no table goes by this file's name; it is kept and not landed",
        where=shown,
        hint="add its name to the `files` of its table in config/integrations/cascade.yaml",
    )
