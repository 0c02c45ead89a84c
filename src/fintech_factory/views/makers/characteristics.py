"""Yields, average lives and the source's buckets: what loans are like beyond sums."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.analytics.ratio import is_dust, percent, quotient
from fintech_factory.analytics.xirr import Flow, NoYield, Yield, xirr
from fintech_factory.kpi_engine.observed import Observed
from fintech_factory.views.makers import Facts, Maker, Observer
from fintech_factory.views.makers.source_buckets import verdicts
from fintech_factory.views.spec import BOOK
from fintech_factory.views.table import Cells, Missing, Table

__all__ = ["MAKER", "observe"]

_PARTS = "characteristics_distribution"
_OWED = "characteristics_owed"
_REMAINING = "characteristics_remaining"
_SOURCE = "characteristics_source_buckets"
_FLOWS = "characteristics_flows"
_COHORT_FLOWS = "characteristics_cohort_flows"

_DIMENSIONS = (BOOK, "entity", "product")
_MONTHS = 12
_REPAID_TO = Decimal("0.01")
_BEING_REPAID = "still being repaid"
_Key = tuple[str, Any]
_Keys = Callable[[Cells], Iterable[_Key]]


def _make(facts: Facts) -> tuple[list[Table], list[Missing]]:
    averages = tuple(_averages(facts))
    members = tuple(_yields(facts, _FLOWS, _members))
    cohorts = tuple(_yields(facts, _COHORT_FLOWS, _cohort))
    sources = tuple(verdicts(facts.date, facts.tables[_SOURCE]))
    return [
        Table(
            "averages",
            "APR, term, size and weighted average life in days, as lent and remaining",
            "Tasa, plazo, monto y vida promedio ponderada en días, original y remanente",
            averages,
            _AVERAGES,
        ),
        Table(
            "yields",
            "Effective annual yield by XIRR since the first disbursement",
            "Rendimiento efectivo anual por TIR desde el primer desembolso",
            members,
            _YIELDS,
        ),
        Table(
            "cohort_yields",
            "Effective annual yield by XIRR of each month of disbursement",
            "Rendimiento efectivo anual por TIR de cada mes de desembolso",
            cohorts,
            _YIELDS,
        ),
        Table(
            "bucket_verdicts",
            "Loans whose amount or term agrees with the source's bucket, or contradicts it",
            "Préstamos cuyo monto o plazo coincide con el rango de la fuente, o lo contradice",
            sources,
            ("as_of", "kind", "verdict", "loans", "partial"),
        ),
    ], []  # fmt: skip


def observe(facts: Facts) -> dict[str, Observed]:
    """Give what KPIs read of a date: `effective_yield` (percent) and `wal_days`.

    effective_yield: the whole book's XIRR, what is outstanding taken at its face. wal_days: the
    contractual weighted average life since disbursement of loans with something outstanding.
    """
    book = next((row for row in _yields(facts, _FLOWS, _book)), None)
    active = next((row for row in _parts(facts, "active") if row["dimension"] == BOOK), _NOTHING)
    life = quotient(active.get("life_days"), active.get("life_principal"))
    earned = None if book is None else book["yield_with_outstanding"]
    reason = "no money moved" if book is None else book["reason_with_outstanding"]
    return {
        "effective_yield": Observed(value=earned, reason="" if earned is not None else reason),
        "wal_days": Observed(
            value=life, reason="" if life is not None else "nothing with a schedule is outstanding"
        ),
    }


MAKER = Maker(
    tables=("averages", "yields", "cohort_yields", "bucket_verdicts"),
    at=(_PARTS, _OWED, _SOURCE, _REMAINING),
    up_to=(_FLOWS, _COHORT_FLOWS),
    make=_make,
    observer=Observer((_PARTS, _OWED), (_FLOWS,), observe),
)

_NOTHING: Cells = {}
_UNKNOWN: tuple[Decimal | None, Decimal | None] = (None, None)

# Averages: weighted by principal, the active book beside what the month brought.

_AVERAGES = (
    "as_of", "dimension", "member", "active_loans", "apr_active", "term_days_active",
    "loan_size_active", "wal_days_active", "wal_days_remaining", "new_loans", "apr_new",
    "term_days_new", "loan_size_new", "wal_days_new", "wal_days_paid_12m", "partial",
)  # fmt: skip


def _parts(facts: Facts, scope: str) -> Iterator[Cells]:
    for row in facts.tables[_PARTS]:
        if row["scope"] == scope and row["dimension"] in _DIMENSIONS:
            yield row


def _averages(facts: Facts) -> Iterator[dict[str, Any]]:
    scopes = {
        scope: {(row["dimension"], row["member"]): row for row in _parts(facts, scope)}
        for scope in ("active", "new")
    }
    paid, remaining = _paid(facts), _remaining(facts)
    for dimension, member in sorted({*scopes["active"], *scopes["new"], *paid}):
        row: dict[str, Any] = {
            "as_of": facts.date.as_of,
            "dimension": dimension,
            "member": member,
        }
        for scope, parts in scopes.items():
            row |= _described(scope, parts.get((dimension, member), _NOTHING))
        row["wal_days_remaining"] = quotient(*remaining.get((dimension, member), _UNKNOWN))
        row["wal_days_paid_12m"] = quotient(*paid.get((dimension, member), _UNKNOWN))
        row["partial"] = facts.date.partial
        yield row


def _remaining(facts: Facts) -> dict[_Key, tuple[Decimal, Decimal]]:
    """Add up days x principal and principal that is still to be paid by its schedule."""
    sums: dict[_Key, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for row in facts.tables[_REMAINING]:
        for key in _members(row):
            days, principal = sums[key]
            sums[key] = days + row["principal_days"], principal + row["principal"]
    return sums


def _described(scope: str, part: Cells) -> dict[str, Any]:
    return {
        f"{scope}_loans": part.get("loans", 0),
        f"apr_{scope}": percent(part.get("annual_cost"), part.get("priced_principal")),
        f"term_days_{scope}": quotient(part.get("principal_days"), part.get("termed_principal")),
        f"loan_size_{scope}": quotient(part.get("principal"), part.get("loans")),
        f"wal_days_{scope}": quotient(part.get("life_days"), part.get("life_principal")),
    }


def _paid(facts: Facts) -> dict[_Key, tuple[Decimal, Decimal]]:
    """Add up days x principal and principal paid in the 12 months that end at the date."""
    cut = facts.date.cut_on
    since = cut.year * _MONTHS + cut.month - _MONTHS
    days: dict[_Key, Decimal] = defaultdict(Decimal)
    principal: dict[_Key, Decimal] = defaultdict(Decimal)
    for row in facts.tables[_FLOWS]:
        on = row["day_on"]
        if row["paid_principal"] and on.year * _MONTHS + on.month > since:
            for key in _members(row):
                days[key] += row["paid_days"]
                principal[key] += row["paid_principal"]
    return {key: (days[key], principal[key]) for key in days}


# Yields: money out is negative, money in positive, what is outstanding comes at the end.

_YIELDS = (
    "as_of", "dimension", "member", "first_on", "disbursed", "cash", "outstanding", "written_off",
    "yield_with_outstanding", "reason_with_outstanding", "yield_without", "reason_without",
    "partial",
)  # fmt: skip


def _book(_: Cells) -> Iterable[_Key]:
    return ((BOOK, BOOK),)


def _members(row: Cells) -> Iterable[_Key]:
    return ((BOOK, BOOK), ("entity", row["entity"]), ("product", row["product"]))


def _cohort(row: Cells) -> Iterable[_Key]:
    return (("cohort_month", row["cohort_month"]),)


class _Account:
    """What moved in one part of the book, by day."""

    __slots__ = ("cash", "disbursed", "flows", "outstanding", "written_off")

    def __init__(self) -> None:
        self.flows: list[Flow] = []
        self.disbursed = self.cash = self.outstanding = self.written_off = Decimal(0)

    def add(self, row: Cells) -> None:
        """Take in what moved on a day."""
        self.disbursed += row["disbursed"]
        self.cash += row["cash"]
        self.flows.append((row["day_on"], row["cash"] - row["disbursed"]))

    def yields(self, cut_on: date) -> tuple[Yield, Yield]:
        """Give the yield with what is outstanding, taken at its face at the end, and without."""
        if is_dust(self.disbursed):
            # A yield is a percentage of what was lent.
            return Yield(None, NoYield.DUST), Yield(None, NoYield.DUST)
        without = xirr(self.flows)
        if not self.outstanding:
            return without, without
        return xirr([*self.flows, (cut_on, self.outstanding)]), without


def _yields(facts: Facts, flows: str, keys: _Keys) -> Iterator[dict[str, Any]]:
    accounts: dict[_Key, _Account] = defaultdict(_Account)
    for row in facts.tables[flows]:
        for key in keys(row):
            accounts[key].add(row)
    for row in facts.tables[_OWED]:
        for key in keys(row):
            accounts[key].outstanding += row["outstanding"]
            accounts[key].written_off += row["written_off"]
    for dimension, member in sorted(accounts):
        account = accounts[dimension, member]
        if account.flows:
            yield _yield_row(facts, {"dimension": dimension, "member": member}, account)


def _yield_row(facts: Facts, part: Mapping[str, Any], account: _Account) -> dict[str, Any]:
    kept, bare = account.yields(facts.date.cut_on)
    # What has come so far of a book that is still owed says how far it is, not what it yields.
    repaid = account.outstanding < account.disbursed * _REPAID_TO or not account.outstanding
    return {
        "as_of": facts.date.as_of,
        **part,
        "first_on": min(day for day, _ in account.flows),
        "disbursed": account.disbursed,
        "cash": account.cash,
        "outstanding": account.outstanding,
        "written_off": account.written_off,
        "yield_with_outstanding": kept.percent,
        "reason_with_outstanding": _said(kept),
        "yield_without": bare.percent if repaid else None,
        "reason_without": _said(bare) if repaid else _BEING_REPAID,
        "partial": facts.date.partial,
    }


def _said(found: Yield) -> str | None:
    return None if found.reason is None else found.reason.value
