"""The gate can fail: what it must refuse, and by which of its steps."""

from decimal import Decimal

import pytest
from portability_gate import Gate, NotPortable
from portability_table import Table, differences
from portability_wasm import Refused

from fintech_factory.errors import ModelError
from fintech_factory.transform.portable import translate


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT a FROM t PIVOT (SUM(b) FOR c IN (1, 2))", "PIVOT"),
        (
            "SELECT as_of FROM par_by_date WHERE CAST(outstanding AS DOUBLE) = 0.1",
            "compared for equality",
        ),
        ("SELECT MEDIAN(outstanding) AS middle FROM par_by_date", "MEDIAN"),
    ],
)
def test_a_model_that_breaks_a_rule_fails_the_gate(gate: Gate, sql: str, says: str) -> None:
    with pytest.raises(NotPortable, match=says):
        gate.pass_through(sql, "broken.sql")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT balanse FROM loan_position", "balanse"),
        ("SELECT loan_key FROM loan_positions", "loan_positions"),
        ("SELECT loan_key FROM loan_position WHERE seq = 'x'", "No matching signature"),
        ("SELECT loan_key FROM dim_loan WHERE disbursed_on > 1", "DATE"),
        ("SELECT loan_key AS k, COUNT(*) AS n FROM dim_loan", "neither grouped nor aggregated"),
    ],
)
def test_a_model_that_bigquery_cannot_resolve_fails_the_gate(
    gate: Gate, sql: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        gate.pass_through(sql, "broken.sql")


@pytest.mark.parametrize("engine", ["bigquery", "spark"])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT DAMERAU_LEVENSHTEIN(a, b) AS distance FROM t",
        "SELECT FROM WHERE",
        "SELECT 1 AS one; SELECT 2 AS two",
        "DROP TABLE t",
    ],
)
def test_what_cannot_be_translated_is_an_error(engine: str, sql: str) -> None:
    with pytest.raises(ModelError):
        translate(sql, engine)


def test_a_sum_over_an_order_without_nulls_first_is_an_error() -> None:
    with pytest.raises(ModelError, match="NULLS LAST"):
        translate("SELECT SUM(a) OVER (ORDER BY b) AS total FROM t", "bigquery")


def test_a_model_that_answers_otherwise_fails_the_gate(gate: Gate) -> None:
    ours = gate.ours("SELECT loan_key, balance FROM loan_position WHERE dpd > 0")
    theirs = gate.pass_through(
        "SELECT loan_key, balance FROM loan_position WHERE dpd >= 0", "broken.sql"
    )

    assert any(line.startswith("only there") for line in differences(ours, theirs))


def table(*rows: tuple[object, ...], kind: str = "NUMERIC") -> Table:
    return Table((("loan_key", "INT64"), ("balance", kind)), rows)


def test_a_cell_that_differs_in_its_last_digit_is_told() -> None:
    ours = table((1, Decimal("1.000000")), (2, Decimal("2.000000")))
    theirs = table((2, Decimal(2)), (1, Decimal("1.000001")))

    assert differences(ours, theirs) == [
        "only here: (1, Decimal('1.000000'))",
        "only there: (1, Decimal('1.000001'))",
    ]


def test_a_row_that_comes_twice_is_told() -> None:
    assert differences(table((1, None)), table((1, None), (1, None))) == ["only there: (1, None)"]


def test_null_is_not_zero() -> None:
    assert differences(table((1, None)), table((1, Decimal(0))))


def test_a_column_of_another_kind_is_told() -> None:
    assert differences(table(), table(kind="DOUBLE")) == [
        "column 2: balance NUMERIC here, balance DOUBLE there"
    ]
