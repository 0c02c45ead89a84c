"""Interest on what is drawn, by the day-count rules that agreements name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal

__all__ = ["Span", "interest_of", "year_days"]

_CENT = Decimal("0.01")
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MONTH, _YEAR = 30, 360


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to, not with, another on which one amount is drawn at one rate."""

    start: date
    end: date
    drawn: Decimal
    annual_percent: Decimal
    day_count: str


def year_days(day_count: str, start: date, end: date) -> tuple[int, int]:
    """Give the days of a span and of a year: `actual/360`, `actual/365` or `30/360`.

    30/360 is the European rule (30E/360): the 31st counts as the 30th (ISDA 2006, 4.16(g)).
    """
    if day_count == "30/360":
        return _as_30(end) - _as_30(start), _YEAR
    return (end - start).days, int(day_count.partition("/")[2])


def _as_30(day: date) -> int:
    return day.year * _YEAR + day.month * _MONTH + min(day.day, _MONTH)


def interest_of(spans: Iterable[Span]) -> Decimal:
    """Add up the interest of spans; rounded once, to cents, half-even."""
    total = Decimal(0)
    for span in spans:
        days, year = year_days(span.day_count, span.start, span.end)
        yearly = _WIDE.multiply(span.drawn, span.annual_percent)
        total = _WIDE.add(total, _WIDE.divide(yearly * days, Decimal(100 * year)))
    return total.quantize(_CENT, context=_WIDE)
