"""The SQL ledger on random books, beside a brute force that shares nothing with it."""

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from properties_book import BRUTE, DAYS, LIGHT, LOANS, Row, a_book, a_ledger, day

from fintech_factory.kpi_engine import (
    Definitions,
    Scope,
    compare,
    evaluate,
    is_measured,
    load_definitions,
    recompute,
)
from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.definitions import Amount, Ratio
from fintech_factory.kpi_engine.ledger import loan_records
from fintech_factory.kpi_engine.models import MODELS
from fintech_factory.kpi_engine.nodes import AggregateKind
from fintech_factory.pipeline.landed_rows import landed_rows
from fintech_factory.testing import RULES, Book

KPIS = Path(__file__).parents[2] / "config" / "kpis" / "kpi_definitions.yaml"

# The brute force: every figure of a loan at a date from every row of it, one rule a line.


def expected(of: Book, as_of: date) -> list[dict[str, Any]]:
    cut = min(as_of, of.data_through)
    rows = []
    for loan in of.rows("loans"):
        if loan["disburse_date"] > cut:
            continue
        due = [each for each in of.rows("schedules") if each["loan_key"] == loan["line_no"]]
        paid = [each for each in of.rows("transactions") if each["loan_key"] == loan["line_no"]]
        row = expected_row(loan, due, paid, (as_of, cut))
        if row is not None:
            rows.append(row)
    return rows


BUCKETS = (
    (0, "current"),
    (30, "1-30"),
    (60, "31-60"),
    (90, "61-90"),
    (180, "91-180"),
    (10**6, "181+"),
)


def total(row: Row) -> Decimal:
    return sum((row.get(name) or 0 for name in ("principal", "interest")), Decimal(0))


def expected_row(
    loan: Row, due: list[Row], paid: list[Row], dates: tuple[date, date]
) -> dict[str, Any] | None:
    as_of, cut = dates
    start = as_of.replace(day=1)
    end = as_of.replace(day=calendar.monthrange(as_of.year, as_of.month)[1])
    balance = loan["disburse_principal"] - sum(
        each["principal"] for each in paid if each["date_paid"] <= cut
    )
    recent = [p for p in paid if as_of - timedelta(days=30) < p["date_paid"] <= as_of]
    this_month = [p for p in paid if start <= p["date_paid"] <= min(end, cut)]
    falls_due = [d for d in due if start <= d["date_due"] <= end]
    is_new = start <= loan["disburse_date"] <= cut
    if not (balance or recent or this_month or falls_due or is_new):
        return None
    oldest = oldest_uncovered(due, [p for p in paid if p["date_paid"] <= cut], cut)
    if not balance:
        oldest = None
    dpd = (cut - oldest).days if oldest else 0
    return {
        "loan_id": loan["loan_id"],
        "balance": balance,
        "dpd": dpd,
        "dpd_on": oldest,
        "is_written_off": dpd > 180,
        "outstanding": 0 if dpd > 180 else balance,
        "written_off": balance if dpd > 180 else 0,
        "bucket": next(name for last, name in BUCKETS if dpd <= last),
        "cash_30d": sum(map(total, recent)),
        "cash_month": sum(map(total, this_month)),
        "due_month": sum(map(total, falls_due)),
        "due_to_date": sum(total(d) for d in falls_due if d["date_due"] <= cut),
        "disbursed_month": loan["disburse_principal"] if is_new else 0,
        "loans_disbursed_month": int(is_new),
    }


def oldest_uncovered(due: list[Row], paid: list[Row], cut: date) -> date | None:
    principal = sum(each["principal"] for each in paid)
    cash = sum(total(each) for each in paid)
    principal_due = cash_due = Decimal(0)
    for each in sorted(due, key=lambda row: row["date_due"]):
        principal_due += each["principal"]
        cash_due += total(each)
        tolerance = Decimal("0.005")
        covered = principal_due - principal <= tolerance or cash_due - cash <= tolerance
        if not covered and each["date_due"] < cut:
            return each["date_due"]
    return None


