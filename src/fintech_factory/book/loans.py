"""Which loans are made: when, how large, at what price, over how many instalments."""

from dataclasses import dataclass

import numpy as np

from fintech_factory.book.borrowers import Borrowers
from fintech_factory.book.dice import Floats, Ints, weighted
from fintech_factory.book.plan import MAX_INSTALMENTS, BookPlan
from fintech_factory.book.rates import RATE_SCALE, USD_PER_UNIT

__all__ = ["FREQUENCIES", "PRODUCTS", "Loans", "draw_loans", "instalment_weights"]

FREQUENCIES = ("One-time", "Weekly", "Bi-weekly", "Monthly")
PRODUCTS = ("factoring", "bridge_loan", "working_capital", "microcredit", "equipment_loan")

# Instalments and how common they are: 7.5 on average over 1..60, where the reference scale of
# 1M loans has about 7.5M instalments.
COMMON_INSTALMENTS = {
    1: 0.40,
    2: 0.03,
    3: 0.06,
    4: 0.03,
    6: 0.13,
    8: 0.02,
    9: 0.02,
    10: 0.02,
    12: 0.18,
    18: 0.065,
    24: 0.045,
    36: 0.015,
    48: 0.005,
    60: 0.003,
}
GROWTH_PER_MONTH = 0.012
LARGEST_LOAN = 30_000_000


@dataclass(frozen=True, slots=True)
class Loans:
    """The loans of one chunk, by borrower and day; money in cents, days since 1970-01-01.

    `number` counts a borrower's loans from 1; `gap` indexes FREQUENCIES; `grace` is how many
    first instalments carry no principal.
    """

    borrower: Ints
    number: Ints
    disbursed_on: Ints
    count: Ints
    gap: Ints
    grace: Ints
    term: Ints
    product: Ints
    principal: Ints
    interest: Ints
    fees: Ints
    fee_first: Ints
    risk: Floats

    def __len__(self) -> int:
        """Count the loans."""
        return len(self.borrower)


def instalment_weights(low: int, high: int) -> Floats:
    """Weigh each number of instalments from `low` to `high`."""
    every = np.full(MAX_INSTALMENTS + 1, 0.00005)
    every[list(COMMON_INSTALMENTS)] = list(COMMON_INSTALMENTS.values())
    return every[low : high + 1]


def draw_loans(
    plan: BookPlan, borrowers: Borrowers, run: slice, dice: np.random.Generator
) -> Loans:
    """Draw the loans of one run of borrowers."""
    per = borrowers.loans[run]
    borrower = np.repeat(np.arange(run.start, run.stop, dtype=np.int64), per)
    first_row = np.cumsum(per) - per
    number = np.arange(len(borrower), dtype=np.int64) - np.repeat(first_row, per) + 1
    low, high = plan.instalments
    count = low + weighted(dice, instalment_weights(low, high), len(borrower))
    gap, product = _gap_and_product(count, dice)
    term = np.clip(np.exp(dice.normal(3.6, 0.75, len(borrower))), 1, 480).astype(np.int64)
    principal = _principal(plan, borrowers, borrower, count, dice)
    span = np.select([gap == 0, gap == 1, gap == 2], [term, 7 * count, 14 * count], 30 * count)  # noqa: PLR2004
    interest = (principal * dice.uniform(0.08, 0.55, len(borrower)) * span / 365).astype(np.int64)
    fees = (principal * dice.choice([0.0, 0.002, 0.005, 0.01], len(borrower))).astype(np.int64)
    return Loans(
        borrower=borrower,
        number=number,
        disbursed_on=_days(plan, borrowers, borrower, dice),
        count=count,
        gap=gap,
        # Interest first, principal later: such instalments are covered by a principal of nothing.
        grace=np.where((count >= 6) & (dice.random(len(borrower)) < 0.04), count // 3, 0),  # noqa: PLR2004
        term=term,
        product=product,
        principal=principal,
        interest=interest,
        fees=fees,
        fee_first=(dice.random(len(borrower)) < 0.5).astype(np.int64),  # noqa: PLR2004
        risk=borrowers.risk[borrower],
    )


def _days(plan: BookPlan, borrowers: Borrowers, borrower: Ints, dice: np.random.Generator) -> Ints:
    opens, closes = borrowers.opens[borrower], borrowers.closes[borrower]
    at = opens + (closes - opens) * dice.random(len(borrower))
    rate = GROWTH_PER_MONTH * plan.months
    at = np.log1p(at * np.expm1(rate)) / rate
    first = np.datetime64(plan.first_day).astype(np.int64)
    length = (plan.until - plan.first_day).days + 1
    days = first + np.minimum((at * length).astype(np.int64), length - 1)
    # The busiest borrower holds the book's first day and its last, so that a book of M months
    # has M months and its data-through date is the one that was asked for.
    ours = np.flatnonzero(borrower == int(np.argmax(borrowers.loans)))
    if len(ours):
        days[ours[0]], days[ours[-1]] = first, first + length - 1
    ordered: Ints = days[np.argsort(borrower * 200_000 + days, kind="stable")]
    return ordered


def _gap_and_product(count: Ints, dice: np.random.Generator) -> tuple[Ints, Ints]:
    u = dice.random(len(count))
    many = count > 26  # noqa: PLR2004 - weekly for half a year
    monthly_from = np.where(many, 0.1, 0.3)
    gap = np.where(u >= monthly_from, 3, np.where(u >= monthly_from * 0.6, 2, 1))
    bullet = count == 1
    v = dice.random(len(count))
    product = np.where(bullet, v > 0.85, np.where(count > 12, 4, np.where(v > 0.4, 2, 3)))  # noqa: PLR2004
    return np.where(bullet, 0, gap).astype(np.int64), product.astype(np.int64)


def _principal(
    plan: BookPlan,
    borrowers: Borrowers,
    borrower: Ints,
    count: Ints,
    dice: np.random.Generator,
) -> Ints:
    usd = np.exp(dice.normal(6.9, 1.2, len(borrower))) * borrowers.scale[borrower]
    usd = usd * (1.0 + np.sqrt(count - 1.0) / 2)
    per_usd = np.array([RATE_SCALE / USD_PER_UNIT[code] for code in plan.currencies])
    cents = np.minimum(usd * 100, LARGEST_LOAN) * per_usd[borrowers.currency[borrower]]
    # Instalment loans are made in round sums, invoices are not.
    whole = np.where(count > 1, 5_000, 1)
    rounded: Ints = (cents / whole).astype(np.int64) * whole
    return np.maximum(1_000 + 500 * count, rounded)
