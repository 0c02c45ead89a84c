"""Our ledger beside the source's own figures, loan by loan."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.testing import Book, Ledger, book

LedgerOf = Callable[..., Ledger]
END = "2025-02-28"  # 28 days after the default loan is due


def pair(ledger_of: LedgerOf, of: Book, as_of: str = END, **where: object) -> dict[str, Any]:
    given = {"source": "loan_par_balances", **where}
    return ledger_of(of.ending("2025-12-31"), as_of).row("reconciled_loan", **given)


def test_a_loan_stands_beside_the_row_that_bears_its_id(ledger_of: LedgerOf) -> None:
    row = pair(ledger_of, book().loan(100).source_says("L1", END, 99, dpd=27))
    assert (row["loan_id"], row["in_source"], row["in_ours"]) == ("L1", True, True)
    assert (row["our_balance"], row["source_balance"]) == (100, 99)
    assert (row["our_dpd"], row["source_dpd"]) == (28, 27)
    assert (row["our_written_off"], row["source_written_off"]) == (False, False)


def test_a_loan_that_the_source_leaves_out_stands_alone(ledger_of: LedgerOf) -> None:
    of = book().loan(100).loan(200).source_says("L1", END, 100, dpd=28)
    row = pair(ledger_of, of, loan_id="L2")
    assert (row["in_source"], row["in_ours"]) == (False, True)
    assert (row["our_balance"], row["source_balance"], row["source_dpd"]) == (200, None, None)


def test_a_loan_that_we_do_not_know_stands_alone(ledger_of: LedgerOf) -> None:
    of = book().loan(100).source_says("L9", END, 50, dpd=3)
    row = pair(ledger_of, of, loan_id="L9")
    assert (row["in_source"], row["in_ours"]) == (True, False)
    assert (row["our_balance"], row["source_balance"]) == (0, 50)


def test_a_repaid_loan_that_the_source_still_lists_is_ours_at_0(ledger_of: LedgerOf) -> None:
    of = book().loan(100, payments=[("2025-01-20", 100)]).source_says("L1", END, "0.01")
    row = pair(ledger_of, of)
    assert (row["in_source"], row["in_ours"], row["our_balance"]) == (True, True, 0)


def test_a_repaid_loan_that_the_source_left_out_is_no_row(ledger_of: LedgerOf) -> None:
    of = book().loan(100, payments=[("2025-02-20", 100)]).loan(5)
    ledger = ledger_of(of.source_says("L2", END, 5, dpd=28).ending("2025-12-31"), END)
    assert [row["loan_id"] for row in ledger.rows("reconciled_loan")] == ["L2"]


def test_a_date_on_which_the_source_is_silent_is_not_compared(ledger_of: LedgerOf) -> None:
    of = book().loan(100).source_says("L1", "2025-01-31", 100).ending("2025-12-31")
    ledger = ledger_of(of, "2025-01-31", END)
    assert [row["as_of"] for row in ledger.rows("reconciled_loan")] == [date(2025, 1, 31)]


def test_our_ladder_is_put_in_the_sources_terms(ledger_of: LedgerOf) -> None:
    """The source counts `>= n`: day 7 is at risk at 7, day 28 is not at 30."""
    of = book().loan(100).source_says("L1", "2025-02-07", 100, dpd=7)
    of = of.source_says("L1", END, 100, dpd=28)
    rows = ledger_of(of.ending("2025-12-31"), "2025-02-07", END).rows("reconciled_loan")
    ladders = [[row[f"our_at_risk_{days}_usd"] for days in (7, 30, 60, 90)] for row in rows]
    assert ladders == [[100, 0, 0, 0], [100, 0, 0, 0]]
    assert [row["source_at_risk_7_usd"] for row in rows] == [100, 100]


def test_each_rung_of_the_ladder_begins_on_its_day(ledger_of: LedgerOf) -> None:
    """The loan fell due on 2025-01-31; the dates are 6, 7, 29, 30, 59, 60, 89, 90 days later."""
    days = "02-06 02-07 03-01 03-02 03-31 04-01 04-30 05-01"
    of = book().loan(100)
    for day in days.split():
        of = of.source_says("L1", f"2025-{day}", 100)
    ledger = ledger_of(of.ending("2025-12-31"), *(f"2025-{day}" for day in days.split()))
    rungs = [
        sum(row[f"our_at_risk_{rung}_usd"] > 0 for rung in (7, 30, 60, 90))
        for row in ledger.rows("reconciled_loan")
    ]
    assert rungs == [0, 1, 1, 2, 2, 3, 3, 4]


def test_written_off_balance_is_put_back_and_is_not_at_risk(ledger_of: LedgerOf) -> None:
    of = book().loan(100).source_says("L1", "2025-12-31", 100, dpd=334, is_writeoff=True)
    row = pair(ledger_of, of, "2025-12-31")
    assert (row["our_balance"], row["source_balance"]) == (100, 100)
    assert (row["our_written_off"], row["source_written_off"]) == (True, True)
    assert (row["our_at_risk_90_usd"], row["source_at_risk_90_usd"]) == (0, 0)


def test_what_is_at_risk_is_compared_in_dollars_at_the_sources_rate(ledger_of: LedgerOf) -> None:
    """Our own rate, 0.05, is for totals; the source's row bears 0.06."""
    of = book().loan(100, currency="MXN").rate("MXN", "2025-01-01", "0.05")
    of = of.source_says("L1", END, 100, dpd=28, currency="MXN", rate="0.06")
    row = pair(ledger_of, of)
    assert (row["our_at_risk_7_usd"], row["source_at_risk_7_usd"]) == (6, 6)
    assert (row["our_balance"], row["rate"]) == (100, Decimal("0.05"))


def test_loans_own_figures_are_compared_on_the_last_day_of_data(ledger_of: LedgerOf) -> None:
    of = book().loan(100, source_balance=98, source_dpd=29).ending(END)
    rows = ledger_of(of, "2025-01-31", END).rows("reconciled_loan", source="loans")
    assert [(row["as_of"], row["source_balance"], row["source_dpd"]) for row in rows] == [
        (date(2025, 2, 28), 98, 29)
    ]
    assert rows[0]["source_written_off"] is None
    assert rows[0]["source_at_risk_7_usd"] is None


def test_a_loan_without_own_figures_in_the_export_is_not_compared_with_them(
    ledger_of: LedgerOf,
) -> None:
    of = book().loan(100, source_balance=98).loan(100, source_dpd=1).loan(100).ending(END)
    assert ledger_of(of, END).rows("reconciled_loan", source="loans", in_source=True) == []


def test_a_source_row_with_empty_cells_reads_as_0(ledger_of: LedgerOf) -> None:
    of = (
        book()
        .loan(100)
        .add(
            "loan_par_balances", loan_id_raw="L1", reporting_date=date(2025, 2, 28), loan_ccy="USD"
        )
    )
    row = pair(ledger_of, of)
    assert (row["source_balance"], row["source_dpd"], row["source_written_off"]) == (0, 0, False)