@BRUTE
@given(LOANS, DAYS)
def test_the_sql_ledger_is_the_brute_forces(loans: list[Any], numbers: list[int]) -> None:
    of, days = a_book(loans), sorted(map(day, numbers))
    with a_ledger(of, days) as ledger:
        for as_of in days:
            wanted = expected(of, as_of)
            columns = list(wanted[0]) if wanted else []
            found = [
                {name: row[name] for name in columns}
                for row in ledger.rows("loan_snapshot", as_of=as_of)
            ]
            found.sort(key=lambda row: str(row.get("loan_id")))
            assert found == sorted(wanted, key=lambda row: str(row["loan_id"]))


@LIGHT
@given(LOANS, DAYS)
def test_every_balance_is_in_exactly_one_bucket(loans: list[Any], numbers: list[int]) -> None:
    with a_ledger(a_book(loans), [day(number) for number in numbers]) as ledger:
        rows = ledger.rows("loan_snapshot")
        assert {row["bucket"] for row in rows} <= set(RULES.bucket_labels)
        for by_date in ledger.rows("par_by_date"):
            of_date = [row for row in rows if row["as_of"] == by_date["as_of"]]
            assert len({row["loan_key"] for row in of_date}) == len(of_date)
            by_bucket = {
                label: sum(row["balance"] for row in of_date if row["bucket"] == label)
                for label in RULES.bucket_labels
            }
            assert sum(by_bucket.values()) == by_date["balance"]
            assert by_bucket["181+"] == by_date["written_off"]


@LIGHT
@given(LOANS, DAYS)
def test_par_falls_as_its_days_grow(loans: list[Any], numbers: list[int]) -> None:
    ladder = ("outstanding", "at_risk_1", "at_risk_7", "at_risk_30", "at_risk_60")
    with a_ledger(a_book(loans), [day(number) for number in numbers]) as ledger:
        for row in ledger.rows("par_by_date"):
            steps = [row[name] for name in (*ladder, "at_risk_90_source_rule", "at_risk_90")]
            assert all(higher >= lower for higher, lower in pairwise([*steps, 0]))
            assert row["at_risk_90_incl_writeoff"] >= row["at_risk_90"]


@LIGHT
@given(LOANS, DAYS)
def test_the_roll_forward_closes_and_meets_the_snapshot(
    loans: list[Any], numbers: list[int]
) -> None:
    with a_ledger(a_book(loans, ["USD", "MXN"]), [day(number) for number in numbers]) as ledger:
        assert {row["variance"] for row in ledger.rows("roll_forward")} <= {0}


@LIGHT
@given(LOANS, DAYS)
def test_dates_run_together_are_the_dates_run_alone(loans: list[Any], numbers: list[int]) -> None:
    of, days = a_book(loans), sorted(map(day, numbers))
    tables = ("loan_snapshot", "roll_forward", "v_portfolio_risk")
    with a_ledger(of, days) as together:
        at_once = {table: together.rows(table) for table in tables}
    alone: dict[str, list[Any]] = {table: [] for table in tables}
    for each in days:
        with a_ledger(of, [each]) as ledger:
            for table in tables:
                alone[table] += ledger.rows(table)
    assert at_once == alone


@LIGHT
@given(LOANS, DAYS, st.randoms(use_true_random=False))
def test_the_order_in_which_payments_landed_is_irrelevant(
    loans: list[Any], numbers: list[int], chance: Random
) -> None:
    of, days = a_book(loans), [day(number) for number in numbers]
    rows = list(of.rows("transactions"))
    chance.shuffle(rows)
    renumbered = tuple({**row, "line_no": place} for place, row in enumerate(rows, start=2))
    with a_ledger(of, days) as ledger:
        before = ledger.rows("loan_snapshot")
    with a_ledger(replace(of, tables={**of.tables, "transactions": renumbered}), days) as ledger:
        assert ledger.rows("loan_snapshot") == before


def scope_of(of: Book, days: Sequence[date]) -> Scope:
    return Scope(tuple(days), of.data_through, book_from=of.first_day)


# Shares and borrowers do not add up: one may stand in several parts of the book.
ADDITIVE = {AggregateKind.SUM, AggregateKind.COUNT}


