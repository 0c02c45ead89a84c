"""Opens a row of the monitor to the loans behind it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from fintech_factory.errors import UsageError
from fintech_factory.pipeline.view_facts import Loans
from fintech_factory.views.facilities.pool_sql import ELIGIBLE, LOAN_COLUMNS, loans_sql
from fintech_factory.views.facilities.terms import Facility
from fintech_factory.views.table import Cells
from fintech_factory.warehouse.protocol import Reader

__all__ = ["facility_loans", "reasons_of"]

_OF_DIMENSION = {"borrower": "borrower_id", "product": "product", "entity": "entity"}
_KEYS: Mapping[str, tuple[str, ...]] = {
    "borrowing_base": (),
    "eligibility": ("rule",),
    "ineligible": ("rule", "loan_id"),
    "dpd_discounts": ("step_from",),
    "concentration": ("limit", "member"),
}


def facility_loans(
    reader: Reader, facility: Facility, as_of: date, table: str, where: Mapping[str, str]
) -> Loans:
    """Give the loans of a facility's pool behind the rows of a table that have the given cells.

    Every loan comes with its first rule, the reasons of all rules that hold for it, and what counts
    of it after discounts.

    Raises:
        UsageError: the table does not open to loans, or not by that column.
    """
    keys = _KEYS.get(table)
    if keys is None:
        raise UsageError(
            f"monitor.{table} does not open to loans: it is computed from many at once",
            hint="open a table of the pool: " + ", ".join(_KEYS),
        )
    unknown = [name for name in where if name not in keys]
    if unknown:
        raise UsageError(
            f"monitor.{table} does not open by {unknown[0]}",
            where="--where",
            hint="by " + ", ".join(("facility", *keys)),
        )
    found = _judged(reader, facility, as_of)
    wanted = _chosen(found.rows, facility, table, where)
    return Loans(found.columns, tuple(loan for loan in found.rows if wanted(loan)))


def _chosen(
    loans: Sequence[Cells], facility: Facility, table: str, where: Mapping[str, str]
) -> Callable[[Cells], bool]:
    match table:
        case "borrowing_base":
            return lambda _: True
        case "concentration":
            return _of_limit(loans, facility, where)
        case "dpd_discounts":
            step = where.get("step_from")
            return lambda loan: (
                loan["counted"] is not None and step in (None, str(loan["step_from"]))
            )
    excluded = table == "ineligible"
    return lambda loan: (
        not (excluded and loan["rule"] == "eligible")
        and all(str(loan[name]) == value for name, value in where.items())
    )


def _of_limit(
    loans: Sequence[Cells], facility: Facility, where: Mapping[str, str]
) -> Callable[[Cells], bool]:
    """Choose the eligible loans of a limit's member; `top` is the largest borrowers together."""
    limits = {each.id: each for each in facility.terms.concentration}
    limit = limits.get(where.get("limit", ""))
    if limit is None:
        raise UsageError(
            "which limit is meant is not said", where="--where", hint="limit=" + "|".join(limits)
        )
    if limit.per == "top":
        largest = _largest(loans, limit.largest or 0)
        return lambda loan: loan["counted"] is not None and loan["borrower_id"] in largest
    column, member = _OF_DIMENSION.get(limit.per, limit.per), where.get("member")
    return lambda loan: loan["counted"] is not None and member in (None, str(loan[column]))


def _largest(loans: Sequence[Cells], largest: int) -> set[str]:
    counted: dict[str, Decimal] = defaultdict(Decimal)
    for loan in loans:
        if loan["counted"] is not None and loan["borrower_id"] is not None:
            counted[loan["borrower_id"]] += loan["counted"]
    ordered = sorted(counted, key=lambda borrower: (-counted[borrower], borrower))
    return set(ordered[:largest])


def _judged(reader: Reader, facility: Facility, as_of: date) -> Loans:
    """Give every loan of a facility's pool at a date with its first rule and all its reasons."""
    columns = ("facility", *LOAN_COLUMNS, "rule", "reasons", "reasons_es", "step_from", "counted")
    rows = []
    for row in reader.query(loans_sql(facility), [as_of]):
        loan = dict(zip(LOAN_COLUMNS, row, strict=False))
        first, step, counted, *rules = row[len(LOAN_COLUMNS) :]
        eligible = first == ELIGIBLE
        rows.append(
            {
                "facility": facility.id,
                **loan,
                **reasons_of(facility, first, rules),
                "step_from": step if eligible else None,
                "counted": counted if eligible else None,
            }
        )
    return Loans(columns, tuple(rows))


def reasons_of(facility: Facility, first: int, held: Sequence[bool]) -> dict[str, str | None]:
    """Name the first rule that excludes a loan, and why each rule does that holds for it."""
    holding = [rule for rule, holds in zip(facility.rules, held, strict=True) if holds]
    if first == ELIGIBLE:
        return {"rule": "eligible", "reasons": None, "reasons_es": None}
    return {
        "rule": facility.rules[first].id,
        "reasons": "; ".join(rule.reason_en for rule in holding),
        "reasons_es": "; ".join(rule.reason_es for rule in holding),
    }
