"""A tiny book landed by hand."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict, Unpack

from fintech_factory.clock import Clock, FixedClock
from fintech_factory.values import LedgerRules, SizeBuckets, TermBuckets

if TYPE_CHECKING:
    from fintech_factory.ingestion.landing.manifest import Batch, Manifest
    from fintech_factory.warehouse.protocol import Build

__all__ = ["LANDED", "RULES", "Book", "Day", "LoanTerms", "SourceFigures", "as_day", "book"]

Amount: TypeAlias = int | str | Decimal
Day: TypeAlias = date | str
# A day, then principal, interest, fees, other and tax; what is left out lands empty.
Flow: TypeAlias = tuple[Day, *tuple[Amount, ...]]
Row: TypeAlias = Mapping[str, object]

_NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
_AMOUNTS = ("principal", "interest", "fees", "other", "to_tax")
_KINDS = {
    "": "VARCHAR",
    "count": "BIGINT",
    "day": "DATE",
    "flag": "BOOLEAN",
    "money": "DECIMAL(18, 6)",
    "rate": "DECIMAL(18, 8)",
}


def _columns(words: str) -> dict[str, str]:
    """Read `name:kind` words; a name alone is text."""
    split = (word.partition(":") for word in words.split())
    return {name: _KINDS[kind] for name, _, kind in split}


_FLOW = (
    "principal:money interest:money other:money fees:money to_tax:money"
    " add_balance:money reduce_balance:money currency"
)
LANDED: Mapping[str, Mapping[str, str]] = {
    "loans": _columns(
        "line_no:count loan_id customer_id company product_type currency application_date:day"
        " disburse_date:day maturity_date:day pledge_date:day disburse_principal:money"
        " outstanding_balance:money interest_rate:rate total_interest:money total_fees:money"
        " total_other:money term:count frequency dpd:count ratio_paid:rate loan_status loan_grade"
        " lender facility credit_bureau_score:count amount_buckets term_buckets loan_counts:count"
        " location_state_province"
    ),
    "schedules": _columns(f"line_no:count loan_key:count loan_id date_due:day {_FLOW}"),
    "transactions": _columns(
        f"line_no:count loan_key:count loan_id transaction_type date_paid:day {_FLOW}"
    ),
    "customers": _columns(
        "line_no:count customer_id customer_type income:money currency gender birth_date:day"
        " channel_type dependents:count geography_city geography_state geography_country"
    ),
    "collaterals": _columns(
        "line_no:count loan_id collateral_id asset_type purchase_value:money"
        " appraisal_value:money purchase_date:day appraisal_date:day currency"
    ),
    "loan_par_balances": _columns(
        "line_no:count loan_id_raw reporting_date:day dpd:count dpd_date:day is_writeoff:flag"
        " writeoff_type loan_ccy outstanding_balance:money writeoff_outstanding_balance:money"
        " xchg_rate_to_usd:rate outstanding_balance_usd:money"
        " writeoff_outstanding_balance_usd:money par_7_balance_usd:money"
        " par_30_balance_usd:money par_60_balance_usd:money par_90_balance_usd:money"
    ),
    "fx_rates": _columns("currency rate_on:day rate:rate"),
}
"""The landed tables, each with its columns and their SQL types."""

RULES = LedgerRules(
    reporting_currency="USD",
    write_off_after_dpd=180,
    coverage_tolerance=Decimal("0.005"),
    collection_window_days=30,
    bucket_bounds=(0, 30, 60, 90, 180),
    bucket_labels=("current", "1-30", "31-60", "61-90", "91-180", "181+"),
    sizes=SizeBuckets(tuple(map(Decimal, (500, 1000, 2500, 5000, 10_000, 50_000, 100_000)))),
    terms=TermBuckets((10, 20, 30, 45, 60, 90, 120, 180)),
    reactivated_after_days=90,
)
"""The policy that the product ships."""


class LoanTerms(TypedDict, total=False):
    """What a test may say of a loan; `Book.loan` tells the defaults."""

    loan_id: str
    disbursed: Day
    entity: str | None
    product: str | None
    borrower: str
    segment: str | None
    currency: str
    instalments: Sequence[Flow]
    payments: Sequence[Flow]
    source_balance: Amount
    source_dpd: int
    matures: Day
    interest: Amount
    fees: Amount
    state: str | None


class SourceFigures(TypedDict, total=False):
    """What a test may say of a source's own row; `Book.source_says` tells the defaults."""

    dpd: int | None
    is_writeoff: bool | None
    currency: str
    rate: Amount | None
    at_risk: Mapping[int, Amount]


