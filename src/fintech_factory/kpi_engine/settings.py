"""The shape of `config/kpis/kpi_definitions.yaml`."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from fintech_factory.config import Settings
from fintech_factory.kpi_engine.definitions import EmptyPolicy
from fintech_factory.kpi_engine.limits import Direction
from fintech_factory.values import Unit

__all__ = ["ExampleSettings", "KpiFile", "KpiSettings", "LimitSettings", "TargetSettings"]

Words = Annotated[str, Field(min_length=1)]
KpiId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
# A shared enumeration is a reference in pydantic's schema, which stays strict unless said here.
UnitName = Annotated[Unit, Field(strict=False)]
DirectionName = Annotated[Direction, Field(strict=False)]
EmptyName = Annotated[EmptyPolicy, Field(strict=False)]
Department = Literal["risk", "compliance", "finance", "technology", "growth", "marketing", "sales"]
Source = Literal[
    "hubspot",
    "meta",
    "statements",
    "telemetry",
    "sonarqube",
    "github",
    "audit_trail",
    "obligations",
    "forecast",
    "plan",
    "feedback",
]
Figure = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class TitleSettings(Settings):
    """A KPI's name, in both languages of the house."""

    en: Words = Field(description="The name in English.")
    es: Words = Field(description="The name in Spanish.")


class StepSettings(Settings):
    """One figure per step of the ladder."""

    warning: Decimal | None = Field(default=None, description="First step.")
    critical: Decimal | None = Field(default=None, description="Second step, worse.")
    executive: Decimal | None = Field(default=None, description="Third step, worst.")


class LimitSettings(StepSettings):
    """The ladder of limits; a value must lie past a limit, not on it."""

    clear: StepSettings | None = Field(
        default=None, description="Where a breached step counts as left, so that it cannot flap."
    )
    confirm_small: bool = Field(
        default=False, description="Says that a percent limit below 1 is meant: 0.5 is half a %."
    )


class TargetSettings(Settings):
    """What is aimed at: a line in the chart, not an alert."""

    above: Decimal | None = Field(default=None, description="Met when the value lies above.")
    below: Decimal | None = Field(default=None, description="Met when the value lies below.")
    period: Literal["day", "month"] = Field(description="How often it is judged.")


class ClampSettings(Settings):
    """The range a value is shown in; the raw value is kept."""

    low: Decimal = Field(description="Nothing below is shown.")
    high: Decimal = Field(description="Nothing above is shown.")


class ExampleSettings(Settings):
    """A worked example: rows and the figures that they must give."""

    says: Words = Field(description="What the example shows, in one sentence.")
    rows: tuple[dict[str, bool | int | Decimal | str | None], ...] = Field(
        default=(), description="Rows of the model; a column left out is 0, false or empty."
    )
    inputs: dict[str, Decimal] = Field(
        default={},
        description=(
            "For a formula: the values of the KPIs that it is made of. For an observed figure: its"
            " `value`, or its `part` and `whole`."
        ),
    )
    part: Decimal | None = Field(default=None, description="The part (or total) they must give.")
    whole: Decimal | None = Field(default=None, description="What it must be divided by.")
    value: Decimal | None = Field(description="The value they must give; null: unavailable.")
    raw_value: Decimal | None = Field(default=None, description="The value before clamping.")


class KpiSettings(Settings):
    """One KPI, in one of six shapes.

    `part` and `whole`, `total` and `per`, `value`, `formula`, `observed` and `see`, or `needs`.
    """

    title: TitleSettings = Field(description="The name on the page.")
    department: Department = Field(description="Whose page it stands on.")
    model: Words | None = Field(default=None, description="The SQL model that it is measured on.")
    part: Words | None = Field(default=None, description="Above the line; the KPI is in percent.")
    whole: Words | None = Field(default=None, description="Below the line.")
    total: Words | None = Field(default=None, description="Above the line; in its own unit.")
    per: Words | None = Field(default=None, description="What the total is divided by.")
    value: Words | None = Field(default=None, description="A figure that is no ratio.")
    formula: Words | None = Field(default=None, description="Arithmetic over other KPIs.")
    observed: Figure | None = Field(
        default=None, description="A figure that a run, a view or a check observes."
    )
    see: Words | None = Field(
        default=None, description="For an observed figure: the command that shows where it is from."
    )
    needs: Source | tuple[Source, ...] | None = Field(
        default=None, description="The sources without which it cannot be known."
    )
    unit: UnitName = Field(description="What it is counted in; percent: 5 means 5 %.")
    direction: DirectionName = Field(description="Which way it gets worse.")
    limits: LimitSettings | None = Field(default=None, description="When somebody must know.")
    target: TargetSettings | None = Field(default=None, description="What is aimed at.")
    clamp: ClampSettings | None = Field(default=None, description="The range it is shown in.")
    empty: EmptyName = Field(
        default=EmptyPolicy.UNAVAILABLE,
        description="What it says when there is a book and no row to measure.",
    )
    full_months: bool = Field(
        default=False,
        description="Says nothing of a month in progress: a year made of ten days is no year.",
    )
    owner: Words = Field(description="The role that answers for it.")
    author: Words | None = Field(
        default=None, description="Who answers for this version; the owner where nobody is named."
    )
    version: int = Field(ge=1, description="Raised by one whenever the meaning changes.")
    effective_from: date = Field(description="The day from which this version is used.")
    reason: Words = Field(description="Why this version says what it says.")
    source: Words = Field(description="Where the formula comes from.")
    precision: int = Field(ge=0, le=8, description="Decimal places on the page.")
    examples: tuple[ExampleSettings, ...] = Field(
        default=(),
        description="Worked examples; `factory check` computes every one. None for `needs`.",
    )


class KpiFile(Settings):
    """Every KPI of the workspace."""

    kpis: dict[KpiId, KpiSettings] = Field(
        min_length=1, description="The KPIs by id, in the order in which they are listed."
    )
