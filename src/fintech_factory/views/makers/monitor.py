"""Monitor: the facilities' pools, borrowing bases, covenants, payments and duties at a date."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from fintech_factory.analytics.ratio import percent
from fintech_factory.views.facilities.agenda import duties, payments
from fintech_factory.views.facilities.covenants import UNAVAILABLE, Covenant
from fintech_factory.views.facilities.monitor import NEEDS_FACILITY, Monitor
from fintech_factory.views.facilities.standing import Standing
from fintech_factory.views.facilities.terms import Facility, in_force
from fintech_factory.views.makers import Facts, Maker
from fintech_factory.views.table import Cells, Missing, Table, ViewDate

__all__ = ["MAKER", "POOL_TABLES"]

_Rows = Iterator[dict[str, Any]]


def _eligibility(at: Standing) -> _Rows:
    """Give each rule, what it excludes first, and the rest: the parts sum to the pool."""
    whole = at.pool.all_loans.balance
    rules = zip(at.facility.rules, at.pool.excluded, at.pool.by_rule, strict=True)
    for no, (rule, first, every) in enumerate(rules, start=1):
        yield {
            "rule_no": no,
            "rule": rule.id,
            "reason_en": rule.reason_en,
            "reason_es": rule.reason_es,
            "loans": first.loans,
            "balance": first.balance,
            "share": percent(first.balance, whole),
            "loans_by_rule": every.loans,
            "balance_by_rule": every.balance,
        }
    eligible = at.pool.eligible
    yield {
        "rule_no": len(at.facility.rules) + 1,
        "rule": "eligible",
        "reason_en": "no rule excludes it",
        "reason_es": "ninguna regla lo excluye",
        "loans": eligible.loans,
        "balance": eligible.balance,
        "share": percent(eligible.balance, whole),
        "loans_by_rule": eligible.loans,
        "balance_by_rule": eligible.balance,
    }


def _ineligible(at: Standing) -> _Rows:
    for loan in at.pool.ineligible:
        yield dict(loan)


def _discounts(at: Standing) -> _Rows:
    schedule = in_force(at.facility.terms.discounts, at.on.as_of)
    starts = [] if schedule is None else [each.from_dpd for each in schedule.steps]
    for step in at.pool.steps:
        end = next((start - 1 for start in starts if start > step.from_dpd), None)
        yield {
            "step_from": step.from_dpd,
            "bucket": f"{step.from_dpd}+" if end is None else f"{step.from_dpd}-{end}",
            "percent": step.percent,
            "loans": step.loans,
            "balance": step.balance,
            "counted": step.counted,
            "discount": step.balance - step.counted,
        }


def _concentration(at: Standing) -> _Rows:
    eligible = at.base.eligible
    for each in at.excesses:
        yield {
            "limit": each.limit.id,
            "per": each.limit.per,
            "member": each.member,
            "counted": each.counted,
            "eligible": eligible,
            "share": percent(each.counted, eligible),
            "limit_percent": each.limit.percent,
            "allowed": each.allowed,
            "excess": each.excess,
        }


def _borrowing_base(at: Standing) -> _Rows:
    pool, base = at.pool.all_loans, at.base
    yield {
        "currency": at.facility.terms.currency,
        "rate": at.rate,
        "pool": pool.balance,
        "ineligible": pool.balance - base.eligible,
        "eligible": base.eligible,
        "discounts": base.discounts,
        "excess": base.excess,
        "net_eligible": base.net_eligible,
        "advance_rate": base.advance_percent,
        "availability": base.availability,
        "cash_on": at.cash_on,
        "cash": base.cash,
        "drawn": base.drawn,
        "surplus": base.surplus,
        "commitment": base.commitment,
        "drawable": base.drawable,
        "collateralisation": at.collateralisation,
        "state": UNAVAILABLE if base.surplus is None else _sign(base.surplus),
        "reason": at.reason or None,
    }


def _sign(surplus: Decimal) -> str:
    return "deficiency" if surplus < 0 else "surplus"


def _covenant(each: Covenant) -> dict[str, Any]:
    return {
        "covenant": each.id,
        "title_en": each.title_en,
        "title_es": each.title_es,
        "figure": each.figure,
        "unit": each.unit,
        "direction": each.direction,
        "period_end": each.period_end,
        "part": each.found.part,
        "whole": each.found.whole,
        "value": _at_8(each.found.value),
        "warning": each.warning,
        "breach": each.breach,
        "headroom": _at_8(each.headroom),
        "headroom_percent": each.headroom_percent,
        "state": each.state,
        "breach_since": each.breach_since,
        "days_to_breach": each.outlook.days,
        "course": each.outlook.course.value,
        "method": each.method,
        "reason": each.found.reason or each.outlook.reason or None,
    }


def _at_8(value: Decimal | None) -> Decimal | None:
    """Round a KPI's unrounded quotient where views round theirs; triggers saw every digit."""
    return None if value is None else round(value, 8)


def _covenants(monitor: Monitor, facility: Facility, on: ViewDate) -> _Rows:
    for each in monitor.covenants(facility, on):
        if not each.financial:
            row = _covenant(each)
            del row["period_end"]
            yield row | {"basis": each.basis}


