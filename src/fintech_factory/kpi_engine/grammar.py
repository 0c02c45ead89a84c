"""What both expression grammars share: parsing, bounds, and the words of a refusal."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.kpi_engine.nodes import (
    Absolute,
    Arithmetic,
    Negative,
    Node,
    Number,
    Power,
)

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

__all__ = [
    "Bounds",
    "ExpressionRefused",
    "Outside",
    "bare_name",
    "exact_number",
    "not_allowed",
    "only",
    "parse",
    "refused",
]

_LONGEST_TEXT = 1_000
_LONGEST_ECHO = 40
_DEEPEST = 20
_MOST_NODES = 200
# A year of months; a higher power of a rate says nothing that a lender asks.
_HIGHEST_POWER = 12
# Digits that every engine holds exactly; an exponent would make the literal a float in SQL.
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,6})?")


class ExpressionRefused(Exception):  # noqa: N818 - named after the state, as in errors.py
    """What is not allowed, at which character of the expression (from 0), and what to do."""

    def __init__(self, message: str, offset: int = 0, hint: str = "") -> None:
        """Keep the parts apart; whoever knows the file adds its place."""
        super().__init__(message)
        self.message, self.offset, self.hint = message, offset, hint


def parse(text: str) -> "Expr":
    """Parse one expression; nothing is judged yet but its size and syntax."""
    from sqlglot import parse as parse_sql
    from sqlglot.errors import SqlglotError

    if len(text) > _LONGEST_TEXT:
        raise ExpressionRefused(f"the expression is longer than {_LONGEST_TEXT} characters")
    try:
        statements = parse_sql(text, dialect="duckdb")
    except SqlglotError as error:
        raise _not_valid(error, text) from None
    except RecursionError:
        raise _too_deep() from None
    if len(statements) != 1 or statements[0] is None:
        raise ExpressionRefused("one expression is needed", hint="for example: sum(outstanding)")
    return statements[0]


def _not_valid(error: Exception, text: str) -> ExpressionRefused:
    details = getattr(error, "errors", None)
    if not details:
        return ExpressionRefused("not a valid expression: a quote is opened and never closed")
    first = details[0]
    # The parser counts the column of the last character of the token it stumbled over.
    offset = int(first.get("col") or 1) - max(len(first.get("highlight") or ""), 1)
    said = str(first.get("description")).rstrip(".")
    return ExpressionRefused(f"not a valid expression: {said}", min(max(offset, 0), len(text)))


def _too_deep() -> ExpressionRefused:
    return ExpressionRefused(
        f"the expression is nested more than {_DEEPEST} levels deep", hint="split it into KPIs"
    )


def refused(node: "Expr", message: str, hint: str = "") -> ExpressionRefused:
    """Make a refusal at the first character of a part."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return ExpressionRefused(message, min(starts, default=0), hint)


def not_allowed(node: "Expr", hint: str = "") -> ExpressionRefused:
    """Make the refusal of a part that has no place here."""
    shown = node.sql(dialect="duckdb")
    shown = shown if len(shown) <= _LONGEST_ECHO else f"{shown[:_LONGEST_ECHO]}…"
    return refused(node, f"`{shown}` is not allowed here", hint)


def only(node: "Expr", *parts: str) -> None:
    """Refuse a node that carries any part beside those named."""
    if any(value for name, value in node.args.items() if name not in parts):
        raise not_allowed(node)


def exact_number(node: "Expr") -> Number:
    """Read a number that is the same in every engine."""
    written = str(node.this)
    if not _NUMBER.fullmatch(written):
        hint = "write at most 12 digits before the point and 6 after, without an exponent"
        raise refused(node, f"the number {written} is not exact in SQL", hint)
    return Number(Decimal(written))


def bare_name(node: "Expr") -> str:
    """Give a bare name; `a.b` and `*` are none."""
    only(node, "this")
    if type(node.this).__name__ != "Identifier":
        raise not_allowed(node)
    return str(node.this.this)


def _exponent(node: "Expr") -> int:
    """Read the exponent of a power, of which every engine gives the same exact product."""
    written = node.name if type(node).__name__ == "Literal" and not node.is_string else ""
    if not written.isdecimal() or not 1 <= int(written) <= _HIGHEST_POWER:
        raise refused(node, f"an exponent is a whole number, 1 to {_HIGHEST_POWER}")
    return int(written)


class Bounds:
    """Counts the parts of one expression and how deep they stand in each other."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._nodes = 0
        self._depth = 0

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Go one level down; ExpressionRefused where that is too deep or one part too many."""
        self._nodes += 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _too_deep()
        if self._nodes > _MOST_NODES:
            raise ExpressionRefused(f"the expression has more than {_MOST_NODES} parts")
        yield
        self._depth -= 1


class Outside:
    """Reads the arithmetic that joins leaves: aggregates in a measure, KPIs in a formula."""

    def __init__(
        self, leaf: Callable[["Expr"], Node], operators: Mapping[str, str], bounds: Bounds
    ) -> None:
        """Take how a leaf is read, and which operators may join leaves."""
        self._leaf, self._operators, self._bounds = leaf, operators, bounds

    def read(self, node: "Expr") -> Node:
        """Give the tree; ExpressionRefused names the first part outside the grammar."""
        with self._bounds.inside():
            match type(node).__name__:
                case "Paren":
                    only(node, "this")
                    return self.read(node.this)
                case "Neg" | "Abs" as sign:
                    only(node, "this")
                    operand = self.read(node.this)
                    return Negative(operand) if sign == "Neg" else Absolute(operand)
                case "Literal" if not node.is_string:
                    return exact_number(node)
                case "Pow" if "Pow" in self._operators:
                    only(node, "this", "expression")
                    return Power(self.read(node.this), _exponent(node.expression))
                case kind if kind in self._operators:
                    return self._joined(node, self._operators[kind])
            return self._leaf(node)

    def _joined(self, node: "Expr", operator: str) -> Arithmetic:
        only(node, "this", "expression", "typed", "safe")
        return Arithmetic(operator, self.read(node.this), self.read(node.expression))
