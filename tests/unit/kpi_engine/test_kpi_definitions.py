"""The definitions file: every mistake gets its place and the nearest valid name."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from fintech_factory.config import load
from fintech_factory.errors import ConfigError, UsageError
from fintech_factory.kpi_engine import Definitions, KpiFile, check_definitions
from fintech_factory.values import Problem, Unit

Define = Callable[..., Definitions]
Build = Callable[..., dict[str, str | None]]


def problems(define: Define, **kpis: dict[str, str | None]) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        define(**kpis)
    return caught.value.problems


def only(define: Define, **kpis: dict[str, str | None]) -> Problem:
    (problem,) = problems(define, **kpis)
    return problem


def test_the_shipped_file_has_nothing_deeper_to_complain_of(shipped_path: Path) -> None:
    assert check_definitions(load(shipped_path, KpiFile)) == []


def test_a_definition_keeps_what_the_file_says(shipped: Definitions) -> None:
    par_90 = shipped.get("par_90")
    assert par_90.title.es == "Cartera en riesgo 90"
    assert par_90.unit is Unit.PERCENT
    assert par_90.version == 1
    assert par_90.effective_from == date(2026, 1, 1)
    assert str(par_90.measure) == (
        "sum(outstanding) filter (where dpd > 90) / sum(outstanding) * 100"
    )
    assert shipped.order.index("portfolio_health") > shipped.order.index("collection_rate")


def test_only_month_flows_can_be_incomplete(shipped: Definitions) -> None:
    assert {name for name, kpi in shipped.kpis.items() if kpi.counts_a_month} == {
        "apr_new",
        "borrowers_disbursed",
        "cash_collected",
        "collection_due_only",
        "collection_efficiency",
        "collection_efficiency_mtd",
        "cure_rate",
        "disbursed_volume",
        "due_in_month",
        "fee_income",
        "interest_income",
        "loan_size_new",
        "loans_disbursed",
        "mdr",
        "new_borrowers",
        "new_volume",
        "reactivated_borrowers",
        "reactivated_volume",
        "recovered_month",
        "recovery_rate",
        "repeat_borrowers",
        "repeat_share",
        "repeat_volume",
        "roll_forward_1_30",
        "smm",
        "write_off_returned",
        "written_off_month",
        "yield_month",
    }


def test_an_unknown_kpi_is_answered_with_the_nearest(shipped: Definitions) -> None:
    with pytest.raises(UsageError, match=r"did you mean `par_90`"):
        shipped.get("par90")


def test_some_kpis_come_with_what_they_are_made_of(shipped: Definitions) -> None:
    assert set(shipped.only("portfolio_health").kpis) == {
        "portfolio_health",
        "par_90",
        "collection_rate",
    }


def test_an_unknown_column_is_pointed_at(define: Define) -> None:
    problem = only(define, base={"part": "sum(outstnding)"})
    assert (problem.line, problem.column) == (6, len("    part: sum(") + 1)
    assert problem.message == "base.part: unknown column `outstnding` of loan_snapshot"
    assert problem.hint == "did you mean `outstanding`?"


def test_the_column_is_right_inside_quotes_too(define: Define) -> None:
    problem = only(define, base={"part": '"sum(outstnding)"'})
    assert problem.column == len('    part: "sum(') + 1


def test_all_problems_are_listed_in_the_order_of_the_file(define: Define) -> None:
    found = problems(
        define,
        one={"part": "sum(nothing)", "whole": "avg(balance)"},
        two={"limits": "{warning: 5, critical: 3}"},
    )
    assert [problem.message.split(":")[0] for problem in found] == [
        "one.part",
        "one.whole",
        "two.limits.warning",
    ]


def test_an_unknown_kpi_in_a_formula_names_the_nearest(define: Define, formula: Build) -> None:
    problem = only(define, base={}, score=formula(formula="100 - bse"))
    assert problem.message == "score.formula: unknown KPI `bse`"
    assert problem.hint == "did you mean `base`?"


def test_a_formula_that_leads_back_to_itself_is_refused(define: Define, formula: Build) -> None:
    example = "[{says: one, inputs: {%s: 1}, value: 1}]"
    found = problems(
        define,
        a=formula(formula="b", examples=example % "b"),
        b=formula(formula="a", examples=example % "a"),
        c=formula(formula="c", examples=example % "c"),
    )
    assert len(found) == 2
    assert "leads back to itself" in found[0].message
    assert "c → c" in found[1].message


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"limits": "{warning: 5, critical: 3}"}, "warning"),
        ({"limits": "{warning: 3, critical: 3}"}, "warning"),
        ({"limits": "{warning: 3, critical: 9, executive: 8}"}, "critical"),
        ({"limits": "{warning: 9, executive: 8}"}, "warning"),
        ({"limits": "{warning: 3, critical: 5}", "direction": "bad_below"}, "warning"),
        ({"limits": "{warning: 3, clear: {warning: 4}}"}, "clear.warning"),
        ({"limits": "{warning: 3, clear: {critical: 2}}"}, "clear.critical"),
        ({"limits": "{warning: 3}", "direction": "neutral"}, "limits"),
        ({"limits": "{}"}, "limits"),
        ({"clamp": "{low: 0, high: 100}", "limits": "{warning: 100}"}, "clamp"),
        ({"clamp": "{low: 100, high: 0}"}, "clamp"),
        ({"target": "{period: month}"}, "target"),
        ({"target": "{above: 5, below: 3, period: month}"}, "target"),
    ],
)
def test_limits_on_the_wrong_side_are_refused(
    define: Define, fields: dict[str, str | None], key: str
) -> None:
    assert key in only(define, base=fields).message


@pytest.mark.parametrize(
    "fields",
    [
        {"limits": "{warning: 0.05}"},
        {"limits": "{warning: 0}"},
        {"limits": "{warning: 3, clear: {warning: 0.5}}"},
        {"target": "{above: 0.025, period: month}"},
    ],
)
def test_a_percent_below_one_is_refused(define: Define, fields: dict[str, str | None]) -> None:
    problem = only(define, base=fields)
    assert "in percent" in problem.message


def test_a_ratio_written_as_limit_is_answered_with_the_percentage(define: Define) -> None:
    problem = only(define, base={"limits": "{warning: 0.03, critical: 5}"})
    assert problem.message == "base.limits.warning: 0.03 on a KPI in percent means 0.03 %"
    assert problem.hint.startswith("write 3.00 for a ratio of 0.03")


def test_a_small_percent_passes_once_confirmed(define: Define) -> None:
    kpis = define(base={"limits": "{warning: 0.5, confirm_small: true}"}).kpis
    assert str(kpis["base"].limits.steps[0][1]) == "0.5"


def test_a_small_limit_on_money_needs_no_confirmation(define: Define, amount: Build) -> None:
    fields = amount(
        limits="{warning: 0.5}", examples="[{says: one, rows: [{outstanding: 1}], value: 1}]"
    )
    assert define(base=fields).get("base").limits.steps


@pytest.mark.parametrize(
    "fields",
    [
        {"unit": "money"},
        {"part": None},
        {"whole": None},
        {"value": "sum(balance)"},
        {"formula": "par_90"},
        {"part": None, "whole": None},
        {"part": "1"},
        {"model": "loan_snapshots"},
        {"model": None},
        {"empty": "zero"},
        {"examples": "[{says: one, rows: [], value: 0}]"},
        {"examples": "[{says: one, rows: [{outstandin: 1}], value: 0}]"},
        {"examples": "[{says: one, rows: [{as_of: 2025-01-01}], value: 0}]"},
        {"examples": "[{says: one, rows: [{dpd: 1.5}], value: 0}]"},
        {"examples": "[{says: one, rows: [{dpd: true}], value: 0}]"},
        {"examples": "[{says: one, rows: [{dpd_on: 2025-02-30}], value: 0}]"},
        {"examples": "[{says: one, rows: [{entity: 5}], value: 0}]"},
        {"examples": "[{says: one, rows: [{dpd: 1}], inputs: {base: 1}, value: 0}]"},
    ],
)
def test_a_definition_that_does_not_fit_together_is_refused(
    define: Define, fields: dict[str, str | None]
) -> None:
    assert only(define, base=fields).line > 1


@pytest.mark.parametrize(
    "fields",
    [
        {"version": "0"},
        {"examples": "[]"},
        {"owner": None},
        {"colour": "red"},
        {"effective_from": "yesterday"},
        {"department": "kitchen"},
        {"title": "{en: A}"},
        {"examples": "[{says: one, rows: [{outstanding: 1}]}]"},
    ],
)
def test_the_shape_of_the_file_is_strict(define: Define, fields: dict[str, str | None]) -> None:
    assert problems(define, base=fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"formula": "base", "model": "loan_snapshot"},
        {"formula": "5 * 5"},
        {"formula": "base", "examples": "[{says: one, inputs: {}, value: 1}]"},
        {"formula": "base", "examples": "[{says: x, inputs: {base: 1, other: 2}, value: 1}]"},
        {
            "formula": "base",
            "examples": "[{says: x, rows: [{dpd: 1}], inputs: {base: 1}, value: 1}]",
        },
    ],
)
def test_a_formula_that_does_not_fit_together_is_refused(
    define: Define, formula: Build, fields: dict[str, str | None]
) -> None:
    assert only(define, base={}, score=formula(**fields)).message.startswith("score")


def test_one_value_is_no_percentage(define: Define, amount: Build) -> None:
    assert "percentage" in only(define, base=amount(unit="percent")).hint
