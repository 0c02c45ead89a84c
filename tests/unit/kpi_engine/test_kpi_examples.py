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
from fintech_factory.kpi_engine.definitions import (
    Amount,
    Formula,
    FromOutside,
    NotConnected,
    Ratio,
)
from fintech_factory.kpi_engine.expression import read_formula, read_measure
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT

IDS = {
    "risk": (
        "par_1 par_7 par_30 par_60 par_90 par_90_source_rule par_90_incl_writeoff par_180 "
        "portfolio_health rdr_90 rdr_90_12m rdr_90_6m roll_forward_1_30 cure_rate "
        "early_delinquency_30 borrowers_past_due mdr cdr_simple cdr "
        "smm cpr written_off "
        "written_off_month write_off_returned recovered_month recovery_rate top_10_share "
        "top_10_share_incl_writeoff largest_borrower_share largest_borrower_outstanding "
        "hhi_borrowers ecl ecl_coverage stage_1_share stage_2_share stage_3_share"
    ),
    "compliance": (
        "covenant_headroom open_breaches days_to_breach borrowing_base_surplus "
        "excess_concentration reconciliation_pass_rate restated_amount data_quality_score "
        "audit_chain_intact obligations_on_time"
    ),
    "finance": (
        "outstanding balance_incl_writeoff collection_rate collection_efficiency "
        "collection_efficiency_mtd collection_due_only cash_collected due_in_month "
        "interest_income fee_income yield_month portfolio_yield apr_new apr_12m term_days_12m "
        "effective_yield wal_days expected_cash_30d expected_cash_60d expected_cash_90d "
        "cash_forecast_error nim cost_of_risk debt_to_equity dscr runway_months net_margin"
    ),
    "technology": (
        "export_freshness_hours failed_checks schema_drift kpi_parity run_seconds "
        "arrival_to_alert_seconds run_success uptime error_budget debt_ratio code_coverage "
        "quality_gates_passed deployments_per_week lead_time_hours change_failure_rate "
        "time_to_restore_hours"
    ),
    "growth": (
        "disbursed_volume loans_disbursed active_loans active_borrowers disbursed_volume_mom "
        "disbursed_volume_qoq disbursed_volume_yoy outstanding_mom outstanding_qoq "
        "outstanding_yoy active_borrowers_mom active_borrowers_qoq active_borrowers_yoy "
        "borrowers_disbursed new_borrowers repeat_borrowers reactivated_borrowers new_volume "
        "repeat_volume reactivated_volume repeat_share retention_3m retention_12m "
        "loan_size_new outstanding_per_borrower active_states active_products active_segments "
        "disbursed_12m volume_vs_target pipeline_coverage"
    ),
    "marketing": (
        "marketing_spend leads cost_per_lead acquisition_cost marketing_roi payback_months "
        "lead_to_loan early_delinquency_by_channel engagement sentiment_positive "
        "sentiment_accuracy"
    ),
    "sales": (
        "pipeline_value sales_velocity win_rate sales_cycle_days stage_conversion "
        "deal_ageing_days deal_slippage deals_disbursed early_delinquency_by_seller"
    ),
}


ENGINES = {
    Ratio: ["python", "sql"],
    Amount: ["python", "sql"],
    Formula: ["formula"],
    FromOutside: ["observed"],
    NotConnected: [],
}


def test_every_kpi_of_the_catalogue_is_shipped(shipped: Definitions) -> None:
    assert {
        department: [kpi.id for kpi in shipped.kpis.values() if kpi.department == department]
        for department in dict.fromkeys(kpi.department for kpi in shipped.kpis.values())
    } == {department: ids.split() for department, ids in IDS.items()}


def test_every_worked_example_holds_in_every_engine(
    shipped: Definitions, run_query: RunQuery
) -> None:
    outcomes = list(run_examples(shipped, run_query))
    assert [str(each) for each in outcomes if not each.passed] == []
    examples = {name: len(kpi.examples) for name, kpi in shipped.kpis.items()}
    for name, count in examples.items():
        engines = ENGINES[type(shipped.get(name).measure)]
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
