"""The compiled query: one per model, every group at once, in SQL that travels."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
import sqlglot

from fintech_factory.kpi_engine import Definitions, RunQuery, Scope, compile_model, evaluate
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT
from fintech_factory.kpi_engine.readings import GroupKey

SnapshotOf = Callable[..., RunQuery]
Rows = list[dict[str, Any]]

MARCH, APRIL = date(2025, 3, 31), date(2025, 4, 30)
DIMENSIONS = ("entity", "product", "borrower_segment", "state")


def book(seed: int, size: int = 300) -> Rows:
    """Make a random book with absent members, ties, repaid and overpaid loans."""
    random = Random(seed)  # noqa: S311 - a test's dice
    return [
        {
            "as_of": random.choice([MARCH, APRIL]),
            "borrower_id": f"B{random.randrange(40)}",
            "entity": random.choice(["North", "South", "", None]),
            "product": random.choice(["factoring", "leasing"]),
            "borrower_segment": random.choice([None, "small", "large"]),
            "state": random.choice([None, "Here", "There"]),
            "outstanding": Decimal(random.choice([0, 10, 10, 25, -1, "0.000001"])),
            "balance": Decimal(random.choice([0, 10, 40])),
            "dpd": random.choice([0, 1, 6, 7, 29, 30, 59, 60, 89, 90, 91, 180, 181]),
            "cash_30d": Decimal(random.randrange(5)),
        }
        for _ in range(size)
    ]


def grouped(rows: Rows) -> dict[GroupKey, Rows]:
    groups: dict[GroupKey, Rows] = defaultdict(list)
    for row in rows:
        groups[row["as_of"], "", ""].append(row)
        for dimension in DIMENSIONS:
            groups[row["as_of"], dimension, row[dimension] or "not provided"].append(row)
    return groups


def top(rows: Rows, count: int) -> Decimal:
    by_borrower: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        by_borrower[row["borrower_id"]] += row["outstanding"]
    return sum(sorted(by_borrower.values(), reverse=True)[:count], Decimal(0))


def squares(rows: Rows) -> Decimal:
    by_borrower: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        by_borrower[row["borrower_id"]] += row["outstanding"]
    return sum(
        (
            (each * each).quantize(Decimal("0.000001"), ROUND_HALF_UP)
            for each in by_borrower.values()
        ),
        Decimal(0),
    )


def by_hand(rows: Rows) -> dict[str, Decimal | int]:
    def total(column: str, least: int = -1) -> Decimal:
        return sum((row[column] for row in rows if row["dpd"] >= least), Decimal(0))

    active = [row for row in rows if row["outstanding"] > 0]
    return {
        "par_30": total("outstanding", 30),
        "par_90": total("outstanding", 91),
        "par_90_source_rule": total("outstanding", 90),
        "par_180": total("balance", 181),
        "collection_rate": total("cash_30d"),
        "outstanding": total("outstanding"),
        "active_loans": len(active),
        "active_borrowers": len({row["borrower_id"] for row in active}),
        "top_10_share": top(rows, 10),
        "largest_borrower_share": top(rows, 1),
        "hhi_borrowers": squares(rows),
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_grouping_sets_equal_each_group_added_up_by_hand(
    shipped: Definitions, snapshot_of: SnapshotOf, seed: int
) -> None:
    rows = book(seed)
    scope = Scope((MARCH, APRIL), date(2025, 6, 30), date(2024, 1, 1))
    readings = evaluate(shipped, scope, snapshot_of(rows))
    found: dict[GroupKey, dict[str, Decimal | int | None]] = defaultdict(dict)
    for each in readings:
        found[each.group][each.kpi] = each.value if each.part is None else each.part
    groups = grouped(rows)
    assert set(found) == set(groups)
    for group, members in groups.items():
        expected = by_hand(members)
        assert {name: found[group][name] for name in expected} == expected


def test_rows_of_other_dates_do_not_count(shipped: Definitions, snapshot_of: SnapshotOf) -> None:
    rows = [{"as_of": MARCH, "outstanding": 1}, {"as_of": APRIL, "outstanding": 10}]
    scope = Scope((APRIL,), date(2025, 6, 30), date(2024, 1, 1))
    readings = evaluate(shipped.only("outstanding"), scope, snapshot_of(rows))
    assert {(each.as_of, each.value) for each in readings} == {(APRIL, 10)}


def test_absent_members_are_named_and_never_taken_for_the_whole_book(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    rows = [
        {"outstanding": 5, "entity": None, "borrower_segment": ""},
        {"outstanding": 7, "entity": "", "borrower_segment": None},
    ]
    scope = Scope((MARCH,), date(2025, 6, 30), date(2024, 1, 1))
    readings = evaluate(shipped.only("outstanding"), scope, snapshot_of(rows))
    assert {(each.dimension, each.member): each.value for each in readings} == {
        ("", ""): 12,
        ("entity", "not provided"): 12,
        ("product", "factoring"): 12,
        ("borrower_segment", "not provided"): 12,
        ("state", "Somewhere"): 12,
    }


def test_a_borrower_is_ranked_across_entities_in_the_whole_book_and_within_each(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    rows = [
        {"borrower_id": "A", "entity": "North", "outstanding": 60},
        {"borrower_id": "A", "entity": "South", "outstanding": 60},
        {"borrower_id": "B", "entity": "North", "outstanding": 100},
        {"borrower_id": None, "entity": "South", "outstanding": 30},
        {"borrower_id": None, "entity": "South", "outstanding": 40},
    ]
    scope = Scope((MARCH,), date(2025, 6, 30), date(2024, 1, 1))
    readings = evaluate(shipped.only("largest_borrower_share"), scope, snapshot_of(rows))
    parts = {each.member: each.part for each in readings if each.dimension in {"", "entity"}}
    assert parts == {"": 120, "North": 100, "South": 70}


def test_equal_borrowers_at_the_edge_of_the_top_count_once(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    rows = [{"borrower_id": f"B{place}", "outstanding": 10} for place in range(15)]
    scope = Scope((MARCH,), date(2025, 6, 30), date(2024, 1, 1))
    (reading, *_) = evaluate(shipped.only("top_10_share"), scope, snapshot_of(rows))
    assert (reading.part, reading.whole) == (100, 150)


def test_a_measure_that_many_kpis_share_is_computed_once(shipped: Definitions) -> None:
    query = compile_model(LOAN_SNAPSHOT, shipped.of_model(LOAN_SNAPSHOT), [MARCH])
    assert query.sql.count("SUM(outstanding) AS m") == 1
    assert len(query.measures) == len(set(query.measures))
    assert query.params == (MARCH,)
    assert "2025" not in query.sql


def test_the_query_reads_no_column_that_no_kpi_needs(shipped: Definitions) -> None:
    query = compile_model(LOAN_SNAPSHOT, [shipped.get("outstanding")], [MARCH])
    assert "dpd" not in query.sql
    assert "borrower_id" not in query.sql


def test_the_query_travels_to_bigquery_and_back(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    # A square's room has a type of BigQuery's own, which is none of DuckDB's: tests/portability.
    kpis = [kpi for kpi in shipped.of_model(LOAN_SNAPSHOT) if kpi.id != "hhi_borrowers"]
    query = compile_model(LOAN_SNAPSHOT, kpis, [MARCH, APRIL])
    strict = {"unsupported_level": sqlglot.ErrorLevel.RAISE}
    (abroad,) = sqlglot.transpile(query.sql, read="duckdb", write="bigquery", **strict)
    (back,) = sqlglot.transpile(abroad, read="bigquery", write="duckdb", **strict)
    run = snapshot_of(book(4))
    assert list(run(back, query.params)) == list(run(query.sql, query.params))
    for word in ("FILTER", "QUALIFY", "PIVOT", "ASOF"):
        assert word not in query.sql.upper()


def test_minima_and_maxima_of_filtered_rows(
    define: Callable[..., Definitions], amount: Callable[..., Any], snapshot_of: SnapshotOf
) -> None:
    definitions = define(
        worst=amount(value="max(dpd) filter (where outstanding > 0)", unit="days"),
        spread=amount(value="max(dpd) - min(dpd)", unit="days"),
        ranked=amount(value="top_sum(outstanding, entity, 1) filter (where dpd > 500)"),
    )
    rows = [{"dpd": 5, "outstanding": 1}, {"dpd": 9}, {"dpd": 2, "outstanding": 1}]
    scope = Scope((MARCH,), date(2025, 6, 30), date(2024, 1, 1))
    found = {each.kpi: each.value for each in evaluate(definitions, scope, snapshot_of(rows))}
    assert found == {"worst": 5, "spread": 7, "ranked": None}
