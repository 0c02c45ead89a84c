"""Opening + disbursed - principal paid = closing: two ways to one figure."""

from collections.abc import Callable
from datetime import date

from fintech_factory.testing import Ledger, book

LedgerOf = Callable[..., Ledger]
STEPS = ("opening", "disbursed", "principal_paid", "closing", "variance")


def test_a_month_closes_with_what_it_opened_with_and_what_moved(ledger_of: LedgerOf) -> None:
    """L1: 1,000 of January pays 100 in January, 200 in March. L2: 500 of 1 March pays 50.

    March opens with 900, disburses 500, is paid 250 and closes with 1,150.
    """
    of = (
        book()
        .loan(1000, payments=[("2025-01-31", 100, 9), ("2025-03-01", 200, 9)])
        .loan(500, disbursed="2025-03-01", payments=[("2025-03-31", 50, 9)])
    )
    row = ledger_of(of, "2025-03-31").row("roll_forward")
    assert [row[name] for name in STEPS] == [900, 500, 250, 1150, 0]


def test_a_date_within_a_month_counts_from_its_first_day_to_itself(ledger_of: LedgerOf) -> None:
    of = book().loan(1000, payments=[("2025-02-28", 1), ("2025-03-15", 20), ("2025-03-16", 300)])
    row = ledger_of(of, "2025-03-15").row("roll_forward")
    assert [row[name] for name in STEPS] == [999, 0, 20, 979, 0]


def test_a_label_past_the_data_rolls_to_where_they_end(ledger_of: LedgerOf) -> None:
    of = book().loan(1000, payments=[("2025-03-10", 20)]).ending("2025-03-10")
    row = ledger_of(of, "2025-03-31").row("roll_forward")
    assert [row[name] for name in STEPS] == [1000, 0, 20, 980, 0]


def test_a_book_paid_down_to_nothing_closes_with_0(ledger_of: LedgerOf) -> None:
    of = book().loan(1000, payments=[("2025-01-31", 1000)]).ending("2025-12-31")
    ledger = ledger_of(of, "2025-01-31", "2025-06-30")
    rows = [[row[name] for name in STEPS] for row in ledger.rows("roll_forward")]
    assert rows == [[0, 1000, 1000, 0, 0], [0, 0, 0, 0, 0]]


def test_a_written_off_loan_stays_in_the_balance(ledger_of: LedgerOf) -> None:
    row = ledger_of(book().loan(1000).ending("2025-12-31"), "2025-12-31").row("roll_forward")
    assert [row[name] for name in STEPS] == [1000, 0, 0, 1000, 0]


def test_a_payment_of_a_day_without_a_loan_shows_as_a_variance(ledger_of: LedgerOf) -> None:
    """A payment before the disbursement reaches the facts, but no position: it must show.

    The landing contract sets such a payment aside; the roll-forward is what would tell if not.
    """
    of = book().loan(500).loan(1000, disbursed="2025-03-01", payments=[("2024-12-30", 100)])
    row = ledger_of(of.ending("2025-12-31"), "2025-03-31").row("roll_forward")
    assert row["as_of"] == date(2025, 3, 31)
    assert row["variance"] != 0
