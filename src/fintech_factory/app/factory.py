"""One workspace, ready to work: its settings, batches, runs and published versions."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.clock import Clock, SystemClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import NothingPublished

if TYPE_CHECKING:
    from fintech_factory.app.alert_pages import AlertPages
    from fintech_factory.app.alerts import Alerts
    from fintech_factory.app.audit import Audit
    from fintech_factory.app.daily import Daily
    from fintech_factory.app.definitions import KpiVersions
    from fintech_factory.app.facilities import Facilities
    from fintech_factory.app.kpis import Kpis
    from fintech_factory.app.run_pages import RunPages
    from fintech_factory.app.schedules import Schedules
    from fintech_factory.app.series import KpiSeries
    from fintech_factory.app.slots import Slots
    from fintech_factory.app.validation import Validation
    from fintech_factory.app.views import Views
    from fintech_factory.config import FactorySettings, LoadedFile
    from fintech_factory.ingestion import Arrival, Batch, Landing
    from fintech_factory.ingestion.landing.land import Progress
    from fintech_factory.kpi_engine import Definitions, KpiFile, Reading
    from fintech_factory.pipeline.day import Book
    from fintech_factory.pipeline.outcome import Dates, DayOutcome
    from fintech_factory.state.store import State
    from fintech_factory.validation.comparison import Reconciliation, Tolerances
    from fintech_factory.values import LedgerRules
    from fintech_factory.views.provisioning import Provisioning
    from fintech_factory.views.scenarios import Scenarios
    from fintech_factory.warehouse.duckdb import DuckDBBuild, DuckDBWarehouse
    from fintech_factory.warehouse.protocol import Reader, Version

__all__ = ["Factory"]

_SOURCE = "cascade"
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Factory:
    """One workspace, ready to work; what a command does not need is never loaded.

    `actor` is who acts, for the audit trail; empty means FACTORY_ACTOR or the machine's account.
    """

    workspace: Workspace
    clock: Clock = field(default_factory=SystemClock)
    actor: str = ""

    @cached_property
    def settings(self) -> "FactorySettings":
        """The workspace's own settings."""
        from fintech_factory.config import FactorySettings, load

        return load(self.workspace.settings_file, FactorySettings).value

    @cached_property
    def audit(self) -> "Audit":
        """The workspace's audit trail."""
        from fintech_factory.app.audit import Audit

        return Audit(self)

    @cached_property
    def rules(self) -> "LedgerRules":
        """The lender's policy."""
        from fintech_factory.values import LedgerRules, SizeBuckets, TermBuckets

        policy = self.settings.policy
        return LedgerRules(
            reporting_currency=self.settings.currency.reporting,
            write_off_after_dpd=policy.write_off_after_dpd,
            coverage_tolerance=policy.coverage_tolerance,
            collection_window_days=policy.collection_window_days,
            bucket_bounds=policy.bucket_bounds,
            bucket_labels=policy.bucket_labels,
            sizes=SizeBuckets(policy.size_bounds),
            terms=TermBuckets(policy.term_bounds),
            reactivated_after_days=policy.reactivated_after_days,
            stage_2_after_dpd=self.provisioning.staging.stage_2_after_dpd,
            stage_3_from_dpd=self.provisioning.staging.stage_3_from_dpd,
        )

    @cached_property
    def provisioning(self) -> "Provisioning":
        """The lender's IFRS 9 policy."""
        from fintech_factory.config import load
        from fintech_factory.views.provisioning import Provisioning

        return load(self.workspace.config / "provisioning.yaml", Provisioning).value

    @cached_property
    def scenarios(self) -> "Scenarios":
        """How expected cash is measured and varied."""
        from fintech_factory.config import load
        from fintech_factory.views.scenarios import Scenarios

        return load(self.workspace.config / "scenarios.yaml", Scenarios).value

    @cached_property
    def tolerances(self) -> "Tolerances":
        """What counts as close when two figures are compared."""
        from fintech_factory.validation.comparison import Tolerances

        return Tolerances(
            close_per_loan=self.settings.reconcile.close_per_loan,
            write_off_after_dpd=self.rules.write_off_after_dpd,
            bucket_bounds=self.rules.bucket_bounds,
        )

    @cached_property
    def kpi_file(self) -> "LoadedFile[KpiFile]":
        """The file that defines every KPI, with the place of each key."""
        from fintech_factory.config import load
        from fintech_factory.kpi_engine import KpiFile

        return load(self.workspace.config / "kpis" / "kpi_definitions.yaml", KpiFile)

    @cached_property
    def definitions(self) -> "Definitions":
        """Every KPI of the workspace."""
        from fintech_factory.kpi_engine import read_definitions

        return read_definitions(self.kpi_file)

    @cached_property
    def warehouse(self) -> "DuckDBWarehouse":
        """The workspace's warehouse."""
        from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse

        limits = self.settings.warehouse
        return DuckDBWarehouse(
            self.workspace.warehouse,
            DuckDBLimits(
                memory_mb=limits.memory_limit_bytes // _MEGABYTE,
                threads=limits.threads,
                query_memory_mb=limits.query_memory_bytes // _MEGABYTE,
                query_timeout_s=limits.query_timeout_s,
                keep_versions=limits.keep_versions,
            ),
        )

    @cached_property
    def state(self) -> "State":
        """The workspace's operational database."""
        from fintech_factory.app.operational import open_state

        return open_state(self)

    @cached_property
    def kpis(self) -> "Kpis":
        """What can be said of the workspace's KPIs."""
        from fintech_factory.app.kpis import Kpis

        return Kpis(self)

    @cached_property
    def kpi_versions(self) -> "KpiVersions":
        """The versions of the KPIs' definitions that runs have used."""
        from fintech_factory.app.definitions import KpiVersions

        return KpiVersions(self)

    @cached_property
    def kpi_series(self) -> "KpiSeries":
        """The KPIs over the book's whole history."""
        from fintech_factory.app.series import KpiSeries

        return KpiSeries(self)

    @cached_property
    def views(self) -> "Views":
        """What can be shown of the workspace's book."""
        from fintech_factory.app.views import Views

        return Views(self)

    @cached_property
    def alerts(self) -> "Alerts":
        """What the workspace alerts of."""
        from fintech_factory.app.alerts import Alerts

        return Alerts(self)

    @cached_property
    def alert_pages(self) -> "AlertPages":
        """What can be read of the workspace's alerts."""
        from fintech_factory.app.alert_pages import AlertPages

        return AlertPages(self)

    @cached_property
    def run_pages(self) -> "RunPages":
        """What can be read of the workspace's runs."""
        from fintech_factory.app.run_pages import RunPages

        return RunPages(self)

    @cached_property
    def slots(self) -> "Slots":
        """The workspace's work that is due, as people change it."""
        from fintech_factory.app.slots import Slots

        return Slots(self)

    @cached_property
    def schedules(self) -> "Schedules":
        """What the workspace does by the clock."""
        from fintech_factory.app.schedules import Schedules

        return Schedules(self)

    @cached_property
    def daily(self) -> "Daily":
        """The workspace's daily messages."""
        from fintech_factory.app.daily import Daily

        return Daily(self)

    @cached_property
    def validation(self) -> "Validation":
        """What can be said of the workspace's findings."""
        from fintech_factory.app.validation import Validation

        return Validation(self)

    @cached_property
    def facilities(self) -> "Facilities":
        """The workspace's facilities before its book."""
        from fintech_factory.app.facilities import Facilities

        return Facilities(self)

    def latest_batch(self) -> "Batch":
        """The batch in force.

        Raises:
            NothingPublished: nothing was ever ingested.
        """
        from fintech_factory.ingestion.landing.manifest import latest_batch

        batch = latest_batch(self.workspace.raw(_SOURCE))
        if batch is None:
            raise NothingPublished(
                "no export has been ingested yet",
                where=str(self.workspace.raw(_SOURCE)),
                hint="`factory ingest cascade PATH`, or put the export into inbox/",
            )
        return batch

    def published(self) -> "Version":
        """The version in force.

        Raises:
            NothingPublished: no run has published yet.
        """
        version = self.current()
        if version is None:
            raise NothingPublished(
                "no run has published yet",
                where=str(self.workspace.warehouse),
                hint="`factory run`",
            )
        return version

    def ingest(self, arrival: "Arrival", progress: "Progress | None" = None) -> "Landing":
        """Bring an export in: landed, unchanged, or refused with its findings."""
        from fintech_factory.app.log_lines import say_landing
        from fintech_factory.ingestion import Place, land

        with self.writing("factory ingest"):
            landing = land(arrival, Place.of(self.workspace), self.clock, progress)
            self.audit.landed(landing.manifest, landing.status)
        say_landing(landing)
        return landing

    def run(
        self,
        dates: "Dates",
        *,
        force: bool = False,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> "DayOutcome":
        """Bring in the inbox and run the day, unless nothing has changed since the last.

        Raises:
            DefinitionError: a definition says something else than its version did before.
        """
        from fintech_factory.app.runs import Runs

        return Runs(self).run(dates, force=force, on_step=on_step)

    def inputs(self, batch_id: str) -> str:
        """Hash all that figures made of a batch depend on: rules, models, statements."""
        from fintech_factory.pipeline.inputs import inputs_of

        statements = sorted(
            path.name for path in self.workspace.raw("statements").glob("statements-*")
        )
        folders = [self.workspace.config, self.workspace.sql]
        return inputs_of(" ".join([batch_id, *statements]), folders)

    @contextmanager
    def writing(self, purpose: str) -> Iterator[None]:
        """Hold the writer's lock while a block runs; what a killed run left is repaired first.

        Settings that were edited since are written into the audit trail before anything else.
        """
        from fintech_factory.pipeline.repair import repair
        from fintech_factory.warehouse.lock import writer_lock
        from fintech_factory.warehouse.versions import VersionFolder

        with writer_lock(self.workspace.warehouse / ".writer.lock", purpose, self.clock):
            repair(VersionFolder(self.workspace.warehouse), self.state)
            self.audit.catch_up()
            yield

    @property
    def raw(self) -> Path:
        """Where the lender's exports lie."""
        return self.workspace.raw(_SOURCE)

    def book(self, batch: "Batch") -> "Book":
        """Give what a run computes from a batch, and by which rules."""
        from fintech_factory.pipeline.day import Book
        from fintech_factory.transform.models import read_models

        return Book(
            batch=batch,
            earlier=self._earlier(batch),
            models=read_models(self.workspace.sql),
            definitions=self.definitions,
            rules=self.rules,
            tolerances=self.tolerances,
            observe=self.views.observed,
            stated=self.validation.settings.ledger_dates,
        )

    def _earlier(self, batch: "Batch") -> "Batch | None":
        """The batch that landed before another, to tell what the source has restated since."""
        from fintech_factory.ingestion.landing.manifest import landed_batches

        arrived = batch.manifest.arrived_at
        others = landed_batches(self.workspace.raw(_SOURCE))
        before = [each for each in others if each.manifest.arrived_at < arrived]
        return max(before, key=lambda each: each.manifest.arrived_at, default=None)

    def reconcile(self, as_of: date | None) -> "Reconciliation":
        """Judge our ledger in three rings: at one date, or at all that the version holds.

        Raises:
            UsageError: the date lies outside the book.
        """
        from fintech_factory.pipeline.ledger_facts import (
            reconcile_version,
            refuse_outside_the_book,
        )

        version = self.current()
        if version is not None and (as_of is None or as_of in version.run.as_ofs):
            days = (as_of,) if as_of else version.run.as_ofs
            with self.warehouse.open(version) as reader:
                judged = reconcile_version(reader, days, self.tolerances)
                return judged.with_checks(self.validation.file_checks(reader, version, max(days)))
        day = as_of or self.data_through()
        with self.on_demand(day) as (reader, _):
            refuse_outside_the_book(reader, day)
            judged = reconcile_version(reader, (day,), self.tolerances)
            return judged.with_checks(self.validation.file_checks(reader, version, day))

    def data_through(self) -> date:
        """The last day on which the published version, or else the latest batch, speaks."""
        version = self.current()
        if version is not None:
            return version.run.data_through
        through = self.latest_batch().manifest.data_through
        if through is None:
            raise NothingPublished("the batch in force holds no loan", hint="ingest one with loans")
        return through

    def current(self) -> "Version | None":
        """Give the version in force, None before the first."""
        from fintech_factory.warehouse.versions import VersionFolder

        return VersionFolder(self.workspace.warehouse).current()

    def batch_behind(self, as_of: date) -> "Batch":
        """The batch behind what is published of a date, so that figures made now agree with it.

        A reading that was carried over speaks of the batch of its own run.
        """
        from fintech_factory.ingestion.landing.manifest import open_batch
        from fintech_factory.pipeline.reading_table import readings_at

        version = self.current()
        if version is None:
            return self.latest_batch()
        with self.warehouse.open(version) as reader:
            found = next(iter(readings_at(reader, as_of).values()), None)
        batch_id = found.batch_ids[0] if found else version.run.batch_ids[0]
        return open_batch(self.workspace.raw(_SOURCE), batch_id)

    @contextmanager
    def at(self, as_of: date) -> "Iterator[tuple[Reader, dict[str, Reading]]]":
        """Open the published models and readings of a date, or make them for the while."""
        from fintech_factory.pipeline.reading_table import readings_at

        version = self.current()
        if version is not None and as_of in version.run.as_ofs:
            with self.warehouse.open(version) as reader:
                yield reader, readings_at(reader, as_of)
        else:
            with self.on_demand(as_of) as made:
                yield made

    @contextmanager
    def on_demand(self, as_of: date) -> "Iterator[tuple[Reader, dict[str, Reading]]]":
        """Make the models and readings of a date for the while; nothing is published."""
        from fintech_factory.pipeline.day import measure

        with self.scratch() as build:
            _, readings = measure(build, self.book(self.batch_behind(as_of)), as_of)
            yield build, {each.kpi: each for each in readings if not each.dimension}

    def close(self) -> None:
        """Close the operational database and the published version, if they were opened."""
        if "views" in self.__dict__:
            self.views.close()
        if "state" in self.__dict__:
            self.state.close()

    @contextmanager
    def scratch(self) -> "Iterator[DuckDBBuild]":
        """Lend a build that will never be published."""
        with tempfile.TemporaryDirectory(prefix="factory-") as folder:
            build = self.warehouse.scratch(Path(folder))
            try:
                yield build
            finally:
                build.discard()
