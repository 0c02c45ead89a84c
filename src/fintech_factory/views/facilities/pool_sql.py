"""Writes the questions that a facility asks of the book, as portable SQL."""

# Names come from the catalogue of monitor_loan, conditions from checked trees, days from dates.
# ruff: noqa: S608

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.kpi_engine.nodes import Node
from fintech_factory.kpi_engine.sqltext import number, scalar, text
from fintech_factory.views.facilities.terms import Facility, Rule

if TYPE_CHECKING:
    from fintech_factory.views.facilities.settings import StepSettings

__all__ = [
    "ELIGIBLE",
    "LOAN_COLUMNS",
    "SHOWN_INELIGIBLE",
    "cells_sql",
    "ineligible_sql",
    "loans_sql",
    "parts_sql",
    "tallies_sql",
]

SHOWN_INELIGIBLE = 50
"""How many ineligible loans a facility's table shows at a date: the largest ones."""

ELIGIBLE = -1
"""The first rule's number of a loan that no rule excludes."""

_FULL = Decimal(100)


def tallies_sql(facility: Facility, dates: int) -> str:
    """Count the pool by first rule and, where none excludes, by step of the discount schedule.

    Rows: as_of, first rule's number (-1: eligible), step's first day and percent (NULL of what is
    excluded), loans, balance, counted (NULL of what is excluded); then, for every rule in order,
    the loans and the balance it excludes whether or not another did so before. `?` stands for each
    of `dates` as-of dates.
    """
    each = "".join(
        f",\n  COUNT(CASE WHEN p.rule_{no} THEN 1 END) AS loans_{no}"
        f",\n  COALESCE(SUM(CASE WHEN p.rule_{no} THEN p.balance END), 0) AS balance_{no}"
        for no in range(len(facility.rules))
    )
    eligible = f"CASE WHEN p.first_rule = {ELIGIBLE} THEN"
    step = f"{eligible} {_step_from(facility)} END"
    percent = f"{eligible} {_step_percent(facility)} END"
    return (
        f"WITH {_judged(facility, dates)}\n"
        f"SELECT\n  p.as_of,\n  p.first_rule,\n  {step} AS step_from,\n  {percent} AS step_percent"
        ",\n  COUNT(*) AS loans,\n  SUM(p.balance) AS balance"
        f",\n  SUM({eligible} {_step_money(facility)} END) AS counted{each}\n"
        f"FROM placed AS p\nGROUP BY p.as_of, p.first_rule, {step}, {percent}"
    )


def cells_sql(facility: Facility, dates: int) -> str:
    """Sum what counts to the cells that limits are held against.

    Rows: as_of, borrower and its place (NULL for all too small to meet a limit), product, entity,
    state, counted.
    """
    tops = [limit.largest or 1 for limit in facility.terms.concentration]
    limited = [limit.percent for limit in facility.terms.concentration if limit.per == "borrower"]
    above = f" OR counted * 100 > eligible * {number(min(limited))}" if limited else ""
    return f"""WITH {_counted(facility, dates)},
borrower AS (
  SELECT as_of, borrower_id, SUM(counted) AS counted
  FROM counting
  WHERE borrower_id IS NOT NULL
  GROUP BY as_of, borrower_id
),
pool AS (
  SELECT as_of, SUM(balance) AS eligible
  FROM counting
  GROUP BY as_of
),
ranked AS (
  SELECT
    b.as_of,
    b.borrower_id,
    b.counted,
    p.eligible,
    ROW_NUMBER() OVER (
      PARTITION BY b.as_of ORDER BY b.counted DESC, b.borrower_id NULLS FIRST
    ) AS place
  FROM borrower AS b
  INNER JOIN pool AS p
    ON p.as_of = b.as_of
),
named AS (
  SELECT as_of, borrower_id, place
  FROM ranked
  WHERE place <= {max(tops, default=1)}{above}
)
SELECT
  c.as_of,
  n.borrower_id,
  n.place,
  c.product,
  c.entity,
  c.state,
  SUM(c.counted) AS counted
FROM counting AS c
LEFT JOIN named AS n
  ON n.as_of = c.as_of
  AND n.borrower_id = c.borrower_id
GROUP BY c.as_of, n.borrower_id, n.place, c.product, c.entity, c.state"""


def ineligible_sql(facility: Facility, dates: int) -> str:
    """Give the largest ineligible loans; rows: as_of, place, the loan, whether each rule holds."""
    loan = ("loan_id", "borrower_id", "entity", "product", "balance", "dpd", "first_rule")
    rules = [f"rule_{no}" for no in range(len(facility.rules))]
    columns = ", ".join((*loan, *rules))
    return f"""WITH {_judged(facility, dates)},
by_size AS (
  SELECT
    as_of,
    ROW_NUMBER() OVER (PARTITION BY as_of ORDER BY balance DESC, loan_id NULLS FIRST) AS place,
    {columns}
  FROM placed
  WHERE first_rule <> {ELIGIBLE}
)
SELECT as_of, place, {columns}
FROM by_size
WHERE place <= {SHOWN_INELIGIBLE}"""


