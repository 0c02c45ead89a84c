"""Key indicators: the last full month beside those 1, 3 and 12 months earlier."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fintech_factory.analytics.ratio import percent, percent_of_level, quotient
from fintech_factory.views.makers import Facts, Maker
from fintech_factory.views.table import Cells, Missing, Table

__all__ = ["MAKER"]

_MONTHS = "key_indicators_month"
_Figure = Callable[[Cells], Decimal | int | None]
_BACK = (1, 3, 12)


@dataclass(frozen=True, slots=True)
class _Indicator:
    """One row: how a month's figure is read, and whether changes are points or percent."""

    name: str
    unit: str
    figure: _Figure

    @property
    def is_ratio(self) -> bool:
        """Whether the figure is in percent already: its change is then in points."""
        return self.unit == "percent"


def _column(name: str) -> _Figure:
    return lambda month: month[name]


def _percent(part: str, whole: str) -> _Figure:
    return lambda month: percent(month[part], month[whole])


def _quotient(part: str, whole: str) -> _Figure:
    return lambda month: quotient(month[part], month[whole])


_INDICATORS = (
    _Indicator("outstanding", "money", _column("outstanding")),
    _Indicator("balance", "money", _column("balance")),
    _Indicator("written_off", "money", _column("written_off")),
    _Indicator("active_loans", "count", _column("active_loans")),
    _Indicator("active_borrowers", "count", _column("active_borrowers")),
    _Indicator("outstanding_per_borrower", "money", _quotient("outstanding", "active_borrowers")),
    _Indicator("par_30", "percent", _percent("at_risk_30", "outstanding")),
    _Indicator("par_90", "percent", _percent("at_risk_90", "outstanding")),
    _Indicator("disbursed", "money", _column("disbursed_month")),
    _Indicator("loans_disbursed", "count", _column("loans_disbursed_month")),
    _Indicator("borrowers_disbursed", "count", _column("borrowers_disbursed_month")),
    _Indicator("loan_size_new", "money", _quotient("new_principal", "loans_disbursed_month")),
    _Indicator("apr_new", "percent", _percent("new_annual_cost", "new_principal")),
    _Indicator("term_days_new", "days", _quotient("new_principal_days", "new_principal")),
    _Indicator("cash", "money", _column("cash_month")),
    _Indicator("interest_income", "money", _column("interest_month")),
    _Indicator("fee_income", "money", _column("fees_month")),
    _Indicator("collection_rate", "percent", _percent("cash_30d", "outstanding")),
)


def _make(facts: Facts) -> tuple[list[Table], list[Missing]]:
    months = facts.tables[_MONTHS]
    full = _full_months(months)
    (at,) = [month for month in months if month["as_of"] == facts.date.as_of]
    rows = tuple(_rows(facts, at, full))
    columns = tuple(rows[0])
    return [Table("indicators", "Key indicators", "Indicadores clave", rows, columns)], []


MAKER = Maker(tables=("indicators",), at=(), up_to=(_MONTHS,), make=_make)


def _full_months(months: Sequence[Cells]) -> Mapping[int, Cells]:
    """Give the months that the data cover to their end, by a number that counts months."""
    return {
        month["as_of"].year * 12 + month["as_of"].month: month
        for month in months
        if month["is_month_end"] and not month["partial"]
    }


def _rows(facts: Facts, at: Cells, full: Mapping[int, Cells]) -> Iterator[dict[str, Any]]:
    newest = max(full, default=None)
    for each in _INDICATORS:
        last = None if newest is None else each.figure(full[newest])
        row: dict[str, Any] = {
            "as_of": facts.date.as_of,
            "indicator": each.name,
            "unit": each.unit,
            "change_unit": "points" if each.is_ratio else "percent",
            "at_as_of": each.figure(at),
            "last_full_month": None if newest is None else full[newest]["as_of"],
            "month_0": last,
        }
        for back in _BACK:
            month = None if newest is None else full.get(newest - back)
            then = None if month is None else each.figure(month)
            row[f"month_{back}"] = then
            row[f"change_{back}m"] = _change(each, last, then)
        for span in (3, 12):
            row[f"average_{span}m"] = _average(each, full, newest, span)
        row["partial"] = facts.date.partial
        yield row


def _change(
    indicator: _Indicator, now: Decimal | int | None, then: Decimal | int | None
) -> Decimal | None:
    """Give the change in percent, or in points of a figure that is in percent."""
    if now is None or then is None:
        return None
    difference = Decimal(now) - Decimal(then)
    if indicator.is_ratio:
        return difference
    divide = percent_of_level if indicator.unit == "days" else percent
    return divide(difference, then)


def _average(
    indicator: _Indicator, full: Mapping[int, Cells], newest: int | None, span: int
) -> Decimal | None:
    """Average the last full months; None unless all of them are known."""
    if newest is None:
        return None
    months = [full.get(newest - back) for back in range(span)]
    figures = [None if month is None else indicator.figure(month) for month in months]
    known = [Decimal(figure) for figure in figures if figure is not None]
    return quotient(sum(known, Decimal(0)), span) if len(known) == span else None
