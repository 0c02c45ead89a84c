"""Shares and quotients, exact until the one rounding."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

__all__ = ["PLACES", "percent", "quotient"]

PLACES = Decimal("1e-8")
"""Where a shown quotient is rounded, half to even (domain.md)."""

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def quotient(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    """Give part / whole at 8 places; None where either is unknown or the whole is 0."""
    if part is None or not whole:
        return None
    return _WIDE.divide(Decimal(part), Decimal(whole)).quantize(PLACES, context=_WIDE)


def percent(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    """Give part / whole x 100 at 8 places; None where either is unknown or the whole is 0."""
    return None if part is None else quotient(_WIDE.multiply(Decimal(part), 100), whole)
