"""Ratios of financial statements, each with its part and whole.

- nim: (interest income - interest expense), a year's, over average gross loans, in percent.
- cost_of_risk: provision expense, a year's, over average gross loans, in percent.
- debt_to_equity: total debt over equity, in times.
- dscr: (net income + interest expense) over debt service, in times: what was earned before lenders
  were paid, over what they were paid. Provisions are not added back: they stand for losses.
- runway_months: cash over the cash lost a month, which is the loss before provisions.

Gross loans are averaged over the period's opening and closing, so the statement that ends where the
period begins is needed. A year's: x 12 / months of the period.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fintech_factory.analytics.breach import months_after
from fintech_factory.analytics.ratio import DUST, is_dust, percent, quotient
from fintech_factory.ingestion.sources.statements import Statement
from fintech_factory.kpi_engine.scope import month_end

__all__ = ["FORMULAS", "NEEDS_STATEMENTS", "RATIOS", "Ratio", "ratio_at", "ratio_of"]

NEEDS_STATEMENTS = "needs financial statements"

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Ratio:
    """One ratio of a period: part and whole, exact, or the reason why there is none."""

    name: str
    unit: str
    period_end: date | None
    part: Decimal | None = None
    whole: Decimal | None = None
    reason: str = ""
    batch_id: str = ""

    @property
    def value(self) -> Decimal | None:
        """Part / whole at 8 places, in percent for ratios that are; None if there is none."""
        divide = percent if self.unit == "percent" else quotient
        return divide(self.part, self.whole)


_Parts = tuple[Decimal, Decimal] | str
"""Part and whole, or why they cannot be."""
_Measure = Callable[[Statement, Statement | None], _Parts]


def _lending(part: Callable[[Mapping[str, Decimal]], Decimal]) -> _Measure:
    """A yearly flow over average gross loans; both sides x 2 x months, so that all is exact."""

    def measure(now: Statement, before: Statement | None) -> _Parts:
        if before is None:
            opening = _month_end_before(now)
            return f"needs the statement of the period that ends on {opening} for opening loans"
        if before.currency != now.currency:
            return f"the opening loans are in {before.currency}, the period in {now.currency}"
        loans = before.lines["gross_loans"] + now.lines["gross_loans"]
        if loans <= 0:
            return "there were no loans"
        if is_dust(loans / 2):
            return f"average gross loans were {DUST}"
        return part(now.lines) * _MONTHS_A_YEAR * 2, loans * now.months

    return measure


def _debt_to_equity(now: Statement, _: Statement | None) -> _Parts:
    equity = now.lines["equity"]
    return (now.lines["total_debt"], equity) if equity > 0 else "equity is used up"


def _dscr(now: Statement, _: Statement | None) -> _Parts:
    service = now.lines["debt_service"]
    if service <= 0:
        return "nothing was paid to lenders in the period"
    return now.lines["net_income"] + now.lines["interest_expense"], service


def _runway(now: Statement, _: Statement | None) -> _Parts:
    lost = -(now.lines["net_income"] + now.lines["provision_expense"])
    if lost <= 0:
        return "no cash is being lost: the period made no loss before provisions"
    return now.lines["cash"] * now.months, lost


RATIOS: Mapping[str, tuple[str, _Measure]] = {
    "nim": ("percent", _lending(lambda of: of["interest_income"] - of["interest_expense"])),
    "cost_of_risk": ("percent", _lending(lambda of: of["provision_expense"])),
    "debt_to_equity": ("times", _debt_to_equity),
    "dscr": ("times", _dscr),
    "runway_months": ("months", _runway),
}


FORMULAS: Mapping[str, str] = {
    "nim": "(interest income - interest expense) x 12 / months / average gross loans x 100",
    "cost_of_risk": "provision expense x 12 / months / average gross loans x 100",
    "debt_to_equity": "total debt / equity",
    "dscr": "(net income + interest expense) / debt service",
    "runway_months": "cash x months / (- net income - provision expense)",
}
"""What each ratio divides by what, for people."""


def ratio_at(name: str, statements: Sequence[Statement], day: date) -> Ratio:
    """Give a ratio by the last statement whose period ended by a day."""
    ended = [each for each in statements if each.period_end <= day]
    if not ended:
        reason = NEEDS_STATEMENTS + (f": none ends by {day}" if statements else "")
        return Ratio(name, RATIOS[name][0], None, reason=reason)
    return ratio_of(name, statements, ended[-1])


def ratio_of(name: str, statements: Sequence[Statement], now: Statement) -> Ratio:
    """Give a ratio of one period; `statements` come by the ends of their periods."""
    unit, measure = RATIOS[name]
    opening = _month_end_before(now)
    before = next((each for each in statements if each.period_end == opening), None)
    found = measure(now, before)
    if isinstance(found, str):
        return Ratio(name, unit, now.period_end, reason=found, batch_id=now.batch_id)
    return Ratio(name, unit, now.period_end, *found, batch_id=now.batch_id)


def _month_end_before(now: Statement) -> date:
    """Give the day on which a period opens: a month-end if its own end is one."""
    opening = months_after(now.period_end, -now.months)
    return month_end(opening) if now.period_end == month_end(now.period_end) else opening
