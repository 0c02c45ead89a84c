"""The worked examples of the shipped definitions, by both engines."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fintech_factory.kpi_engine import (
    Definitions,
    RunQuery,
    check_examples,
    run_examples,
)
from fintech_factory.kpi_engine.definitions import Formula
from fintech_factory.kpi_engine.expression import read_formula, read_measure
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT

IDS = {
    *(f"par_{days}" for days in (1, 7, 30, 60, 90, 180)),
    "par_90_source_rule",
    "par_90_incl_writeoff",
    "collection_rate",
    "collection_efficiency",
    "collection_efficiency_mtd",
    "portfolio_health",
    "outstanding",
    "balance_incl_writeoff",
    "active_loans",
    "active_borrowers",
    "disbursed_volume",
    "loans_disbursed",
    "written_off",
    "top_10_share",
    "largest_borrower_share",
}


def test_every_kpi_of_the_catalogue_is_shipped(shipped: Definitions) -> None:
    assert set(shipped.kpis) == IDS


def test_every_worked_example_holds_in_every_engine(
    shipped: Definitions, run_query: RunQuery
) -> None:
    outcomes = list(run_examples(shipped, run_query))
    assert [str(each) for each in outcomes if not each.passed] == []
    examples = {name: len(kpi.examples) for name, kpi in shipped.kpis.items()}
    for name, count in examples.items():
        engines = ["formula"] if name == "portfolio_health" else ["python", "sql"]
        ran = sorted(each.engine for each in outcomes if each.kpi == name)
        assert ran == sorted(engines * count)


@pytest.mark.parametrize(
    ("kpi", "part", "mutated"),
    [
        ("par_1", "part", "sum(outstanding) filter (where dpd > 1)"),
        ("par_7", "part", "sum(outstanding) filter (where dpd >= 6)"),
        ("par_30", "part", "sum(outstanding) filter (where dpd > 30)"),
        ("par_60", "part", "sum(outstanding) filter (where dpd > 60)"),
        ("par_90", "part", "sum(outstanding) filter (where dpd >= 90)"),
        ("par_90", "part", "sum(outstanding) filter (where dpd > 91)"),
        ("par_90", "part", "sum(balance) filter (where dpd > 90)"),
        ("par_90", "whole", "sum(balance)"),
        ("par_90_source_rule", "part", "sum(outstanding) filter (where dpd > 90)"),
        ("par_90_incl_writeoff", "part", "sum(outstanding) filter (where dpd > 90)"),
        ("par_90_incl_writeoff", "part", "sum(balance) filter (where dpd >= 90)"),
        ("par_90_incl_writeoff", "whole", "sum(outstanding)"),
        ("par_180", "part", "sum(balance) filter (where dpd >= 180)"),
        ("par_180", "whole", "sum(outstanding)"),
        ("collection_rate", "part", "sum(cash_month)"),
        ("collection_rate", "whole", "sum(balance)"),
        ("collection_efficiency", "whole", "sum(due_to_date)"),
        ("collection_efficiency_mtd", "whole", "sum(due_month)"),
        ("outstanding", "value", "sum(balance)"),
        ("balance_incl_writeoff", "value", "sum(outstanding)"),
        ("active_loans", "value", "count(*)"),
        ("active_loans", "value", "count(*) filter (where balance > 0)"),
        ("active_borrowers", "value", "count(distinct loan_id) filter (where outstanding > 0)"),
        ("active_borrowers", "value", "count(distinct borrower_id)"),
        ("disbursed_volume", "value", "sum(principal)"),
        ("loans_disbursed", "value", "count(*)"),
        ("written_off", "value", "sum(balance)"),
        ("top_10_share", "part", "top_sum(outstanding, borrower_id, 11)"),
        ("top_10_share", "part", "top_sum(outstanding, loan_id, 10)"),
        ("largest_borrower_share", "part", "top_sum(outstanding, loan_id, 1)"),
    ],
)
def test_a_changed_formula_breaks_an_example(
    shipped: Definitions, run_query: RunQuery, kpi: str, part: str, mutated: str
) -> None:
    alone = shipped.only(kpi)
    measure = replace(alone.get(kpi).measure, **{part: read_measure(mutated, LOAN_SNAPSHOT)})
    changed = replace(alone, kpis={kpi: replace(alone.get(kpi), measure=measure)})
    assert check_examples(alone, run_query) == []
    engines = {each.engine for each in run_examples(changed, run_query) if not each.passed}
    assert engines == {"python", "sql"}


def test_a_changed_weight_or_range_breaks_the_health_example(
    shipped: Definitions, run_query: RunQuery
) -> None:
    alone = shipped.only("portfolio_health")
    health = alone.get("portfolio_health")
    assert isinstance(health.measure, Formula)
    weights = read_formula("(100 - par_90) * 0.4 + collection_rate * 0.6", health.measure.inputs)
    for changed in (
        replace(health, measure=replace(health.measure, formula=weights)),
        replace(health, clamp=None),
    ):
        kpis = {**alone.kpis, "portfolio_health": changed}
        assert check_examples(replace(alone, kpis=kpis), run_query)


def test_an_example_that_does_not_hold_is_named_with_its_place(
    define: Callable[..., Definitions], run_query: RunQuery
) -> None:
    definitions = define(
        base={"examples": "[{says: half, rows: [{outstanding: 2, dpd: 91}], part: 1, value: 50}]"}
    )
    problems = check_examples(definitions, run_query)
    assert len(problems) == 2
    assert problems[0].line == 16
    assert problems[0].message == (
        "base: part is 2.000000, the example says 1; value is 100, the example says 50 (sql)"
    )
    assert problems[0].hint == "the example: half"
