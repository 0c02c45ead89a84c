"""What became of instalments, month by month, and how one unit of principal would end by it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory.analytics.ratio import is_dust

__all__ = [
    "DUE",
    "LATER",
    "PAID",
    "SETTLED",
    "WIDE",
    "WRITTEN_OFF",
    "Experience",
    "Response",
    "Roll",
    "measure",
    "recovered_in_a_year",
    "respond",
    "rounded",
    "scaled",
]

PAID = "paid"
DUE = "due"
LATER = "later"
SETTLED = "settled"
WRITTEN_OFF = "written off"
"""Classes of principal beside the ageing buckets (`instalment_roll` says what each holds)."""

_ZERO, _ONE = Decimal(0), Decimal(1)
_SHARE = Decimal("1e-18")
WIDE = Context(prec=50, rounding=ROUND_HALF_EVEN)
"""Shares are worked out at 50 digits and kept at 18 places, half to even."""

# Below this share of one unit nothing moves any more; no chain of months is followed further.
_STILL = Decimal("1e-12")
_LONGEST = 1200
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Roll:
    """One month's move of principal from a class to a class; `left` is what was not paid of it."""

    opening: str
    closing: str
    principal: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Experience:
    """What a month does to one unit of principal, by the class in which it begins the month.

    `shares[class]` gives the part paid (`PAID`) and the parts found in each class at the end; they
    add up to 1. `charges[class]` is the interest, fees, other and tax that come with one unit of
    principal paid. A class that was never seen has no entry: nothing is assumed of it.
    """

    shares: Mapping[str, Mapping[str, Decimal]]
    charges: Mapping[str, Decimal] = field(default_factory=dict)

    def paid(self, of: str) -> Decimal:
        """Give the share of a class that is paid within a month; 0 of a class never seen."""
        return self.shares.get(of, {}).get(PAID, _ZERO)

    def charge(self, of: str) -> Decimal:
        """Give what comes with one unit of principal; 0 where nothing ever came."""
        return self.charges.get(of, _ZERO)


def measure(rolls: Iterable[Roll]) -> dict[str, dict[str, Decimal]]:
    """Give the shares of each opening class over some months together, weighted by principal.

    Paid is what is no longer there, so that a part payment counts and its rest rolls. Shares are
    rounded half-even at 18 places. A class with nothing in it, or with dust (less than
    one unit of money), gives no entry: it is no experience.
    """
    whole: dict[str, Decimal] = defaultdict(Decimal)
    moved: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for roll in rolls:
        whole[roll.opening] += roll.principal
        moved[roll.opening][PAID] += roll.principal - roll.left
        if roll.closing != PAID:
            moved[roll.opening][roll.closing] += roll.left
    return {
        opening: {closing: _share(part, whole[opening]) for closing, part in parts.items()}
        for opening, parts in moved.items()
        if whole[opening] > 0 and not is_dust(whole[opening])
    }


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return WIDE.divide(part, whole).quantize(_SHARE, context=WIDE)


def recovered_in_a_year(experience: Experience) -> Decimal:
    """Give the share of written-off principal that the measured month recovers in twelve.

    1 - (1 - r)^12, the annualisation that the bond market uses for monthly rates.
    """
    left = _ONE - min(experience.paid(WRITTEN_OFF), _ONE)
    return _ONE - WIDE.power(left, _MONTHS_A_YEAR).quantize(_SHARE, context=WIDE)


@dataclass(frozen=True, slots=True)
class Response:
    """What becomes of one unit of principal, period by period.

    `ever_paid` and `ever_lost` say how it ends however long that takes; what is neither stays.
    """

    paid: tuple[Decimal, ...]
    charges: tuple[Decimal, ...]
    lost: tuple[Decimal, ...]
    ever_paid: Decimal
    ever_lost: Decimal


def respond(experience: Experience, start: str, periods: int) -> Response:
    """Follow one unit of principal from a class until it is paid, written off or moves no more.

    The chain is Markov's: a month treats a class as the measured months did. What falls due on
    the last day of a month and is not paid on it is due in the next. Written off is an end here.
    """
    stock: dict[str, Decimal] = {start: _ONE}
    paid: list[Decimal] = []
    charges: list[Decimal] = []
    lost: list[Decimal] = []
    while len(paid) < _LONGEST:
        came, with_it, gone = _ZERO, _ZERO, _ZERO
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for name, amount in stock.items():
            for closing, share in experience.shares.get(name, {name: _ONE}).items():
                part = WIDE.multiply(amount, share)
                if closing == PAID:
                    came += part
                    with_it += WIDE.multiply(part, experience.charge(name))
                elif closing == WRITTEN_OFF:
                    gone += part
                else:
                    moved[DUE if closing == LATER else closing] += part
        paid.append(came)
        charges.append(with_it)
        lost.append(gone)
        stock = {name: rounded(amount) for name, amount in moved.items() if amount > _STILL}
        if len(paid) >= periods and came + gone < _STILL:
            break
    return Response(
        tuple(map(rounded, paid[:periods])),
        tuple(map(rounded, charges[:periods])),
        tuple(map(rounded, lost[:periods])),
        rounded(sum(paid, _ZERO)),
        rounded(sum(lost, _ZERO)),
    )


def rounded(share: Decimal) -> Decimal:
    """Keep a share at 18 places."""
    return share.quantize(_SHARE, context=WIDE)


def scaled(response: Response, default_times: Decimal) -> Response:
    """Multiply the share that is ever written off, and let the paid share make room for it.

    The timing of both stays as measured. More than everything cannot be lost; what moves no more
    stays where it is; and what was never paid at all cannot be paid by a better scenario.
    """
    ends = response.ever_paid + response.ever_lost
    lost = min(WIDE.multiply(response.ever_lost, default_times), ends)
    lose = _share(lost, response.ever_lost) if response.ever_lost else _ONE
    pay = _share(ends - lost, response.ever_paid) if response.ever_paid else _ONE

    def times(flow: Sequence[Decimal], factor: Decimal) -> tuple[Decimal, ...]:
        return tuple(rounded(WIDE.multiply(each, factor)) for each in flow)

    return Response(
        times(response.paid, pay),
        times(response.charges, pay),
        times(response.lost, lose),
        rounded(WIDE.multiply(response.ever_paid, pay)),
        lost,
    )
