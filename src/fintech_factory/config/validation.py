"""What counts as late, as drift, and as reason not to publish: config/validation.yaml."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config.model import Settings
from fintech_factory.registry import suggestion

__all__ = [
    "BLOCKING",
    "DATED_BY",
    "OUR_LEDGER",
    "Accuracy",
    "ControlTotal",
    "Distribution",
    "Freshness",
    "Gate",
    "KpiSeries",
    "ValidationSettings",
    "Volume",
]

BLOCKING = (
    "roll_forward_open",
    "sub_ledger_open",
    "raw_file_changed",
    "rows_lost",
    "landed_sum_changed",
    "model_incomplete",
    "control_total_open",
    "column_gone",
    "table_gone",
    "volume_halved",
    "engines_disagree",
)
"""The kinds of finding that can stop a publish."""

# What a model lost is withheld by the second engine, reading by reading; the rest still stands.
_BLOCKING_BY_DEFAULT = tuple(each for each in BLOCKING if each != "model_incomplete")

_FLOW = ("principal", "interest", "other", "fees", "to_tax", "add_balance", "reduce_balance")
_SUMMED: Mapping[str, tuple[str, ...]] = {
    "customers": ("income",),
    "loans": (
        "disburse_principal",
        "outstanding_balance",
        "total_interest",
        "total_fees",
        "total_other",
    ),
    "schedules": _FLOW,
    "transactions": _FLOW,
    "collaterals": ("purchase_value", "appraisal_value"),
    "loan_par_balances": ("outstanding_balance", "writeoff_outstanding_balance"),
    "loan_snapshot": ("principal", "balance", "outstanding", "written_off"),
}
DATED_BY: Mapping[str, str] = {
    "loans": "disburse_date",
    "schedules": "date_due",
    "transactions": "date_paid",
    "collaterals": "appraisal_date",
    "loan_par_balances": "reporting_date",
    "loan_snapshot": "as_of",
}
"""The column by which a table's rows have a date; customers have none."""

OUR_LEDGER = "loan_snapshot"
"""The table of a total that is held against what we compute, not against what landed."""

_STOCKS = ("loan_par_balances", OUR_LEDGER)
Share = Annotated[Decimal, Field(gt=0, le=100)]


class Freshness(Settings):
    """When an export is expected."""

    cadence: Literal["daily", "business_days", "weekly", "monthly"] = Field(
        default="daily",
        description="After every day, every Monday to Friday, every Sunday, or every month-end.",
    )
    expected_by: time = Field(
        default=time(3, 30), description="Time (UTC) of the day after, by which it must be in."
    )
    quiet_days: int = Field(
        default=0,
        ge=0,
        le=31,
        description="Days without a payment or disbursement at an export's end that are no"
        " surprise; an export that is given its as-of date needs none.",
    )


class Volume(Settings):
    """When the size of an export is out of the ordinary."""

    batches: int = Field(default=10, ge=2, description="Earlier exports in the baseline.")
    at_least: int = Field(default=5, ge=1, description="With fewer there is no baseline yet.")
    fall_pct: Share = Field(
        default=Decimal(10), description="Rows or sums so far below the median are drift."
    )
    rise_pct: Decimal = Field(
        default=Decimal(50), gt=0, description="Rows or sums so far above the median are drift."
    )

    @model_validator(mode="after")
    def _window_holds_the_least(self) -> Self:
        _fits(self.at_least, self.batches, "batches")
        return self


class Distribution(Settings):
    """When the book is made up differently than it was."""

    month_ends: int = Field(default=6, ge=1, description="Month-ends in the baseline.")
    at_least: int = Field(default=3, ge=1, description="With fewer there is no baseline yet.")
    psi: Decimal = Field(
        default=Decimal("0.25"), gt=0, description="Population stability index above it: drift."
    )
    ks: Decimal = Field(
        default=Decimal("0.20"),
        gt=0,
        le=1,
        description="Largest distance between the cumulative shares above it: drift.",
    )

    @model_validator(mode="after")
    def _window_holds_the_least(self) -> Self:
        _fits(self.at_least, self.month_ends, "month_ends")
        return self


class KpiSeries(Settings):
    """When a KPI leaves its own past."""

    days: int = Field(default=30, gt=0, description="Days before the reading in the baseline.")
    at_least: int = Field(
        default=10, ge=2, description="With fewer readings there is no baseline yet."
    )
    sigmas: Decimal = Field(
        default=Decimal(2), gt=0, description="Standard deviations from the mean above it: drift."
    )
    changes: int = Field(
        default=90, ge=2, description="Earlier changes from day to day in the robust baseline."
    )
    changes_at_least: int = Field(
        default=45, ge=2, description="With fewer changes there is no baseline yet."
    )
    months: int = Field(
        default=24, ge=2, description="Earlier changes from month-end to month-end in the baseline."
    )
    months_at_least: int = Field(
        default=8, ge=2, description="With fewer of them there is no baseline yet."
    )
    deviations: Decimal = Field(
        default=Decimal("3.5"),
        gt=0,
        description="Scaled median absolute deviations from the median change above it: drift, if"
        " no change of the baseline lies as far away.",
    )

    @model_validator(mode="after")
    def _window_holds_the_least(self) -> Self:
        _fits(self.changes_at_least, self.changes, "changes")
        _fits(self.months_at_least, self.months, "months")
        return self


