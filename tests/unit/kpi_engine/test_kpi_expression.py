"""The expression grammar: what it reads, and every kind of thing it refuses."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest

from fintech_factory.kpi_engine.arithmetic import DIVISION, calculate
from fintech_factory.kpi_engine.expression import ExpressionRefused, read_formula, read_measure
from fintech_factory.kpi_engine.models import LOAN_SNAPSHOT
from fintech_factory.kpi_engine.nodes import (
    Aggregate,
    AggregateKind,
    Arithmetic,
    ColumnRef,
    Comparison,
    KpiRef,
    Number,
    Power,
    columns_of,
)


def refusal(text: str) -> ExpressionRefused:
    with pytest.raises(ExpressionRefused) as caught:
        read_measure(text, LOAN_SNAPSHOT)
    return caught.value


def test_a_filtered_sum_is_read_into_its_parts() -> None:
    assert read_measure("sum(outstanding) filter (where dpd > 90)", LOAN_SNAPSHOT) == Aggregate(
        AggregateKind.SUM,
        ColumnRef("outstanding"),
        where=Comparison(">", ColumnRef("dpd"), Number(Decimal(90))),
    )


def test_top_sum_keeps_value_key_and_number_of_groups() -> None:
    assert read_measure("top_sum(outstanding, borrower_id, 10)", LOAN_SNAPSHOT) == Aggregate(
        AggregateKind.TOP_SUM, ColumnRef("outstanding"), "borrower_id", 10
    )


def test_square_sum_keeps_value_and_key() -> None:
    read = read_measure(
        "square_sum(outstanding, borrower_id) filter (where dpd > 0)", LOAN_SNAPSHOT
    )
    assert read == Aggregate(
        AggregateKind.SQUARE_SUM,
        ColumnRef("outstanding"),
        "borrower_id",
        where=Comparison(">", ColumnRef("dpd"), Number(Decimal(0))),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("square_sum(outstanding)", "square_sum takes two things"),
        ("square_sum(outstanding, borrower_id, 3)", "square_sum takes two things"),
        ("square_sum(entity, borrower_id)", "a number is needed"),
        ("square_sum(outstanding, 1)", "is not allowed here"),
        ("sum(outstanding) ^ 2", "is not allowed here"),
    ],
)
def test_squares_have_one_form_only(text: str, said: str) -> None:
    assert said in refusal(text).message


def test_a_power_stands_in_formulas() -> None:
    base = Arithmetic("-", Number(Decimal(1)), KpiRef("mdr"))
    assert read_formula("(1 - mdr) ^ 12", ["mdr"]) == Power(base, 12)


@pytest.mark.parametrize("exponent", ["0", "13", "1.5", "-1", "mdr", "'2'", "2 ^ 2"])
def test_an_exponent_is_a_small_whole_number(exponent: str) -> None:
    with pytest.raises(ExpressionRefused, match="an exponent is a whole number, 1 to 12"):
        read_formula(
            f"(1 - mdr) ^ ({exponent})" if " " in exponent else f"mdr ^ {exponent}", ["mdr"]
        )


@pytest.mark.parametrize("base", ["0.95", "-1.0000000000000000000000000000000001", "0", "1E-30"])
def test_a_power_is_the_exact_product_rounded_once(base: str) -> None:
    given = Decimal(base)
    found = calculate(Power(KpiRef("mdr"), 12), lambda _: given, DIVISION)
    assert found == Context(prec=34, rounding=ROUND_HALF_EVEN).create_decimal(
        Context(prec=1000).power(given, 12)
    )


@pytest.mark.parametrize(
    "text",
    [
        "count(*)",
        "count(*) filter (where not is_written_off)",
        "count(distinct borrower_id) filter (where outstanding > 0)",
        "min(dpd)",
        "max(dpd) filter (where entity in ('North', 'South'))",
        "sum(outstanding) - sum(written_off) * 2 + 1",
        "-sum(balance)",
        "abs(sum(outstanding - balance))",
        "sum(case when dpd between 1 and 30 then outstanding else 0 end)",
        "sum(coalesce(cash_30d, cash_month, 0))",
        "sum(abs(balance)) filter (where dpd_on is null or dpd_on is not null and dpd_on < as_of)",
        "top_sum(outstanding, product, 1) filter (where product <> 'x' and is_written_off = false)",
    ],
)
def test_the_grammar_reads(text: str) -> None:
    assert set(columns_of(read_measure(text, LOAN_SNAPSHOT))) <= set(LOAN_SNAPSHOT.columns)


@pytest.mark.parametrize(
    "text",
    [
        "text",
        "sum((select 1))",
        "(select sum(outstanding) from loan_snapshot)",
        "sum(outstanding) filter (where exists (select 1))",
        "sum(outstanding) filter (where dpd in (select 1))",
        "sum(outstanding) filter (where dpd = any(select 1))",
        "read_csv('/etc/passwd')",
        "sum(read_text('/etc/passwd'))",
        "query_table('loans')",
        "sum(query('select 1'))",
        "current_setting('memory_limit')",
        "sum(outstanding) / sum(balance)",
        "sum(outstanding / 2)",
        "sum(outstanding // 2)",
        "sum(outstanding % 2)",
        "sum(outstanding ** 2)",
        "sum(outstanding) over ()",
        "sum(outstanding) over (partition by entity)",
        "*",
        "sum(*)",
        "count(columns(*))",
        "count(outstanding)",
        "count(distinct entity, product)",
        "sum(distinct outstanding)",
        "sum(sum(outstanding))",
        "avg(outstanding)",
        "median(outstanding)",
        "sum(length(entity))",
        "count(*) filter (where upper(entity) = 'X')",
        "count(*) filter (where entity || 'x' = 'Xx')",
        "count(*) filter (where entity like 'N%')",
        "count(*) filter (where entity ~ 'N')",
        "sum(outstanding::double)",
        "sum(cast(dpd as varchar))",
        "sum(random())",
        "count(*) filter (where disbursed_on < current_date)",
        "count(*) filter (where dpd is true)",
        "sum(loan_snapshot.outstanding)",
        "sum(outstanding) as x",
        "sum(outstanding) filter (where dpd > ?)",
        "sum(outstanding) filter (where dpd > $1)",
        "sum(case dpd when 1 then 2 end)",
        "sum(list_value(1)[1])",
        "sum({'a': 1}.a)",
        "sum(x -> x + 1)",
        "outstanding",
    ],
)
def test_what_is_outside_the_grammar_is_refused(text: str) -> None:
    refused = refusal(text)
    assert re.search("not allowed|outside an aggregate|is needed here", refused.message)
    assert 0 <= refused.offset < len(text)


@pytest.mark.parametrize(
    ("text", "offending"),
    [
        ("sum(outstanding) - read_csv('x')", "read_csv"),
        ("sum(outstanding) + sum(balance / 2)", "balance"),
        ("count(*) filter (where dpd > 90 and upper(entity) = 'X')", "upper"),
        ("sum(outstanding) + dpd", "dpd"),
        ("sum(outstanding) filter (where dpd > 1e9)", "1e9"),
    ],
)
def test_a_refusal_points_at_the_part_that_does_not_belong(text: str, offending: str) -> None:
    assert refusal(text).offset == text.index(offending)


def test_an_unknown_column_is_refused_with_the_nearest_name() -> None:
    refused = refusal("sum(outstanding) filter (where dpdd > 90)")
    assert refused.message == "unknown column `dpdd` of loan_snapshot"
    assert refused.hint == "did you mean `dpd`?"
    assert refused.offset == len("sum(outstanding) filter (where ")


@pytest.mark.parametrize("text", ["1e3", "1234567890123", "0.1234567"])
def test_a_number_that_is_not_exact_in_every_engine_is_refused(text: str) -> None:
    assert "not exact" in refusal(f"sum(dpd * {text})").message


@pytest.mark.parametrize(
    "text",
    [
        "sum(entity)",
        "sum(outstanding) filter (where dpd)",
        "sum(outstanding) filter (where entity > 5)",
        "sum(outstanding) filter (where dpd = '90')",
        "sum(outstanding) filter (where dpd_on > 90)",
        "sum(case when dpd then 1 end)",
        "sum(case when is_written_off then 1 else 'x' end)",
        "sum(outstanding + entity)",
        "sum(coalesce(outstanding, 'x'))",
        "min(entity)",
        "top_sum(entity, borrower_id, 1)",
    ],
)
def test_kinds_that_do_not_go_together_are_refused(text: str) -> None:
    assert "needed here" in (message := refusal(text).message) or "do not go together" in message


@pytest.mark.parametrize(
    "arguments",
    [
        "outstanding",
        "outstanding, borrower_id",
        "outstanding, borrower_id, 0",
        "outstanding, borrower_id, -1",
        "outstanding, borrower_id, 1.5",
        "outstanding, borrower_id, dpd",
        "outstanding, borrower_id, 1001",
        "outstanding, 'borrower', 10",
        "outstanding, borrower_id, 10, 10",
    ],
)
def test_top_sum_with_other_arguments_is_refused(arguments: str) -> None:
    assert refusal(f"top_sum({arguments})").message


@pytest.mark.parametrize("wrap", ["({})", "abs({})", "-({})", "case when true then {} end"])
def test_deep_nesting_is_refused(wrap: str) -> None:
    text = "dpd"
    while len(text) < 700:
        text = wrap.format(text)
    assert "deep" in refusal(f"sum({text})").message


def test_a_long_text_and_many_parts_are_refused() -> None:
    assert "longer" in refusal("sum(dpd)" + " " * 1000).message
    assert "parts" in refusal(f"sum(coalesce({'1,' * 250}1))").message


@pytest.mark.parametrize("text", ["", ";", "sum(", "sum(dpd))", "sum(dpd); sum(dpd)", "'", "sum('"])
def test_broken_text_is_refused(text: str) -> None:
    assert refusal(text).message


@pytest.mark.parametrize("literal", ["'" + "x" * 101 + "'", r"'a\b'", "'a\tb'"])
def test_a_text_literal_is_short_and_printable(literal: str) -> None:
    assert "printable" in refusal(f"count(*) filter (where entity = {literal})").message


def test_a_formula_joins_kpis_by_arithmetic() -> None:
    assert read_formula("(100 - a) / b", {"a", "b"}) == Arithmetic(
        "/", Arithmetic("-", Number(Decimal(100)), KpiRef("a")), KpiRef("b")
    )


@pytest.mark.parametrize(
    "text", ["sum(a)", "a > 1", "a || b", "(select a)", "x.a", "f(a)", "'a'", "c"]
)
def test_a_formula_holds_nothing_else(text: str) -> None:
    with pytest.raises(ExpressionRefused):
        read_formula(text, {"a", "b"})
