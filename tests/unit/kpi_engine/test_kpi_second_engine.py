"""The second engine on random books: beside a brute force, and beside the first engine."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fintech_factory.kpi_engine import (
    Check,
    Definitions,
    Landed,
    Reading,
    RunQuery,
    Scope,
    compare,
    evaluate,
    is_measured,
    load_definitions,
    recompute,
)
from fintech_factory.kpi_engine.ledger import loan_records
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT, MODELS
from fintech_factory.testing import RULES

FIRST = date(2025, 1, 1)
ZERO = Decimal(0)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


# A brute force that shares nothing with the engine: it walks every row for every figure.

INSTALMENTS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 60), st.integers(0, 5)), max_size=5
)
PAYMENTS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 70), st.integers(-3, 5)), max_size=6
)
LOANS = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.sampled_from(["North", None]),
        st.sampled_from(["USD", "EUR"]),
        st.integers(0, 60),
        INSTALMENTS,
        PAYMENTS,
    ),
    min_size=1,
    max_size=8,
)
PLACES = ["Quito", "QUITO", None, "Loja"]
RATES = [("EUR", day(50), Decimal("1.12345678")), ("EUR", day(120), Decimal("0.98765432"))]
SEGMENTS = {"A": "small", "B": None}
AS_OFS = (day(30), day(58), day(59), day(100), day(240), day(299), day(303))
DATA_ENDS = day(300)

Book = list[tuple[str, str | None, str, int, Any, Any]]


def rows_of(book: Book) -> Landed:
    book = sorted(book, key=lambda each: each[0])
    loans, schedules, transactions = [], [], []
    for key, (who, entity, currency, begins, instalments, payments) in enumerate(book, start=1):
        opened = day(begins)
        loan = (key, f"L{key}", who, entity, "factoring", currency, opened, Decimal(100))
        # A term of 0 to 40 days, or none at all; interest, and a place in one of three spellings.
        matures = opened + timedelta(days=key * 10) if key % 5 else None
        loans.append((*loan, matures, None, Decimal(key), None, PLACES[key % 4]))
        for n, principal, interest in instalments:
            on = opened + timedelta(n)
            schedules.append((key, on, Decimal(principal), Decimal(interest), ZERO, ZERO, ZERO))
        for n, principal, interest in payments:
            on = min(opened + timedelta(n), DATA_ENDS)
            cash = (Decimal(principal), ZERO, Decimal(interest), None, ZERO)
            transactions.append((key, "PAYMENT", on, *cash))
    return Landed(iter(loans), iter(schedules), iter(transactions), SEGMENTS, RATES, [("Quito", 2)])


def in_reporting(amount: Decimal, currency: str, as_of: date) -> Decimal:
    if currency == "USD":
        return amount
    rate = RATES[1][2] if as_of >= RATES[1][1] else RATES[0][2]
    return (amount * rate).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def state_of(each: tuple[Any, ...], as_of: date) -> dict[str, Any] | None:
    who, entity, currency, begins, instalments, payments = each
    cut, opened = min(as_of, DATA_ENDS), day(begins)
    if opened > cut:
        return None
    cash = [(min(opened + timedelta(n), DATA_ENDS), p, p + i) for n, p, i in payments]
    bills = sorted((opened + timedelta(n), p, p + i) for n, p, i in instalments)
    balance = 100 - sum(p for on, p, _ in cash if on <= cut)
    paid_principal = sum(p for on, p, _ in cash if on <= cut) + Decimal("0.005")
    paid_total = sum(t for on, _, t in cash if on <= cut) + Decimal("0.005")
    late = [
        on
        for on, _, _ in bills
        if on < cut
        and sum(p for other, p, _ in bills if other <= on) > paid_principal
        and sum(t for other, _, t in bills if other <= on) > paid_total
    ]
    dpd = (cut - min(late)).days if late and balance else 0

    def in_month(on: date) -> bool:
        return (on.year, on.month) == (as_of.year, as_of.month)

    def of_month(events: Iterable[tuple[date, int, int]], until: date | None) -> int:
        return sum(t for on, _, t in events if in_month(on) and (until is None or on <= until))

    moved = [
        *((as_of - on).days in range(30) or (on <= cut and in_month(on)) for on, _, _ in cash),
        *(in_month(on) for on, _, _ in bills),
        in_month(opened),
    ]
    if not balance and not any(moved):
        return None

    def money(amount: int) -> Decimal:
        return in_reporting(Decimal(amount), currency, as_of)

    return {
        "who": who,
        "entity": entity or "not provided",
        "borrower_segment": SEGMENTS.get(who) or "not provided",
        "dpd": dpd,
        "balance": money(balance),
        "outstanding": money(balance) if dpd <= 180 else Decimal(0),
        "cash_30d": money(sum(t for on, _, t in cash if 0 <= (as_of - on).days < 30)),
        "cash_month": money(of_month(cash, cut)),
        "due_month": money(of_month(bills, None)),
        "due_to_date": money(of_month(bills, cut)),
        "disbursed": money(100) if in_month(opened) else Decimal(0),
    }


def figures_of(states: list[dict[str, Any]]) -> dict[str, Any]:
    def total(name: str, least: int = 0) -> Decimal:
        return sum((state[name] for state in states if state["dpd"] >= least), Decimal(0))

    by_borrower: dict[str, Decimal] = defaultdict(Decimal)
    for state in states:
        by_borrower[state["who"]] += state["outstanding"]
    largest = max(by_borrower.values(), default=Decimal(0))
    active = [state for state in states if state["outstanding"] > 0]
    return {
        "par_1": (total("outstanding", 1), total("outstanding")),
        "par_90": (total("outstanding", 91), total("outstanding")),
        "par_90_incl_writeoff": (total("balance", 91), total("balance")),
        "par_180": (total("balance", 181), total("balance")),
        "collection_rate": (total("cash_30d"), total("outstanding")),
        "collection_efficiency": (total("cash_month"), total("due_month")),
        "collection_efficiency_mtd": (total("cash_month"), total("due_to_date")),
        "largest_borrower_share": (largest, total("outstanding")),
        "written_off": total("balance") - total("outstanding"),
        "active_loans": len(active),
        "active_borrowers": len({state["who"] for state in active}),
        "disbursed_volume": total("disbursed"),
    }


def said(reading: Reading) -> object:
    pair = (reading.part or Decimal(0), reading.whole or Decimal(0))
    return pair if reading.unit == "percent" else reading.value


@cache
def loaded(path: Path) -> Definitions:
    """Load once; hypothesis prints its test's arguments, and a path is short."""
    return load_definitions(path)


