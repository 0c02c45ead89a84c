"""The shape of config/provisioning.yaml: the lender's IFRS 9 policy."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fintech_factory.config import Settings

__all__ = ["LgdPolicy", "MatrixPolicy", "Provisioning", "Sensitivity", "Staging"]

Percentage = Annotated[Decimal, Field(ge=0, le=100)]


class Staging(Settings):
    """When a loan changes its stage."""

    stage_2_after_dpd: int = Field(
        ge=0,
        description="Stage 2 from more days past due than this: the 30-day backstop of"
        " IFRS 9 5.5.11.",
    )
    stage_3_from_dpd: int = Field(
        gt=0,
        description="Stage 3 from this day past due on: the rebuttable presumption of default at"
        " 90 days, IFRS 9 B5.5.37.",
    )
    written_off: Literal["derecognised", "provided"] = Field(
        description="`derecognised`: what is written off has left the book and its allowance with"
        " it (IFRS 9 5.4.4). `provided`: it stays in the gross carrying amount, in stage 3, and is"
        " provided in full."
    )

    @model_validator(mode="after")
    def _stages_follow_each_other(self) -> Self:
        if self.stage_3_from_dpd <= self.stage_2_after_dpd:
            raise ValueError(
                f"stage 3 from day {self.stage_3_from_dpd} leaves no stage 2 after day"
                f" {self.stage_2_after_dpd}\nhint: IFRS 9 presumes 30 and 90"
            )
        return self


class MatrixPolicy(Settings):
    """How the migration matrix is measured."""

    months: int = Field(ge=1, le=60, description="Full months averaged, the last ones.")
    min_months: int = Field(
        ge=1, le=60, description="With fewer full months there is no PD, and the view says so."
    )
    weighted_by: Literal["balance", "loans"] = Field(
        description="`balance`: a loan counts as much as it owed; `loans`: each counts once. Both"
        " are shown, the ECL takes this one."
    )

    @model_validator(mode="after")
    def _enough_can_be_had(self) -> Self:
        if self.min_months > self.months:
            raise ValueError(
                f"{self.min_months} months are never in a window of {self.months}"
                "\nhint: min_months is at most months"
            )
        return self


class LgdPolicy(Settings):
    """How loss given default is taken from what defaults have brought."""

    workout_months: int = Field(
        ge=1, le=120, description="Only defaults at least this old are counted: others still pay."
    )
    min_defaults: int = Field(
        ge=1, description="With fewer such loans there is not enough history."
    )
    floor_percent: Percentage = Field(description="LGD is never taken lower than this.")
    without_history_percent: Percentage = Field(
        description="LGD as long as there is not enough history; the view says that it is this one."
    )


class Sensitivity(Settings):
    """What the ECL is recomputed with."""

    pd_times: Annotated[Decimal, Field(gt=0, le=100)] = Field(description="PD times this.")
    lgd_points: Percentage = Field(description="LGD plus these percentage points.")


class Provisioning(Settings):
    """IFRS 9 staging, PD, LGD and discounting of one lender."""

    staging: Staging = Field(description="When a loan changes its stage.")
    matrix: MatrixPolicy = Field(description="How probabilities of default are measured.")
    lifetime_floor_months: int = Field(
        ge=1,
        le=360,
        description="Stage 2 looks to the last due date, but at least this far: a loan past its"
        " maturity has no remaining term and can still default.",
    )
    lgd: LgdPolicy = Field(description="How losses given default are measured.")
    discount_percent_a_year: Percentage | None = Field(
        default=None,
        description="Effective rate by which later losses are discounted (IFRS 9 B5.5.44); empty"
        " discounts nothing, which provides more.",
    )
    sensitivity: Sensitivity = Field(description="What the ECL is recomputed with.")
