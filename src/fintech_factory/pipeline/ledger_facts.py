"""Reads what a reconciliation is judged on from a version or a build."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import starmap

from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine import Scope
from fintech_factory.validation.comparison import (
    RUNGS,
    LoanPair,
    Reconciliation,
    RollForward,
    SourceTotals,
    SubLedger,
    Tolerances,
)
from fintech_factory.validation.reconciliation import reconcile, sub_ledger_check
from fintech_factory.warehouse.protocol import Build, Reader, Row

__all__ = [
    "note_earlier_balances",
    "reconcile_version",
    "refuse_outside_the_book",
    "restated_amount",
    "unreported_balances",
]

_TOTALS = ("source", "rows", "rows_in_both", "our_balance", "source_balance")
_PAIR = (
    "source",
    "as_of",
    "cut_on",
    "loan_id",
    "in_source",
    "in_ours",
    "our_balance",
    "source_balance",
    "our_dpd",
    "source_dpd",
    "our_written_off",
    "source_written_off",
)
_OURS = ", ".join(f"our_at_risk_{days}_usd" for days in RUNGS)
_THEIRS = ", ".join(f"source_at_risk_{days}_usd" for days in RUNGS)
# A figure that the source does not report is NULL, and `<>` passes it over.
_DIFFERS = (
    "NOT in_source OR NOT in_ours OR our_balance <> source_balance OR our_dpd <> source_dpd "
    "OR our_written_off <> source_written_off"
    + "".join(f" OR our_at_risk_{days}_usd <> source_at_risk_{days}_usd" for days in RUNGS)
)


def refuse_outside_the_book(reader: Reader, as_of: date) -> None:
    """Refuse a date of which the book says nothing: no comparison is no answer.

    Raises:
        UsageError: it lies before the first disbursement, or past the month in which the data end.
    """
    ((first, through),) = reader.query(
        "SELECT MIN(l.disbursed_on), MAX(p.data_through) FROM dim_loan AS l CROSS JOIN policy AS p"
    )
    if reason := Scope((as_of,), through, first).silence(as_of):
        raise UsageError(
            f"nothing can be compared at {as_of}: {reason}",
            where="--as-of",
            hint=f"the book speaks from {first} to {through}",
        )


def reconcile_version(
    reader: Reader, as_ofs: Sequence[date], tolerances: Tolerances
) -> Reconciliation:
    """Judge the ledger of a reader at some as-of dates, against the source and against itself."""
    days = list(as_ofs)
    judged = reconcile(
        days,
        _totals(reader, days),
        _differing(reader, days),
        _roll_forwards(reader, days),
        tolerances,
    )
    return judged.with_checks([sub_ledger_check(_sub_ledgers(reader, days))])


def restated_amount(
    reader: Reader, as_ofs: Sequence[date], tolerances: Tolerances
) -> Decimal | None:
    """Sum what the source's balances lag its own payments by, in the reporting currency.

    A loan counts once, at the date at which it differs most; None if no balance is reported.
    """
    ((reported, amount),) = reader.query(
        "SELECT COUNT(*), COALESCE(SUM(lag), 0) FROM ("  # noqa: S608
        "SELECT r.loan_id, MAX(CASE WHEN r.in_ours AND r.source_balance = e.balance "
        "AND r.our_balance <> r.source_balance "
        "AND GREATEST(ABS(r.our_balance), ABS(r.source_balance), "
        "ABS(r.our_balance - r.source_balance)) > ? "
        "THEN ROUND(ABS(CAST(r.our_balance - r.source_balance AS DECIMAL(35, 6))) * r.rate, 6) "
        "ELSE 0 END) AS lag FROM reconciled_loan AS r "
        "LEFT JOIN earlier_balance AS e ON e.as_of = r.as_of AND e.loan_id = r.loan_id "
        f"WHERE r.in_source AND r.as_of IN ({_marks(as_ofs)}) GROUP BY r.loan_id)",
        [tolerances.close_per_loan, *as_ofs],
    )
    return Decimal(amount) if reported else None


def unreported_balances(reader: Reader, as_ofs: Sequence[date]) -> int:
    """Count the balances that we hold at as-of dates of which the source reports nothing."""
    ((count,),) = reader.query(
        "SELECT COUNT(*) FROM loan_snapshot AS s LEFT JOIN "  # noqa: S608 - marks only
        "(SELECT DISTINCT as_of FROM reconciled_loan WHERE in_source) AS r ON r.as_of = s.as_of "
        f"WHERE r.as_of IS NULL AND s.balance <> 0 AND s.as_of IN ({_marks(as_ofs)})",
        as_ofs,
    )
    return int(count)


def note_earlier_balances(build: Build, earlier: bool) -> None:  # noqa: FBT001
    """Make `earlier_balance`: what the batch before says of each loan that differs in balance.

    `raw_earlier_loans` and `raw_earlier_transactions` are attached if there is such a batch.
    """
    build.load("earlier_balance", _EARLIER, build.query(_EARLIER_SQL) if earlier else [])


_EARLIER = {"as_of": "DATE", "loan_id": "VARCHAR", "balance": "DECIMAL(18, 6)"}
_EARLIER_SQL = """
SELECT
  r.as_of,
  r.loan_id,
  MAX(l.disburse_principal)
    - COALESCE(SUM(CASE WHEN t.date_paid <= r.cut_on THEN t.principal END), 0)