@settings(max_examples=40, deadline=None)
@given(book=LOANS)
def test_the_engine_equals_a_brute_force_on_random_books(shipped_path: Path, book: Book) -> None:
    scope = Scope(AS_OFS, DATA_ENDS, FIRST)
    found: dict[Any, dict[str, Reading]] = defaultdict(dict)
    for reading in recompute(loaded(shipped_path), scope, rows_of(book), RULES):
        found[reading.group][reading.kpi] = reading
    for as_of in AS_OFS:
        states = [state for each in book if (state := state_of(each, as_of))]
        groups = {("", "")} | {
            (name, state[name]) for state in states for name in ("entity", "borrower_segment")
        }
        for dimension, member in groups:
            within = [state for state in states if not dimension or state[dimension] == member]
            expected = figures_of(within)
            readings = found.pop((as_of, dimension, member))
            if scope.is_partial(loaded(shipped_path).get("collection_efficiency"), as_of):
                # Of a month in progress only the figure to date is given.
                expected["collection_efficiency"] = (Decimal(0), Decimal(0))
            for name, figures in expected.items():
                assert said(readings[name]) == figures, (name, as_of, dimension, member)
    assert {dimension for _, dimension, _ in found} <= {"product", "state"}


@settings(max_examples=8, deadline=None)
@given(book=LOANS)
def test_both_engines_give_every_reading_alike(
    shipped_path: Path, snapshot_of: Callable[..., RunQuery], book: Book
) -> None:
    definitions, scope = loaded(shipped_path), Scope(AS_OFS, DATA_ENDS, FIRST)
    tables = {
        model.name: [
            dict(zip(model.columns, each, strict=True))
            for _, each in loan_records(rows_of(book), scope, RULES, model)
        ]
        for model in MODELS.values()
    }
    run = snapshot_of(tables.pop(LOAN_SNAPSHOT.name), **tables)
    by_sql = evaluate(definitions, scope, run)
    by_python = recompute(definitions, scope, rows_of(book), RULES)
    assert by_python == by_sql
    judged = compare(definitions, by_sql, by_python)
    assert {each.check for each in judged if is_measured(definitions.get(each.kpi))} == {
        Check.MATCHED
    }
