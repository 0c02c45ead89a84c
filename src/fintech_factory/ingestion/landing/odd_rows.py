# ruff: noqa: S608 - names go through ident(), texts through literal()
"""What makes a single row odd, as conditions on the landed tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.statements import LENIENT, csv_relation, ident, literal
from fintech_factory.ingestion.landing.table import LandedTable
from fintech_factory.values import Severity

if TYPE_CHECKING:
    from fintech_factory.ingestion.sources.cascade import Habits

__all__ = ["RowOddity", "row_oddities"]

_PLACES = {
    "customers": ("geography_city", "geography_state"),
    "loans": ("location_state_province",),
}


@dataclass(frozen=True, slots=True)
class RowOddity:
    """One oddity: rows `t` of a table (or of a relation made from it) that fulfil `where`."""

    code: str
    table: str
    where: str
    shown: tuple[str, ...]
    message: str
    hint: str = ""
    severity: Severity = Severity.INFO
    relation: str = ""


def row_oddities(
    present: Mapping[str, LandedTable], habits: "Habits", through: date | None
) -> Iterator[RowOddity]:
    """Give every oddity that the present tables can show."""
    if "transactions" in present:
        yield from _in_transactions()
    if "loans" in present:
        yield from _in_loans(habits)
    for table in ("schedules", "transactions"):
        if table in present:
            yield _balance_adjustment(table)
    yield from _between(present, through)
    for table, columns in _PLACES.items():
        for column in columns:
            if table in present:
                yield from _places(present[table], column, habits)
    for landed in present.values():
        yield from _scientific(landed)


def _in_transactions() -> Iterator[RowOddity]:
    yield RowOddity(
        code="rebate_negative_interest",
        table="transactions",
        where="t.interest < 0",
        shown=("loan_id", "date_paid", "interest"),
        message="payments carry negative interest, which is a rebate",
        hint="they lower the cash of their day, as the source means it",
    )


def _balance_adjustment(table: str) -> RowOddity:
    return RowOddity(
        code="balance_adjustment",
        table=table,
        where="t.add_balance <> 0 OR t.reduce_balance <> 0",
        shown=("loan_id", "add_balance", "reduce_balance"),
        message=f"rows of {table} adjust a balance by add_balance or reduce_balance",
        hint="not part of the balance rule: balance = disbursed principal - principal paid",
    )


def _in_loans(habits: "Habits") -> Iterator[RowOddity]:
    status = "lower(t.loan_status)"
    closed, default = _words(habits.closed_statuses), _words(habits.default_statuses)
    yield RowOddity(
        code="status_against_balance",
        table="loans",
        where=f"({status} IN ({closed}) AND (t.outstanding_balance > 0 OR t.dpd > 0))"
        f" OR ({status} IN ({default}) AND coalesce(t.dpd, 0) < {habits.default_from_dpd})",
        shown=("loan_id", "loan_status", "outstanding_balance", "dpd"),
        message="loans have a status that their balance or days past due contradict",
        hint="status is never used; balance and days past due are recomputed",
        severity=Severity.WARNING,
    )
    yield _bucket()
    apr = "(t.total_interest + t.total_fees) * 365 / (t.disburse_principal * t.term)"
    yield RowOddity(
        code="rate_is_all_in_apr",
        table="loans",
        where="t.disburse_principal > 0 AND t.term > 0 AND t.total_fees > 0"
        f" AND abs(t.interest_rate - {apr}) <= 0.0006",
        shown=("loan_id", "interest_rate", "total_interest", "total_fees", "term"),
        message="loans state as interest_rate what interest and fees together cost in a year",
        hint="it is no nominal rate; yields are computed from cash flows",
    )


def _bucket() -> RowOddity:
    # 0.5K-1K, >100K: bounds in thousands; a principal on a bound fits both its buckets.
    low = _thousands(r"^([0-9]+(?:\.[0-9]+)?)K?\s*-")
    high = _thousands(r"-\s*([0-9]+(?:\.[0-9]+)?)K")
    above = _thousands(r"^>\s*([0-9]+(?:\.[0-9]+)?)K")
    return RowOddity(
        code="bucket_against_principal",
        table="loans",
        where=f"t.disburse_principal < {low} OR t.disburse_principal > {high}"
        f" OR t.disburse_principal < {above}",
        shown=("loan_id", "disburse_principal", "amount_buckets"),
        message="loans stand in an amount bucket that their principal contradicts",
        hint="buckets are recomputed, never taken over",
    )


def _thousands(pattern: str) -> str:
    found = f"regexp_extract(upper(t.amount_buckets), {literal(pattern)}, 1)"
    return f"try_cast({found} AS DECIMAL(18,6)) * 1000"


def _between(present: Mapping[str, LandedTable], through: date | None) -> Iterator[RowOddity]:
    loans, schedules = present.get("loans"), present.get("schedules")
    balances, payments = present.get("loan_par_balances"), present.get("transactions")
    if loans and (customers := present.get("customers")):
        yield _orphan_loans(customers)
    if loans and schedules:
        yield _restructured(loans, schedules)
    if balances and through:
        yield RowOddity(
            code="reporting_date_after_data",
            table="loan_par_balances",
            where=f"t.reporting_date > DATE {literal(through.isoformat())}",
            shown=("loan_id_raw", "reporting_date"),
            message=f"balances are dated after the last day of the data, {through}",
            hint="days past due are counted to the last day of the data, not to the label",
        )
    if loans and balances and payments:
        yield _missing_in_source(loans, balances, payments)


def _orphan_loans(customers: LandedTable) -> RowOddity:
    return RowOddity(
        code="orphan_loan",
        table="loans",
        where=f"t.customer_id NOT IN (SELECT customer_id FROM {customers.relation})",
        shown=("loan_id", "customer_id"),
        message="loans have a customer who is not in customers; they are kept",
        hint="ask the source for the missing customers",
        severity=Severity.WARNING,
    )


def _restructured(loans: LandedTable, schedules: LandedTable) -> RowOddity:
    late = f"SELECT loan_key, max(date_due) AS due FROM {schedules.relation} GROUP BY loan_key"
    return RowOddity(
        code="restructured",
        table="loans",
        relation=f"(SELECT l.*, s.due AS last_due FROM {loans.relation} l"
        f" JOIN ({late}) s ON s.loan_key = l.line_no WHERE s.due > l.maturity_date)",
        where="true",
        shown=("loan_id", "maturity_date", "last_due"),
        message="loans have instalments due after their maturity: restructured, or a wrong date",
        hint="days past due follow the schedule",
    )


def _missing_in_source(
    loans: LandedTable, balances: LandedTable, payments: LandedTable
) -> RowOddity:
    """Count, per loan, the month-ends at which it was open, and the source's open rows."""
    months = (
        "(SELECT reporting_date AS day, row_number() OVER (ORDER BY reporting_date) AS n"
        f" FROM (SELECT DISTINCT reporting_date FROM {balances.relation}))"
    )
    paid = (
        f"(SELECT loan_key, sum(principal) AS paid, max(date_paid) AS last_on FROM"
        f" {payments.relation} WHERE transaction_type = 'PAYMENT' AND principal > 0"
        " GROUP BY loan_key)"
    )
    life = (
        "(SELECT l.line_no, l.loan_id, l.disburse_date, CASE WHEN p.paid >="
        " l.disburse_principal - 0.005 THEN p.last_on - 1 ELSE DATE '9999-12-31' END AS open_to"
        f" FROM {loans.relation} l LEFT JOIN {paid} p ON p.loan_key = l.line_no)"
    )
    # Number of month-ends up to a day, twice: their difference is those within the loan's life.
    expected = (
        "(SELECT f.line_no, f.loan_id, f.disburse_date,"
        " coalesce(b.n, 0) - coalesce(a.n, 0) AS expected"
        f" FROM {life} f ASOF LEFT JOIN {months} b ON f.open_to >= b.day"
        f" ASOF LEFT JOIN {months} a ON f.disburse_date > a.day)"
    )
    held = (
        "(SELECT loan_id_raw, count(*) AS held FROM"
        f" {balances.relation} WHERE coalesce(outstanding_balance, 0)"
        " + coalesce(writeoff_outstanding_balance, 0) > 0.005 GROUP BY loan_id_raw)"
    )
    return RowOddity(
        code="loan_missing_in_source",
        table="loans",
        relation=f"(SELECT e.*, coalesce(h.held, 0) AS held FROM {expected} e"
        f" LEFT JOIN {held} h ON h.loan_id_raw = e.loan_id WHERE e.expected > 0)",
        where="t.held < t.expected",
        shown=("loan_id", "disburse_date", "expected", "held"),
        message="loans lack a row in loan_par_balances at a month-end at which they were open",
        hint="the reconciliation names them; our own balances do not depend on that file",
        severity=Severity.WARNING,
    )


