"""Explain: the definition, the query alone, and the rows that weigh most."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine import (
    Definitions,
    Explanation,
    RunQuery,
    Scope,
    evaluate,
    explain,
)

SCOPE = Scope((date(2025, 3, 31),), date(2025, 6, 15), date(2024, 1, 10))


def explained(
    definitions: Definitions, run: RunQuery, kpi: str, dimension: str = "", member: str = ""
) -> Explanation:
    group = {
        each.kpi: each
        for each in evaluate(definitions, SCOPE, run)
        if (each.dimension, each.member) == (dimension, member)
    }
    return explain(definitions, group[kpi], group)


def rows(explanation: Explanation, run: RunQuery) -> list[dict[str, Any]]:
    query = explanation.rows_query
    assert query is not None
    return query.as_rows(list(run(query.sql, query.params)))


def test_the_ten_largest_rows_come_by_absolute_contribution(
    shipped: Definitions, snapshot_of: Callable[..., RunQuery]
) -> None:
    book = [{"outstanding": amount, "dpd": 91} for amount in range(1, 14)]
    run = snapshot_of([*book, {"outstanding": -50, "dpd": 100}, {"outstanding": 99, "dpd": 90}])
    found = rows(explained(shipped, run, "par_90"), run)
    assert [row["contribution"] for row in found] == [-50, 13, 12, 11, 10, 9, 8, 7, 6, 5]
    assert found[1]["loan_id"] == "L13"
    assert set(found[0]) >= {"loan_key", "borrower_id", "entity", "dpd", "outstanding"}


def test_only_rows_of_the_group_and_date_are_shown(
    shipped: Definitions, snapshot_of: Callable[..., RunQuery]
) -> None:
    run = snapshot_of(
        [
            {"outstanding": 5, "entity": None},
            {"outstanding": 7, "entity": "North"},
            {"outstanding": 9, "entity": None, "as_of": date(2025, 4, 30)},
        ]
    )
    explanation = explained(shipped, run, "outstanding", "entity", "not provided")
    assert [row["contribution"] for row in rows(explanation, run)] == [5]


def test_concentration_shows_the_loans_of_the_largest_borrowers(
    shipped: Definitions, snapshot_of: Callable[..., RunQuery]
) -> None:
    run = snapshot_of(
        [
            *({"borrower_id": f"B{place}", "outstanding": 100} for place in range(20)),
            {"borrower_id": "A", "outstanding": 60},
            {"borrower_id": "A", "outstanding": 50},
        ]
    )
    found = rows(explained(shipped, run, "largest_borrower_share"), run)
    assert [(row["borrower_id"], row["contribution"]) for row in found] == [("A", 60), ("A", 50)]


def test_counts_show_the_rows_they_count(
    shipped: Definitions, snapshot_of: Callable[..., RunQuery]
) -> None:
    run = snapshot_of([{"outstanding": 60}, {"outstanding": 0}])
    assert [row["loan_id"] for row in rows(explained(shipped, run, "active_loans"), run)] == ["L1"]


def test_the_query_alone_gives_the_reading(
    shipped: Definitions, snapshot_of: Callable[..., RunQuery]
) -> None:
    run = snapshot_of([{"outstanding": 60, "dpd": 91}, {"outstanding": 40}])
    explanation = explained(shipped, run, "par_90")
    assert explanation.query is not None
    (whole_book, *_) = run(explanation.query.sql, explanation.query.params)
    assert tuple(whole_book) == (date(2025, 3, 31), "", "", Decimal(60), Decimal(100))


def test_a_formula_is_explained_by_its_inputs(
    shipped: Definitions, snapshot_of: Callable[..., RunQuery]
) -> None:
    run = snapshot_of([{"outstanding": 60, "dpd": 91}])
    said = explained(shipped, run, "portfolio_health").as_json()
    assert said["formula"] == "(100 - par_90) * 0.6 + collection_rate * 0.4"
    assert said["limits"] == {"warning": "50"}
    assert [each["kpi"] for each in said["inputs"]] == ["par_90", "collection_rate"]
    assert said["inputs"][0]["reading"]["part"] == "60.000000"
    assert said["sql"] is None
