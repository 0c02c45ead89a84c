"""Reads a KPI's expression into a syntax tree and refuses everything outside a small grammar."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from fintech_factory.kpi_engine.grammar import (
    Bounds,
    ExpressionRefused,
    Outside,
    bare_name,
    exact_number,
    not_allowed,
    only,
    parse,
    refused,
)
from fintech_factory.kpi_engine.models import Kind, Model
from fintech_factory.kpi_engine.nodes import (
    Absolute,
    Aggregate,
    AggregateKind,
    AllOf,
    AnyOf,
    Arithmetic,
    Between,
    Case,
    ColumnRef,
    Comparison,
    FirstPresent,
    IsNull,
    KpiRef,
    Negative,
    Node,
    Not,
    OneOf,
    Text,
    Truth,
)
from fintech_factory.registry import suggestion

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

__all__ = ["ExpressionRefused", "read_condition", "read_formula", "read_measure"]

_MOST_GROUPS = 1_000
_LONGEST_LITERAL = 100

# Division is left out: in SQL it would be a float. The engine divides part by whole.
_OPERATORS = {"Add": "+", "Sub": "-", "Mul": "*"}
_COMPARISONS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_TOP_SUM = "`top_sum(value, key, n)`"
_AGGREGATES = (
    "use sum, count(*), count(distinct column), min, max, top_sum or square_sum, each with"
    " `filter (where ...)` if need be"
)
_SCALARS = (
    "columns, literals, + - *, comparisons, and/or/not, is null, in, between, case, coalesce"
    " and abs are allowed"
)


def read_measure(text: str, model: Model) -> Node:
    """Read an expression over the rows of a model: aggregates joined by + - *.

    ExpressionRefused names the first part outside the grammar.
    """
    bounds = Bounds()
    return Outside(_Measures(model, bounds).leaf, _OPERATORS, bounds).read(parse(text))


def read_condition(text: str, model: Model) -> Node:
    """Read a condition on one row of a model, such as `principal > 100000 or dpd > 90`.

    ExpressionRefused names the first part outside the grammar.
    """
    return _Measures(model, Bounds()).condition(parse(text))


def read_formula(text: str, kpis: Collection[str]) -> Node:
    """Read a formula over other KPIs: their ids, numbers, + - * / ^ abs and parentheses."""

    def leaf(node: "Expr") -> Node:
        if type(node).__name__ != "Column":
            raise not_allowed(node, "a formula joins KPI ids and numbers by + - * / ^ and abs()")
        name = bare_name(node)
        if name not in kpis:
            raise refused(node, f"unknown KPI `{name}`", suggestion(name, list(kpis)))
        return KpiRef(name)

    return Outside(leaf, {**_OPERATORS, "Div": "/", "Pow": "^"}, Bounds()).read(parse(text))


class _Measures:
    """Aggregates over a model's rows; inside them, scalars of known kinds."""

    def __init__(self, model: Model, bounds: Bounds) -> None:
        self._model = model
        self._bounds = bounds
        self._scalars: dict[str, Callable[[Expr], tuple[Node, Kind]]] = {
            "Paren": self._paren,
            "Column": self._column,
            "Literal": self._literal,
            "Boolean": self._boolean,
            "Neg": self._sign,
            "Abs": self._sign,
            "Not": self._not,
            "And": self._logical,
            "Or": self._logical,
            "Is": self._is_null,
            "In": self._one_of,
            "Between": self._between,
            "Case": self._case,
            "Coalesce": self._coalesce,
            **dict.fromkeys(_OPERATORS, self._arithmetic),
            **dict.fromkeys(_COMPARISONS, self._comparison),
        }

    def leaf(self, node: "Expr") -> Aggregate:
        """Read one aggregate with its filter."""
        match type(node).__name__:
            case "Filter":
                only(node, "this", "expression")
                return self._aggregate(node.this, self.condition(node.expression.this))
            case "Div":
                hint = "give `part` and `whole`; the engine divides exactly"
                raise refused(node, "`/` is not allowed in SQL", hint)
            case "Column":
                hint = f"wrap it in an aggregate: sum({node.sql()})"
                raise refused(node, f"`{node.sql()}` stands outside an aggregate", hint)
        return self._aggregate(node, None)

    def _aggregate(self, node: "Expr", where: Node | None) -> Aggregate:
        match type(node).__name__:
            case "Sum" | "Min" | "Max" as kind:
                only(node, "this")
                return Aggregate(AggregateKind[kind.upper()], self._amount(node.this), where=where)
            case "Count":
                return self._count(node, where)
            case "Anonymous" if str(node.this).lower() == "top_sum":
                return self._top_sum(node, where)
            case "Anonymous" if str(node.this).lower() == "square_sum":
                return self._square_sum(node, where)
        raise not_allowed(node, _AGGREGATES)

    def _count(self, node: "Expr", where: Node | None) -> Aggregate:
        only(node, "this", "big_int")
        counted = node.this
        match type(counted).__name__:
            case "Star":
                only(counted)
                return Aggregate(AggregateKind.COUNT, where=where)
            case "Distinct" if len(counted.expressions) == 1:
                only(counted, "expressions")
                key = self._key(counted.expressions[0])
                return Aggregate(AggregateKind.COUNT_DISTINCT, key=key, where=where)
        raise not_allowed(node, "count rows by count(*), others by count(distinct column)")

    def _top_sum(self, node: "Expr", where: Node | None) -> Aggregate:
        only(node, "this", "expressions")
        if len(node.expressions) != 3:  # noqa: PLR2004 - value, key, n
            raise refused(node, f"top_sum takes three things: {_TOP_SUM}")
        value, key, take = node.expressions
        written = take.name if type(take).__name__ == "Literal" and not take.is_string else ""
        if not written.isdecimal() or not 1 <= int(written) <= _MOST_GROUPS:
            raise refused(take, f"the n of {_TOP_SUM} is a whole number, 1 to {_MOST_GROUPS}")
        amount = self._amount(value)
        return Aggregate(AggregateKind.TOP_SUM, amount, self._key(key), int(written), where)

    def _square_sum(self, node: "Expr", where: Node | None) -> Aggregate:
        only(node, "this", "expressions")
        if len(node.expressions) != 2:  # noqa: PLR2004 - value, key
            raise refused(node, "square_sum takes two things: `square_sum(value, key)`")
        value, key = node.expressions
        amount = self._amount(value)
        return Aggregate(AggregateKind.SQUARE_SUM, amount, self._key(key), where=where)

    def _key(self, node: "Expr") -> str:
        if type(node).__name__ != "Column":
            raise not_allowed(node, "a column of the model is needed here")
        column, _ = self._column(node)
        return column.name

    def _amount(self, node: "Expr") -> Node:
        return self._of_kind(node, Kind.NUMBER)

    def condition(self, node: "Expr") -> Node:
        """Read what a row answers by yes or no."""
        return self._of_kind(node, Kind.BOOLEAN)

    def _of_kind(self, node: "Expr", wanted: Kind) -> Node:
        scalar, kind = self._scalar(node)
        if kind is not wanted:
            raise refused(node, f"a {wanted} is needed here, and this is a {kind}")
        return scalar

    def _scalar(self, node: "Expr") -> tuple[Node, Kind]:
        read = self._scalars.get(type(node).__name__)
        if read is None:
            raise not_allowed(node, _SCALARS)
        with self._bounds.inside():
            return read(node)

    def _paren(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this")
        return self._scalar(node.this)

    def _column(self, node: "Expr") -> tuple[ColumnRef, Kind]:
        name = bare_name(node)
        column = self._model.columns.get(name)
        if column is None:
            message = f"unknown column `{name}` of {self._model.name}"
            raise refused(node, message, suggestion(name, list(self._model.columns)))
        return ColumnRef(name), column.kind

    def _literal(self, node: "Expr") -> tuple[Node, Kind]:
        if not node.is_string:
            return exact_number(node), Kind.NUMBER
        written = str(node.this)
        if len(written) > _LONGEST_LITERAL or "\\" in written or not written.isprintable():
            raise refused(node, "a text holds at most 100 printable characters and no backslash")
        return Text(written), Kind.TEXT

    def _boolean(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this")
        return Truth(bool(node.this)), Kind.BOOLEAN

    def _sign(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this")
        operand = self._amount(node.this)
        turned = type(node).__name__ == "Neg"
        return Negative(operand) if turned else Absolute(operand), Kind.NUMBER

    def _not(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this")
        return Not(self.condition(node.this)), Kind.BOOLEAN

    def _logical(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this", "expression")
        both = AllOf if type(node).__name__ == "And" else AnyOf
        return both(self.condition(node.this), self.condition(node.expression)), Kind.BOOLEAN

    def _arithmetic(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this", "expression")
        left, right = self._amount(node.this), self._amount(node.expression)
        return Arithmetic(_OPERATORS[type(node).__name__], left, right), Kind.NUMBER

    def _comparison(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this", "expression")
        left, right = self._alike(node, node.this, node.expression)[0]
        return Comparison(_COMPARISONS[type(node).__name__], left, right), Kind.BOOLEAN

    def _alike(self, node: "Expr", *parts: "Expr") -> tuple[tuple[Node, ...], Kind]:
        scalars = [self._scalar(part) for part in parts]
        kinds = list(dict.fromkeys(kind for _, kind in scalars))
        if len(kinds) > 1:
            raise refused(node, f"a {kinds[0]} and a {kinds[1]} do not go together")
        return tuple(scalar for scalar, _ in scalars), kinds[0]

    def _is_null(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this", "expression")
        if type(node.expression).__name__ != "Null":
            raise not_allowed(node, "`is` goes with null only; compare by =")
        return IsNull(self._scalar(node.this)[0]), Kind.BOOLEAN

    def _one_of(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this", "expressions")
        parts, _ = self._alike(node, node.this, *node.expressions)
        return OneOf(parts[0], parts[1:]), Kind.BOOLEAN

    def _between(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this", "low", "high")
        operand, low, high = self._alike(node, node.this, node.args["low"], node.args["high"])[0]
        return Between(operand, low, high), Kind.BOOLEAN

    def _case(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "ifs", "default")
        branches = node.args["ifs"]
        results = [branch.args["true"] for branch in branches]
        default = node.args.get("default")
        parts, kind = self._alike(node, *results, *([default] if default is not None else []))
        conditions = [self.condition(branch.this) for branch in branches]
        otherwise = parts[-1] if default is not None else None
        return Case(tuple(zip(conditions, parts, strict=False)), otherwise), kind

    def _coalesce(self, node: "Expr") -> tuple[Node, Kind]:
        only(node, "this", "expressions")
        parts, kind = self._alike(node, node.this, *node.expressions)
        return FirstPresent(parts), kind
