"""Turns an expression's syntax tree into Python functions of one row."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

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

__all__ = ["Row", "Scalar", "compile_scalar"]

Row = Sequence[Any]
Scalar = Callable[[Row], Any]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def compile_scalar(node: Node, places: Mapping[str, int]) -> Scalar:  # noqa: C901, PLR0911, PLR0912
    """Give the function that evaluates a node on a row; None is SQL's NULL throughout.

    `places` says at which index of a row each column stands.
    """

    def part(below: Node) -> Scalar:
        return compile_scalar(below, places)

    match node:
        case ColumnRef(name):
            return operator.itemgetter(places[name])
        case Number(value) | Text(value) | Truth(value):
            return _constant(value)
        case Negative(operand):
            return _present(operator.neg, part(operand))
        case Absolute(operand):
            return _present(abs, part(operand))
        case Comparison(sign, ColumnRef(name), Number(value)):
            return _column_against(_COMPARE[sign], places[name], value)
        case Comparison(sign, left, right):
            return _both_present(_COMPARE[sign], part(left), part(right))
        case Arithmetic(sign, left, right):
            return _both_present(_CALCULATE[sign], part(left), part(right))
        case AllOf(left, right):
            return _all_of(part(left), part(right))
        case AnyOf(left, right):
            return _any_of(part(left), part(right))
        case Not(operand):
            return _present(operator.not_, part(operand))
        case IsNull(operand):
            return _is_null(part(operand))
        case OneOf(operand, choices):
            equal = [part(Comparison("=", operand, choice)) for choice in choices]
            return _folded(_any_of, equal)
        case Between(operand, low, high):
            return part(AllOf(Comparison(">=", operand, low), Comparison("<=", operand, high)))
        case FirstPresent(operands):
            return _first_present([part(operand) for operand in operands])
        case Case(branches, otherwise):
            last = _constant(None) if otherwise is None else part(otherwise)
            return _case([(part(when), part(then)) for when, then in branches], last)
    raise TypeError(f"{type(node).__name__} is no part of a row's expression")


def _constant(value: object) -> Scalar:
    return lambda _: value


def _present(apply: Callable[[Any], Any], operand: Scalar) -> Scalar:
    def evaluate(row: Row) -> Any:  # noqa: ANN401 - a cell of any kind
        value = operand(row)
        return None if value is None else apply(value)

    return evaluate


def _column_against(compare: Callable[[Any, Any], bool], place: int, value: object) -> Scalar:
    def evaluate(row: Row) -> bool | None:
        cell = row[place]
        return None if cell is None else compare(cell, value)

    return evaluate


def _both_present(apply: Callable[[Any, Any], Any], left: Scalar, right: Scalar) -> Scalar:
    def evaluate(row: Row) -> Any:  # noqa: ANN401
        first, second = left(row), right(row)
        return None if first is None or second is None else apply(first, second)

    return evaluate


def _all_of(left: Scalar, right: Scalar) -> Scalar:
    def evaluate(row: Row) -> bool | None:
        first = left(row)
        if first is False:
            return False
        second = right(row)
        if second is False:
            return False
        # Unknown and true is unknown.
        return None if first is None or second is None else True

    return evaluate


def _any_of(left: Scalar, right: Scalar) -> Scalar:
    def evaluate(row: Row) -> bool | None:
        first = left(row)
        if first is True:
            return True
        second = right(row)
        if second is True:
            return True
        # Unknown or false is unknown.
        return None if first is None or second is None else False

    return evaluate


def _folded(join: Callable[[Scalar, Scalar], Scalar], parts: Sequence[Scalar]) -> Scalar:
    joined = parts[0]
    for each in parts[1:]:
        joined = join(joined, each)
    return joined


def _is_null(operand: Scalar) -> Scalar:
    return lambda row: operand(row) is None


def _first_present(operands: Sequence[Scalar]) -> Scalar:
    def evaluate(row: Row) -> Any:  # noqa: ANN401
        for operand in operands:
            value = operand(row)
            if value is not None:
                return value
        return None

    return evaluate


def _case(branches: Sequence[tuple[Scalar, Scalar]], otherwise: Scalar) -> Scalar:
    def evaluate(row: Row) -> Any:  # noqa: ANN401
        for when, then in branches:
            if when(row) is True:
                return then(row)
        return otherwise(row)

    return evaluate
