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

    tree = parse(sql).transform(_macro, to).transform(_exact_types, to)
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


def _macro(node: "exp.Expr", to: Engine) -> "exp.Expr":
    """Put the engine's own form in a macro's place."""
    from sqlglot import exp

    if not (isinstance(node, exp.Anonymous) and node.name.upper() == "ROUND_EVEN"):
        return node
    value, digits = node.expressions
    if to == "spark":
        return exp.Anonymous(this="BROUND", expressions=[value, digits])
    # BigQuery takes a rounding mode for exact numbers only.
    exact = exp.cast(value.copy(), exp.DataType.build("BIGNUMERIC", dialect="bigquery"))
    mode = exp.Literal.string("ROUND_HALF_EVEN")
    return exp.Anonymous(this="ROUND", expressions=[exact, digits, mode])


def _exact_types(node: "exp.Expr", to: Engine) -> "exp.Expr":
    """Give every decimal the BigQuery type that holds it; Spark's are DuckDB's own."""
    from sqlglot import exp

    decimal = isinstance(node, exp.DataType) and node.this == exp.DType.DECIMAL
    if to != "bigquery" or not decimal:
        return node
    precision, scale = (int(parameter.name) for parameter in node.expressions)
    narrow = precision <= _NUMERIC_DIGITS and scale <= _NUMERIC_SCALE
    name = "NUMERIC" if narrow else "BIGNUMERIC"
    return exp.DataType.build(name, dialect="bigquery")


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
    """Collect SQLGlot's warnings, which it only logs: a doubt of the translator is an error here."""
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
