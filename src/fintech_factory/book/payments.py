"""What was paid when: on time, late, in pieces, ahead, too little by a cent, or back again."""

from dataclasses import dataclass

import numpy as np

from fintech_factory.book.dice import Flags, Ints
from fintech_factory.book.habits import NEVER, Habits
from fintech_factory.book.loans import Loans
from fintech_factory.book.schedules import TAX_PERCENT, Instalments

__all__ = ["Payments", "draw_payments"]

# A day is counted in less than this many bits of a sort key (20 bits reach the year 4840).
DAY_SPAN = 1 << 21


@dataclass(frozen=True, slots=True)
class Payments:
    """Cash received by one chunk of loans, by loan and day; cents; at most two rows a day.

    The second row of a day is a rebate: no principal, interest and tax given back.
    """

    loan: Ints
    paid_on: Ints
    principal: Ints
    interest: Ints
    other: Ints
    fees: Ints
    tax: Ints

    def __len__(self) -> int:
        """Count the payments."""
        return len(self.loan)

    def cash(self) -> Ints:
        """Add up everything that was paid."""
        return self.principal + self.interest + self.other + self.fees + self.tax


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of an instalment: from `low` to `high` thousandths of it, paid on a day."""

    of: Ints
    on: Ints
    low: Ints
    high: Ints
    last: Flags


def draw_payments(
    loans: Loans, due: Instalments, habits: Habits, until: int, dice: np.random.Generator
) -> Payments:
    """Draw every payment up to and including the day `until`."""
    settled = _settled_on(loans, due, habits, dice)
    piece = _pieces(loans, due, settled, dice)
    seen = piece.on <= until
    piece = _Piece(
        piece.of[seen], piece.on[seen], piece.low[seen], piece.high[seen], piece.last[seen]
    )
    paid = _amounts(due, habits, piece, dice)
    loan, on, back = _rebates(due, habits, settled, until, dice)
    key = np.concatenate([_key(due.loan[piece.of], piece.on, 0), _key(loan, on, 1)])
    return _one_row_a_day(key, [np.concatenate(pair) for pair in zip(paid, back, strict=True)])


def _settled_on(loans: Loans, due: Instalments, habits: Habits, dice: np.random.Generator) -> Ints:
    """Give the day on which each instalment is paid in full, NEVER if it is not."""
    loan, n = due.loan, len(due)
    u = dice.random(n)
    delay = np.where(u < 0.25, -(dice.random(n) * 6).astype(np.int64), 0)  # noqa: PLR2004
    delay = np.where(u > 0.82, 1 + (dice.random(n) * 4).astype(np.int64), delay)  # noqa: PLR2004
    lag = 2 + dice.exponential(9, n)
    delay = np.where(habits.slow[loan], np.minimum(lag, 75).astype(np.int64), delay)
    on = due.due_on + delay
    turn = due.first + habits.turn
    since = np.maximum(due.at - habits.turn[loan], 0)
    turned = due.at >= habits.turn[loan]
    pause = habits.pause[loan]
    resumes = due.due_on[turn][loan] + pause + habits.pace[loan] * since
    resumes = np.where(pause == NEVER, NEVER, resumes)
    on = np.where(habits.stalls[loan] & turned, np.maximum(on, resumes), on)
    on = np.where(habits.ahead[loan] & turned, on[turn][loan], on)
    return np.maximum(on, loans.disbursed_on[loan])


def _pieces(loans: Loans, due: Instalments, settled: Ints, dice: np.random.Generator) -> _Piece:
    """Cut four instalments in ten into pieces; an unpaid one may still see a first piece."""
    n = len(due)
    u = dice.random(n)
    two, three = u < 0.40, u < 0.11  # noqa: PLR2004
    cut = 150 + (dice.random(n) * 600).astype(np.int64)
    cut2 = cut + (900 - cut) // 2
    never = settled >= NEVER
    reached = np.where(never, due.due_on + (dice.random(n) * 90).astype(np.int64), settled)
    wait = 1 + (dice.random(n) * 14).astype(np.int64)
    wait2 = 1 + (dice.random(n) * 9).astype(np.int64)
    made = loans.disbursed_on[due.loan]
    every = np.arange(n, dtype=np.int64)
    # Of a lost loan only the first missed instalment is ever begun, or trouble looks like thrift.
    begun = two & (~never | np.append(True, ~never[:-1]) | (due.at == 0))
    i, j = np.flatnonzero(begun), np.flatnonzero(begun & three & ~never)
    thousand = np.full(n, 1000, dtype=np.int64)
    starts = np.where(begun, np.where(three, cut2, cut), 0)
    return _Piece(
        of=np.concatenate([every, i, j]),
        on=np.concatenate(
            [
                settled,
                np.maximum(reached - wait - np.where(three, wait2, 0), made)[i],
                np.maximum(reached - wait, made)[j],
            ]
        ),
        low=np.concatenate([starts, np.zeros(len(i), dtype=np.int64), cut[j]]),
        high=np.concatenate([thousand, cut[i], cut2[j]]),
        last=np.concatenate([~never, np.zeros(len(i) + len(j), dtype=np.bool_)]),
    )


def _amounts(
    due: Instalments, habits: Habits, piece: _Piece, dice: np.random.Generator
) -> list[Ints]:
    """Give principal, interest, other, fees and tax of each piece."""
    of = piece.of
    loan = due.loan[of]
    first_takes_all = habits.interest_first[loan]

    def part(whole: Ints, low: Ints, high: Ints) -> Ints:
        return whole[of] * high // 1000 - whole[of] * low // 1000

    low = np.where(first_takes_all & (piece.low > 0), 1000, piece.low)
    high = np.where(first_takes_all, 1000, piece.high)
    principal = part(due.principal, piece.low, piece.high)
    interest, fees, tax = (part(x, low, high) for x in (due.interest, due.fees, due.tax))
    ends = piece.last & (of == due.last()[loan])
    principal = principal - (ends & habits.dust[loan] & (principal > 1))
    moved = np.where(ends & habits.misallocated[loan], principal // 20, 0)
    late = np.clip(piece.on - due.due_on[of], 0, 365)
    fined = piece.last & (late > 5) & (dice.random(len(of)) < 0.45)  # noqa: PLR2004
    other = np.where(fined, due.principal[of] * late // 2000, 0) + moved
    early = piece.last & (piece.on < due.due_on[of]) & (dice.random(len(of)) < 0.03)  # noqa: PLR2004
    interest = np.where(early, -np.minimum(1 + interest // 8, 5_000), interest)
    return [principal - moved, interest, other, fees, tax]


def _rebates(
    due: Instalments, habits: Habits, settled: Ints, until: int, dice: np.random.Generator
) -> tuple[Ints, Ints, list[Ints]]:
    """Give back part of the interest that a loan paid ahead of its time."""
    turned = due.at > habits.turn[due.loan]
    spared = due.per_loan(np.where(turned, due.interest, 0))
    share = 350 + (dice.random(len(habits.ahead)) * 550).astype(np.int64)
    interest = spared * share // 1000
    on = settled[due.first + habits.turn]
    loan = np.flatnonzero(habits.ahead & (interest > 0) & (on <= until)).astype(np.int64)
    interest, nothing = -interest[loan], np.zeros(len(loan), dtype=np.int64)
    tax = -(TAX_PERCENT * -interest // 100)
    return loan, on[loan], [nothing, interest, nothing, nothing, tax]


def _key(loan: Ints, on: Ints, kind: int) -> Ints:
    return (loan * DAY_SPAN + on) * 2 + kind


def _one_row_a_day(key: Ints, amounts: list[Ints]) -> Payments:
    """Merge what a loan paid on one day: equal rows would read as a payment sent twice."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1) != 0)
    if len(starts):
        amounts = [np.add.reduceat(x[order], starts) for x in amounts]
    key = key[starts] // 2
    principal, interest, other, fees, tax = amounts
    kept = (principal != 0) | (interest != 0) | (other != 0) | (fees != 0) | (tax != 0)
    return Payments(
        loan=(key // DAY_SPAN)[kept],
        paid_on=(key % DAY_SPAN)[kept],
        principal=principal[kept],
        interest=interest[kept],
        other=other[kept],
        fees=fees[kept],
        tax=tax[kept],
    )
