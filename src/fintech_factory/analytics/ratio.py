"""Shares and quotients, exact until the one rounding: the one way in which views divide."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

__all__ = ["DUST", "PLACES", "is_dust", "percent", "percent_of_level", "quotient"]

PLACES = Decimal("1e-8")
"""Where a shown quotient is rounded, half to even (domain.md)."""

DUST = "less than one unit of money"
"""Why there is no percentage of dust, for people."""

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NOTHING = Decimal(0).quantize(PLACES)
# Bound once: views divide hundreds of thousands of times.
_divide, _multiply, _quantize = _WIDE.divide, _WIDE.multiply, _WIDE.quantize


def quotient(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    """Give part / whole at 8 places; None where either is unknown or the whole is 0."""
    if part is None or not whole:
        return None
    return _quantize(_divide(part, whole), PLACES) if part else _NOTHING


def percent(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    """Give part / whole x 100 at 8 places of a whole that is money or a count.

    None where either is unknown, or the whole is 0 or dust.
    """
    return None if is_dust(whole) else percent_of_level(part, whole)


def percent_of_level(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    """Give part / whole x 100 at 8 places of a whole that is no money: a trigger, days, a rate.

    None where either is unknown or the whole is 0. Such a whole may well be a fraction of one.
    """
    if part is None or not whole:
        return None
    return _quantize(_divide(_multiply(part, 100), whole), PLACES) if part else _NOTHING


def is_dust(whole: Decimal | int | None) -> bool:
    """Say whether there is something, but less than one unit of the reporting currency.

    A percentage of it would run to millions and say nothing. Counts are never that.
    """
    return whole is not None and -1 < whole < 1 and whole != 0
