"""Restatement: what two exports say differently of one and the same day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine import Reading
from fintech_factory.views.makers import Facts, Maker
from fintech_factory.views.table import Cells, Missing, Table

__all__ = ["MAKER", "LoanState", "Restated"]

_TABLES = ("summary", "loans", "kpis")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LoanState:
    """One loan at the as-of date as an export tells it, in the reporting currency."""

    principal: Decimal
    balance: Decimal
    dpd: int
    is_written_off: bool


@dataclass(frozen=True, slots=True)
class Restated:
    """Two exports at one as-of date: every loan either knows by then, and every reading."""

    then_batch: str
    now_batch: str
    then: Mapping[str, LoanState]
    now: Mapping[str, LoanState]
    then_readings: Sequence[Reading]
    now_readings: Sequence[Reading]


def _make(facts: Facts) -> tuple[list[Table], list[Missing]]:
    restated = facts.settings.get("restated")
    if not isinstance(restated, Restated):
        reason = str(restated or "needs one as-of date: it compares two exports at a single day")
        return [], [Missing(table, reason) for table in _TABLES]
    on = facts.date.as_of
    partial = facts.date.partial
    loans = list(_changed(restated, on, partial=partial))
    return [
        _table("summary", "What changed", "Qué cambió", _summary(restated, loans, on, partial)),
        _table("loans", "Loan by loan", "Préstamo por préstamo", loans),
        _table("kpis", "Which KPI moved", "Qué indicador se movió", _moved(restated, on, partial)),
    ], []


MAKER = Maker(tables=_TABLES, at=(), up_to=(), make=_make)


def _table(name: str, english: str, spanish: str, rows: Sequence[Cells]) -> Table:
    return Table(name, english, spanish, tuple(rows), _COLUMNS[name])


_COLUMNS = {
    "summary": ("as_of", "change", "loans", "balance_then", "balance_now", "moved", "partial"),
    "loans": (
        "as_of",
        "loan_id",
        "change",
        "principal_then",
        "principal_now",
        "balance_then",
        "balance_now",
        "balance_change",
        "dpd_then",
        "dpd_now",
        "written_off_then",
        "written_off_now",
        "partial",
    ),
    "kpis": (
        "as_of",
        "kpi",
        "unit",
        "then",
        "now",
        "change",
        "state_then",
        "state_now",
        "reason",
        "partial",
    ),
}


def _changed(restated: Restated, on: date, *, partial: bool) -> Iterator[dict[str, Any]]:
    """Give each loan of which the exports differ, the largest change of balance first."""
    known = sorted({*restated.then, *restated.now})
    rows = [
        _loan(loan_id, restated.then.get(loan_id), restated.now.get(loan_id), on, partial=partial)
        for loan_id in known
        if restated.then.get(loan_id) != restated.now.get(loan_id)
    ]
    yield from sorted(rows, key=lambda row: -abs(row["balance_change"]))


def _loan(
    loan_id: str, then: LoanState | None, now: LoanState | None, on: date, *, partial: bool
) -> dict[str, Any]:
    change = "added" if then is None else "removed" if now is None else "restated"
    return {
        "as_of": on,
        "loan_id": loan_id,
        "change": change,
        "principal_then": then and then.principal,
        "principal_now": now and now.principal,
        "balance_then": then and then.balance,
        "balance_now": now and now.balance,
        "balance_change": (now.balance if now else _ZERO) - (then.balance if then else _ZERO),
        "dpd_then": then and then.dpd,
        "dpd_now": now and now.dpd,
        "written_off_then": then and then.is_written_off,
        "written_off_now": now and now.is_written_off,
        "partial": partial,
    }


def _summary(
    restated: Restated,
    loans: Sequence[Mapping[str, Any]],
    on: date,
    partial: bool,  # noqa: FBT001 - a cell like the others
) -> list[dict[str, Any]]:
    """Count and add up by kind of change; the last row is the whole book."""
    rows = []
    for change in ("added", "removed", "restated"):
        mine = [row for row in loans if row["change"] == change]
        rows.append(
            {
                "as_of": on,
                "change": change,
                "loans": len(mine),
                "balance_then": _sum(row["balance_then"] for row in mine),
                "balance_now": _sum(row["balance_now"] for row in mine),
                "moved": _sum(abs(row["balance_change"]) for row in mine),
                "partial": partial,
            }
        )
    rows.append(
        {
            "as_of": on,
            "change": f"all loans ({restated.then_batch} to {restated.now_batch})",
            "loans": len({*restated.then, *restated.now}),
            "balance_then": _sum(each.balance for each in restated.then.values()),
            "balance_now": _sum(each.balance for each in restated.now.values()),
            "moved": _sum(abs(row["balance_change"]) for row in loans),
            "partial": partial,
        }
    )
    return rows


def _sum(amounts: Iterator[Decimal | None]) -> Decimal:
    return sum((each for each in amounts if each is not None), _ZERO)


def _moved(
    restated: Restated,
    on: date,
    partial: bool,  # noqa: FBT001 - a cell like the others
) -> list[dict[str, Any]]:
    """Give each KPI whose figure or state the newer export changed."""
    then = {each.kpi: each for each in restated.then_readings if not each.dimension}
    rows = []
    for now in restated.now_readings:
        before = then.get(now.kpi)
        if now.dimension or before is None or _says(before) == _says(now):
            continue
        rows.append(
            {
                "as_of": on,
                "kpi": now.kpi,
                "unit": now.unit.value,
                "then": before.value,
                "now": now.value,
                "change": _difference(now.value, before.value),
                "state_then": before.limit_state.value if before.limit_state else None,
                "state_now": now.limit_state.value if now.limit_state else None,
                "reason": now.reason or before.reason or None,
                "partial": partial,
            }
        )
    return rows


def _difference(now: Decimal | None, then: Decimal | None) -> Decimal | None:
    return None if now is None or then is None else now - then


def _says(reading: Reading) -> tuple[object, ...]:
    return reading.value, reading.status, reading.limit_state
