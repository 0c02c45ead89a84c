"""Lands one batch from its files to its manifest, or refuses it with every reason."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.clock import Clock
from fintech_factory.config import FactorySettings, load
from fintech_factory.ingestion.landing.inspect import Draft, Inspector
from fintech_factory.ingestion.landing.intake import Intake, Taken
from fintech_factory.ingestion.landing.judge import (
    dictionary_findings,
    file_findings,
    row_findings,
    shrink_findings,
    too_many_bad_rows,
)
from fintech_factory.ingestion.landing.land import Arrival, Landing, Place, Progress
from fintech_factory.ingestion.landing.layout import Layout
from fintech_factory.ingestion.landing.manifest import Batch, FileEntry, Manifest, open_batch
from fintech_factory.ingestion.landing.oddities import find_oddities
from fintech_factory.ingestion.landing.publish import (
    begin,
    discard,
    point_at,
    publish,
    refuse,
    write_manifest,
)
from fintech_factory.ingestion.landing.quarantine import write_quarantine
from fintech_factory.ingestion.landing.rates import land_rates, rates_in, to_reporting
from fintech_factory.ingestion.landing.session import open_session
from fintech_factory.ingestion.landing.statements import LENIENT, csv_relation
from fintech_factory.ingestion.landing.table import LandedTable, distinct_texts
from fintech_factory.ingestion.landing.tables import RATES_FROM, Terms, Work, land_tables
from fintech_factory.ingestion.landing.totals import data_through, file_entry
from fintech_factory.ingestion.sources.cascade import CascadeSettings, Column
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    import duckdb

__all__ = ["Attempt", "attempt"]

_SOURCE = "cascade"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An arrival that is not the batch we already have."""

    arrival: Arrival
    place: Place
    files: tuple[Path, ...]
    contract_sha256: str
    latest: Batch | None

    def terms(self, arrived_on: date) -> Terms:
        """Read the settings."""
        settings = load(self.place.contract, CascadeSettings).value
        factory = load(self.place.factory, FactorySettings).value
        return Terms(settings, factory, self.arrival.as_of or arrived_on)

    @property
    def is_older(self) -> bool:
        """Tell whether it is said to speak of an earlier day than the current batch."""
        declared = self.arrival.as_of
        latest = self.latest.manifest.as_of if self.latest else None
        return declared is not None and latest is not None and declared < latest


def attempt(attempted: Attempt, clock: Clock, progress: Progress | None) -> Landing:
    """Land a batch in a folder of its own and publish it; a failure leaves nothing behind."""
    arrived_at = clock.now()
    terms = attempted.terms(arrived_at.date())
    folder = begin(attempted.place.raw_root)
    try:
        return _Landing(attempted, terms, folder, arrived_at, progress).run()
    finally:
        discard(folder)


