"""Writes an expression's syntax tree as portable SQL text."""

from decimal import Decimal

from fintech_factory.kpi_engine.nodes import (
    Absolute,
    AllOf,
    AnyOf,
    Arithmetic,
    Between,
    Case,
    ColumnRef,
    Comparison,
    FirstPresent,
    IsNull,
    Negative,
    Node,
    Not,
    Number,
    OneOf,
    Text,
    Truth,
)

__all__ = ["number", "scalar", "text"]


def text(value: str) -> str:
    """Write a text literal."""
    return "'" + value.replace("'", "''") + "'"


def number(value: Decimal) -> str:
    """Write an exact number, never with an exponent."""
    return format(value, "f")


def _listed(nodes: tuple[Node, ...]) -> str:
    return ", ".join(scalar(node) for node in nodes)


def scalar(node: Node) -> str:  # noqa: C901, PLR0911, PLR0912 - one line per kind of node
    """Write what a row gives; every operation stands in its own parentheses."""
    match node:
        case ColumnRef(name):
            return name
        case Number(value):
            return number(value)
        case Text(value):
            return text(value)
        case Truth(value):
            return "TRUE" if value else "FALSE"
        case Negative(operand):
            return f"(-{scalar(operand)})"
        case Absolute(operand):
            return f"ABS({scalar(operand)})"
        case Arithmetic(operator, left, right) | Comparison(operator, left, right):
            return f"({scalar(left)} {operator} {scalar(right)})"
        case AllOf(left, right):
            return f"({scalar(left)} AND {scalar(right)})"
        case AnyOf(left, right):
            return f"({scalar(left)} OR {scalar(right)})"
        case Not(operand):
            return f"(NOT {scalar(operand)})"
        case IsNull(operand):
            return f"({scalar(operand)} IS NULL)"
        case OneOf(operand, choices):
            return f"({scalar(operand)} IN ({_listed(choices)}))"
        case Between(operand, low, high):
            return f"({scalar(operand)} BETWEEN {scalar(low)} AND {scalar(high)})"
        case FirstPresent(operands):
            return f"COALESCE({_listed(operands)})"
        case Case(branches, otherwise):
            whens = "".join(f" WHEN {scalar(when)} THEN {scalar(then)}" for when, then in branches)
            last = "" if otherwise is None else f" ELSE {scalar(otherwise)}"
            return f"CASE{whens}{last} END"
    raise TypeError(f"{type(node).__name__} is no part of a row's expression")
