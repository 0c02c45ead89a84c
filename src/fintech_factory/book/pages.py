"""One chunk of the book as the columns that each file is written from."""

from dataclasses import dataclass

import numpy as np

from fintech_factory.book.borrowers import Borrowers
from fintech_factory.book.columns import AMOUNT_BUCKETS, ASSETS, TERM_BUCKETS
from fintech_factory.book.dice import Ints, month_of, stream
from fintech_factory.book.habits import draw_habits
from fintech_factory.book.ledger import Ledger
from fintech_factory.book.loans import Loans, draw_loans
from fintech_factory.book.payments import Payments, draw_payments
from fintech_factory.book.plan import BookPlan
from fintech_factory.book.rates import RATE_SCALE, USD_PER_UNIT
from fintech_factory.book.schedules import Instalments, draw_instalments

__all__ = ["Chunk", "Page", "day_number", "draw_chunk", "draw_rates", "pages_of", "rows_of"]

Page = dict[str, np.ndarray]

COMPLETE, CURRENT, DEFAULT = 0, 1, 2
LOST_DPD, WRONG_BUCKET, SECURED = 0.4, 0.003, 0.6
EQUIPMENT = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of borrowers with all of their loans, instalments and payments."""

    borrowers: slice
    loans: Loans
    due: Instalments
    paid: Payments
    ledger: Ledger


def day_number(day: object) -> int:
    """Count a date's days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))  # type: ignore[call-overload]


def draw_chunk(plan: BookPlan, borrowers: Borrowers, run: slice, number: int) -> Chunk:
    """Draw the chunk `number`; it depends on no other chunk."""
    dice = stream(plan.seed, 2, number)
    until = day_number(plan.until)
    loans = draw_loans(plan, borrowers, run, dice)
    habits = draw_habits(loans, dice)
    due = draw_instalments(loans, habits)
    paid = draw_payments(loans, due, habits, until, dice)
    return Chunk(run, loans, due, paid, Ledger(loans, due, paid, until))


def draw_rates(plan: BookPlan) -> Ints:
    """Draw US dollars per unit times RATE_SCALE, by currency of the plan and month."""
    dice = stream(plan.seed, 1)
    base = np.array([[USD_PER_UNIT[code]] for code in plan.currencies], dtype=np.float64)
    walk = np.cumsum(dice.normal(0.0, 0.012, (len(plan.currencies), plan.months)), axis=1)
    rates = np.maximum(1, np.rint(base * np.exp(walk))).astype(np.int64)
    rates[[code == "USD" for code in plan.currencies]] = RATE_SCALE
    return rates


def pages_of(plan: BookPlan, borrowers: Borrowers, rates: Ints, chunk: Chunk) -> dict[str, Page]:
    """Lay the chunk out as one page for each file, rows in the order of the file."""
    loans = chunk.loans
    named = {
        "borrower": loans.borrower + 1,
        "number": loans.number,
        "entity": borrowers.entity[loans.borrower],
        "currency": borrowers.currency[loans.borrower],
    }
    return {
        "loans": _loans(plan, borrowers, chunk, named),
        "schedules": _schedules(chunk, named),
        "transactions": _transactions(chunk, named),
        "customers": _customers(borrowers, chunk.borrowers),
        "collaterals": _collaterals(plan, chunk, named),
        "loan_par_balances": _par(plan, chunk, named, rates),
    }


def _loans(plan: BookPlan, borrowers: Borrowers, chunk: Chunk, named: Page) -> Page:
    loans, due = chunk.loans, chunk.due
    n = len(loans)
    dice = stream(plan.seed, 3, chunk.borrowers.start)
    owed = chunk.ledger.at(np.arange(n), np.full(n, day_number(plan.until)))
    interest, fees = due.per_loan(due.interest), due.per_loan(due.fees)
    maturity = due.agreed_on[due.last()]
    term = maturity - loans.disbursed_on
    yearly = ((interest + fees) * 365_000 * 2 + loans.principal * term) // (
        2 * loans.principal * term
    )
    complete = owed.balance <= 1
    # A cent left over keeps its days past due in some exports and loses them in others.
    dpd = np.where(complete & (dice.random(n) < LOST_DPD), 0, owed.dpd)
    page = {
        **named,
        "maturity_on": maturity,
        "disbursed_on": loans.disbursed_on,
        "product": loans.product,
        "total_fees": fees,
        "total_interest": interest,
        "term": term,
        "frequency": loans.gap,
        "rate_thousandths": yearly,
        "disburse_principal": loans.principal,
        "outstanding_balance": owed.balance,
        "dpd": dpd,
        "status": np.where(complete, COMPLETE, np.where(owed.dpd > 0, DEFAULT, CURRENT)),
        "amount_bucket": _bucket(loans.principal, AMOUNT_BUCKETS, dice),
        "term_bucket": _bucket(term, TERM_BUCKETS, dice),
        "loan_count": np.searchsorted(np.array([1, 2, 3, 4, 10]), loans.number, side="left"),
        "city": borrowers.city[loans.borrower],
    }
    return _in_order(page, loans.disbursed_on)


