"""Folding records: the same figures as the compiled query, one borrower at a time."""

import weakref
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, localcontext
from random import Random
from typing import Any

import pytest

from fintech_factory.kpi_engine import Definitions, RunQuery, compile_model
from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.evaluate import cells_of
from fintech_factory.kpi_engine.fold import fold_records
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT

MARCH, APRIL = date(2025, 3, 31), date(2025, 4, 30)

EXPRESSIONS = {
    "sum_filtered": "sum(outstanding) filter (where dpd > 30)",
    "sum_of_unknowns": "sum(cash_30d)",
    "sum_by_unknown": "sum(balance) filter (where cash_30d > 0)",
    "counted": "count(*)",
    "counted_filtered": "count(*) filter (where not is_written_off)",
    "least": "min(outstanding)",
    "least_filtered": "min(dpd) filter (where outstanding > 0)",
    "most": "max(outstanding - balance)",
    "currencies": "count(distinct currency)",
    "borrowers": "count(distinct borrower_id) filter (where dpd > 30)",
    "entities": "count(distinct entity)",
    "top_borrowers": "top_sum(outstanding, borrower_id, 3)",
    "top_filtered": "top_sum(balance, borrower_id, 2) filter (where dpd > 30)",
    "top_products": "top_sum(outstanding, product, 1)",
    "top_loans": "top_sum(outstanding, loan_id, 4) filter (where not is_written_off)",
    "squares": "square_sum(outstanding, borrower_id)",
    "squares_filtered": "square_sum(outstanding, loan_id) filter (where dpd > 30)",
    "squares_of_products": "square_sum(balance, product) filter (where cash_30d > 0)",
    "squares_of_unknowns": "square_sum(cash_30d, currency)",
    "days_and_money": "sum(balance) filter (where dpd > 30 and outstanding > 0)",
    "least_of_none": "min(outstanding) filter (where dpd > 500)",
    "top_of_unknowns": "top_sum(cash_30d, currency, 2)",
}


def book(seed: int) -> list[dict[str, Any]]:
    """Make a random book in which any cell may be absent."""
    random = Random(seed)  # noqa: S311 - a test's dice
    return [
        {
            "as_of": random.choice([MARCH, APRIL]),
            "loan_key": place,
            "loan_id": f"L{place}",
            "borrower_id": random.choice(["A", "B", "C", "D", None]),
            "entity": random.choice(["North", "South", "", None]),
            "product": random.choice(["factoring", "leasing"]),
            "currency": random.choice(["USD", "EUR", None]),
            "outstanding": random.choice([None, Decimal(-7), Decimal(0), Decimal("3.25")]),
            "balance": Decimal(random.randrange(3)),
            "dpd": random.choice([None, 0, 30, 31, 200]),
            "is_written_off": random.choice([None, True, False]),
            "cash_30d": random.choice([None, None, Decimal(1)]),
        }
        for place in range(random.choice([3, 12, 60]))
    ]


@pytest.mark.parametrize("seed", range(12))
def test_folding_equals_the_compiled_query(
    define: Callable[..., Definitions],
    amount: Callable[..., Any],
    snapshot_of: Callable[..., RunQuery],
    record: Callable[..., tuple[Any, ...]],
    seed: int,
) -> None:
    definitions = define(**{name: amount(value=text) for name, text in EXPRESSIONS.items()})
    rows = sorted(book(seed), key=lambda row: row["borrower_id"] or "~")
    query = compile_model(LOAN_SNAPSHOT, definitions.of_model(LOAN_SNAPSHOT), [MARCH, APRIL])
    by_sql = cells_of(snapshot_of(rows)(query.sql, query.params), query.measures)
    records = ((int(row["as_of"] == APRIL), record(**row)) for row in rows)
    with localcontext(EXACT):
        folded = fold_records(records, LOAN_SNAPSHOT, query.measures, [MARCH, APRIL])
    assert folded == by_sql


class Name(str):
    """A borrower's id of which one can see whether anybody still holds it."""

    __slots__ = ("__weakref__",)


def test_a_borrower_is_let_go_when_the_next_begins(
    shipped: Definitions, record: Callable[..., tuple[Any, ...]]
) -> None:
    held: list[weakref.ref[Name]] = []

    def records() -> Iterator[tuple[int, tuple[Any, ...]]]:
        for place in range(50):
            borrower = Name(f"B{place:03}")
            held.append(weakref.ref(borrower))
            yield 0, record(borrower_id=borrower, outstanding=Decimal(1))
            assert sum(each() is not None for each in held) <= 2

    measures = shipped.get("active_borrowers").aggregates + shipped.get("top_10_share").aggregates
    folded = fold_records(records(), LOAN_SNAPSHOT, measures, [MARCH])
    assert list(folded[MARCH, "", ""].values()) == [50, 10, 50]


def test_absent_members_are_named_as_in_sql(record: Callable[..., tuple[Any, ...]]) -> None:
    records = [(0, record(entity=None)), (0, record(entity=""))]
    groups = fold_records(records, LOAN_SNAPSHOT, (), [MARCH])
    assert {member for _, dimension, member in groups if dimension == "entity"} == {"not provided"}
