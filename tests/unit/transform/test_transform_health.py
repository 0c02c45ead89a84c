"""The view v_portfolio_risk beside the KPI engine, at 8 places."""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from fintech_factory.kpi_engine import Definitions, Reading, Scope, evaluate
from fintech_factory.testing import Book, Ledger, book

LedgerOf = Callable[..., Ledger]
# 91 days after the default loan is due.
DAY = date(2025, 5, 2)
KPI_OF = {
    "par_90": "par_90",
    "collection_rate": "collection_rate",
    "health_score": "portfolio_health",
}


def measured(ledger: Ledger, kpis: Definitions) -> dict[str, Reading]:
    scope = Scope((DAY,), date(2025, 12, 31), book_from=date(2025, 1, 1))
    readings = evaluate(kpis, scope, ledger.build.query)
    return {each.kpi: each for each in readings if not each.dimension}


def at_8(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("1e-8"), rounding=ROUND_HALF_EVEN)


def late_and_current(late: str, current: str, collected: str = "0") -> Book:
    """One loan on day 91, one not yet due that pays interest within the window."""
    paid = [("2025-04-20", 0, collected)]
    return (
        book()
        .loan(late)
        .loan(current, instalments=[("2025-12-01", current)], payments=paid)
        .ending("2025-12-31")
    )


BOOKS = {
    "a third at risk": late_and_current("1", "2", "0.50"),
    "a seventh at risk": late_and_current("1", "6", "0.01"),
    "nothing at risk, much collected": late_and_current("0.000001", "100", "400"),
    "nearly all at risk, nothing collected": late_and_current("999999.999999", "0.000001"),
    "cash given back": late_and_current("900", "100", "-1000"),
    "a billion": late_and_current("123456789.123457", "987654321.987654", "7777777.77"),
    "a tie at the ninth place, down to even": late_and_current("0.01", "199999999.99"),
    "a tie at the ninth place, up to even": late_and_current("0.03", "199999999.97"),
    "a tie at the ninth place, already even": late_and_current("0.29", "199999999.71"),
    "dust left of a repaid book": (
        book().loan(1_000_000, payments=[("2025-04-20", "999999.99")]).ending("2025-12-31")
    ),
    "a tie of the collection rate": late_and_current("0.01", "1999999999.99", "1234567.05"),
}


@pytest.mark.parametrize("name", BOOKS)
def test_the_view_says_what_the_kpi_engine_says(
    ledger_of: LedgerOf, shipped_kpis: Definitions, name: str
) -> None:
    ledger = ledger_of(BOOKS[name], str(DAY))
    readings = measured(ledger, shipped_kpis)
    view = ledger.row("v_portfolio_risk")
    assert {column: view[column] for column in KPI_OF} == {
        column: at_8(readings[kpi].value) for column, kpi in KPI_OF.items()
    }
    assert view["health_score_raw"] == at_8(readings["portfolio_health"].raw_value)


def test_health_is_60_parts_of_what_is_not_at_risk_and_40_of_what_came(
    ledger_of: LedgerOf,
) -> None:
    """Of 1,000, 250 are at risk and 100 came: (100 - 25) * 0.6 + 10 * 0.4 = 49."""
    row = ledger_of(late_and_current("250", "750", "100"), str(DAY)).row("v_portfolio_risk")
    assert (row["par_90"], row["collection_rate"], row["health_score"]) == (25, 10, 49)


def test_health_is_shown_as_100_at_most_and_kept_raw(ledger_of: LedgerOf) -> None:
    """Three times the book came in: 60 + 300 * 0.4 = 180."""
    of = book().loan(100, instalments=[("2025-12-01", 100)], payments=[("2025-04-20", 0, 300)])
    row = ledger_of(of, str(DAY)).row("v_portfolio_risk")
    assert (row["health_score"], row["health_score_raw"]) == (100, 180)


def test_health_is_shown_as_0_at_least_and_kept_raw(ledger_of: LedgerOf) -> None:
    """All at risk and the whole book given back: 0 * 0.6 - 100 * 0.4 = -40."""
    of = book().loan(100, payments=[("2025-04-20", 0, -100)]).ending("2025-12-31")
    row = ledger_of(of, str(DAY)).row("v_portfolio_risk")
    assert (row["health_score"], row["health_score_raw"]) == (0, -40)


def test_a_book_with_nothing_outstanding_has_no_health(ledger_of: LedgerOf) -> None:
    """It is not 0, and not 100: there is nothing to divide by."""
    of = book().loan(100, payments=[("2025-04-20", 100)])
    row = ledger_of(of, str(DAY)).row("v_portfolio_risk")
    assert (row["par_90"], row["health_score"], row["outstanding"]) == (None, None, 0)
