"""Worked examples of the rule, on ledgers small enough to be read."""

import numpy as np
import pytest

from fintech_factory.book.ledger import Ledger, MonthEnds
from fintech_factory.book.loans import Loans
from fintech_factory.book.payments import Payments
from fintech_factory.book.schedules import Instalments

DAY_0 = 19_723  # 2024-01-01


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def ledger(
    due: list[tuple[int, int, int]], paid: list[tuple[int, int, int]], until: int = 400
) -> Ledger:
    """One loan made on day 0; due and paid are (day, principal, interest), in cents."""
    days, principal, interest = (ints(*column) for column in zip(*due, strict=True))
    none = np.zeros(len(due), dtype=np.int64)
    one = ints(1)
    loans = Loans(
        borrower=one, number=one, disbursed_on=ints(DAY_0), count=ints(len(due)), gap=one,
        grace=one, term=one, product=one, principal=ints(int(principal.sum())), interest=one,
        fees=one, fee_first=one, risk=np.ones(1),
    )  # fmt: skip
    instalments = Instalments(
        loan=none, at=np.arange(len(due)), first=ints(0), agreed_on=days + DAY_0,
        due_on=days + DAY_0, principal=principal, interest=interest, fees=none, tax=none,
    )  # fmt: skip
    when, gave, more = (
        (ints(*column) for column in zip(*paid, strict=True)) if paid else (ints(),) * 3
    )
    nothing = np.zeros(len(paid), dtype=np.int64)
    payments = Payments(
        loan=nothing, paid_on=when + DAY_0, principal=gave, interest=more, other=nothing,
        fees=nothing, tax=nothing,
    )  # fmt: skip
    return Ledger(loans, instalments, payments, DAY_0 + until)


def dpd(book: Ledger, day: int) -> int:
    return int(book.at(ints(0), ints(DAY_0 + day)).dpd[0])


def balance(book: Ledger, day: int) -> int:
    return int(book.at(ints(0), ints(DAY_0 + day)).balance[0])


TWO = [(30, 5_000, 100), (60, 5_000, 100)]


def test_a_loan_is_not_past_due_on_its_due_date() -> None:
    assert [dpd(ledger(TWO, []), day) for day in (29, 30, 31)] == [0, 0, 1]


def test_a_payment_counts_on_the_day_it_is_made() -> None:
    book = ledger(TWO, [(40, 5_000, 100)])
    assert [dpd(book, day) for day in (39, 40, 61)] == [9, 0, 1]
    assert [balance(book, day) for day in (39, 40)] == [10_000, 5_000]


def test_principal_alone_covers_an_instalment() -> None:
    assert dpd(ledger(TWO, [(35, 5_000, 0)]), 50) == 0


def test_total_cash_covers_an_instalment_whose_principal_is_short() -> None:
    book = ledger(TWO, [(35, 4_000, 1_100)])
    assert dpd(book, 50) == 0
    assert balance(book, 50) == 6_000


def test_a_cent_short_in_both_is_not_covered() -> None:
    assert dpd(ledger(TWO, [(35, 4_999, 100)]), 50) == 20


def test_a_rebate_can_uncover_what_cash_had_covered() -> None:
    book = ledger(TWO, [(35, 4_000, 1_100), (45, 0, -1)])
    assert [dpd(book, day) for day in (44, 45)] == [0, 15]


def test_an_instalment_without_principal_is_covered_by_nothing() -> None:
    assert dpd(ledger([(30, 0, 100), (60, 5_000, 100)], []), 45) == 0


def test_payments_cover_the_oldest_instalment_first() -> None:
    book = ledger([*TWO, (90, 5_000, 100)], [(80, 5_000, 100)])
    assert dpd(book, 85) == 25


def test_no_day_past_the_last_one_is_counted() -> None:
    assert dpd(ledger(TWO, [], until=50), 61) == 20


@pytest.mark.parametrize(("late", "gone"), [(180, False), (181, True)])
def test_a_loan_is_written_off_after_day_180(late: int, *, gone: bool) -> None:
    owed = ledger(TWO, []).at(ints(0), ints(DAY_0 + 30 + late))
    assert MonthEnds(ints(0), ints(0), owed).written_off().tolist() == [gone]


def test_a_written_off_loan_that_pays_comes_back() -> None:
    due = [(30, 5_000, 100), (200, 5_000, 100)]
    book = ledger(due, [(230, 5_000, 100), (300, 5_000, 100)])
    ends = book.month_ends()
    by_month = list(zip(ends.owed.balance.tolist(), ends.written_off().tolist(), strict=True))
    assert by_month[6:] == [(10_000, True), (5_000, False), (5_000, False), (0, False)]
