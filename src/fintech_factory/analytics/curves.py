"""Monthly rates of default and prepayment, and what they come to in a year."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from fintech_factory.analytics.ratio import PLACES, is_dust

__all__ = [
    "MONTHS_A_YEAR",
    "annual_rate",
    "compounded_rate",
    "cumulative_rates",
    "monthly_rate",
]

MONTHS_A_YEAR = 12

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_WHOLE = 100


def monthly_rate(part: Decimal | None, whole: Decimal | None) -> Fraction | None:
    """Give MDR or SMM as an exact share: part / whole.

    None where either is unknown, or the whole is 0 or dust (less than one unit of money).

    MDR: written-off principal / opening balance of active loans. SMM: prepaid principal /
    (opening balance - scheduled principal). Both as in the bond market's Standard Formulas
    (SIFMA, Uniform Practices, chapter SF).
    """
    if part is None or not whole or is_dust(whole):
        return None
    return Fraction(part) / Fraction(whole)


def annual_rate(monthly: Fraction | None) -> Decimal | None:
    """Give CDR of an MDR, or CPR of an SMM, in percent: 1 - (1 - monthly) ^ 12 (SIFMA, SF).

    None where the month is unknown, or is no share (below 0 or above 1).
    """
    return None if monthly is None else compounded_rate([monthly])


def compounded_rate(months: Sequence[Fraction | None]) -> Decimal | None:
    """Give the yearly rate in percent of some months in a row: 1 - survival ^ (12 / months).

    The months must make up the year evenly (1, 2, 3, 4, 6 or 12). None if one is unknown or no
    share. Exact until the rounding to 8 places, half to even.

    Raises:
        ValueError: the months do not make up the year evenly.
    """
    if not months or MONTHS_A_YEAR % len(months):
        raise ValueError(f"{len(months)} months do not make up a year evenly")
    survival = Fraction(1)
    for month in months:
        if month is None or not 0 <= month <= 1:
            return None
        survival *= 1 - month
    return _percent(1 - survival ** (MONTHS_A_YEAR // len(months)))


def cumulative_rates(months: Iterable[Fraction | None]) -> list[Decimal | None]:
    """Give in percent what monthly rates come to, month by month: each added to those before.

    Every month has the weight of what was there in it, so that the curve moves by what came and
    never because an old pool drops out (the additive method of claims reserving). Exact until the
    rounding to 8 places, half to even; None from the first month that is not known.
    """
    total: Fraction | None = Fraction(0)
    rates: list[Decimal | None] = []
    for month in months:
        total = None if total is None or month is None else total + month
        rates.append(None if total is None else _percent(total))
    return rates


def _percent(share: Fraction) -> Decimal:
    # One more rounding, at 60 digits, comes before the one to 8 places: it moves no shown digit
    # unless 50 digits in a row are 0 or 9.
    percent = _WIDE.divide(Decimal(share.numerator * _WHOLE), Decimal(share.denominator))
    return percent.quantize(PLACES, context=_WIDE)
