"""Other currencies: converted at the latest rate known on the date, never added up without one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fintech_factory.errors import ModelError
from fintech_factory.kpi_engine import Definitions, Scope, compare, evaluate, recompute
from fintech_factory.pipeline.landed_rows import landed_rows
from fintech_factory.testing import RULES, Book, Ledger, book

LedgerOf = Callable[..., Ledger]


def in_pesos(**terms: object) -> Book:
    return book().loan(1000, currency="MXN", **terms).ending("2025-12-31")  # type: ignore[arg-type]


def rate_on(ledger_of: LedgerOf, of: Book, as_of: str) -> Decimal:
    return ledger_of(of, as_of).row("fx_by_snapshot", currency="MXN")["rate"]


def test_the_latest_rate_up_to_the_date_is_taken(ledger_of: LedgerOf) -> None:
    of = in_pesos().rate("MXN", "2025-01-01", "0.05").rate("MXN", "2025-02-01", "0.06")
    of = of.rate("MXN", "2025-04-01", "0.07")
    assert rate_on(ledger_of, of, "2025-03-31") == Decimal("0.06")


def test_a_rate_of_the_day_itself_is_taken(ledger_of: LedgerOf) -> None:
    of = in_pesos().rate("MXN", "2025-01-01", "0.05").rate("MXN", "2025-03-31", "0.06")
    assert rate_on(ledger_of, of, "2025-03-31") == Decimal("0.06")


def test_an_older_rate_goes_before_a_nearer_later_one(ledger_of: LedgerOf) -> None:
    of = in_pesos().rate("MXN", "2024-01-01", "0.05").rate("MXN", "2025-04-01", "0.06")
    assert rate_on(ledger_of, of, "2025-03-31") == Decimal("0.05")


def test_before_the_first_rate_the_first_one_serves(ledger_of: LedgerOf) -> None:
    of = in_pesos().rate("MXN", "2025-06-01", "0.06").rate("MXN", "2025-05-01", "0.05")
    assert rate_on(ledger_of, of, "2025-03-31") == Decimal("0.05")


def test_each_date_has_its_own_rate(ledger_of: LedgerOf) -> None:
    of = in_pesos().rate("MXN", "2025-01-01", "0.05").rate("MXN", "2025-02-15", "0.06")
    rows = ledger_of(of, "2025-01-31", "2025-02-28").rows("loan_snapshot")
    assert [row["balance"] for row in rows] == [50, 60]


def test_every_amount_of_a_loan_is_converted(ledger_of: LedgerOf) -> None:
    terms = {
        "instalments": [("2025-01-20", 600), ("2025-01-30", 400)],
        "payments": [("2025-01-10", 200, 50)],
    }
    of = in_pesos(**terms).rate("MXN", "2025-01-01", "0.1")
    loan = ledger_of(of, "2025-01-25").row("loan_snapshot")
    amounts = "principal balance outstanding cash_30d cash_month due_month due_to_date"
    assert [loan[name] for name in amounts.split()] == [100, 80, 80, 25, 25, 100, 60]
    assert (loan["disbursed_month"], loan["currency"]) == (100, "MXN")


def test_coverage_is_judged_in_the_loans_own_currency(ledger_of: LedgerOf) -> None:
    """A cent short of 1,000 pesos is late, although it is no half a cent in dollars."""
    of = in_pesos(payments=[("2025-01-31", "999.99")]).rate("MXN", "2025-01-01", "0.05")
    assert ledger_of(of, "2025-02-10").row("loan_snapshot")["dpd"] == 10


def test_the_reporting_currency_needs_no_rate(ledger_of: LedgerOf) -> None:
    ledger = ledger_of(book().loan(1000, currency="USD"), "2025-01-31")
    assert ledger.row("loan_snapshot")["balance"] == 1000


def test_the_reporting_currency_is_the_lenders_choice(ledger_of: LedgerOf) -> None:
    rules = replace(RULES, reporting_currency="MXN")
    ledger = ledger_of(in_pesos(), "2025-01-31", rules=rules)
    assert ledger.row("loan_snapshot")["balance"] == 1000


def test_a_currency_without_a_rate_refuses_the_run(ledger_of: LedgerOf) -> None:
    of = book().loan(100).loan(1000, currency="MXN").rate("GTQ", "2025-01-01", "0.13")
    with pytest.raises(
        ModelError, match="1 of 2 loans found no place in the ledger or no rate"
    ) as error:
        ledger_of(of, "2025-01-31")
    assert "rate" in error.value.hint


def test_both_engines_round_a_converted_amount_alike(
    ledger_of: LedgerOf, shipped_kpis: Definitions
) -> None:
    """100.01 pesos at 0.05005 are 5.0055005 dollars: exactly between two millionths."""
    of = book().loan("100.01", currency="MXN").rate("MXN", "2025-01-01", "0.05005")
    build = ledger_of(of.ending("2025-01-31"), "2025-01-31").build
    day = date(2025, 1, 31)
    scope = Scope((day,), day, book_from=date(2025, 1, 1))
    readings = evaluate(shipped_kpis, scope, build.query)
    second = recompute(shipped_kpis, scope, landed_rows(build), RULES)
    withheld = {
        each.kpi for each in compare(shipped_kpis, readings, second) if each.status == "withheld"
    }
    assert withheld == set()


def test_the_roll_forward_stays_in_each_currency(ledger_of: LedgerOf) -> None:
    of = book().loan(300).loan(1000, currency="MXN", payments=[("2025-01-20", 100)])
    ledger = ledger_of(of.rate("MXN", "2025-01-01", "0.05"), "2025-01-31")
    assert ledger.row("roll_forward", currency="MXN")["closing"] == 900
    assert ledger.row("roll_forward", currency="USD")["closing"] == 300
