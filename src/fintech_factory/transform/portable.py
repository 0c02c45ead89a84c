"""Translates a model or a compiled KPI query to another engine's SQL, or refuses it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from fintech_factory.errors import ModelError

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["DIALECT", "MACROS", "Engine", "parse", "translate"]

Engine = Literal["bigquery", "spark"]

DIALECT = "duckdb"
"""The dialect in which models are written."""

MACROS = frozenset({"ROUND_EVEN"})
"""Functions that SQLGlot does not know and that have a twin here for each engine."""

# BigQuery's NUMERIC holds 29 digits before the point and 9 after it. A model writes a wider decimal
# only to give a product room, and NUMERIC would round that product at 9 digits before we do.
_NUMERIC_DIGITS = 29
_NUMERIC_SCALE = 9


def translate(sql: str, to: Engine) -> str:
    """Give one query, written in DuckDB's dialect, in another engine's.

    It says what it means or nothing: what SQLGlot cannot carry, warns about or does not know is
    an error. Bound parameters (`?`) stay. Comments go.

    Raises:
        ModelError: the query cannot be carried over; the message says which part.
    """
    from sqlglot.errors import ErrorLevel, UnsupportedError

    tree = parse(sql)
    _expand_macros(tree, to)
    if to == "bigquery":
        _give_bigquery_types(tree)
    _nothing_unknown(tree, to)
    with _warnings() as heard:
        try:
            text = tree.sql(to, unsupported_level=ErrorLevel.RAISE, comments=False, pretty=True)
        except UnsupportedError as refused:
            raise _no_translation(to, str(refused)) from refused
    if heard:
        raise _no_translation(to, "; ".join(heard))
    return text


def parse(sql: str, where: str = "SQL") -> "exp.Expr":
    """Read one query into its syntax tree.

    Raises:
        ModelError: it is not one query in DuckDB's dialect.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    with _warnings() as heard:
        try:
            statements = sqlglot.parse(sql, read=DIALECT)
        except SqlglotError as wrong:
            raise ModelError(str(wrong), where=where, hint="see sql/models") from wrong
    if heard or len(statements) != 1 or not isinstance(statements[0], exp.Query):
        told = "; ".join(heard) or "a model is one SELECT"
        raise ModelError(told, where=where, hint="see sql/models")
    return statements[0]


def _expand_macros(tree: "exp.Expr", to: Engine) -> None:
    """Put the engine's own form in every macro's place."""
    from sqlglot import exp

    # Innermost first: what replaces a macro holds its argument, expanded.
    for call in reversed(list(tree.find_all(exp.Anonymous))):
        if call.name.upper() != "ROUND_EVEN":
            continue
        value, digits = call.expressions
        if to == "spark":
            call.replace(exp.Anonymous(this="BROUND", expressions=[value, digits]))
            continue
        # BigQuery takes a rounding mode for exact numbers only.
        exact = exp.cast(value, exp.DataType.build("BIGNUMERIC", dialect=to))
        mode = exp.Literal.string("ROUND_HALF_EVEN")
        call.replace(exp.Anonymous(this="ROUND", expressions=[exact, digits, mode]))


def _give_bigquery_types(tree: "exp.Expr") -> None:
    """Cast to the decimal that holds the value, and round as DuckDB's cast does.

    BigQuery's decimals have one scale each, so that its cast to a smaller one rounds nothing.
    """
    from sqlglot import exp

    for cast in reversed(list(tree.find_all(exp.Cast))):
        if cast.to.this != exp.DType.DECIMAL or not cast.to.expressions:
            continue
        precision, scale = (int(parameter.name) for parameter in cast.to.expressions)
        narrow = precision <= _NUMERIC_DIGITS and scale <= _NUMERIC_SCALE
        name = "NUMERIC" if narrow else "BIGNUMERIC"
        cast.set("to", exp.DataType.build(name, dialect="bigquery"))
        if narrow and not _has_digits(cast.this, scale):
            cast.replace(exp.Round(this=cast.copy(), decimals=exp.Literal.number(scale)))


def _has_digits(node: "exp.Expr", most: int) -> bool:
    """Say whether a value visibly has no more digits after the point than a cast leaves it."""
    from sqlglot import exp

    if isinstance(node, exp.Literal):
        return bool(node.is_int)
    if isinstance(node, exp.Round):
        digits = node.args.get("decimals")
    elif isinstance(node, exp.Anonymous):
        digits = node.expressions[1]
    else:
        return False
    return digits is None or (digits.is_int and int(digits.name) <= most)


def _nothing_unknown(tree: "exp.Expr", to: Engine) -> None:
    """Refuse a function that would pass through untranslated, whatever it means over there."""
    from sqlglot import exp

    ours = {"BROUND"} if to == "spark" else {"ROUND"}
    for call in tree.find_all(exp.Anonymous):
        if call.name.upper() not in ours:
            raise _no_translation(
                to, f"no translation of the function {call.name.upper()} is known"
            )


def _no_translation(to: Engine, told: str) -> ModelError:
    return ModelError(
        told,
        where=f"translation to {to}",
        hint="write it in the portable SQL of docs/decisions/0002-duckdb-and-portable-sql.md",
    )


class _Ear(logging.Handler):
    """Keeps what a library says instead of printing it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.heard.append(record.getMessage())


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what SQLGlot only logs: a doubt of the translator is an error here."""
    logger = logging.getLogger("sqlglot")
    ear = _Ear()
    propagates = logger.propagate
    logger.addHandler(ear)
    logger.propagate = False
    try:
        yield ear.heard
    finally:
        logger.removeHandler(ear)
        logger.propagate = propagates
