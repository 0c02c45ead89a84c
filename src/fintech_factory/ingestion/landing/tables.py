# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Lands a batch's tables: loans first, then two at a time those that refer to them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.crossing import Crossing
from fintech_factory.ingestion.landing.inspect import Inspected
from fintech_factory.ingestion.landing.intake import Intake
from fintech_factory.ingestion.landing.quarantine import explain_orphans
from fintech_factory.ingestion.landing.rates import Rate, rates_in, to_reporting
from fintech_factory.ingestion.landing.statements import LENIENT, Statements
from fintech_factory.ingestion.landing.table import LandedTable, land_absent, land_table
from fintech_factory.values import Finding

if TYPE_CHECKING:
    import duckdb

    from fintech_factory.config import FactorySettings
    from fintech_factory.ingestion.landing.land import Progress
    from fintech_factory.ingestion.sources.cascade import CascadeSettings

__all__ = ["RATES_FROM", "Terms", "Work", "land_tables"]

RATES_FROM = "loan_par_balances"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an export is held against; `last_day` is the last day a payment may bear."""

    settings: "CascadeSettings"
    factory: "FactorySettings"
    last_day: date

    @property
    def reporting(self) -> str:
        """Name the reporting currency."""
        return self.factory.currency.reporting


@dataclass(frozen=True, slots=True)
class Work:
    """Where one batch's tables land, by which terms."""

    terms: Terms
    folder: Path
    progress: "Progress | None" = None

    def path(self, name: str) -> Path:
        """Give the parquet file of a table."""
        return self.folder / "landed" / f"{name}.parquet"

    def report(self, name: str, size: int) -> None:
        """Tell the caller that a table has landed."""
        if self.progress is not None:
            self.progress(name, size)


def land_tables(
    connection: "duckdb.DuckDBPyConnection", intake: Intake, work: Work
) -> dict[str, LandedTable] | list[Finding]:
    """Land every table of the contract; findings, if the export must be refused."""
    return _Tables(connection, intake, work).land()


@dataclass(frozen=True, slots=True)
class _Tables:
    connection: "duckdb.DuckDBPyConnection"
    intake: Intake
    work: Work

    def land(self) -> dict[str, LandedTable] | list[Finding]:
        tables = self.work.terms.settings.tables
        if self.intake.is_refused():
            return []
        first = [name for name in ("customers", "loans") if name in tables]
        landed: dict[str, LandedTable] = {}
        for name in first:
            outcome = self._land(self.connection, name)
            if isinstance(outcome, list):
                return outcome
            landed[name] = outcome
        if landed["loans"].seen is None:
            return []
        known = self._settle_loans(landed)
        rest = [name for name in tables if name not in landed]
        # `row_number() OVER ()`, which numbers the lines, keeps a file on one processor; two
        # files at a time keep two of them busy.
        with ThreadPoolExecutor(2, "land") as lanes:
            outcomes = list(
                lanes.map(lambda name: self._land_child(name, known), self._ordered(rest))
            )
        refused = [found for each in outcomes if isinstance(each, list) for found in each]
        children = {each.name: each for each in outcomes if isinstance(each, LandedTable)}
        return refused or {name: {**landed, **children}[name] for name in tables}

    def _ordered(self, names: list[str]) -> list[str]:
        # The longest first: the lanes end together.
        large = {RATES_FROM: 0, "transactions": 1, "schedules": 2}
        return sorted(names, key=lambda name: large.get(name, len(large)))

    def _land(
        self, connection: "duckdb.DuckDBPyConnection", name: str
    ) -> LandedTable | list[Finding]:
        table = self.work.terms.settings.tables[name]
        seen = self.intake.table(name)
        if seen is None:
            return land_absent(connection, name, table, self.work.path(name))
        statements = Statements(table, seen.layout, self.work.terms.last_day)
        outcome = land_table(connection, statements, seen, self.work.path(name))
        self.work.report(name, seen.facts.size)
        return outcome

    def _settle_loans(self, landed: dict[str, LandedTable]) -> set[str]:
        loans = landed["loans"]
        crossing = Crossing(self.connection, loans)
        crossing.begin()
        crossing.mark_duplicates()
        known = self._known_currencies(loans)
        crossing.mark_foreign_currencies(known)
        for reference in loans.table.references:
            if reference.table == "customers" and not reference.keep and landed["customers"].seen:
                crossing.mark_orphan_loans(reference.code, landed["customers"].relation)
        crossing.settle()
        self.connection.execute(
            "CREATE OR REPLACE TABLE landed_loans AS SELECT loan_id, line_no AS loan_key,"
            f" disburse_date, disburse_principal FROM {loans.relation}"
        )
        if "customers" in landed:
            _cross(self.connection, landed["customers"])
        return known

    def _known_currencies(self, loans: LandedTable) -> set[str]:
        reporting = self.work.terms.reporting
        found = self.connection.execute(
            f"SELECT DISTINCT currency FROM {loans.relation} WHERE currency <> ?", [reporting]
        ).fetchall()
        known = {reporting}
        if found:
            # Only a book of several currencies pays for a look ahead at the source's rates.
            known |= {each.currency for each in self._rates_ahead()}
        return known

    def _rates_ahead(self) -> list[Rate]:
        settings = self.work.terms.factory
        seen = self.intake.table(RATES_FROM)
        if seen is None:
            return to_reporting([], settings)
        return to_reporting(rates_in(self.connection, self._ahead(seen)), settings)

    def _ahead(self, seen: Inspected) -> str:
        table = self.work.terms.settings.tables[RATES_FROM]
        statements = Statements(table, seen.layout, self.work.terms.last_day)
        return f"({statements.rows(seen.text, LENIENT)})"

    def _land_child(self, name: str, known: set[str]) -> LandedTable | list[Finding]:
        connection = self.connection.cursor()
        outcome = self._land(connection, name)
        if isinstance(outcome, LandedTable) and outcome.seen is not None:
            _cross(connection, outcome, known)
            if name == "transactions":
                crossing = Crossing(connection, outcome)
                crossing.mark_overpayments(self.work.terms.settings.overpayment_tolerance)
                crossing.settle()
            explain_orphans(connection, outcome)
        return outcome


def _cross(
    connection: "duckdb.DuckDBPyConnection", landed: LandedTable, known: set[str] | None = None
) -> None:
    crossing = Crossing(connection, landed)
    crossing.begin()
    crossing.mark_duplicates()
    if known is not None:
        crossing.mark_foreign_currencies(known)
    crossing.settle()
