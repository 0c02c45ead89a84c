"""No view shows a percentage of dust: of less than one unit of money.

A drawn book of cents is shown twice, as it is and a thousandfold. A cell that is the same in both
does not grow with the money: it is a ratio, and of the cents it must be absent, unless it is named
below as no percentage of money.
"""

import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from properties_book import ENDS, LIGHT, a_ledger, day

from fintech_factory.kpi_engine import Definitions
from fintech_factory.pipeline.facility_facts import Terms, read_monitor
from fintech_factory.pipeline.view_facts import Asked, show_view, snapshot_dates
from fintech_factory.testing import RULES, Book, Ledger, book, default_models
from fintech_factory.views.catalogue import Catalogue
from fintech_factory.views.facilities.checking import load_facilities
from fintech_factory.views.facilities.monitor import Monitor
from fintech_factory.views.provisioning import Provisioning

Rows = Mapping[tuple[str, str], list[Mapping[str, Any]]]
CATALOGUE = Catalogue.of(default_models())
VIEWS = [name for name in CATALOGUE.views if name != "restatement"]
THOUSANDFOLD = 1000

# At most 5 loans of 0.016 over 10 months: even a year's sum of month-ends stays below one unit.
LOAN = st.fixed_dictionaries(
    {
        "opened": st.integers(0, 60),
        "runs": st.integers(5, 120),
        "principal": st.sampled_from([Decimal("0.012"), Decimal("0.016")]),
        "paid": st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)]),
        "paid_after": st.integers(1, 235),
        "entity": st.sampled_from(["North", "South"]),
        "borrower": st.sampled_from(["B1", "B2"]),
    }
)
LOANS = st.lists(LOAN, min_size=3, max_size=5)

FACILITY = """\
enabled: true
name: Line
lender: Lender
borrower: Borrower
currency: USD
begins_on: 2024-01-01
commitment: [{{from: 2024-01-01, amount: {commitment}}}]
drawn: [{{from: 2024-01-01, amount: {drawn}}}]
cash: [{{on: {ends}, amount: {cash}}}]
advance_rate: [{{from: 2024-01-01, percent: 80}}]
eligibility:
  - {{id: late, reason: {{en: late, es: tarde}}, exclude_when: dpd > 90}}
concentration:
  - {{id: single, per: borrower, percent: 10}}
covenants:
  - id: cover
    title: {{en: Cover, es: Cobertura}}
    figure: collateralisation
    direction: at_least
    triggers: [{{from: 2024-01-01, warning: 130, breach: 110}}]
"""

NO_PERCENTAGE_OF_MONEY = {
    # Days: an average, weighted by money.
    *("term_days_active", "term_days_new", "wal_days_active", "wal_days_new", "wal_days_paid_12m"),
    *("smallest", "largest", "wal_days_remaining"),
    # What settings say.
    *("default_times", "prepayment_times", "recovery_times", "recovery_percent", "pd_times"),
    *("lgd_plus", "floor", "lgd", "limit_percent", "advance_rate", "percent", "rate"),
    *("warning", "breach"),
    # Of loans, not of money.
    *("loans_share", "pd_12m_by_loans"),
    # The probability of a state that is default by policy is certainty.
    *("pd_1m", "pd_12m", "pd_lifetime"),
}  # fmt: skip


def a_book(loans: list[dict[str, Any]], times: int) -> Book:
    made = book().ending(ENDS)
    for loan in loans:
        opened = day(loan["opened"])
        principal = loan["principal"] * times
        paid, paid_on = principal * loan["paid"], opened + timedelta(days=loan["paid_after"])
        made = made.loan(
            principal,
            disbursed=opened,
            matures=opened + timedelta(days=loan["runs"]),
            instalments=[(opened + timedelta(days=loan["runs"]), principal, principal / 8)],
            payments=[(paid_on, paid, paid / 8)] if paid else [],
            entity=loan["entity"],
            borrower=loan["borrower"],
            interest=principal / 8,
        )
    return made


@pytest.fixture(scope="module")
def settings(view_settings: dict[str, Any]) -> dict[str, Any]:
    """The shipped settings, content with one month of rolls and one default."""
    shipped: Provisioning = view_settings["provisioning"]
    matrix = shipped.matrix.model_copy(update={"min_months": 1})
    lgd = shipped.lgd.model_copy(update={"min_defaults": 1, "workout_months": 1})
    short = shipped.model_copy(update={"matrix": matrix, "lgd": lgd})
    return view_settings | {"provisioning": short}


def facility(times: int) -> str:
    """A facility of which all amounts are dust, or a thousandfold."""
    return FACILITY.format(
        commitment=Decimal("0.05") * times,
        drawn=Decimal("0.01") * times,
        cash=Decimal("0.002") * times,
        ends=ENDS,
    )


@pytest.fixture(scope="module")
def shown(settings: dict[str, Any], shipped_kpis: Definitions) -> Callable[..., Rows]:
    """Show every view but the restatement at the last day of the data."""

    def show(loans: list[dict[str, Any]], times: int) -> Rows:
        with a_ledger(a_book(loans, times), [ENDS]) as ledger:
            on = snapshot_dates(ledger.build)[ENDS]
            monitor = {"monitor": watch(ledger, times, shipped_kpis)}
            asked = Asked((on,), on.cut_on, RULES, settings | monitor)
            return {
                (view, table.name): list(table.rows)
                for view in VIEWS
                for table in show_view(ledger.build, CATALOGUE.get(view), asked)[0].tables
            }

    return show


def watch(ledger: Ledger, times: int, kpis: Definitions) -> Monitor:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "facilities").mkdir()
        (Path(folder) / "facilities" / "line.yaml").write_text(facility(times), encoding="utf-8")
        terms = Terms(load_facilities(Path(folder), kpis.kpis), kpis, (), "USD", {})
        return read_monitor(ledger.build, terms, [ENDS])


# Rows of dust are left out of these altogether, or stand in one alone.
LEFT_OUT = {
    ("overview", "oddities"),
    ("curves", "liquidation"),
    ("curves", "liquidation_pools"),
    ("curves", "liquidation_curve"),
    ("cash_flow", "experience"),
}


@given_settings(LIGHT, max_examples=4)
@given(loans=LOANS)
def test_no_view_shows_a_percentage_of_dust(
    loans: list[dict[str, Any]], shown: Callable[..., Rows]
) -> None:
    cents, units = shown(loans, 1), shown(loans, THOUSANDFOLD)
    assert cents.keys() == units.keys()
    same = set()
    for table, rows in units.items():
        if table in LEFT_OUT:
            continue
        assert len(rows) == len(cents[table]), table
        for small, large in zip(cents[table], rows, strict=True):
            same |= {
                (*table, name)
                for name, cell in small.items()
                if isinstance(cell, Decimal)
                and cell
                and cell == large[name]
                # An indicator in days or loans changes in percent of that.
                and small.get("unit") not in {"days", "count"}
            }
    assert {each for each in same if each[2] not in NO_PERCENTAGE_OF_MONEY} == set()