def _places(landed: LandedTable, column: str, habits: "Habits") -> Iterator[RowOddity]:
    name, table = f"t.{ident(column)}", landed.name
    some = f"EXISTS (SELECT 1 FROM {landed.relation} WHERE {ident(column)} IS NOT NULL)"
    yield RowOddity(
        code="missing_place",
        table=table,
        where=f"({name} IS NULL OR lower({name}) IN ({_words(habits.no_place)})) AND {some}",
        shown=(column,),
        message=f"rows of {table} have no place in {column}",
        hint="they stand under a place of their own, never under another's",
    )
    yield RowOddity(
        code="place_case",
        table=table,
        relation=_spelt(landed, column),
        where="t.odd",
        shown=(column, "usual"),
        message=f"rows of {table} spell {column} in another case than most",
        hint="places are compared without case and accents",
    )


def _spelt(landed: LandedTable, column: str) -> str:
    """Give each row the usual spelling of its place; capitals are odd where most are not."""
    name = ident(column)
    spellings = (
        f"SELECT {name} AS place, lower(strip_accents({name})) AS same, count(*) AS n,"
        f" {name} = upper({name}) AS loud FROM {landed.relation}"
        f" WHERE {name} IS NOT NULL GROUP BY ALL"
    )
    ranked = (
        "SELECT *, first_value(place) OVER (PARTITION BY same ORDER BY n DESC, place) AS usual,"
        f" sum(CASE WHEN loud THEN n ELSE 0 END) OVER () * 2 < sum(n) OVER () AS quiet"
        f" FROM ({spellings})"
    )
    return (
        f"(SELECT r.line_no, r.{name}, s.usual, s.place <> s.usual OR (s.loud AND s.quiet) AS odd"
        f" FROM {landed.relation} r JOIN ({ranked}) s ON s.place = r.{name})"
    )


def _scientific(landed: LandedTable) -> Iterator[RowOddity]:
    seen = landed.seen
    if seen is None or not seen.scientific:
        return
    fields = [each for each in seen.layout.fields if each.reading and each.place is not None]
    numbers = [each for each in fields if each.column.type in ("money", "rate", "integer")]
    relation = csv_relation(seen.text, seen.layout, LENIENT)
    listed = ", ".join(f"c{each.place}" for each in numbers)
    shape = r"'[+-]?[0-9.,]+[eE][+-]?[0-9]+'"
    where = " OR ".join(f"regexp_full_match(t.c{each.place}, {shape})" for each in numbers)
    yield RowOddity(
        code="scientific_notation",
        table=landed.name,
        relation=f"(SELECT row_number() OVER () + 1 AS line_no, {listed} FROM {relation})",
        where=where or "false",
        shown=tuple(f"c{each.place}" for each in numbers),
        message=f"rows of {landed.name} have a number in scientific notation",
        hint="read exactly and rounded to six places",
    )


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(literal(each.casefold()) for each in words)