@dataclass(frozen=True, slots=True)
class Book:
    """A small book; every method gives a larger one.

    `through` is the manifest's data-through date; None takes the last day on which money moved.
    """

    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    through: date | None = None

    def loan(self, principal: Amount = 1000, **terms: Unpack[LoanTerms]) -> "Book":
        """Add a loan, by default of 2025-01-01, all of it due on day 30, and never paid.

        An instalment or payment is `(day, principal, interest, fees, other, tax)`, from the
        second on as far as needed. The defaults are North, factoring, small, USD and a borrower
        of its own.
        """
        key = self._next_line("loans")
        name = terms.get("loan_id", f"L{key - 1}")
        borrower = terms.get("borrower", f"B{key - 1}")
        disbursed = as_day(terms.get("disbursed", "2025-01-01"))
        currency = terms.get("currency", "USD")
        instalments = terms.get("instalments", [(disbursed + timedelta(days=30), principal)])
        grown = self.borrower(borrower, terms.get("segment", "small")).add(
            "loans",
            loan_id=name,
            customer_id=borrower,
            company=terms.get("entity", "North"),
            product_type=terms.get("product", "factoring"),
            currency=currency,
            disburse_date=disbursed,
            disburse_principal=principal,
            outstanding_balance=terms.get("source_balance"),
            dpd=terms.get("source_dpd"),
            maturity_date=as_day(terms["matures"]) if "matures" in terms else None,
            total_interest=terms.get("interest"),
            total_fees=terms.get("fees"),
            location_state_province=terms.get("state"),
        )
        owner = {"loan_key": key, "loan_id": name, "currency": currency}
        for day, *amounts in instalments:
            due = {"date_due": as_day(day), **_amounts(amounts)}
            grown = grown.add("schedules", **owner, **due)
        for day, *amounts in terms.get("payments", ()):
            paid = {"date_paid": as_day(day), "transaction_type": "PAYMENT", **_amounts(amounts)}
            grown = grown.add("transactions", **owner, **paid)
        return grown

    def borrower(self, name: str, segment: str | None = "small") -> "Book":
        """Add a borrower, unless the book has them already."""
        if any(row["customer_id"] == name for row in self.rows("customers")):
            return self
        return self.add("customers", customer_id=name, customer_type=segment)

    def rate(self, currency: str, on: Day, rate: Amount) -> "Book":
        """Add what one unit of a currency is worth in the reporting currency on a day."""
        return self.add("fx_rates", currency=currency, rate_on=as_day(on), rate=rate)

    def source_says(
        self, loan_id: str, on: Day, balance: Amount, **figures: Unpack[SourceFigures]
    ) -> "Book":
        """Add the source's own row of a loan on a day, by default not past due, in USD.

        Its PAR columns follow its own rule (`>= n`, written-off left out, at its rate) unless
        `at_risk` gives them.
        """
        dpd, off = figures.get("dpd", 0), figures.get("is_writeoff", False)
        rate = figures.get("rate", 1)
        in_usd = Decimal(balance) * Decimal(1 if rate is None else rate)
        own = {days: 0 if off or (dpd or 0) < days else in_usd for days in (7, 30, 60, 90)}
        at_risk = figures.get("at_risk", own)
        return self.add(
            "loan_par_balances",
            loan_id_raw=loan_id,
            reporting_date=as_day(on),
            dpd=dpd,
            is_writeoff=off,
            loan_ccy=figures.get("currency", "USD"),
            outstanding_balance=0 if off else balance,
            writeoff_outstanding_balance=balance if off else 0,
            xchg_rate_to_usd=rate,
            **{f"par_{days}_balance_usd": amount for days, amount in at_risk.items()},
        )

    def ending(self, day: Day) -> "Book":
        """Say on which day the data end."""
        return replace(self, through=as_day(day))

    def add(self, table: str, **cells: object) -> "Book":
        """Add a row under the next line number of its file; what it leaves out is empty."""
        row = {"line_no": self._next_line(table), **cells}
        return replace(self, tables={**self.tables, table: (*self.rows(table), row)})

    def rows(self, table: str) -> tuple[Row, ...]:
        """Give the rows of a landed table."""
        return self.tables.get(table, ())

    def cells(self, table: str) -> list[tuple[object, ...]]:
        """Give the rows of a landed table with all of its columns, in order."""
        return [tuple(row.get(name) for name in LANDED[table]) for row in self.rows(table)]

    @property
    def first_day(self) -> date:
        """Give the day of the first disbursement."""
        return min(_days(self.rows("loans"), "disburse_date"))

    @property
    def data_through(self) -> date:
        """Give the day on which the data end."""
        moved = [
            *_days(self.rows("loans"), "disburse_date"),
            *_days(self.rows("transactions"), "date_paid"),
        ]
        return self.through or max(moved)

    def attach(self, build: "Build") -> None:
        """Give a build the landed tables without any file: the models read them alike."""
        for table, columns in LANDED.items():
            build.load(f"raw_{table}", columns, self.cells(table))

    def land(self, raw_root: Path, clock: Clock | None = None) -> "Batch":
        """Write the book as a landed batch, its manifest and the pointer to it."""
        from fintech_factory.ingestion.landing.manifest import Batch
        from fintech_factory.ingestion.landing.publish import point_at, write_manifest

        manifest = self._manifest((clock or FixedClock(_NOON)).now())
        folder = raw_root / manifest.batch_id
        (folder / "landed").mkdir(parents=True)
        (folder / "received").mkdir()
        (folder / "received" / "book.json").write_bytes(_text(self.tables))
        _write_parquet(self, folder)
        write_manifest(folder, manifest)
        point_at(raw_root, manifest.batch_id)
        return Batch(folder, manifest)

    def _next_line(self, table: str) -> int:
        return len(self.rows(table)) + 2

    def _manifest(self, arrived_at: datetime) -> "Manifest":
        from fintech_factory.ingestion.landing.manifest import (
            FileEntry,
            Manifest,
            ReceivedEntry,
        )

        hashes = {name: _sha256(self.cells(name)) for name in LANDED}
        content = _sha256([hashes, self.data_through])
        through = self.data_through
        return Manifest(
            batch_id=f"cascade-{through:%Y%m%d}-{content[:12]}",
            source="cascade",
            status="landed",
            as_of=through,
            declared_as_of=None,
            data_through=through,
            arrived_at=arrived_at,
            content_sha256=content,
            contract_sha256="",
            received=(ReceivedEntry("book.json", _sha256(self.tables), len(_text(self.tables))),),
            files=tuple(
                FileEntry(
                    table=name,
                    file=f"{name}.csv",
                    sha256=hashes[name],
                    rows=len(rows),
                    landed=len(rows),
                    quarantined=0,
                    readings=_readings(name),
                    totals={"landed": _totals(name, rows)},
                )
                for name in LANDED
                if (rows := self.rows(name)) and name != "fx_rates"
            ),
            findings=(),
            reporting_currency="USD",
        )


