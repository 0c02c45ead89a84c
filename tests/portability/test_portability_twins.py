"""What is spelt differently for each engine means the same in both."""

from decimal import Decimal

import pytest
from portability_gate import Gate
from portability_table import differences

from fintech_factory.transform.portable import translate


@pytest.mark.parametrize(
    ("sql", "gives"),
    [
        ("SELECT ROUND_EVEN(CAST(0.125 AS DECIMAL(9, 6)), 2) AS x", Decimal("0.12")),
        ("SELECT ROUND_EVEN(CAST(0.135 AS DECIMAL(9, 6)), 2) AS x", Decimal("0.14")),
        ("SELECT ROUND_EVEN(CAST(-0.125 AS DECIMAL(9, 6)), 2) AS x", Decimal("-0.12")),
        ("SELECT ROUND(CAST(0.125 AS DECIMAL(9, 6)), 2) AS x", Decimal("0.13")),
        ("SELECT ROUND(CAST(-0.125 AS DECIMAL(9, 6)), 2) AS x", Decimal("-0.13")),
        # BigQuery's NUMERIC has one scale: its cast alone would keep all three digits.
        ("SELECT CAST(CAST(0.125 AS DECIMAL(9, 3)) AS DECIMAL(9, 2)) AS x", Decimal("0.13")),
        ("SELECT CAST(CAST(-0.125 AS DECIMAL(9, 3)) AS DECIMAL(9, 2)) AS x", Decimal("-0.13")),
        ("SELECT CAST(0.1234567 AS DECIMAL(18, 6)) AS x", Decimal("0.123457")),
        (
            "SELECT ROUND_EVEN(ROUND_EVEN(CAST(0.1245 AS DECIMAL(9, 6)), 3), 2) AS x",
            Decimal("0.12"),
        ),
        # As NUMERIC the product would be rounded twice: at 9 digits to 0.0000005, then up.
        (
            """SELECT
            ROUND(CAST(0.000005 AS DECIMAL(35, 6)) * CAST(0.09999999 AS DECIMAL(18, 8)), 6) AS x""",
            Decimal(0),
        ),
        ("SELECT DATE_DIFF('DAY', CAST('2024-02-28' AS DATE), CAST('2024-03-01' AS DATE)) AS x", 2),
        (
            "SELECT DATE_DIFF('DAY', CAST('2024-03-01' AS DATE), CAST('2024-02-28' AS DATE)) AS x",
            -2,
        ),
    ],
)
def test_an_expression_means_the_same_in_both_engines(
    gate: Gate, sql: str, gives: Decimal | int
) -> None:
    ours = gate.ours(sql)

    assert ours.rows == ((gives,),)
    assert differences(ours, gate.pass_through(sql, "twin")) == []


def test_a_running_sum_treats_null_keys_alike(gate: Gate) -> None:
    sql = (
        "SELECT line_no, SUM(line_no) OVER (ORDER BY customer_type NULLS FIRST, line_no NULLS FIRST"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto FROM raw_customers"
    )

    assert differences(gate.ours(sql), gate.pass_through(sql, "twin")) == []


@pytest.mark.parametrize(
    ("decimal", "bigquery"),
    [
        ("DECIMAL(18, 6)", "NUMERIC"),
        ("DECIMAL(29, 9)", "NUMERIC"),
        ("DECIMAL(18, 10)", "BIGNUMERIC"),
        ("DECIMAL(35, 6)", "BIGNUMERIC"),
        ("DECIMAL(38, 20)", "BIGNUMERIC"),
    ],
)
def test_a_decimal_becomes_a_type_that_holds_it(decimal: str, bigquery: str) -> None:
    sql = f"SELECT CAST(a AS {decimal}) AS a FROM t"

    assert f"AS {bigquery})" in translate(sql, "bigquery")
    assert f"AS {decimal})" in translate(sql, "spark")


def test_round_even_is_each_engines_own_form() -> None:
    sql = "SELECT ROUND_EVEN(a, 8) AS a FROM t"

    assert "ROUND(CAST(a AS BIGNUMERIC), 8, 'ROUND_HALF_EVEN')" in translate(sql, "bigquery")
    assert "BROUND(a, 8)" in translate(sql, "spark")


def test_bound_parameters_stay() -> None:
    sql = "SELECT a FROM t WHERE as_of IN (?, ?)"

    assert translate(sql, "bigquery").count("?") == 2