def _bucket(size: Ints, buckets: tuple[tuple[str, int], ...], dice: np.random.Generator) -> Ints:
    """Give the bucket of each size; the source is one off in one case of three hundred."""
    right = np.searchsorted(np.array([top for _, top in buckets[:-1]]), size, side="left")
    wrong = np.abs(right - 1)
    return np.where(dice.random(len(size)) < WRONG_BUCKET, wrong, right)


def _schedules(chunk: Chunk, named: Page) -> Page:
    due = chunk.due
    page = {
        **{name: column[due.loan] for name, column in named.items()},
        "due_on": due.due_on,
        "principal": due.principal,
        "interest": due.interest,
        "fees": due.fees,
        "to_tax": due.tax,
    }
    return _in_order(page, due.due_on)


def _transactions(chunk: Chunk, named: Page) -> Page:
    paid, made = chunk.paid, chunk.loans.disbursed_on
    loan = np.concatenate([np.arange(len(made)), paid.loan])
    nothing = np.zeros(len(made), dtype=np.int64)
    page = {
        **{name: column[loan] for name, column in named.items()},
        "kind": (np.arange(len(loan)) >= len(made)).astype(np.int64),
        "paid_on": np.concatenate([made, paid.paid_on]),
        "principal": np.concatenate([chunk.loans.principal, paid.principal]),
        "interest": np.concatenate([nothing, paid.interest]),
        "other": np.concatenate([nothing, paid.other]),
        "fees": np.concatenate([nothing, paid.fees]),
        "to_tax": np.concatenate([nothing, paid.tax]),
    }
    return _in_order(page, page["paid_on"])


def _customers(borrowers: Borrowers, run: slice) -> Page:
    return {
        "borrower": np.arange(run.start, run.stop) + 1,
        "kind": borrowers.kind[run],
        "currency": borrowers.currency[run],
        "channel": borrowers.channel[run],
        "city": borrowers.city[run],
    }


def _collaterals(plan: BookPlan, chunk: Chunk, named: Page) -> Page:
    dice = stream(plan.seed, 4, chunk.borrowers.start)
    loans = chunk.loans
    secured = np.flatnonzero((loans.product == EQUIPMENT) & (dice.random(len(loans)) < SECURED))
    n = len(secured)
    appraisal = loans.principal[secured] * (900 + (dice.random(n) * 900).astype(np.int64)) // 1000
    appraised_on = loans.disbursed_on[secured] - 1 - (dice.random(n) * 45).astype(np.int64)
    return {
        **{name: column[secured] for name, column in named.items()},
        "asset": dice.integers(0, len(ASSETS), n),
        "purchase_value": appraisal * (1000 + (dice.random(n) * 600).astype(np.int64)) // 1000,
        "appraisal_value": appraisal,
        "purchased_on": appraised_on - (dice.random(n) * 900).astype(np.int64),
        "appraised_on": appraised_on,
    }


def _par(plan: BookPlan, chunk: Chunk, named: Page, rates: Ints) -> Page:
    ends = chunk.ledger.month_ends()
    month = month_of(ends.on) - int(month_of(np.array([day_number(plan.first_day)]))[0])
    page = {name: column[ends.loan] for name, column in named.items()}
    return {
        **page,
        "month_end": ends.on,
        "dpd": ends.owed.dpd,
        "due_on": ends.owed.due_on,
        "gone": ends.written_off(),
        "balance": ends.owed.balance,
        "rate": rates[page["currency"], month],
    }


def rows_of(page: Page) -> int:
    """Count a page's rows."""
    return len(next(iter(page.values())))


def _in_order(page: Page, key: Ints) -> Page:
    order = np.argsort(key, kind="stable")
    return {name: column[order] for name, column in page.items()}