def loans_sql(facility: Facility) -> str:
    """Give every loan of the pool at one date, judged: its first rule, each rule, what counts."""
    columns = ", ".join(f"p.{name}" for name in (*LOAN_COLUMNS, "first_rule"))
    rules = "".join(f", p.rule_{no}" for no in range(len(facility.rules)))
    return (
        f"WITH {_judged(facility, 1)}\n"
        f"SELECT {columns}, {_step_from(facility)} AS step_from, {_step_money(facility)} AS counted"
        f"{rules}\nFROM placed AS p\nORDER BY p.loan_id NULLS FIRST"
    )


LOAN_COLUMNS = (
    "as_of",
    "loan_id",
    "borrower_id",
    "entity",
    "product",
    "state",
    "currency",
    "disbursed_on",
    "term_days",
    "principal",
    "balance",
    "dpd",
    "bucket",
    "is_written_off",
)
"""What a person sees of a loan behind a figure."""


def _judged(facility: Facility, dates: int) -> str:
    """Judge each loan of the pool by every rule, then place it under the first that excludes it."""
    pool = _pledged(facility)
    marks = ", ".join("?" * dates)
    rules = "".join(
        f",\n    {_excludes(rule)} AS rule_{no}" for no, rule in enumerate(facility.rules)
    )
    columns = ",\n    ".join(LOAN_COLUMNS)
    first = "".join(f" WHEN rule_{no} THEN {no}" for no in range(len(facility.rules)))
    names = ", ".join((*LOAN_COLUMNS, *(f"rule_{no}" for no in range(len(facility.rules)))))
    return f"""judged AS (
  SELECT
    {columns}{rules}
  FROM monitor_loan
  WHERE as_of IN ({marks}){pool}
),
placed AS (
  SELECT {names}, CASE{first} ELSE {ELIGIBLE} END AS first_rule
  FROM judged
)"""


def _pledged(facility: Facility) -> str:
    return "" if facility.pool is None else f"\n    AND COALESCE({scalar(facility.pool)}, FALSE)"


def _excludes(rule: Rule) -> str:
    # What cannot be told is excluded: a missing value must never make a loan eligible.
    when = f"COALESCE({scalar(rule.when)}, TRUE)"
    for day, sign in ((rule.from_on, ">="), (rule.until_on, "<=")):
        if day is not None:
            when = f"(as_of {sign} {_day(day)} AND {when})"
    return when


def _counted(facility: Facility, dates: int) -> str:
    return f"""{_judged(facility, dates)},
counting AS (
  SELECT
    p.as_of,
    p.borrower_id,
    p.product,
    p.entity,
    p.state,
    p.balance,
    {_step_from(facility)} AS step_from,
    {_step_percent(facility)} AS step_percent,
    {_step_money(facility)} AS counted
  FROM placed AS p
  WHERE p.first_rule = {ELIGIBLE}
)"""


def _step_from(facility: Facility) -> str:
    return _by_step(facility, lambda step: str(step.from_dpd), "0")


def _step_percent(facility: Facility) -> str:
    def percent(step: "StepSettings") -> str:
        return f"CAST({number(step.percent)} AS DECIMAL(18, 6))"

    return _by_step(facility, percent, "CAST(100 AS DECIMAL(18, 6))")


def _step_money(facility: Facility) -> str:
    return _by_step(facility, lambda step: _part(step.percent), "p.balance")


def _part(percent: Decimal) -> str:
    """Write a percentage of the balance; percent / 100 is exact in decimal, so nothing divides."""
    if percent == _FULL:
        return "p.balance"
    share = number(percent.scaleb(-2))
    wide = f"CAST(p.balance AS DECIMAL(35, 6)) * CAST({share} AS DECIMAL(18, 8))"
    return f"CAST(ROUND({wide}, 6) AS DECIMAL(18, 6))"


def _by_step(facility: Facility, write: Callable[["StepSettings"], str], otherwise: str) -> str:
    """Choose by the schedule in force and the loan's days past due, the latest step first."""
    cases = [
        f"WHEN p.as_of >= {_day(schedule.from_)} AND p.dpd >= {step.from_dpd} THEN {write(step)}"
        for schedule in facility.terms.discounts
        for step in schedule.steps
    ]
    return f"CASE {' '.join(reversed(cases))} ELSE {otherwise} END" if cases else otherwise


def _day(day: date) -> str:
    return f"CAST({text(day.isoformat())} AS DATE)"


def parts_sql(amounts: Sequence[Node], dates: int, facility: Facility | None = None) -> str:
    """Sum expressions over loan_snapshot by ageing state; rows: as_of, state, balance, then each.

    The state is that of the roll matrices: `written off`, else the ageing bucket. With a facility,
    over the loans of its pool alone, eligible or not.
    """
    of_pool = facility is not None and facility.pool is not None
    table = "monitor_loan" if of_pool else "loan_snapshot"
    pool = _pledged(facility) if facility is not None else ""
    sums = "".join(f",\n  SUM({scalar(node)}) AS amount_{no}" for no, node in enumerate(amounts))
    return (
        "SELECT\n  as_of,\n  CASE WHEN is_written_off THEN 'written off' ELSE bucket END AS state,"
        f"\n  SUM(balance) AS balance{sums}\nFROM {table}\n"
        f"WHERE as_of IN ({', '.join('?' * dates)}) AND balance <> 0{pool}\n"
        "GROUP BY as_of, CASE WHEN is_written_off THEN 'written off' ELSE bucket END"
    )
