"""The groups in which a model's rows are measured, and how two parts of a measure join."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import add
from typing import Any

from fintech_factory.kpi_engine.closures import Scalar, compile_scalar
from fintech_factory.kpi_engine.models import Model
from fintech_factory.kpi_engine.nodes import Aggregate, AggregateKind, Node

__all__ = [
    "JOINS",
    "NONE_PASSED",
    "Cell",
    "Group",
    "Join",
    "closure",
    "groups_of",
    "joined",
    "value_of",
]

Cell = tuple[int, tuple[str, ...]]
"""A date's place and one member per dimension: the finest group."""

Group = tuple[int, str, str]
"""A date's place, dimension and member."""

Join = Callable[[Any, Any], Any]

JOINS: dict[AggregateKind, Join] = {
    AggregateKind.SUM: add,
    AggregateKind.COUNT: add,
    AggregateKind.MIN: min,
    AggregateKind.MAX: max,
}
"""How parts of the book, each measured apart, are joined."""

NONE_PASSED: dict[AggregateKind, Decimal | int] = {
    AggregateKind.SUM: Decimal(0),
    AggregateKind.COUNT: 0,
}
"""What a row that fails the filter adds: "none passes" is 0, "nothing is known" is absent."""


def groups_of(model: Model, cell: Cell) -> Iterator[Group]:
    """Give the whole book and one group per dimension."""
    at, members = cell
    yield (at, "", "")
    for dimension, member in zip(model.dimensions, members, strict=True):
        yield (at, dimension, member)


def joined(join: Join, known: Any, given: Any) -> Any:  # noqa: ANN401 - Decimal, int or None
    """Join two figures of which either may be absent."""
    if known is None or given is None:
        return given if known is None else known
    return join(known, given)


def value_of(model: Model, measure: Aggregate) -> Scalar:
    """Give the function of a row that a measure sums, counts or compares."""
    return (lambda _: 1) if measure.value is None else closure(model, measure.value)


def closure(model: Model, node: Node) -> Scalar:
    """Give the function of a row of the model that evaluates an expression."""
    return compile_scalar(node, {name: place for place, name in enumerate(model.columns)})
