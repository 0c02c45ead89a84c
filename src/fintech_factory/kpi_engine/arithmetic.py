"""Exact arithmetic over measures and over other KPIs, in Decimal only."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fintech_factory.kpi_engine.nodes import (
    Absolute,
    Aggregate,
    Arithmetic,
    KpiRef,
    Negative,
    Node,
    Number,
    Power,
)

__all__ = ["DIVISION", "EXACT", "calculate", "quotient"]

DIVISION = Context(prec=34, rounding=ROUND_HALF_EVEN)
"""Where a quotient is rounded: 34 significant digits, as in IEEE 754 decimal128."""

EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
"""Wide enough that sums and products of amounts are never rounded."""

Lookup = Callable[[Aggregate | KpiRef], Decimal | None]


def quotient(part: Decimal, whole: Decimal, *, in_percent: bool) -> Decimal:
    """Give part / whole, or that * 100, rounded once; the caller sees to it that whole is not 0."""
    return DIVISION.divide(EXACT.multiply(part, Decimal(100)) if in_percent else part, whole)


def calculate(node: Node, lookup: Lookup, context: Context) -> Decimal | None:  # noqa: PLR0911 - one line per kind of node
    """Evaluate arithmetic over what `lookup` knows; None where an operand is absent.

    A division by 0 gives None: there is no such figure.
    """
    match node:
        case Number(value):
            return value
        case Aggregate() | KpiRef():
            return lookup(node)
        case Negative(operand):
            inner = calculate(operand, lookup, context)
            return None if inner is None else context.minus(inner)
        case Absolute(operand):
            inner = calculate(operand, lookup, context)
            return None if inner is None else context.abs(inner)
        case Arithmetic(operator, left, right):
            first = calculate(left, lookup, context)
            second = calculate(right, lookup, context)
            if first is None or second is None:
                return None
            return _join(operator, first, second, context)
        case Power(base, exponent):
            inner = calculate(base, lookup, context)
            return None if inner is None else _power(inner, exponent, context)
    raise TypeError(f"{type(node).__name__} is no part of a KPI's arithmetic")


def _power(base: Decimal, exponent: int, context: Context) -> Decimal:
    """Multiply exactly and round once; `Context.power` is only almost always so rounded."""
    wide = Context(prec=max(len(base.as_tuple().digits) * exponent, 1))
    product = Decimal(1)
    for _ in range(exponent):
        product = wide.multiply(product, base)
    return context.plus(product)


def _join(operator: str, first: Decimal, second: Decimal, context: Context) -> Decimal | None:
    match operator:
        case "+":
            return context.add(first, second)
        case "-":
            return context.subtract(first, second)
        case "*":
            return context.multiply(first, second)
    return None if second == 0 else context.divide(first, second)