class Accuracy(Settings):
    """When every month-end must have been recomputed by the second engine."""

    due_day: int = Field(default=1, ge=1, le=28, description="Day of each month; at 00:00 UTC.")


def _known_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    for each in kinds:
        if each not in BLOCKING:
            hint = suggestion(each, BLOCKING)
            raise ValueError(f"no finding of the kind `{each}` can stop a publish\nhint: {hint}")
    return kinds


class Gate(Settings):
    """What stops a run before it publishes."""

    blocks: Annotated[tuple[str, ...], AfterValidator(_known_kinds)] = Field(
        default=_BLOCKING_BY_DEFAULT,
        description="Kinds of finding that stop a publish while critical and not accepted.",
    )
    withheld_pct: Share = Field(
        default=Decimal(95),
        description="More readings than this percentage withheld: `engines_disagree`.",
    )


class ControlTotal(Settings):
    """A figure that somebody states, and that the export must come to."""

    name: str = Field(min_length=1, description="What the figure is called.")
    table: str = Field(description="A landed table, or `loan_snapshot` (our ledger).")
    column: str = Field(description="`rows`, or the money column that is summed.")
    as_of: date | None = Field(
        default=None,
        description="Of a balance: the rows of that day. Of anything else: up to and with it.",
    )
    from_: date | None = Field(default=None, alias="from", description="First day that counts.")
    to: date | None = Field(default=None, description="Last day that counts.")
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="Only rows in this currency."
    )
    expected: Decimal = Field(description="The figure as stated.")
    tolerance: Decimal = Field(
        default=Decimal(0), ge=0, description="A difference up to this is close."
    )
    stated_by: str = Field(min_length=1, description="Who states it.")
    severity: Literal["warning", "critical"] = Field(
        default="warning", description="How much a miss matters; `critical` can stop a publish."
    )

    @model_validator(mode="after")
    def _can_be_counted(self) -> Self:
        if self.table not in _SUMMED:
            hint = suggestion(self.table, [*_SUMMED])
            raise ValueError(f"no table is called `{self.table}`\nhint: {hint}")
        columns = ["rows", *_SUMMED[self.table]]
        if self.column not in columns:
            hint = suggestion(self.column, columns)
            raise ValueError(f"`{self.table}` has no sum of `{self.column}`\nhint: {hint}")
        return self

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        ranged = self.from_ is not None or self.to is not None
        if self.as_of is not None and ranged:
            raise ValueError("as_of and from/to exclude each other\nhint: keep one of the two")
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise ValueError(f"it ends on {self.to}, before it begins\nhint: swap from and to")
        dated = self.as_of is not None or ranged
        if dated and self.table not in DATED_BY:
            raise ValueError(f"`{self.table}` has no dates\nhint: leave the dates out")
        if self.table in _STOCKS and self.as_of is None:
            raise ValueError(
                f"`{self.table}` holds a balance for every month-end\nhint: say which with as_of"
            )
        return self


def _no_name_twice(totals: Sequence[ControlTotal]) -> Sequence[ControlTotal]:
    seen: set[str] = set()
    for each in totals:
        if each.name in seen:
            raise ValueError(f"two totals are called `{each.name}`\nhint: rename one")
        seen.add(each.name)
    return totals


def _fits(least: int, window: int, name: str) -> None:
    if least > window:
        raise ValueError(
            f"at least {least} are asked for and {name} holds {window}\nhint: raise {name}"
        )


class ValidationSettings(Settings):
    """Freshness, drift, accuracy, the publish gate and stated control totals."""

    freshness: Freshness = Field(default_factory=Freshness, description="When it is late.")
    volume: Volume = Field(default_factory=Volume, description="Size of an export.")
    distribution: Distribution = Field(
        default_factory=Distribution, description="Make-up of the book."
    )
    kpi_series: KpiSeries = Field(default_factory=KpiSeries, description="A KPI against its past.")
    accuracy: Accuracy = Field(default_factory=Accuracy, description="The monthly recomputation.")
    gate: Gate = Field(default_factory=Gate, description="What stops a publish.")
    control_totals: Annotated[tuple[ControlTotal, ...], AfterValidator(_no_name_twice)] = Field(
        default=(), description="Figures that somebody states."
    )

    @property
    def ledger_dates(self) -> tuple[date, ...]:
        """The days on which somebody states what our ledger comes to, ascending."""
        ours = (each for each in self.control_totals if each.table == OUR_LEDGER)
        return tuple(sorted({each.as_of for each in ours if each.as_of is not None}))
