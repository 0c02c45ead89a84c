"""The syntax tree of a KPI expression, free of any SQL engine."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum

__all__ = [
    "Absolute",
    "Aggregate",
    "AggregateKind",
    "AllOf",
    "AnyOf",
    "Arithmetic",
    "Between",
    "Case",
    "ColumnRef",
    "Comparison",
    "FirstPresent",
    "IsNull",
    "KpiRef",
    "Negative",
    "Node",
    "Not",
    "Number",
    "OneOf",
    "Power",
    "Text",
    "Truth",
    "aggregates_of",
    "columns_of",
    "kpis_of",
    "walk",
]


class AggregateKind(StrEnum):
    """The ways in which rows become one number."""

    SUM = "sum"
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    MIN = "min"
    MAX = "max"
    TOP_SUM = "top_sum"
    SQUARE_SUM = "square_sum"


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column of the KPI's model."""

    name: str


@dataclass(frozen=True, slots=True)
class KpiRef:
    """The unrounded value of another KPI, in a formula."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number as written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text to compare with."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth:
    """True or false as written."""

    value: bool


@dataclass(frozen=True, slots=True)
class Negative:
    """The operand with its sign turned."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Absolute:
    """The operand without its sign."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers joined by `+`, `-`, `*`, or in a formula `/`."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Power:
    """In a formula: the base multiplied by itself, `exponent` times in all."""

    base: "Node"
    exponent: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values of one kind compared by `=`, `<>`, `<`, `<=`, `>` or `>=`."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Both conditions hold."""

    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of two conditions holds."""

    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class IsNull:
    """The operand is absent."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The operand equals one of the choices."""

    operand: "Node"
    choices: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The operand lies between two bounds, both included."""

    operand: "Node"
    low: "Node"
    high: "Node"


@dataclass(frozen=True, slots=True)
class Case:
    """The result of the first condition that holds, else `otherwise`, else absent."""

    branches: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node | None"


@dataclass(frozen=True, slots=True)
class FirstPresent:
    """The first operand that is not absent (`coalesce`)."""

    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One measure: rows that pass `where` become one number.

    `key` is what is counted apart or grouped by; `take` the number of largest groups.
    """

    kind: AggregateKind
    value: "Node | None" = None
    key: str = ""
    take: int = 0
    where: "Node | None" = None
    # A measure is looked up by every reading made of it; its tree is hashed once.
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember the hash."""
        parts = (self.kind, self.value, self.key, self.take, self.where)
        object.__setattr__(self, "_hash", hash(parts))

    def __hash__(self) -> int:
        """Give the remembered hash."""
        return self._hash


Node = (
    ColumnRef
    | KpiRef
    | Number
    | Text
    | Truth
    | Negative
    | Absolute
    | Arithmetic
    | Power
    | Comparison
    | AllOf
    | AnyOf
    | Not
    | IsNull
    | OneOf
    | Between
    | Case
    | FirstPresent
    | Aggregate
)


def walk(node: Node) -> Iterator[Node]:
    """Give the node, then everything below it."""
    yield node
    for part in fields(node):
        yield from _walk_part(getattr(node, part.name))


def _walk_part(part: object) -> Iterator[Node]:
    if isinstance(part, tuple):
        for piece in part:
            yield from _walk_part(piece)
    elif isinstance(part, Node):
        yield from walk(part)


def aggregates_of(node: Node) -> tuple[Aggregate, ...]:
    """Give the distinct measures of an expression in the order of their first use."""
    return tuple(dict.fromkeys(part for part in walk(node) if isinstance(part, Aggregate)))


def columns_of(node: Node) -> tuple[str, ...]:
    """Give the distinct columns that an expression reads."""
    names: list[str] = []
    for part in walk(node):
        if isinstance(part, ColumnRef):
            names.append(part.name)
        elif isinstance(part, Aggregate) and part.key:
            names.append(part.key)
    return tuple(dict.fromkeys(names))


def kpis_of(node: Node) -> tuple[str, ...]:
    """Give the distinct KPIs that a formula reads."""
    return tuple(dict.fromkeys(part.name for part in walk(node) if isinstance(part, KpiRef)))
