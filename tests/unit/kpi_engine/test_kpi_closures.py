"""The second engine's closures against DuckDB: the same three-valued logic."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fintech_factory.kpi_engine import RunQuery
from fintech_factory.kpi_engine.closures import compile_scalar
from fintech_factory.kpi_engine.expression import read_measure
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT
from fintech_factory.kpi_engine.nodes import Aggregate, Node, Text
from fintech_factory.kpi_engine.sqltext import scalar

PLACES = {name: place for place, name in enumerate(LOAN_SNAPSHOT.columns)}

CONDITIONS = [
    "dpd > 90",
    "dpd <> 90 and not is_written_off",
    "dpd > 90 or is_written_off",
    "not (dpd between 30 and 90)",
    "dpd in (30, 90) or entity in ('North', 'South')",
    "dpd not in (30, 90)",
    "dpd is null or entity is not null and dpd_on <= as_of",
    "is_written_off = (dpd > 90)",
    "case when dpd > 90 then is_written_off when dpd > 30 then true end",
    "coalesce(outstanding, balance, 0) >= abs(-5 - dpd) * 1.5",
    "-outstanding + balance < dpd or entity = 'North'",
    "entity > 'North'",
]

amounts = st.none() | st.sampled_from([Decimal(value) for value in ("-1.5", "0", "0.000001", "90")])
rows = st.fixed_dictionaries(
    {
        "dpd": st.none() | st.sampled_from([0, 30, 31, 90, 91]),
        "is_written_off": st.none() | st.booleans(),
        "entity": st.none() | st.sampled_from(["North", "South", "it's"]),
        "dpd_on": st.none() | st.sampled_from([date(2025, 3, 31), date(2025, 4, 1)]),
        "outstanding": amounts,
        "balance": amounts,
    }
)


def where_of(condition: str) -> Node:
    measure = read_measure(f"count(*) filter (where {condition})", LOAN_SNAPSHOT)
    assert isinstance(measure, Aggregate)
    assert measure.where is not None
    return measure.where


@settings(max_examples=25, deadline=None)
@given(book=st.lists(rows, min_size=1, max_size=25))
def test_a_condition_means_the_same_in_sql_and_in_python(
    snapshot_of: Callable[..., RunQuery],
    record: Callable[..., tuple[Any, ...]],
    book: list[dict[str, Any]],
) -> None:
    wheres = [where_of(condition) for condition in CONDITIONS]
    sql = f"SELECT {', '.join(map(scalar, wheres))} FROM loan_snapshot ORDER BY loan_key"
    in_python = [compile_scalar(where, PLACES) for where in wheres]
    answers = [tuple(holds(record(**row)) for holds in in_python) for row in book]
    assert answers == snapshot_of(book)(sql, [])


def test_a_text_literal_is_written_with_its_quotes_doubled(run_query: RunQuery) -> None:
    literal = Text("it's; drop")
    assert run_query(f"SELECT {scalar(literal)}", []) == [("it's; drop",)]