@LIGHT
@given(LOANS, DAYS)
def test_the_parts_of_a_dimension_add_up_to_the_whole_book(
    loans: list[Any], numbers: list[int]
) -> None:
    definitions = load_definitions(KPIS)
    of, days = a_book(loans), [day(number) for number in numbers]
    with a_ledger(of, days) as ledger:
        readings = evaluate(definitions, scope_of(of, days), ledger.build.query)
    added: dict[tuple[str, date, str, str], Decimal] = {}
    for each in readings:
        for figure in figures_of(definitions, each.kpi):
            key = (each.kpi, each.as_of, each.dimension, figure)
            added[key] = added.get(key, Decimal(0)) + (getattr(each, figure) or 0)
    for (kpi, as_of, dimension, figure), amount in added.items():
        if dimension:
            assert amount == added[kpi, as_of, "", figure], (kpi, as_of, dimension, figure)


def figures_of(definitions: Definitions, kpi: str) -> tuple[str, ...]:
    measure = definitions.get(kpi).measure
    if not isinstance(measure, Ratio | Amount):
        return ()
    if {each.kind for each in definitions.get(kpi).aggregates} - ADDITIVE:
        return ()
    return ("part", "whole") if isinstance(measure, Ratio) else ("value",)


@settings(BRUTE, max_examples=8)
@given(LOANS, DAYS)
def test_every_row_of_every_model_is_the_second_engines(
    loans: list[Any], numbers: list[int]
) -> None:
    """Column by column, those that no KPI reads included."""
    of, days = a_book(loans, ["USD", "MXN"]), sorted(map(day, numbers))
    scope = scope_of(of, days)
    with a_ledger(of, days) as ledger:
        for model in MODELS.values():
            columns = list(model.columns)
            by_sql = [
                tuple(row[name] for name in columns)
                for row in ledger.rows(model.name)
                if row["as_of"] in scope.answerable()
            ]
            landed = landed_rows(ledger.build)
            with localcontext(EXACT):
                by_python = [row for _, row in loan_records(landed, scope, RULES, model)]
            assert sorted(by_sql, key=repr_of_numbers) == sorted(by_python, key=repr_of_numbers)


def repr_of_numbers(row: tuple[Any, ...]) -> list[str]:
    return [f"{cell:f}".rstrip("0") if isinstance(cell, Decimal) else repr(cell) for cell in row]


@LIGHT
@given(LOANS, DAYS)
def test_par_falls_as_n_grows_by_either_boundary(loans: list[Any], numbers: list[int]) -> None:
    """`> n` is never more than `>= n`, and the next step never more than this one."""
    of, days = a_book(loans, ["USD", "MXN"]), [day(number) for number in numbers]
    ladder = ("par_1", "par_7", "par_30", "par_60", "par_90_source_rule", "par_90")
    with a_ledger(of, days) as ledger:
        readings = evaluate(load_definitions(KPIS), scope_of(of, days), ledger.build.query)
    parts = {(each.group, each.kpi): each.part or Decimal(0) for each in readings}
    for group in {each.group for each in readings}:
        steps = [parts[group, kpi] for kpi in ladder]
        assert all(higher >= lower for higher, lower in pairwise([*steps, Decimal(0)]))
        assert parts[group, "par_90_incl_writeoff"] >= parts[group, "par_180"]


def both_engines(definitions: Definitions, of: Book, days: Sequence[date]) -> list[str]:
    scope = scope_of(of, days)
    with a_ledger(of, days) as ledger:
        first = evaluate(definitions, scope, ledger.build.query)
        second = recompute(definitions, scope, landed_rows(ledger.build), RULES)
    readings = compare(definitions, first, second)
    return [
        f"{each.kpi} {each.group}: {each.reason}"
        for each in readings
        if each.check != "matched" and is_measured(definitions.get(each.kpi))
    ]


@BRUTE
@given(LOANS, DAYS)
def test_the_second_engine_confirms_every_reading(loans: list[Any], numbers: list[int]) -> None:
    of = a_book(loans, ["USD", "MXN"])
    assert both_engines(load_definitions(KPIS), of, [day(number) for number in numbers]) == []
