"""Default, prepayment and recovery month by month, and what they come to in a year."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

from fintech_factory.analytics.curves import (
    annual_rate,
    compounded_rate,
    cumulative_rates,
    monthly_rate,
)
from fintech_factory.analytics.ratio import percent
from fintech_factory.views.makers import Facts, Maker
from fintech_factory.views.table import Cells, Missing, Table

__all__ = ["MAKER"]

_HISTORY, _POOLS = "curves_history", "curves_liquidation_pools"
_SHOWN_MONTHS = 24
_SPANS = (3, 12)
_Rates = Sequence[tuple[bool, Fraction | None]]
"""Whether each month is full, with its rate; the oldest first."""

_COLUMNS = (
    "as_of", "dimension", "member", "month_end", "months_back",
    "mdr", "cdr", "cdr_3m", "cdr_12m", "smm", "cpr", "cpr_3m", "cpr_12m",
    "recovery_rate", "recovered_to_date", "written_off_to_date", "cumulative_recovery_rate",
    "partial",
)  # fmt: skip

_LIQUIDATION = (
    "as_of", "months_since", "pools", "mature", "written_off_balance", "collected_month",
    "month_rate", "liquidation_rate", "partial",
)  # fmt: skip
_FEWEST_POOLS = 3


def _make(facts: Facts) -> tuple[list[Table], list[Missing]]:
    history = facts.tables[_HISTORY]
    rows = tuple(
        row
        for (dimension, member), months in groupby(
            history, key=lambda each: (each["dimension"], each["member"])
        )
        for row in _rows({"dimension": dimension, "member": member}, list(months)[::-1])
    )
    return [
        Table(
            "rates",
            "Default, prepayment and recovery; CDR and CPR: the month compounded over 12 months, "
            "_3m and _12m: the last full months made a year",
            "Incumplimiento, prepago y recuperación; CDR y CPR: el mes compuesto a 12 meses, "
            "_3m y _12m: los últimos meses completos llevados a un año",
            rows,
            _COLUMNS,
        ),
        Table(
            "liquidation_curve",
            "Liquidation: all cash since write-off, of the balance written off, not annualised; "
            "each month by the pools that are that old",
            "Liquidación: todo el efectivo desde el castigo, del saldo castigado, sin anualizar; "
            "cada mes según los grupos que tienen esa edad",
            tuple(_liquidation(facts)),
            _LIQUIDATION,
        ),
    ], []


MAKER = Maker(tables=("rates", "liquidation_curve"), at=(_HISTORY, _POOLS), up_to=(), make=_make)


def _rows(part: Mapping[str, Any], months: Sequence[Cells]) -> Iterator[dict[str, Any]]:
    """Give a part's rows, newest first, from all of its months, oldest first."""
    defaults = [_rate(month, "became_written_off", "opening_outstanding") for month in months]
    prepayments = [_rate(month, "prepaid", "prepayable") for month in months]
    recovered, written_off = _to_date(months, "recovered"), _to_date(months, "became_written_off")
    for place in range(len(months) - 1, -1, -1):
        month = months[place]
        if month["months_back"] > _SHOWN_MONTHS:
            return
        yield {
            "as_of": month["as_of"],
            **part,
            "month_end": month["month_end"],
            "months_back": month["months_back"],
            "mdr": percent(month["became_written_off"], month["opening_outstanding"]),
            **_annual("cdr", defaults[: place + 1]),
            "smm": percent(month["prepaid"], month["prepayable"]),
            **_annual("cpr", prepayments[: place + 1]),
            "recovery_rate": percent(month["recovered"], month["opening_written_off"]),
            "recovered_to_date": recovered[place],
            "written_off_to_date": written_off[place],
            "cumulative_recovery_rate": percent(recovered[place], written_off[place]),
            "partial": month["partial"],
        }


def _rate(month: Cells, part: str, whole: str) -> tuple[bool, Fraction | None]:
    return not month["partial"], monthly_rate(month[part], month[whole])


def _annual(name: str, rates: _Rates) -> dict[str, Decimal | None]:
    """Make a year of the last month, and of the last 3 and 12.

    A month in progress is not made a year as if it were full: it has none.
    """
    full, last = rates[-1]
    years = {name: annual_rate(last) if full else None}
    for span in _SPANS:
        months = [rate for _, rate in rates[-span:]]
        known = full and len(months) == span
        years[f"{name}_{span}m"] = compounded_rate(months) if known else None
    return years


def _to_date(months: Sequence[Cells], column: str) -> list[Decimal]:
    """Add up a column from the first month on."""
    total, totals = Decimal(0), []
    for month in months:
        total += month[column]
        totals.append(total)
    return totals


@dataclass(slots=True)
class _Age:
    """The pools that reached one age: how many, what they held, what came in that month."""

    pools: int = 0
    balance: Decimal = Decimal(0)
    came: Decimal = Decimal(0)


def _liquidation(facts: Facts) -> Iterator[dict[str, Any]]:
    """Give the curve, month after month since write-off, of full months alone.

    A pool counts in each month that it has lived through. Below three pools a month is theirs
    alone and not mature.
    """
    ages: dict[int, _Age] = defaultdict(_Age)
    pools = [row for row in facts.tables[_POOLS] if not row["partial"]]
    for _, months in groupby(pools, key=lambda row: row["written_off_at"]):
        before = Decimal(0)
        for row in months:
            age = ages[row["months_since"]]
            age.pools += 1
            age.balance += row["written_off_balance"]
            age.came += row["collected"] - before
            before = row["collected"]
    known = sorted(ages)
    rates = cumulative_rates(monthly_rate(ages[age].came, ages[age].balance) for age in known)
    for months_since, rate in zip(known, rates, strict=True):
        age = ages[months_since]
        yield {
            "as_of": facts.date.as_of,
            "months_since": months_since,
            "pools": age.pools,
            "mature": age.pools >= _FEWEST_POOLS,
            "written_off_balance": age.balance,
            "collected_month": age.came,
            "month_rate": percent(age.came, age.balance),
            "liquidation_rate": rate,
            "partial": False,
        }
