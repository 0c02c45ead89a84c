# ruff: noqa: S608 - the names are our own, or checked against the contract's
"""Counts and sums what landed, for the reconciliation's inner ring."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fintech_factory.config.validation import DATED_BY, OUR_LEDGER, ControlTotal
from fintech_factory.ingestion.landing.manifest import Batch
from fintech_factory.validation.comparison import Check
from fintech_factory.validation.file_ring import (
    Control,
    FileHash,
    Loaded,
    Sum,
    TableCount,
    reconcile_files,
)
from fintech_factory.warehouse.protocol import Build, Reader

__all__ = ["file_checks"]

_CURRENCY = {"loan_par_balances": "loan_ccy"}
_BALANCES = ("loan_par_balances", OUR_LEDGER)
# Model and column -> landed table, column and condition of the same rows.
_LOADED: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("dim_loan", "principal"): ("loans", "disburse_principal", "TRUE"),
    ("fact_schedule", "principal"): ("schedules", "principal", "TRUE"),
    ("fact_payment", "principal"): (
        "transactions",
        "principal",
        "transaction_type = 'PAYMENT'",
    ),
    ("fact_payment", "interest"): ("transactions", "interest", "transaction_type = 'PAYMENT'"),
}


def file_checks(
    landed: Build, version: Reader, batch: Batch, totals: Sequence[ControlTotal], as_of: date
) -> tuple[Check, ...]:
    """Grade what arrived against what landed, and what landed against what is computed from.

    Args:
        landed: a build to which the batch's tables are attached.
        version: what holds the models; the same build while a run makes them.
        batch: the batch behind both.
        totals: the figures that somebody states.
        as_of: the date that open rows carry.

    """
    held = batch.tables
    landed.attach_raw("set_aside", batch.quarantine)
    aside: dict[str, int] = dict(
        landed.query('SELECT "table", COUNT(*) FROM raw_set_aside GROUP BY "table"')
    )
    counts, sums = list[TableCount](), list[Sum]()
    for entry in batch.manifest.files:
        then = entry.totals.get("landed", {}) if entry.table in held else {}
        columns = [*then]
        table = f"raw_{entry.table}" if entry.table in held else "(SELECT 1 WHERE FALSE)"
        rows, *now = landed.query(_sums(table, columns))[0]
        counts.append(TableCount(entry.table, entry.rows, rows, aside.get(entry.table, 0)))
        sums += [
            Sum(entry.table, column, Decimal(then[column]), Decimal(figure or 0))
            for column, figure in zip(columns, now, strict=True)
        ]
    return reconcile_files(
        as_of,
        counts=counts,
        sums=sums,
        hashes=[*_hashes(batch)],
        loaded=[*_loaded(landed, version)],
        controls=[_control(landed, version, each) for each in totals],
    )


def _sums(table: str, columns: Sequence[str]) -> str:
    summed = "".join(f', SUM("{name}")' for name in columns)
    return f"SELECT COUNT(*){summed} FROM {table}"


def _hashes(batch: Batch) -> Iterator[FileHash]:
    for entry in batch.manifest.received:
        yield FileHash(entry.name, entry.sha256, _digest(batch.received / entry.name))


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _loaded(landed: Reader, version: Reader) -> Iterator[Loaded]:
    for (model, column), (table, source, where) in _LOADED.items():
        ((theirs,),) = landed.query(f"SELECT SUM({source}) FROM raw_{table} WHERE {where}")
        ((ours,),) = version.query(f"SELECT SUM({column}) FROM {model}")
        yield Loaded(model, column, Decimal(theirs or 0), Decimal(ours or 0))


def _control(landed: Reader, version: Reader, total: ControlTotal) -> Control:
    found, reason = _found(landed, version, total)
    return Control(
        name=total.name,
        table=total.table,
        column=total.column,
        expected=total.expected,
        found=found,
        tolerance=total.tolerance,
        stated_by=total.stated_by,
        is_critical=total.severity == "critical",
        reason=reason,
    )


def _found(landed: Reader, version: Reader, total: ControlTotal) -> tuple[Decimal | None, str]:
    """Count or sum the rows that a stated figure speaks of; amounts of two currencies never."""
    is_ours = total.table == OUR_LEDGER
    reader, table = (version, OUR_LEDGER) if is_ours else (landed, f"raw_{total.table}")
    if is_ours and (reason := _unmade(reader, total.as_of)):
        return None, reason
    where, parameters = _where(total)
    counted = total.column == "rows"
    summed = "COUNT(*)" if counted else f"SUM({total.column})"
    currency = _CURRENCY.get(total.table, "currency")
    ((figure, currencies),) = reader.query(
        f"SELECT {summed}, COUNT(DISTINCT {currency}) FROM {table} WHERE {where}", parameters
    )
    if not counted and not is_ours and currencies > 1:
        return None, f"{currencies} currencies cannot be summed: say which with `currency`"
    return Decimal(figure or 0), ""


def _unmade(reader: Reader, day: date | None) -> str:
    """Say why our ledger was not made at a day, '' if it was.

    A label past the data is cut where they end: it does not say what stood on its own day.
    """
    if reader.query("SELECT 1 FROM snapshot_date WHERE as_of = ? AND cut_on = as_of", [day]):
        return ""
    ((first, through),) = reader.query(
        "SELECT MIN(l.disbursed_on), MAX(p.data_through) FROM dim_loan AS l CROSS JOIN policy AS p"
    )
    if day is not None and day < first:
        return f"the first loan was disbursed on {first}, after {day}"
    if day is not None and day > through:
        return f"the data end on {through}, before {day}"
    return f"the ledger was not made at {day}; the next `factory run` makes it"


def _where(total: ControlTotal) -> tuple[str, list[Any]]:
    conditions, parameters = ["TRUE"], list[Any]()
    dated = DATED_BY.get(total.table, "")
    is_balance = total.table in _BALANCES
    for column, sign, value in (
        (dated, "=" if is_balance else "<=", total.as_of),
        (dated, ">=", total.from_),
        (dated, "<=", total.to),
        (_CURRENCY.get(total.table, "currency"), "=", total.currency),
    ):
        if value is not None:
            conditions.append(f"{column} {sign} ?")
            parameters.append(value)
    return " AND ".join(conditions), parameters
