"""Every model and view gives the same rows on DuckDB and in GoogleSQL's reference engine."""

import pytest
from portability_gate import Gate, sql_folder
from portability_table import differences

from fintech_factory.transform.models import read_models
from fintech_factory.transform.portable import translate

MODELS = sorted(read_models(sql_folder()))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_the_same_rows_in_the_reference_engine(gate: Gate, name: str) -> None:
    ours = gate.ours(f"SELECT * FROM {name}")

    assert ours.rows, "a model without rows proves nothing"
    assert differences(ours, gate.theirs(name)) == []


@pytest.mark.parametrize("name", MODELS)
def test_a_model_translates_to_spark(name: str) -> None:
    model = read_models(sql_folder())[name]

    assert translate(model.sql, "spark").startswith(("SELECT", "WITH"))


@pytest.mark.parametrize(
    ("case", "rows"),
    [
        ("a loan in several instalments", "SELECT 1 FROM fact_schedule WHERE instalment_no > 3"),
        ("a borrower without a segment", "SELECT 1 FROM raw_customers WHERE customer_type IS NULL"),
        ("a loan of an unknown borrower", "SELECT 1 FROM dim_loan WHERE borrower_key IS NULL"),
        ("a second currency", "SELECT 1 FROM loan_snapshot WHERE currency = 'MXN' AND balance > 0"),
        ("a rebate", "SELECT 1 FROM fact_payment WHERE interest < 0"),
        ("an overpaid loan", "SELECT 1 FROM loan_position WHERE balance < 0"),
        ("dust", "SELECT 1 FROM loan_position WHERE balance BETWEEN 0.000001 AND 0.01"),
        ("a label past the data", "SELECT 1 FROM snapshot_date WHERE as_of > cut_on"),
        ("a loan that only the source knows", "SELECT 1 FROM reconciled_loan WHERE NOT in_ours"),
        (
            "a loan covered by cash and not by principal",
            "SELECT 1 FROM loan_position WHERE balance > 0 AND dpd = 0",
        ),
        (
            "a write-off that comes back",
            """SELECT 1 FROM loan_snapshot AS b JOIN loan_snapshot AS a USING (loan_key)
            WHERE b.is_written_off AND NOT a.is_written_off AND a.as_of > b.as_of
            AND a.balance > 0""",
        ),
    ],
)
def test_the_book_holds_every_case(gate: Gate, case: str, rows: str) -> None:
    assert gate.build.query(rows), case
