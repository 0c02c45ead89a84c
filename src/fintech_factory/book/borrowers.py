"""Who borrows: heavy-tailed in loans and in size, unequal in risk."""

from dataclasses import dataclass

import numpy as np

from fintech_factory.book.dice import Floats, Ints, stream, weighted
from fintech_factory.book.places import CITIES
from fintech_factory.book.plan import BookPlan

__all__ = ["Borrowers", "cut", "draw_borrowers"]

LOANS_PER_BORROWER = 8
CHUNK_LOANS = 32_000
# The largest borrower's share of all loans, and its loans: beyond them a chunk would not fit.
LARGEST_SHARE, LARGEST_LOANS = 0.15, 40_000
FOUNDING, FAITHFUL = 0.35, 0.75


@dataclass(frozen=True, slots=True)
class Borrowers:
    """All borrowers of a book, one element each.

    `opens` and `closes` are the stretch of the book's life (0 to 1) in which they borrow;
    `risk` multiplies the odds of trouble, `scale` the size of their loans.
    """

    loans: Ints
    opens: Floats
    closes: Floats
    risk: Floats
    scale: Floats
    entity: Ints
    currency: Ints
    city: Ints
    kind: Ints
    channel: Ints


def draw_borrowers(plan: BookPlan) -> Borrowers:
    """Draw the borrowers; their loan counts add up to the plan's."""
    dice = stream(plan.seed, 0)
    n = max(1, plan.loans // LOANS_PER_BORROWER)
    share = (1.0 - dice.random(n)) ** (-1 / 1.15)
    largest = min(LARGEST_SHARE, LARGEST_LOANS / plan.loans)
    share = np.minimum(share / share.sum(), largest)
    loans = 1 + dice.multinomial(plan.loans - n, share / share.sum()).astype(np.int64)
    busy = np.clip(np.log(loans) / 8.0, 0.0, 1.0)
    # Many were there from the start or still borrow at the end; some come once and stay away.
    opens = np.where(dice.random(n) < FOUNDING, 0.0, dice.random(n) * (1.0 - 0.8 * busy))
    closes = opens + (1.0 - opens) * np.maximum(busy, 0.3 + 0.7 * dice.random(n))
    closes = np.where(dice.random(n) < FAITHFUL, 1.0, closes)
    home = np.array([6.0, *[2.5] * (len(plan.currencies) - 1)])
    return Borrowers(
        loans=loans,
        opens=opens,
        closes=closes,
        risk=np.exp(dice.normal(-0.35, 0.85, n)),
        scale=np.exp(dice.normal(0.0, 0.7, n)),
        entity=weighted(dice, 1.0 / np.arange(1.0, plan.entities + 1), n),
        currency=weighted(dice, home, n),
        city=weighted(dice, 1.0 / np.arange(1.0, len(CITIES) + 1), n),
        kind=weighted(dice, np.array([5.0, 3.0, 1.0]), n),
        channel=weighted(dice, np.array([4.0, 3.0, 2.0, 1.0]), n),
    )


def cut(loans: Ints) -> list[slice]:
    """Cut the borrowers into runs of about CHUNK_LOANS loans each."""
    ends = np.cumsum(loans)
    chunk = (ends - 1) // CHUNK_LOANS
    starts = np.flatnonzero(np.diff(chunk, prepend=-1) != 0)
    return [slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], len(loans)], strict=True)]