def book() -> Book:
    """Start a book."""
    return Book()


def as_day(day: Day) -> date:
    """Read a day that may be written as text."""
    return date.fromisoformat(day) if isinstance(day, str) else day


def _days(rows: Sequence[Row], column: str) -> list[date]:
    return [day for row in rows if isinstance(day := row.get(column), date)]


def _amounts(amounts: Sequence[Amount]) -> dict[str, object]:
    # Not strict: a test names the amounts it speaks of, from the first on.
    return {name: Decimal(given) for name, given in zip(_AMOUNTS, amounts, strict=False)}


def _sha256(held: object) -> str:
    return hashlib.sha256(_text(held)).hexdigest()


def _text(held: object) -> bytes:
    return json.dumps(held, default=str).encode()


def _readings(table: str) -> dict[str, dict[str, str]]:
    """Say how each column was read, as a manifest does."""
    kinds = {kind: name for name, kind in _KINDS.items()}
    return {
        name: {"header": name, "type": kinds[kind] or "text"}
        for name, kind in LANDED[table].items()
        if name not in {"line_no", "loan_key"}
    }


def _totals(table: str, rows: Sequence[Row]) -> dict[str, str]:
    """Sum each money column, as exact decimal text."""
    money = [name for name, kind in LANDED[table].items() if kind == _KINDS["money"]]
    sums = {name: sum(Decimal(str(row.get(name) or 0)) for row in rows) for name in money}
    return {name: format(figure, "f") for name, figure in sums.items()}


def _write_parquet(of: Book, folder: Path) -> None:
    from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse

    build = DuckDBWarehouse(folder, DuckDBLimits(threads=1)).scratch(folder / "scratch")
    try:
        for table, columns in LANDED.items():
            build.load(table, columns, of.cells(table))
            build.query(f"COPY {table} TO '{folder / 'landed' / table}.parquet'")
        build.query(
            "COPY (SELECT '' AS \"table\", '' AS file, 0 AS line_no, '' AS reasons,"
            f" '' AS row_text WHERE FALSE) TO '{folder / 'quarantine.parquet'}'"
        )
    finally:
        build.discard()
