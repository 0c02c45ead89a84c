"""The shape of config/scenarios.yaml: how expected cash is measured and varied."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from fintech_factory.config import Settings

__all__ = ["ScenarioSettings", "Scenarios"]

ScenarioName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Words = Annotated[str, Field(min_length=1)]
Times = Annotated[Decimal, Field(ge=0, le=100)]
_BASE = "base"


class ScenarioTitle(Settings):
    """A scenario's name, in both languages of the house."""

    en: Words = Field(description="The name in English.")
    es: Words = Field(description="The name in Spanish.")


class ScenarioSettings(Settings):
    """How one scenario differs from what the book itself has shown."""

    title: ScenarioTitle = Field(description="The scenario's name.")
    rationale: Words = Field(description="Why these figures: what a reader must know to use them.")
    default_times: Times = Field(
        description="CDR x: times the measured share of principal that is ever written off."
    )
    prepayment_times: Times = Field(
        description="CPR x: times the measured share paid ahead of the month it falls due in."
    )
    recovery_times: Times = Field(
        description="Times the measured monthly recovery of what is written off already."
    )
    recovery_percent: Annotated[Decimal, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="Recovered of what this scenario writes off; empty takes what the measured"
        " monthly recovery gives in a year.",
    )
    recovery_lag_months: int = Field(
        ge=0, le=60, description="Months from write-off until that recovery comes."
    )


class Windows(Settings):
    """How far back the book's own experience is measured, in full months."""

    due_months: int = Field(
        default=6,
        ge=1,
        le=60,
        description="For what falls due and what is paid early: recent months, as habits change.",
    )
    late_months: int = Field(
        default=12,
        ge=1,
        le=60,
        description="For what is past due or written off: more months, as such cases are few.",
    )


class Scenarios(Settings):
    """Scenarios of expected cash; `base` is the one that KPIs speak of."""

    windows: Windows = Field(description="How far back experience is measured.")
    scenarios: dict[ScenarioName, ScenarioSettings] = Field(
        description="Scenarios by name; `base` must be one of them."
    )

    @model_validator(mode="after")
    def _has_a_base(self) -> Self:
        if _BASE not in self.scenarios:
            raise ValueError(
                f"there is no scenario `{_BASE}`\nhint: KPIs read expected cash from `{_BASE}`"
            )
        return self