@dataclass(slots=True)
class _Landing:
    attempted: Attempt
    terms: Terms
    folder: Path
    arrived_at: datetime
    progress: Progress | None
    findings: list[Finding] = field(default_factory=list)

    def run(self) -> Landing:
        with (
            open_session(self.folder / "scratch") as connection,
            ThreadPoolExecutor(1, "intake") as thread,
        ):
            intake = self._intake(connection)
            intake.start(self.attempted.files, thread)
            work = Work(self.terms, self.folder, self.progress)
            outcome = land_tables(connection, intake, work)
            taken = intake.all()
            self.findings += [found for each in taken for found in each.findings]
            self.findings += file_findings(taken, self.terms.settings)
            if isinstance(outcome, list):
                self.findings += outcome
                manifest = self._manifest(taken, (), None)
            else:
                manifest = self._conclude(connection, taken, tuple(outcome.values()))
        return self._refuse(manifest) if manifest.status == "refused" else self._publish(manifest)

    def _intake(self, connection: "duckdb.DuckDBPyConnection") -> Intake:
        cursor = connection.cursor()

        def widen(draft: Draft, place: int, column: Column) -> list[str]:
            layout = Layout(draft.header, draft.delimiter, ())
            relation = csv_relation(draft.text, layout, LENIENT)
            return distinct_texts(cursor, relation, place, column)

        inspector = Inspector(self.folder / "scratch", widen)
        return Intake(self.terms.settings, inspector, self.folder)

    def _conclude(
        self,
        connection: "duckdb.DuckDBPyConnection",
        taken: list[Taken],
        tables: tuple[LandedTable, ...],
    ) -> Manifest:
        files = tuple(file_entry(connection, each) for each in tables)
        through = data_through(connection, tables)
        self._land_rates(connection, tables)
        self.findings += row_findings(files, write_quarantine(connection, tables, self.folder))
        self.findings += too_many_bad_rows(files, self.terms.settings.max_bad_row_pct)
        self.findings += self._shrunk(files)
        headers = {each.name: each.seen.layout.header for each in tables if each.seen}
        parts = [part for each in taken for part in each.dictionary]
        self.findings += dictionary_findings(parts, headers)
        self.findings += find_oddities(connection, tables, self.terms, through)
        return self._manifest(taken, files, through)

    def _land_rates(
        self, connection: "duckdb.DuckDBPyConnection", tables: tuple[LandedTable, ...]
    ) -> None:
        source = next((each for each in tables if each.name == RATES_FROM), None)
        dollars = rates_in(connection, source.relation) if source else []
        rates = to_reporting(dollars, self.terms.factory)
        land_rates(connection, rates, self.folder / "landed" / "fx_rates.parquet")

    def _shrunk(self, files: tuple[FileEntry, ...]) -> list[Finding]:
        latest = self.attempted.latest
        if latest is None or self.attempted.is_older:
            return []
        accepted = self.attempted.arrival.accept_shrink
        return shrink_findings(files, latest.manifest, accepted=accepted)

    @property
    def _status(self) -> str:
        waived = {"half_rows_missing"} if self.attempted.arrival.accept_shrink else set()
        refusing = (
            each.severity is Severity.CRITICAL and each.code not in waived for each in self.findings
        )
        return "refused" if any(refusing) else "landed"

    def _manifest(
        self, taken: list[Taken], files: tuple[FileEntry, ...], through: date | None
    ) -> Manifest:
        declared = self.attempted.arrival.as_of
        as_of = declared or through
        content = self._content_sha256(taken)
        day = as_of.strftime("%Y%m%d") if as_of else "undated"
        return Manifest(
            batch_id=f"{_SOURCE}-{day}-{content[:12]}",
            source=_SOURCE,
            status=self._status,
            as_of=as_of,
            declared_as_of=declared,
            data_through=through,
            arrived_at=self.arrived_at,
            content_sha256=content,
            contract_sha256=self.attempted.contract_sha256,
            reporting_currency=self.terms.reporting,
            received=tuple(sorted((each.entry for each in taken), key=lambda each: each.name)),
            files=files,
            findings=tuple(self.findings),
        )

    def _content_sha256(self, taken: list[Taken]) -> str:
        parts = sorted(f"{table} {sha256}" for each in taken for table, sha256 in each.content)
        declared = self.attempted.arrival.as_of
        said = ["" if declared is None else declared.isoformat(), self.attempted.contract_sha256]
        return hashlib.sha256("\n".join([*said, *parts]).encode()).hexdigest()

    def _refuse(self, manifest: Manifest) -> Landing:
        write_manifest(self.folder, manifest)
        kept = refuse(self.folder, self.attempted.place.raw_root, manifest.batch_id)
        return Landing("refused", manifest, kept)

    def _publish(self, manifest: Manifest) -> Landing:
        raw_root = self.attempted.place.raw_root
        if (raw_root / manifest.batch_id).exists():
            # The same tables in other clothes (a ZIP for a folder), or an export from before.
            return self._already_here(open_batch(raw_root, manifest.batch_id))
        write_manifest(self.folder, manifest)
        published = publish(self.folder, raw_root, manifest.batch_id)
        if not self.attempted.is_older:
            point_at(raw_root, manifest.batch_id)
        return Landing("landed", manifest, published)

    def _already_here(self, known: Batch) -> Landing:
        latest = self.attempted.latest
        came_later = latest is None or known.manifest.arrived_at > latest.manifest.arrived_at
        if came_later and not self.attempted.is_older:
            # It landed, and the process ended before it was made the current one.
            point_at(self.attempted.place.raw_root, known.batch_id)
            return Landing("landed", known.manifest, known.folder)
        return Landing("unchanged", self._told_which_is_in_force(known), known.folder)

    def _told_which_is_in_force(self, known: Batch) -> Manifest:
        """Add a finding where the content is that of an earlier batch, which stays earlier."""
        latest = self.attempted.latest
        if latest is None or latest.batch_id == known.batch_id:
            return known.manifest
        earlier = Finding(
            code="landed_before",
            severity=Severity.WARNING,
            message=f"this export landed before; {latest.batch_id} came later and stays in force",
            where=known.batch_id,
            hint="if the source went back to it on purpose, ingest it with --as-of",
        )
        return replace(known.manifest, findings=(*known.manifest.findings, earlier))
