"""What a KPI is: its expressions, unit, limits, owner, version, and worked examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine.limits import Clamp, Limits, Target
from fintech_factory.kpi_engine.meaning import Meaning
from fintech_factory.kpi_engine.models import MODELS, Model
from fintech_factory.kpi_engine.nodes import (
    Aggregate,
    Arithmetic,
    Negative,
    Node,
    aggregates_of,
    columns_of,
)
from fintech_factory.registry import suggestion
from fintech_factory.values import Unit

__all__ = [
    "Amount",
    "Cell",
    "Definitions",
    "EmptyPolicy",
    "Example",
    "Formula",
    "FromOutside",
    "Kpi",
    "Measure",
    "NotConnected",
    "Ratio",
    "Title",
    "is_measured",
]

Cell = bool | int | Decimal | str | date | None


class EmptyPolicy(StrEnum):
    """What a KPI says where a book exists and no row of its model does."""

    UNAVAILABLE = "unavailable"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Ratio:
    """Part over whole; the division is the engine's, in Decimal.

    In percent, or, of a `total` per something, in the total's own unit.
    """

    model: Model
    part: Node
    whole: Node
    part_text: str
    whole_text: str
    in_percent: bool = True

    def __str__(self) -> str:
        """Say the formula as it stands in the definition."""
        part, whole = _whole(self.part, self.part_text), _whole(self.whole, self.whole_text)
        quotient = f"{part} / {whole}"
        return f"{quotient} * 100" if self.in_percent else quotient


def _whole(node: Node, text: str) -> str:
    """Write an expression so that what stands beside it cannot take a part of it."""
    return f"({text})" if isinstance(node, Arithmetic | Negative) else text


@dataclass(frozen=True, slots=True)
class Amount:
    """One figure measured on a model."""

    model: Model
    value: Node
    value_text: str

    def __str__(self) -> str:
        """Say the formula as it stands in the definition."""
        return self.value_text


@dataclass(frozen=True, slots=True)
class Formula:
    """A figure made of other KPIs' unrounded raw values."""

    formula: Node
    inputs: tuple[str, ...]
    formula_text: str

    def __str__(self) -> str:
        """Say the formula as it stands in the definition."""
        return self.formula_text


@dataclass(frozen=True, slots=True)
class FromOutside:
    """A figure that no model holds: something else observes it, and `see` shows where from."""

    figure: str
    see: str

    def __str__(self) -> str:
        """Say that the figure is observed and which it is."""
        return f"observed: {self.figure}"


@dataclass(frozen=True, slots=True)
class NotConnected:
    """A figure that cannot be known before its sources are connected."""

    sources: tuple[str, ...]

    def __str__(self) -> str:
        """Say which sources are needed."""
        return f"needs {' and '.join(self.sources)}"


Measure = Ratio | Amount | Formula | FromOutside | NotConnected


@dataclass(frozen=True, slots=True)
class Title:
    """A KPI's name on the page."""

    en: str
    es: str


@dataclass(frozen=True, slots=True)
class Example:
    """Rows of the model (or the inputs of a formula) and the figures they must give.

    `expects` holds those of part, whole, value and raw_value that the example states;
    a value of None means unavailable. `line` and `column` are its place in the file.
    """

    says: str
    rows: tuple[Mapping[str, Cell], ...]
    inputs: Mapping[str, Decimal]
    expects: Mapping[str, Decimal | None]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Kpi:
    """One definition, of one version, checked.

    `author` answers for this version, `owner` for the KPI; `meaning` is what the version stands
    for, in the form in which versions are compared.
    """

    id: str
    title: Title
    department: str
    measure: Measure
    unit: Unit
    limits: Limits
    target: Target | None
    clamp: Clamp | None
    empty: EmptyPolicy
    full_months: bool
    owner: str
    version: int
    effective_from: date
    reason: str
    source: str
    precision: int
    examples: tuple[Example, ...]
    author: str
    meaning: Meaning = field(repr=False)

    @property
    def model(self) -> Model | None:
        """The model that the KPI is measured on; None where it is not measured on rows."""
        return self.measure.model if isinstance(self.measure, Ratio | Amount) else None

    @property
    def expressions(self) -> tuple[Node, ...]:
        """The expressions that the model must answer."""
        match self.measure:
            case Ratio(part=part, whole=whole):
                return (part, whole)
            case Amount(value=value):
                return (value,)
        return ()

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The distinct measures behind the expressions."""
        found = (one for expression in self.expressions for one in aggregates_of(expression))
        return tuple(dict.fromkeys(found))

    @property
    def counts_a_month(self) -> bool:
        """Whether the KPI counts what happens in a calendar month, and so can be incomplete."""
        model = self.model
        if model is None:
            return False
        names = (name for expression in self.expressions for name in columns_of(expression))
        return any(model.columns[name].month_flow for name in names)


def is_measured(kpi: Kpi) -> bool:
    """Say whether a KPI comes from the book, so that both engines can compute it."""
    return isinstance(kpi.measure, Ratio | Amount | Formula)


@dataclass(frozen=True, slots=True)
class Definitions:
    """Every KPI of a workspace, in the order of the file.

    `order` is the order in which they are evaluated: a formula after its inputs.
    """

    path: str
    kpis: Mapping[str, Kpi] = field(repr=False)
    order: tuple[str, ...] = field(repr=False)

    def get(self, kpi: str) -> Kpi:
        """Give one KPI; UsageError names the nearest id."""
        found = self.kpis.get(kpi)
        if found is None:
            raise UsageError(f"unknown KPI `{kpi}`", hint=suggestion(kpi, list(self.kpis)))
        return found

    def models(self) -> tuple[Model, ...]:
        """Give the models that at least one KPI is measured on."""
        used = {kpi.model.name for kpi in self.kpis.values() if kpi.model is not None}
        return tuple(model for name, model in MODELS.items() if name in used)

    def of_model(self, model: Model) -> tuple[Kpi, ...]:
        """Give the KPIs measured on a model."""
        return tuple(kpi for kpi in self.kpis.values() if kpi.model is model)

    def only(self, *kpis: str) -> "Definitions":
        """Give the definitions of some KPIs with all that they are made of."""
        wanted: set[str] = set()
        waiting = list(kpis)
        while waiting:
            kpi = self.get(waiting.pop())
            wanted.add(kpi.id)
            if isinstance(kpi.measure, Formula):
                waiting.extend(set(kpi.measure.inputs) - wanted)
        kept = {name: kpi for name, kpi in self.kpis.items() if name in wanted}
        return Definitions(self.path, kept, tuple(name for name in self.order if name in wanted))
