"""Every model, view and KPI gives the same rows on Spark, at every month-end of a whole book."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from portability_table import differences

from fintech_factory.kpi_engine import load_definitions
from fintech_factory.kpi_engine.compile import compile_model
from fintech_factory.transform.models import read_models

if TYPE_CHECKING:
    from spark_both import Both

pytestmark = [
    pytest.mark.slow,
    # py4j leaves its sockets to the interpreter's end; they are not ours to close.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

ROOT = Path(__file__).parents[2]
MODELS = sorted(read_models(ROOT / "sql"))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_the_same_rows_on_spark(both: "Both", name: str) -> None:
    ours = both.ours(f"SELECT * FROM {name}")
    columns = ", ".join(column for column, _ in ours.columns)

    assert ours.rows, "a model without rows proves nothing"
    assert differences(ours, both.sparks(f"SELECT {columns} FROM {name}")) == []


def test_every_kpi_gives_the_same_cells_on_spark(both: "Both") -> None:
    definitions = load_definitions(ROOT / "config" / "kpis" / "kpi_definitions.yaml")
    as_ofs = [day for (day,) in both.build.query("SELECT as_of FROM snapshot_date ORDER BY seq")]

    for model in definitions.models():
        query = compile_model(model, definitions.of_model(model), as_ofs)
        ours = both.ours(query.sql, query.params)

        assert len(ours.rows) >= len(as_ofs)
        assert differences(ours, both.sparks(query.sql, query.params)) == []


def test_the_book_is_not_empty(both: "Both", capsys: pytest.CaptureFixture[str]) -> None:
    loans = both.build.query("SELECT COUNT(*) FROM dim_loan")[0][0]
    dates = both.build.query("SELECT COUNT(*) FROM snapshot_date")[0][0]
    with capsys.disabled():
        print(f"\ncompared on {both.landed.words}: {loans} loans, {dates} as-of dates")  # noqa: T201
        for step, seconds in both.seconds.items():
            print(f"  {step}: {seconds:.1f} s")  # noqa: T201

    assert loans > 0
    assert dates > 0
