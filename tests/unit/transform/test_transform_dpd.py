"""Days past due: counted from the oldest instalment that payments have not covered."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from fintech_factory.testing import Book, Ledger, book

LedgerOf = Callable[..., Ledger]
# A loan of two instalments, each 100 of principal and 10 of interest.
DUE, NEXT = "2025-01-31", "2025-03-31"
TWO = [(DUE, 100, 10), (NEXT, 100, 10)]


def loan_on(ledger_of: LedgerOf, of: Book, as_of: str) -> dict[str, Any]:
    return ledger_of(of.ending("2025-12-31"), as_of).row("loan_snapshot")


def paid(*payments: tuple[Any, ...]) -> Book:
    return book().loan(200, instalments=TWO, payments=payments)


def test_a_loan_due_today_is_not_past_due(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, paid(), DUE)
    assert (loan["dpd"], loan["dpd_on"], loan["bucket"]) == (0, None, "current")


def test_a_loan_due_yesterday_is_one_day_past_due(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, paid(), "2025-02-01")
    assert (loan["dpd"], loan["dpd_on"], loan["bucket"]) == (1, date(2025, 1, 31), "1-30")


def test_an_instalment_is_covered_by_its_principal_alone(ledger_of: LedgerOf) -> None:
    assert loan_on(ledger_of, paid((DUE, 100)), "2025-02-10")["dpd"] == 0


def test_an_instalment_is_covered_by_its_cash_alone(ledger_of: LedgerOf) -> None:
    assert loan_on(ledger_of, paid((DUE, 90, 20)), "2025-02-10")["dpd"] == 0


def test_fees_other_and_tax_count_as_cash(ledger_of: LedgerOf) -> None:
    assert loan_on(ledger_of, paid((DUE, 90, 10, 4, 3, 3)), "2025-02-10")["dpd"] == 0


def test_fees_other_and_tax_are_part_of_what_is_due(ledger_of: LedgerOf) -> None:
    of = book().loan(
        200,
        instalments=[(DUE, 100, 10, 4, 3, 3), (NEXT, 100)],
        payments=[(DUE, 90, 29)],
    )
    assert loan_on(ledger_of, of, "2025-02-10")["dpd"] == 10


def test_an_instalment_short_of_both_principal_and_cash_is_late(ledger_of: LedgerOf) -> None:
    assert loan_on(ledger_of, paid((DUE, 99, 10)), "2025-02-10")["dpd"] == 10


@pytest.mark.parametrize(("short", "dpd"), [("0.005", 0), ("0.006", 10), ("0.005001", 10)])
def test_half_a_cent_of_principal_may_be_missing_and_no_more(
    ledger_of: LedgerOf, short: str, dpd: int
) -> None:
    of = book().loan(
        200, instalments=[(DUE, f"100{short[1:]}", 10), (NEXT, 99)], payments=[(DUE, 100)]
    )
    assert loan_on(ledger_of, of, "2025-02-10")["dpd"] == dpd


@pytest.mark.parametrize(("short", "dpd"), [("0.005", 0), ("0.006", 10), ("0.005001", 10)])
def test_half_a_cent_of_cash_may_be_missing_and_no_more(
    ledger_of: LedgerOf, short: str, dpd: int
) -> None:
    of = book().loan(
        200, instalments=[(DUE, 100, f"10{short[1:]}"), (NEXT, 100)], payments=[(DUE, 90, 20)]
    )
    assert loan_on(ledger_of, of, "2025-02-10")["dpd"] == dpd


def test_a_partial_payment_leaves_the_instalment_late_from_its_due_date(
    ledger_of: LedgerOf,
) -> None:
    loan = loan_on(ledger_of, paid((DUE, 60, 10)), "2025-02-10")
    assert (loan["dpd"], loan["balance"]) == (10, 140)


def test_partial_payments_add_up_to_cover_an_instalment(ledger_of: LedgerOf) -> None:
    assert loan_on(ledger_of, paid((DUE, 60), ("2025-02-05", 40)), "2025-02-10")["dpd"] == 0


def test_days_are_counted_from_the_oldest_uncovered_instalment(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, paid(), "2025-04-10")
    assert (loan["dpd"], loan["dpd_on"]) == (69, date(2025, 1, 31))


def test_payments_cover_the_oldest_instalment_first(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, paid(("2025-04-05", 100, 10)), "2025-04-10")
    assert (loan["dpd"], loan["dpd_on"]) == (10, date(2025, 3, 31))


def test_paying_ahead_covers_what_falls_due_later(ledger_of: LedgerOf) -> None:
    assert loan_on(ledger_of, paid(("2025-01-05", 199, 21)), "2025-04-10")["dpd"] == 0


@pytest.mark.parametrize(("principal", "dpd"), [(99, 10), (100, 0)])
def test_two_instalments_on_one_day_are_both_to_be_covered(
    ledger_of: LedgerOf, principal: int, dpd: int
) -> None:
    of = book().loan(
        200,
        instalments=[(DUE, 50), (DUE, 50), (NEXT, 100)],
        payments=[("2025-01-30", principal)],
    )
    assert loan_on(ledger_of, of, "2025-02-10")["dpd"] == dpd


@pytest.mark.parametrize("payment", [(DUE, 100), (DUE, 90, 20)], ids=["principal", "cash"])
def test_instalments_are_taken_by_due_date_not_by_the_order_of_the_file(
    ledger_of: LedgerOf, payment: tuple[Any, ...]
) -> None:
    of = book().loan(200, instalments=TWO[::-1], payments=[payment])
    assert loan_on(ledger_of, of, "2025-02-10")["dpd"] == 0


def test_a_payment_on_the_as_of_day_counts(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, paid(("2025-02-10", 100)), "2025-02-10")
    assert (loan["dpd"], loan["balance"]) == (0, 100)


def test_a_payment_after_the_as_of_day_does_not_count(ledger_of: LedgerOf) -> None:
    loan = loan_on(ledger_of, paid(("2025-02-11", 100)), "2025-02-10")
    assert (loan["dpd"], loan["balance"]) == (10, 200)


@pytest.mark.parametrize("payments", [[100, -40], [-40, 100]])
def test_the_order_of_payments_within_a_day_is_irrelevant(
    ledger_of: LedgerOf, payments: list[int]
) -> None:
    loan = loan_on(ledger_of, paid(*((DUE, each) for each in payments)), "2025-02-10")
    assert (loan["dpd"], loan["balance"]) == (10, 140)


def test_a_rebate_can_uncover_an_instalment_again(ledger_of: LedgerOf) -> None:
    """Cash of 110 covers the first instalment on its day; a rebate of 20 takes it back."""
    of = paid((DUE, 90, 20), ("2025-02-20", 0, -20))
    ledger = ledger_of(of.ending("2025-12-31"), "2025-02-19", "2025-02-20")
    assert [row["dpd"] for row in ledger.rows("loan_snapshot")] == [0, 20]


def test_a_repaid_loan_is_not_past_due_whatever_its_schedule_says(ledger_of: LedgerOf) -> None:
    """A22: nothing is unpaid of the principal, though the schedule asks for more."""
    of = book().loan(100, instalments=[(DUE, 120)], payments=[("2025-02-05", 100)])
    loan = loan_on(ledger_of, of, "2025-02-10")
    assert (loan["balance"], loan["dpd"], loan["dpd_on"]) == (0, 0, None)


def test_days_are_never_counted_past_the_end_of_the_data(ledger_of: LedgerOf) -> None:
    ledger = ledger_of(paid().ending("2025-02-10"), "2025-02-10", "2025-02-28")
    assert [row["dpd"] for row in ledger.rows("loan_snapshot")] == [10, 10]


def test_an_instalment_due_after_the_end_of_the_data_is_not_late(ledger_of: LedgerOf) -> None:
    of = book().loan(100, instalments=[("2025-02-20", 100)]).ending("2025-02-10")
    assert ledger_of(of, "2025-02-28").row("loan_snapshot")["dpd"] == 0


def test_disbursements_among_the_transactions_cover_nothing(ledger_of: LedgerOf) -> None:
    """R053: only payments pay."""
    row = {"loan_key": 2, "date_paid": date(2025, 1, 1), "principal": 200}
    of = paid().add("transactions", transaction_type="DISBURSEMENT", **row)
    loan = loan_on(ledger_of, of, "2025-02-10")
    assert (loan["dpd"], loan["balance"], loan["cash_30d"]) == (10, 200, 0)


def test_each_date_sees_the_loan_as_it_stood_then(ledger_of: LedgerOf) -> None:
    """Late from 1 February, paid up on 5 March, late again from 1 April."""
    of = paid(("2025-03-05", 100, 10)).ending("2025-12-31")
    ledger = ledger_of(of, DUE, "2025-02-01", "2025-03-04", "2025-03-05", NEXT, "2025-04-02")
    assert [row["dpd"] for row in ledger.rows("loan_snapshot")] == [0, 1, 32, 0, 0, 2]
