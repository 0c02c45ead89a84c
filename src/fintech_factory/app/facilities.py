"""What a workspace can say of its facilities."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.errors import UsageError
from fintech_factory.message import Language

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.ingestion.sources.statements import Statement, StatementBatch
    from fintech_factory.kpi_engine.observed import Observed
    from fintech_factory.pipeline.view_facts import Loans
    from fintech_factory.views.document import Document
    from fintech_factory.views.facilities.covenants import Covenant
    from fintech_factory.views.facilities.monitor import Monitor
    from fintech_factory.views.facilities.terms import Facility
    from fintech_factory.views.table import ViewDate
    from fintech_factory.warehouse.protocol import Reader

__all__ = ["Facilities"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Facilities:
    """The facilities of one workspace: monitored, opened to loans, certified, observed."""

    factory: "Factory"

    @cached_property
    def terms(self) -> "tuple[Facility, ...]":
        """Every facility that is switched on.

        Raises:
            ConfigError: a facility's file is wrong.
        """
        from fintech_factory.views.facilities.checking import load_facilities

        return load_facilities(self.factory.workspace.config, self.factory.definitions.kpis)

    @property
    def statements(self) -> "tuple[Statement, ...]":
        """The financial statement of every period that landed, by its end."""
        from fintech_factory.ingestion.sources.statements import statements_in_force

        return statements_in_force(self.factory.workspace.raw("statements"))

    def ingest_statements(self, path: Path) -> "StatementBatch":
        """Land a file of financial statements; what landed before stays."""
        from fintech_factory.app.audit import Note
        from fintech_factory.ingestion.sources.statements import land_statements

        raw_root = self.factory.workspace.raw("statements")
        self.factory.audit.catch_up()
        batch = land_statements(path, raw_root, self.factory.clock)
        said = {"batch": batch.batch_id, "source": "statements", "set_aside": len(batch.set_aside)}
        log.info("batch %s", batch.status, extra=said)
        if batch.status != "unchanged":
            after = {
                "source": "statements",
                "rows": len(batch.statements),
                "set_aside": len(batch.set_aside),
                "periods": [each.period_end for each in batch.statements],
            }
            hashes = (batch.sha256,)
            self.factory.audit.note(
                Note(f"ingest.{batch.status}", batch.batch_id, after=after, batch_hashes=hashes)
            )
        return batch

    def monitor(self, reader: "Reader", dates: "Sequence[ViewDate]") -> "Monitor":
        """Read what the facilities are judged on, at some snapshots of a version or build."""
        from fintech_factory.pipeline.facility_facts import Terms, read_monitor

        rates: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for rate in self.factory.settings.currency.rates:
            rates[rate.currency][rate.from_] = rate.rate
        terms = Terms(
            facilities=self.terms,
            definitions=self.factory.definitions,
            statements=self.statements,
            reporting_currency=self.factory.rules.reporting_currency,
            rates=rates,
        )
        return read_monitor(reader, terms, [on.as_of for on in dates])

    def covenants(self, reader: "Reader", on: "ViewDate") -> "tuple[Covenant, ...]":
        """Give every covenant of every facility as it stands at a date."""
        from fintech_factory.views.facilities.covenants import covenants_at

        monitor = self.monitor(reader, [on])
        return tuple(
            covenant for facility in self.terms for covenant in covenants_at(monitor, facility, on)
        )

    def observed(
        self, reader: "Reader", dates: "Sequence[ViewDate]"
    ) -> "Mapping[date, Mapping[str, Observed]]":
        """Observe, for each date, the figures of facilities and statements that KPIs are made of.

        Shapes: as-of date -> covenant_headroom, open_breaches, borrowing_base_surplus,
        excess_concentration, days_to_breach, nim, cost_of_risk, debt_to_equity, dscr and
        runway_months, each with its value, its part and whole, or its reason.
        """
        from fintech_factory.views.facilities.observed import observe_monitor, observe_statements

        monitor, statements = self.monitor(reader, dates), self.statements
        return {
            on.as_of: {**observe_monitor(monitor, on), **observe_statements(statements, on)}
            for on in dates
        }

    def loans(self, reader: "Reader", as_of: date, table: str, where: Mapping[str, str]) -> "Loans":
        """Give the loans of a facility's pool behind the rows that have the given cells.

        Raises:
            UsageError: the table does not open to loans, or not by that column.
        """
        from fintech_factory.pipeline.facility_loans import facility_loans

        wanted = dict(where)
        facility = self.facility(wanted.pop("facility", None))
        return facility_loans(reader, facility, as_of, table, wanted)

    def certificate(
        self,
        reader: "Reader",
        facility: str,
        on: "ViewDate",
        *,
        draft: bool,
        language: Language = Language.EN,
    ) -> "Document":
        """Write the compliance certificate of a facility at a date.

        Raises:
            UsageError: no such facility, or a figure is unavailable and it is no draft.
        """
        import hashlib

        from fintech_factory.views.facilities.certificate import Provenance, certificate

        terms = self.facility(facility)
        version = self.factory.current()
        batch = self.factory.batch_behind(on.as_of)
        published = version is not None and on.as_of in version.run.as_ofs
        source = Provenance(
            run_id=version.run.run_id if version is not None and published else None,
            data_through=self.factory.data_through(),
            batch_ids=(batch.batch_id,),
            files={each.file: each.sha256 for each in batch.manifest.files},
            terms_sha256=hashlib.sha256(terms.path.read_bytes()).hexdigest(),
        )
        monitor = self.monitor(reader, [on])
        return certificate(monitor, terms, on, source, draft=draft, language=language)

    def facility(self, named: str | None) -> "Facility":
        """Give a facility by name; without one, the only one.

        Raises:
            UsageError: there is none of that name, or several and none is named.
        """
        from fintech_factory.registry import suggestion

        known = {each.id: each for each in self.terms}
        if not known:
            raise UsageError(
                "no facility is switched on",
                where=str(self.factory.workspace.config / "facilities"),
                hint="copy example.yaml there and say `enabled: true`",
            )
        if named is None and len(known) == 1:
            return next(iter(known.values()))
        if named is None:
            hint = f"--where facility={next(iter(known))}"
            raise UsageError("there are several facilities", where="--where", hint=hint)
        if named not in known:
            raise UsageError(
                f"no facility is called '{named}'", hint=suggestion(named, list(known))
            )
        return known[named]