FROM (
  SELECT DISTINCT as_of, cut_on, loan_id
  FROM reconciled_loan
  WHERE in_source AND our_balance <> source_balance
) AS r
INNER JOIN raw_earlier_loans AS l
  ON l.loan_id = r.loan_id
LEFT JOIN raw_earlier_transactions AS t
  ON t.loan_key = l.line_no
  AND t.transaction_type = 'PAYMENT'
GROUP BY r.as_of, r.loan_id
"""


def _totals(reader: Reader, as_ofs: Sequence[date]) -> list[SourceTotals]:
    ours = ", ".join(f"SUM(our_at_risk_{days}_usd)" for days in RUNGS)
    theirs = ", ".join(f"SUM(source_at_risk_{days}_usd)" for days in RUNGS)
    rows = reader.query(
        "SELECT source, COUNT(*), SUM(CASE WHEN in_source AND in_ours THEN 1 ELSE 0 END), "  # noqa: S608
        f"{_in_reporting_currency('our_balance')}, {_in_reporting_currency('source_balance')}, "
        f"{ours}, {theirs} FROM reconciled_loan WHERE as_of IN ({_marks(as_ofs)}) "
        "GROUP BY source ORDER BY source DESC",
        as_ofs,
    )
    rungs = len(RUNGS)
    return [
        SourceTotals(
            **dict(zip(_TOTALS, row, strict=False)),
            our_at_risk=row[len(_TOTALS) : -rungs],
            source_at_risk=row[-rungs:],
        )
        for row in rows
    ]


def _differing(reader: Reader, as_ofs: Sequence[date]) -> Iterator[LoanPair]:
    columns = ", ".join(f"r.{name}" for name in _PAIR)
    rows = reader.stream(
        f"SELECT {columns}, {_OURS}, {_THEIRS}, e.balance FROM reconciled_loan AS r "  # noqa: S608
        "LEFT JOIN earlier_balance AS e ON e.as_of = r.as_of AND e.loan_id = r.loan_id "
        f"WHERE r.as_of IN ({_marks(as_ofs)}) AND ({_DIFFERS}) ORDER BY r.as_of, r.loan_id",
        as_ofs,
    )
    return map(_pair, rows)


def _pair(row: Row) -> LoanPair:
    at = len(_PAIR)
    return LoanPair(
        **dict(zip(_PAIR, row, strict=False)),
        our_at_risk=row[at : at + len(RUNGS)],
        source_at_risk=row[at + len(RUNGS) : -1],
        earlier_balance=row[-1],
    )


def _roll_forwards(reader: Reader, as_ofs: Sequence[date]) -> list[RollForward]:
    rows = reader.query(
        "SELECT r.as_of, r.currency, r.opening, r.disbursed, r.principal_paid, r.closing, f.rate "  # noqa: S608
        "FROM roll_forward AS r INNER JOIN snapshot_date AS d ON d.as_of = r.as_of "
        "INNER JOIN fx_by_snapshot AS f ON f.currency = r.currency AND f.seq = d.seq "
        f"WHERE r.as_of IN ({_marks(as_ofs)}) ORDER BY r.as_of, r.currency",
        as_ofs,
    )
    return list(starmap(RollForward, rows))


def _sub_ledgers(reader: Reader, as_ofs: Sequence[date]) -> list[SubLedger]:
    """Add up the loans one by one, as they stand and as the KPIs read them."""
    rows = reader.query(
        "SELECT r.as_of, r.currency, COALESCE(l.loans, 0), COALESCE(l.own, 0), "  # noqa: S608
        "COALESCE(l.converted, 0), r.opening + r.disbursed - r.principal_paid, f.rate "
        "FROM roll_forward AS r INNER JOIN snapshot_date AS d ON d.as_of = r.as_of "
        "INNER JOIN fx_by_snapshot AS f ON f.currency = r.currency AND f.seq = d.seq "
        "LEFT JOIN (SELECT s.as_of, s.currency, COUNT(*) AS loans, SUM(x.balance) AS own, "
        "SUM(s.outstanding + s.written_off) AS converted FROM loan_snapshot AS s "
        "INNER JOIN snapshot_date AS t ON t.as_of = s.as_of "
        "INNER JOIN loan_position AS x ON x.seq = t.seq AND x.loan_key = s.loan_key "
        "GROUP BY s.as_of, s.currency) AS l ON l.as_of = r.as_of AND l.currency = r.currency "
        f"WHERE r.as_of IN ({_marks(as_ofs)}) ORDER BY r.as_of, r.currency",
        as_ofs,
    )
    return list(starmap(SubLedger, rows))


def _in_reporting_currency(column: str) -> str:
    """Sum a column of several currencies, both sides at our rates (A19)."""
    return f"COALESCE(SUM(ROUND(CAST({column} AS DECIMAL(35, 6)) * rate, 6)), 0)"


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)
