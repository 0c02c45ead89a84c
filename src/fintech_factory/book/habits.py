"""How borrowers keep to their word: who is late, who stops, who comes back, who pays ahead."""

from dataclasses import dataclass

import numpy as np

from fintech_factory.book.dice import Flags, Floats, Ints
from fintech_factory.book.loans import Loans

__all__ = ["NEVER", "Habits", "draw_habits"]

NEVER = 10_000_000

# Share of loans by habit at risk 1; what is left pays on time. A borrower's risk multiplies the
# bad ones, so trouble gathers in few hands.
SLOW, STALLS, LOST, AHEAD, RESTRUCTURED = 0.20, 0.085, 0.022, 0.06, 0.018
COMES_BACK = 0.35
DUST, MISALLOCATED, INTEREST_FIRST = 0.002, 0.003, 0.4


@dataclass(frozen=True, slots=True)
class Habits:
    """What each loan of a chunk will do.

    From instalment `turn` (0-based) on: a stalled loan pays nothing until `pause` days after
    that instalment was due (NEVER: not at all), then works off one instalment every `pace`
    days; a loan that pays ahead pays everything at once; a restructured one has this and all
    later due dates moved by `shift` days. At its end a loan may keep a cent of dust, or have
    principal booked as something else; `interest_first` says how a part payment is split.
    """

    slow: Flags
    stalls: Flags
    ahead: Flags
    turn: Ints
    pause: Ints
    pace: Ints
    shift: Ints
    dust: Flags
    misallocated: Flags
    interest_first: Flags


def draw_habits(loans: Loans, dice: np.random.Generator) -> Habits:
    """Draw one habit a loan."""
    n = len(loans)
    u = dice.random(n)
    lost_below = np.minimum(LOST * loans.risk, 0.35)
    stalls_below = lost_below + np.minimum(STALLS * loans.risk, 0.4)
    moved_below = stalls_below + np.minimum(RESTRUCTURED * loans.risk, 0.1)
    ahead_below = moved_below + AHEAD
    lost = u < lost_below
    stalls = u < stalls_below
    moved = (u >= stalls_below) & (u < moved_below)
    return Habits(
        slow=(u >= ahead_below) & (u < ahead_below + SLOW),
        stalls=stalls,
        ahead=(u >= moved_below) & (u < ahead_below),
        turn=(dice.random(n) ** 1.3 * loans.count).astype(np.int64),
        pause=np.where(lost, _long_pause(n, dice), _short_pause(n, dice)),
        pace=dice.choice(np.array([0, 0, 5, 15, 30]), n),
        shift=np.where(moved, dice.choice(np.array([30, 45, 60, 90, 180]), n), 0),
        dust=dice.random(n) < DUST,
        misallocated=dice.random(n) < MISALLOCATED,
        interest_first=dice.random(n) < INTEREST_FIRST,
    )


def _short_pause(n: int, dice: np.random.Generator) -> Ints:
    days: Floats = 8 + dice.exponential(40, n)
    return np.minimum(days, 170).astype(np.int64)


def _long_pause(n: int, dice: np.random.Generator) -> Ints:
    # Past 180 days the loan is written off; those who pay later come back from there.
    back = dice.random(n) < COMES_BACK
    return np.where(back, (185 + dice.exponential(90, n)).astype(np.int64), NEVER)
