"""The landed rows as the second engine gets them: amounts exact, cell by cell."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.kpi_engine.landed import LandedLoan
from fintech_factory.pipeline import landed_rows as module
from fintech_factory.pipeline.landed_rows import landed_rows
from fintech_factory.warehouse.duckdb import DuckDBReader, in_memory


@pytest.fixture
def reader() -> Iterator[DuckDBReader]:
    with in_memory() as opened:
        opened.query(
            "CREATE TABLE raw_loans AS SELECT 2 AS line_no, 'L1' AS loan_id, 'C1' AS customer_id,"
            " 'Ours' AS company, NULL AS product_type, 'USD' AS currency,"
            " DATE '2024-01-05' AS disburse_date,"
            " CAST('123456789012.000001' AS DECIMAL(18, 6)) AS disburse_principal,"
            " DATE '2024-02-05' AS maturity_date, 30 AS term,"
            " CAST(NULL AS DECIMAL(18, 6)) AS total_interest,"
            " CAST(-0.5 AS DECIMAL(18, 6)) AS total_fees, 'A' AS location_state_province"
        )
        amounts = "CAST({} AS DECIMAL(18, 6)) AS {}"
        listed = ", ".join(
            amounts.format(amount, name)
            for amount, name in (
                *(("100.10", "principal"), ("0", "interest"), ("NULL", "fees")),
                *(("0.000001", "other"), ("100.10", "to_tax")),
            )
        )
        opened.query(
            f"CREATE TABLE raw_schedules AS SELECT 2 AS line_no, 2 AS loan_key,"
            f" DATE '2024-02-05' AS date_due, {listed}"
        )
        opened.query(
            f"CREATE TABLE raw_transactions AS SELECT 2 AS line_no, 2 AS loan_key,"
            f" 'PAYMENT' AS transaction_type, DATE '2024-02-01' AS date_paid, {listed}"
        )
        opened.query("CREATE TABLE raw_customers AS SELECT 'C1' AS customer_id, 'A' customer_type")
        opened.query(
            "CREATE TABLE raw_fx_rates AS SELECT 'EUR' AS currency,"
            " DATE '2024-01-01' AS rate_on, 1.1 AS rate"
        )
        yield opened


def _amounts(row: Sequence[Any], first: int) -> list[str | None]:
    return [None if cell is None else str(cell) for cell in row[first:]]


def test_every_amount_is_the_decimal_that_landed(reader: DuckDBReader) -> None:
    landed = landed_rows(reader)
    (schedule,), (transaction,) = landed.schedules, landed.transactions
    exact = ["100.100000", "0.000000", None, "0.000001", "100.100000"]
    assert _amounts(schedule, 2) == exact
    assert _amounts(transaction, 3) == exact
    assert all(isinstance(cell, Decimal) for cell in schedule[2:] if cell is not None)


def test_a_loan_keeps_its_columns_around_its_amounts(reader: DuckDBReader) -> None:
    (row,) = landed_rows(reader).loans
    loan = LandedLoan._make(row)
    assert str(loan.disburse_principal) == "123456789012.000001"
    assert loan.total_interest is None
    assert str(loan.total_fees) == "-0.500000"
    assert (loan.line_no, loan.term, loan.location_state_province) == (2, 30, "A")


def test_amounts_are_read_anew_once_too_many_are_known(
    reader: DuckDBReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_KNOWN", 1)
    (schedule,) = landed_rows(reader).schedules
    assert _amounts(schedule, 2) == ["100.100000", "0.000000", None, "0.000001", "100.100000"]
