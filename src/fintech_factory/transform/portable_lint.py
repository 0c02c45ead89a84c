"""Refuses SQL that another engine cannot run, or would run with another result.

SQLGlot translates words; these rules are about what it translates without a murmur and what then
means something else. Each says what happens, and what to write instead.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fintech_factory.transform.portable import MACROS, parse
from fintech_factory.values import Problem

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["lint"]

_Fault = tuple["exp.Expr", str, str]
_Rule = Callable[["exp.Expr"], Iterator[_Fault]]

# A decimal this wide is written to give a product room (see `portable.translate`).
_WIDE = 29

# DuckDB's name of a function -> why not.
_REFUSED = {
    "ANY_VALUE": ("gives any row's value", "MIN or MAX"),
    "ARG_MAX": ("ties fall differently on every engine", "ROW_NUMBER and a filter"),
    "ARG_MIN": ("ties fall differently on every engine", "ROW_NUMBER and a filter"),
    "AVG": ("is a DOUBLE here and a decimal elsewhere", "SUM and COUNT"),
    "CONCAT_WS": ("treats NULL differently", "|| with COALESCE"),
    "FIRST": ("depends on the order of rows", "ROW_NUMBER and a filter"),
    "GREATEST": ("skips NULL here and is NULL in BigQuery", "CASE"),
    "LAST": ("depends on the order of rows", "ROW_NUMBER and a filter"),
    "LEAST": ("skips NULL here and is NULL in BigQuery", "CASE"),
    "MEDIAN": ("is no aggregate in BigQuery", "ROW_NUMBER over the ordered rows"),
    "MODE": ("ties fall differently on every engine", "ROW_NUMBER over the counts"),
}
_ALLOWED = {
    *("SUM", "COUNT", "MIN", "MAX", "GROUPING", "ROW_NUMBER", "RANK", "DENSE_RANK", "LAG", "LEAD"),
    *("ABS", "CASE", "CAST", "COALESCE", "DATE_DIFF", "DATE_TRUNC", "EXISTS", "EXTRACT", "FLOOR"),
    *("IF", "LOWER", "NULLIF", "ROUND", "TRIM", "UPPER"),
    *MACROS,
}
# SQLGlot's own names of functions that DuckDB spells otherwise.
_SPELT = {"DATEDIFF": "DATE_DIFF"}
_TYPES = {"BIGINT", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "INT", "VARCHAR", "TEXT"}
_DATE_ENDINGS = ("_on", "_date", "_start", "_end", "as_of", "data_through")


def lint(sql: str, path: str = "SQL") -> list[Problem]:
    """Name everything in one query that is not portable, in the order of the text.

    `sql` is the file's whole text, so that lines and columns are the file's. An empty list says
    that no rule was broken, not that the query runs elsewhere: the portability tests say that.

    Raises:
        ModelError: it is not one query in DuckDB's dialect.
    """
    tree = parse(sql, path)
    problems = []
    for rule in _RULES:
        for node, message, hint in rule(tree):
            line, column = _place(node, sql)
            problems.append(Problem(path, line, column, message, hint))
    return sorted(set(problems), key=lambda found: (found.line, found.column, found.message))


def _place(node: "exp.Expr", sql: str) -> tuple[int, int]:
    """Find where a node begins: the parser keeps places for names and literals only."""
    looked: exp.Expr | None = node
    while looked is not None:
        starts = [part.meta["start"] for part in looked.walk() if "start" in part.meta]
        if starts:
            before = sql[: min(starts)]
            return before.count("\n") + 1, len(before) - before.rfind("\n")
        looked = looked.parent
    return 1, 1


def _functions(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    for call in tree.find_all(exp.Func):
        if isinstance(call, exp.Connector | exp.TimestampTrunc):
            continue
        name = _name(call)
        if name in _REFUSED:
            why, instead = _REFUSED[name]
            yield call, f"{name} {why}", f"use {instead}"
        elif name not in _ALLOWED:
            yield (
                call,
                f"{name} is not among the portable functions",
                "use " + ", ".join(sorted(_ALLOWED)),
            )


def _name(call: "exp.Func") -> str:
    from sqlglot import exp

    name = call.name if isinstance(call, exp.Anonymous) else call.sql_name()
    return _SPELT.get(name.upper(), name.upper())


def _clauses(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    refused = {
        exp.Pivot: ("PIVOT is not the same statement anywhere", "one CASE an output column"),
        exp.Lateral: ("LATERAL is not portable", "a join"),
        exp.Unnest: ("UNNEST is not portable", "a table"),
        exp.Filter: ("FILTER is unknown to BigQuery", "CASE inside the aggregate"),
        exp.Qualify: ("QUALIFY is unknown to Spark", "a filter around the query"),
        exp.Interval: ("a date plus an INTERVAL becomes a timestamp", "the calendar table"),
        exp.TableSample: ("a sample differs at every run", "a filter"),
    }
    for node in tree.find_all(*refused):
        message, instead = refused[type(node)]
        yield node, message, f"use {instead}"
    for select in tree.find_all(exp.Select):
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            yield distinct, "DISTINCT ON is DuckDB's own", "use ROW_NUMBER and a filter"
        for column in select.expressions:
            if column.is_star:
                yield column, "`*` changes when a table does", "name the columns"


def _joins(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    for join in tree.find_all(exp.Join):
        if join.method or join.kind in {"SEMI", "ANTI", "POSITIONAL"}:
            named = " ".join(word for word in (join.method, join.kind, "JOIN") if word)
            yield join, f"{named} is not portable", "use an inner or outer join"
        elif join.side and not join.args.get("using") and not _has_equality(join.args.get("on")):
            yield (
                join,
                f"BigQuery refuses a {join.side} JOIN without an equality of both sides",
                "join on a key; compare in the condition after it",
            )


def _has_equality(condition: "exp.Expr | None") -> bool:
    from sqlglot import exp

    if isinstance(condition, exp.And | exp.Paren):
        return any(_has_equality(part) for part in condition.iter_expressions())
    if not isinstance(condition, exp.EQ):
        return False
    left, right = (
        {column.table for column in side.find_all(exp.Column)}
        for side in (condition.left, condition.right)
    )
    return bool(left and right) and left.isdisjoint(right)


def _windows(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        for window in select.args.get("windows") or ():
            yield window, "a named window is not portable", "write it out in OVER (...)"
    for window in tree.find_all(exp.Window):
        order = window.args.get("order")
        if order is None or not isinstance(window.this, exp.Sum | exp.Min | exp.Max | exp.Count):
            continue
        for key in order.expressions:
            if not key.args.get("desc") and not key.args.get("nulls_first"):
                yield key, "NULL sorts last here and first in BigQuery", "add NULLS FIRST"


def _dates(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    for node in tree.find_all(exp.Sub, exp.Add):
        if any(_is_date(side) for side in (node.left, node.right)):
            yield node, "arithmetic on a date changes its type", "use DATE_DIFF('DAY', from, to)"
    for call in tree.find_all(exp.DateDiff):
        if call.text("unit").upper() != "DAY":
            yield (
                call,
                "DATE_DIFF counts borders here and whole spans in Spark",
                "use 'DAY', or EXTRACT year and month",
            )
    for trunc in tree.find_all(exp.TimestampTrunc):
        yield trunc, "DATE_TRUNC of an untyped value becomes a timestamp", "CAST(... AS DATE) first"


def _is_date(node: "exp.Expr") -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Cast):
        return bool(node.to.this == exp.DType.DATE)
    return isinstance(node, exp.Column) and node.name.lower().endswith(_DATE_ENDINGS)


def _casts(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    for cast in tree.find_all(exp.Cast):
        kind = cast.to.this.value
        if kind not in _TYPES:
            yield cast, f"the type {kind} is not portable", "use " + ", ".join(sorted(_TYPES))
        if cast.to.this == exp.DType.DECIMAL and _gains_digits(cast.this):
            yield (
                cast,
                "engines differ in how a cast to DECIMAL rounds",
                "round first: CAST(ROUND(..., n) AS DECIMAL(p, n))",
            )


def _gains_digits(node: "exp.Expr") -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Round) or _is_macro(node):
        return False
    if isinstance(node, exp.Mul | exp.Div) or _is_double(node):
        return True
    return any(_gains_digits(part) for part in node.iter_expressions())


def _arithmetic(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    floating = _floating_names(tree)
    for division in tree.find_all(exp.Div, exp.IntDiv):
        if not (_floats(division.left, floating) and _floats(division.right, floating)):
            yield (
                division,
                "a quotient of decimals has another type and precision on every engine",
                "give part and whole; a view that must divide casts both to DOUBLE",
            )
        if not isinstance(division.right, exp.Nullif):
            yield division, "BigQuery stops at a division by 0", "divide by NULLIF(..., 0)"
    for product in tree.find_all(exp.Mul):
        sides = (product.left, product.right)
        exact = any(
            isinstance(side, exp.Literal) or _is_wide(side) or _floats(side, floating)
            for side in sides
        )
        if not exact:
            yield (
                product,
                "BigQuery rounds a product of NUMERIC at 9 digits",
                "CAST one side AS DECIMAL(35, 6), and ROUND the product",
            )


def _is_wide(node: "exp.Expr") -> bool:
    from sqlglot import exp

    if not isinstance(node, exp.Cast) or node.to.this != exp.DType.DECIMAL:
        return False
    return int(node.to.expressions[0].name) > _WIDE


def _floats_compared(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    floating = _floating_names(tree)
    keys: list[exp.Expr] = []
    for node in tree.find_all(exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ):
        keys += (node.left, node.right)
    keys += [node.this for node in tree.find_all(exp.In, exp.Sum)]
    for group in tree.find_all(exp.Group):
        keys += group.expressions
    for window in tree.find_all(exp.Window):
        keys += window.args.get("partition_by") or ()
    for key in keys:
        if _floats(key, floating):
            yield (
                key,
                "a DOUBLE is neither compared for equality, grouped by nor summed",
                "keep it DECIMAL, or ROUND_EVEN and CAST it first",
            )


def _floating_names(tree: "exp.Expr") -> frozenset[str]:
    """Give the columns that the query itself makes of DOUBLE, by name."""
    from sqlglot import exp

    aliases = list(tree.find_all(exp.Alias))
    names: frozenset[str] = frozenset()
    while True:
        found = names | {alias.alias for alias in aliases if _floats(alias.this, names)}
        if found == names:
            return names
        names = found


def _floats(node: "exp.Expr", names: frozenset[str]) -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Cast):
        return _is_double(node)
    if isinstance(node, exp.Column):
        return node.name in names
    if _is_macro(node) or isinstance(node, exp.Predicate | exp.Connector | exp.Not | exp.Count):
        return False
    return any(_floats(part, names) for part in node.iter_expressions())


def _is_double(node: "exp.Expr") -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Cast) and node.to.this in {exp.DType.DOUBLE, exp.DType.FLOAT}


def _is_macro(node: "exp.Expr") -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Anonymous) and node.name.upper() in MACROS


def _lateral_aliases(tree: "exp.Expr") -> Iterator[_Fault]:
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        aliases: dict[str, exp.Alias] = {}
        for column in select.expressions:
            yield from _uses(column, aliases)
            if isinstance(column, exp.Alias):
                # A source may have a column of the alias's name; then the alias reads it itself.
                own = {bare.name for bare in _bare_columns(column.this)}
                if column.alias not in own:
                    aliases[column.alias] = column
        for clause in ("where", "having"):
            if select.args.get(clause) is not None:
                yield from _uses(select.args[clause], aliases)


def _uses(node: "exp.Expr", aliases: dict[str, "exp.Alias"]) -> Iterator[_Fault]:
    for bare in _bare_columns(node):
        if bare.name in aliases:
            yield (
                bare,
                f"`{bare.name}` is an alias of the same SELECT",
                "repeat the expression, or name it in a CTE before",
            )


def _bare_columns(node: "exp.Expr") -> Iterator["exp.Column"]:
    """Give the unqualified columns that an expression reads, not those of a query inside it."""
    from sqlglot import exp

    within = node.walk(prune=lambda part: isinstance(part, exp.Query))
    return (part for part in within if isinstance(part, exp.Column) and not part.table)


_RULES: tuple[_Rule, ...] = (
    _functions,
    _clauses,
    _joins,
    _windows,
    _dates,
    _casts,
    _arithmetic,
    _floats_compared,
    _lateral_aliases,
)
