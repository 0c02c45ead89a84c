"""The whole KPI catalogue gives the same cells on DuckDB and in GoogleSQL's reference engine."""

from pathlib import Path

from portability_book import AS_OFS
from portability_gate import Gate, bound
from portability_table import differences

from fintech_factory.kpi_engine import load_definitions
from fintech_factory.kpi_engine.compile import compile_model
from fintech_factory.transform.portable import translate
from fintech_factory.transform.portable_lint import lint

CATALOGUE = Path(__file__).parents[2] / "config" / "kpis" / "kpi_definitions.yaml"


def test_every_kpi_query_gives_the_same_cells_in_the_reference_engine(gate: Gate) -> None:
    definitions = load_definitions(CATALOGUE)
    assert definitions.models()

    for model in definitions.models():
        query = compile_model(model, definitions.of_model(model), AS_OFS)
        ours = gate.ours(query.sql, query.params)
        theirs = gate.pass_through(bound(query.sql, query.params), f"KPIs of {model.name}")

        groups = {row[1] for row in ours.rows}
        assert groups == {"", *model.dimensions}
        assert differences(ours, theirs) == []


def test_every_kpi_query_translates_as_it_is_with_its_parameters() -> None:
    definitions = load_definitions(CATALOGUE)

    for model in definitions.models():
        query = compile_model(model, definitions.of_model(model), AS_OFS)
        assert lint(query.sql) == []
        for engine in ("bigquery", "spark"):
            assert translate(query.sql, engine).count("?") == len(AS_OFS)
