"""How many dates of a book one question looks at."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.kpi_engine import Scope, evaluate_together, load_definitions
from fintech_factory.pipeline.portions import kpi_dates, view_dates
from fintech_factory.testing import book, make_ledger

SHIPPED = Path(__file__).parents[3] / "config" / "kpis" / "kpi_definitions.yaml"


class Counted:
    """A reader that knows nothing but how many rows each table has."""

    dialect = "duckdb"

    def __init__(self, rows: Mapping[str, int]) -> None:
        self._rows = rows

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        assert not parameters
        return [tuple(rows for table, rows in self._rows.items() if table in sql)]


@pytest.mark.parametrize(
    ("positions", "dates"),
    [(0, 1_500_000), (37_000, 1500), (37 * 1_500_000, 1), (37 * 1_500_001, 1), (37 * 750_000, 2)],
)
def test_a_view_looks_at_a_million_and_a_half_positions(positions: int, dates: int) -> None:
    assert view_dates(Counted({"loan_position": positions, "snapshot_date": 37})) == dates  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("loans", "dates"), [(0, 3_000_000), (1_000_000, 3), (1_000_001, 2), (9_000_000, 1)]
)
def test_a_kpi_query_looks_at_three_million_loans(loans: int, dates: int) -> None:
    assert kpi_dates(Counted({"dim_loan": loans})) == dates  # type: ignore[arg-type]


def test_readings_are_the_same_however_many_dates_a_query_asks_for(tmp_path: Path) -> None:
    of = (
        book()
        .loan(100, instalments=[("2025-03-20", 100)], payments=[("2025-04-02", 100)])
        .loan(200, borrower="B2", instalments=[("2025-03-11", 200)], payments=[("2025-04-30", 50)])
        .ending("2025-05-31")
    )
    days = ["2025-03-31", "2025-04-30", "2025-05-31"]
    scope = Scope(tuple(map(date.fromisoformat, days)), of.data_through, of.first_day)
    definitions = load_definitions(SHIPPED)
    with make_ledger(of, days, tmp_path) as ledger:
        asked: list[int] = []

        def run(queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
            asked.append(len(queries))
            return [ledger.build.query(*each) for each in queries]

        together = evaluate_together(definitions, scope, run)
        apart = [evaluate_together(definitions, scope, run, dates) for dates in (1, 2)]
    assert asked == [5, 15, 10]
    assert apart == [together, together]
    assert any(each.value for each in together)