def _financial(monitor: Monitor, facility: Facility, on: ViewDate) -> _Rows:
    yield from (_covenant(each) for each in monitor.covenants(facility, on) if each.financial)


def _payments(_: Monitor, facility: Facility, on: ViewDate) -> _Rows:
    for each in payments(facility, on.cut_on):
        yield {
            "from_on": each.from_on,
            "due_on": each.due_on,
            "currency": facility.terms.currency,
            "interest": each.interest,
            "principal": each.principal,
            "total": each.interest + each.principal,
            "paid_on": each.paid_on,
            "state": each.state,
        }


def _obligations(_: Monitor, facility: Facility, on: ViewDate) -> _Rows:
    for each in duties(facility, on.cut_on):
        yield {
            "obligation": each.id,
            "title_en": each.title_en,
            "title_es": each.title_es,
            "period_end": each.period_end,
            "due_on": each.due_on,
            "done_on": each.done_on,
            "state": each.state,
        }


_Of = Callable[[Monitor, Facility, ViewDate], _Rows]


def _of_pool(make: Callable[[Standing], _Rows]) -> _Of:
    def rows(monitor: Monitor, facility: Facility, on: ViewDate) -> _Rows:
        standing = monitor.standing(facility, on)
        if isinstance(standing, Standing):
            yield from make(standing)

    return rows


_TABLES: Mapping[str, tuple[str, str, _Of, str]] = {
    "borrowing_base": ("Borrowing base", "Base de préstamo", _of_pool(_borrowing_base), ""),
    "eligibility": ("Eligibility by rule", "Elegibilidad por regla", _of_pool(_eligibility), ""),
    "ineligible": (
        "Largest ineligible loans",
        "Mayores préstamos no elegibles",
        _of_pool(_ineligible),
        "every loan is eligible",
    ),
    "dpd_discounts": (
        "Discounts by days past due",
        "Descuentos por días de mora",
        _of_pool(_discounts),
        "no loan is eligible",
    ),
    "concentration": (
        "Excess concentration",
        "Concentración excedente",
        _of_pool(_concentration),
        "no facility limits concentration",
    ),
    "covenants": ("Covenants", "Covenants", _covenants, "no facility has a covenant in force"),
    "financial_covenants": (
        "Financial covenants",
        "Covenants financieros",
        _financial,
        "no facility has a financial covenant in force",
    ),
    "payments": ("Payments", "Pagos", _payments, "no facility has a payment schedule"),
    "obligations": (
        "Reports to the lender",
        "Informes al acreedor",
        _obligations,
        "no facility has a reporting obligation",
    ),
}
POOL_TABLES = ("borrowing_base", "eligibility", "ineligible", "dpd_discounts", "concentration")
"""The tables whose rows open to the loans of a facility's pool."""


def _make(facts: Facts) -> tuple[list[Table], list[Missing]]:
    monitor = facts.settings.get("monitor")
    if not isinstance(monitor, Monitor) or not monitor.facilities:
        return [], [Missing(name, NEEDS_FACILITY) for name in _TABLES]
    facilities = monitor.at(facts.date)
    if not facilities:
        begins = min(each.terms.begins_on for each in monitor.facilities)
        reason = f"{NEEDS_FACILITY}: none is in force on {facts.date.cut_on}, the first is {begins}"
        return [], [Missing(name, reason) for name in _TABLES]
    tables, missing = [], list(_refused(monitor, facilities, facts.date))
    for name in _TABLES:
        rows = [row for each in facilities for row in _rows(name, monitor, each, facts.date)]
        if rows:
            english, spanish, *_ = _TABLES[name]
            tables.append(Table(name, english, spanish, tuple(rows), tuple(rows[0])))
        elif not any(each.table == name for each in missing):
            missing.append(Missing(name, _TABLES[name][3] or "no loan is in the pool"))
    return tables, [*missing, *_unread(tables)]


MAKER = Maker(tables=tuple(_TABLES), at=(), up_to=(), make=_make)


def _rows(name: str, monitor: Monitor, facility: Facility, on: ViewDate) -> _Rows:
    for cells in _TABLES[name][2](monitor, facility, on):
        yield {"as_of": on.as_of, "facility": facility.id, **cells, "partial": on.partial}


def _refused(monitor: Monitor, facilities: Sequence[Facility], on: ViewDate) -> Iterator[Missing]:
    """Name each facility whose currency has no rate; it has no row in any table of its pool."""
    for each in facilities:
        standing = monitor.standing(each, on)
        if isinstance(standing, str):
            yield from (Missing(name, standing) for name in POOL_TABLES)


def _unread(tables: Sequence[Table]) -> Iterator[Missing]:
    """Name what the covenants that have no figure need, each need once a table."""
    for table in tables:
        if table.name in {"covenants", "financial_covenants", "borrowing_base"}:
            needs = dict.fromkeys(_need(row) for row in table.rows if row["state"] == UNAVAILABLE)
            yield from (Missing(table.name, need) for need in needs)


def _need(row: Cells) -> str:
    return f"{row['facility']} {row['reason']}"
