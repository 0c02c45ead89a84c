# ruff: noqa: S608 - names go through ident(), texts through literal()
"""Rules that no single row can show: duplicates, overpayment, currencies without a rate."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.statements import ident, literal
from fintech_factory.ingestion.landing.table import LandedTable, aside, exclude

if TYPE_CHECKING:
    import duckdb

    from fintech_factory.ingestion.sources.cascade import Unique

__all__ = ["Crossing"]


@dataclass(frozen=True, slots=True)
class Crossing:
    """Marks the rows of one landed table that break a rule across rows, then moves them aside."""

    connection: "duckdb.DuckDBPyConnection"
    landed: LandedTable

    @property
    def marks(self) -> str:
        """Name the relation of marked rows: line_no, reason."""
        return ident(f"marks_{self.landed.name}")

    def begin(self) -> None:
        """Start with no row marked."""
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {self.marks} (line_no BIGINT, reason VARCHAR)"
        )

    def settle(self) -> None:
        """Move every marked row aside."""
        marked = self.connection.execute(f"SELECT 1 FROM {self.marks} LIMIT 1").fetchone()
        if marked is not None:
            exclude(self.connection, self.landed, self.marks)
            self.begin()

    def mark_duplicates(self) -> None:
        """Mark rows that share the table's key.

        Of equal rows the first stays. Rows that share the key and differ elsewhere contradict
        each other: which one is right cannot be known, so all go (unless the contract keeps
        them).
        """
        unique = self.landed.table.unique
        if unique is None or self.landed.seen is None:
            return
        keys = ", ".join(ident(each) for each in unique.columns)
        names = ", ".join(ident(each) for each in self.landed.table.columns)
        rows = self._rows_with_keys(unique, names)
        near = self._near(unique)
        # Rows of one loan and day are few, and cheap to find; their whole keys convict them.
        suspects = ident(f"suspects_{self.landed.name}")
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {suspects} AS SELECT h FROM (SELECT {near} AS h FROM {rows})"
            " GROUP BY h HAVING count(*) > 1"
        )
        if not self.connection.execute(f"SELECT 1 FROM {suspects} LIMIT 1").fetchone():
            return
        equal = literal(f"{unique.code}|equal to line ")
        contrary = literal(f"{unique.code}|conflicting: one key, different rows, lines ")
        self.connection.execute(
            f"INSERT INTO {self.marks}"
            f" WITH suspected AS (SELECT * FROM {rows} WHERE {near} IN (FROM {suspects})),"
            f" grouped AS (SELECT {keys}, min(line_no) AS first_line,"
            f" count(DISTINCT ({names})) AS kinds,"
            f" list(line_no ORDER BY line_no)[:10] AS lines"
            f" FROM suspected GROUP BY {keys} HAVING count(*) > 1)"
            f" SELECT line_no, CASE WHEN kinds = 1 THEN {equal} || first_line"
            f" ELSE {contrary} || array_to_string(lines, ' ') END"
            f" FROM suspected JOIN grouped ON {_same(unique.columns)}"
            f" WHERE CASE WHEN kinds = 1 THEN line_no > first_line"
            f" ELSE {str(unique.conflicting == 'set_aside').lower()} END"
        )

    def _rows_with_keys(self, unique: "Unique", names: str) -> str:
        """Name the landed rows, and with them those set aside whose key can be read."""
        if self._is_whole:
            return self.landed.relation
        present = [each for each in unique.columns if self.landed.table.columns[each].required]
        filled = " AND ".join(f"{ident(each)} IS NOT NULL" for each in present) or "true"
        return (
            f"(SELECT line_no, {names} FROM {self.landed.relation} UNION ALL"
            f" SELECT line_no, {names} FROM {aside(self.landed.name)} WHERE {filled})"
        )

    @property
    def _is_whole(self) -> bool:
        rows = self.connection.execute(f"SELECT 1 FROM {aside(self.landed.name)} LIMIT 1")
        return rows.fetchone() is None

    def _near(self, unique: "Unique") -> str:
        """Hash the part of the key that nearly names a row: its loan and its days."""
        columns = self.landed.table.columns
        days = [each for each in unique.columns if columns[each].type == "date"]
        for reference in self.landed.table.references:
            if days and reference.column in unique.columns:
                whole = reference.carries if reference.carries and self._is_whole else None
                return f"hash({', '.join(ident(e) for e in [whole or reference.column, *days])})"
        return f"hash({', '.join(ident(each) for each in unique.columns)})"

    def mark_foreign_currencies(self, known: Iterable[str]) -> None:
        """Mark rows in a currency that no rate brings into the reporting currency."""
        if "currency" not in self.landed.table.columns or self.landed.seen is None:
            return
        if not self.landed.table.columns["currency"].required:
            return
        listed = ", ".join(literal(each) for each in sorted(known))
        for relation in (self.landed.relation, aside(self.landed.name)):
            self.connection.execute(
                f"INSERT INTO {self.marks} SELECT line_no, 'currency_without_rate|' || currency"
                f" FROM {relation} WHERE currency NOT IN ({listed})"
            )

    def mark_orphan_loans(self, code: str, customers: str) -> None:
        """Mark loans whose customer has no card."""
        for relation in (self.landed.relation, aside(self.landed.name)):
            self.connection.execute(
                f"INSERT INTO {self.marks} SELECT line_no, {literal(code + '|customer_id')}"
                f" FROM {relation} WHERE customer_id IS NOT NULL"
                f" AND customer_id NOT IN (SELECT customer_id FROM {customers})"
            )

    def mark_overpayments(self, tolerance: Decimal) -> None:
        """Mark, per loan and in date order, each payment that would exceed what was disbursed.

        A payment that is set aside does not count, so a later one that fits still lands.
        """
        crossing = _over(self._payments_of_overpaid(tolerance))
        if crossing:
            self.connection.executemany(
                f"INSERT INTO {self.marks} VALUES (?, ?)",
                [
                    (line, f"overpayment|{over} over the disbursed principal")
                    for line, over in crossing
                ],
            )

    def _payments_of_overpaid(
        self, tolerance: Decimal
    ) -> Iterable[tuple[int, Decimal, int, Decimal]]:
        overpaid = (
            f"SELECT p.loan_key, l.disburse_principal + {tolerance} AS most FROM ("
            f"SELECT loan_key, sum(principal) AS paid FROM {self.landed.relation}"
            f" WHERE transaction_type = 'PAYMENT' GROUP BY loan_key) p"
            f" JOIN landed_loans l ON l.loan_key = p.loan_key"
            f" WHERE p.paid > l.disburse_principal + {tolerance}"
        )
        cursor = self.connection.execute(
            f"SELECT o.loan_key, o.most, t.line_no, t.principal FROM {self.landed.relation} t"
            f" JOIN ({overpaid}) o ON o.loan_key = t.loan_key"
            f" WHERE t.transaction_type = 'PAYMENT' AND t.principal > 0"
            f" ORDER BY o.loan_key, t.date_paid, t.line_no"
        )
        while page := cursor.fetchmany(10_000):
            yield from page


def _over(
    payments: Iterable[tuple[int, Decimal, int, Decimal]],
) -> list[tuple[int, Decimal]]:
    crossing: list[tuple[int, Decimal]] = []
    paid, current = Decimal(0), None
    for loan_key, most, line_no, principal in payments:
        if loan_key != current:
            paid, current = Decimal(0), loan_key
        if paid + principal > most:
            crossing.append((line_no, paid + principal - most))
        else:
            paid += principal
    return crossing


def _same(columns: Iterable[str]) -> str:
    return " AND ".join(
        f"suspected.{ident(each)} IS NOT DISTINCT FROM grouped.{ident(each)}" for each in columns
    )
