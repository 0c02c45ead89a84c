"""The IFRS 9 measurement of one date: matrix, probabilities, loss given default, loss of a cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from fintech_factory.analytics.expected_loss import (
    DefaultCurve,
    Lgd,
    Matrix,
    default_curve,
    expected_loss,
    matrix_of,
    realised,
)
from fintech_factory.kpi_engine.observed import Observed
from fintech_factory.views.makers import Facts
from fintech_factory.views.provisioning import Provisioning
from fintech_factory.views.table import Cells

__all__ = [
    "AS_MEASURED",
    "CELL",
    "DEFAULTS",
    "ROLL",
    "STAGES",
    "WRITTEN_OFF",
    "YEAR",
    "Case",
    "Measured",
    "observed",
]

CELL, ROLL, DEFAULTS = "provisions_cell", "provisions_roll", "provisions_defaults"
YEAR = 12
WRITTEN_OFF = "written off"
STAGES = ("1", "2", "3", WRITTEN_OFF)
_ZERO, _ONE, _HUNDRED = Decimal(0), Decimal(1), Decimal(100)


@dataclass(frozen=True, slots=True)
class Case:
    """A way to compute the ECL: as measured, or varied."""

    name: str
    pd_times: Decimal
    lgd_plus: Decimal


AS_MEASURED = Case("as measured", _ONE, _ZERO)


@dataclass(frozen=True)
class Measured:
    """What the book up to a date says of default and loss, by the lender's policy."""

    facts: Facts

    @property
    def policy(self) -> Provisioning:
        """The lender's IFRS 9 policy."""
        policy: Provisioning = self.facts.settings["provisioning"]
        return policy

    @property
    def states(self) -> tuple[str, ...]:
        """The ageing buckets, then written off: from best to worst."""
        return (*self.facts.rules.bucket_labels, WRITTEN_OFF)

    @property
    def defaults(self) -> frozenset[str]:
        """Buckets that begin at or past the stage 3 day, and written off."""
        starts = (0, *(bound + 1 for bound in self.facts.rules.bucket_bounds))
        late = zip(self.facts.rules.bucket_labels, starts, strict=True)
        from_day = self.policy.staging.stage_3_from_dpd
        return frozenset({name for name, start in late if start >= from_day} | {WRITTEN_OFF})

    @property
    def written_off_provided(self) -> bool:
        """Whether what is written off stays on the book and is provided in full."""
        return self.policy.staging.written_off == "provided"

    @cached_property
    def months(self) -> list[date]:
        """The last full months of which rolls are known."""
        rolls = self.facts.tables[ROLL]
        full = {row["as_of"] for row in rolls if row["is_month_end"] and not row["partial"]}
        return sorted(full)[-self.policy.matrix.months :]

    @property
    def lacks(self) -> str:
        """Why there is no PD; empty if there is one."""
        least = self.policy.matrix.min_months
        if len(self.months) >= least:
            return ""
        return f"needs {least} full months of rolls; the book has {len(self.months)}"

    def matrix(self, weight: str) -> Matrix:
        """Average the months' rolls, weighted by `opening_balance` or `loans`."""
        months = set(self.months)
        return matrix_of(
            (row["opening_state"], row["outcome"], row[weight])
            for row in self.facts.tables[ROLL]
            if row["as_of"] in months
        )

    @cached_property
    def by_balance(self) -> Matrix:
        """The matrix in which a loan counts as much as it owed."""
        return self.matrix("opening_balance")

    @cached_property
    def by_loans(self) -> Matrix:
        """The matrix in which each loan counts once."""
        return self.matrix("loans")

    def curve(self, matrix: Matrix) -> DefaultCurve:
        """Give the probabilities of default up to the longest horizon of the book."""
        lives = [row["months_left"] for row in self.facts.tables[CELL]]
        longest = max([YEAR, self.policy.lifetime_floor_months, *lives])
        return default_curve(matrix, self.states, self.defaults, longest)

    @cached_property
    def used(self) -> DefaultCurve:
        """The probabilities that the ECL takes."""
        by_balance = self.policy.matrix.weighted_by == "balance"
        return self.curve(self.by_balance if by_balance else self.by_loans)

    @cached_property
    def lgd(self) -> Lgd:
        """Loss given default of defaults that had their time; dust is no history."""
        said = self.policy.lgd
        old = (
            (row["loans"] - row["dust_loans"], row["balance_at_default"], row["recovered"])
            for row in self.facts.tables[DEFAULTS]
            if row["months_since"] >= said.workout_months
        )
        return realised(
            old,
            min_loans=said.min_defaults,
            floor=said.floor_percent / _HUNDRED,
            without_history=said.without_history_percent / _HUNDRED,
        )

    def probabilities(self, cell: Cells) -> tuple[Decimal, ...]:
        """Give a cell's cumulative PD, month by month, up to the horizon of its stage.

        Stage 1 looks 12 months ahead, stage 2 to the last due date but not less than the floor,
        stage 3 is certain.
        """
        if cell["stage"] == "3":
            return (_ONE,)
        floor = self.policy.lifetime_floor_months
        horizon = YEAR if cell["stage"] == "1" else max(cell["months_left"], floor)
        return self.used.curves[cell["bucket"]][: horizon + 1]

    def loss(self, cell: Cells, case: Case = AS_MEASURED) -> Decimal:
        """Give the ECL of one cell.

        EAD is the outstanding principal: a term loan has nothing undrawn. Written off is provided
        in full where policy keeps it on the book, else not at all.
        """
        if cell["stage"] == WRITTEN_OFF:
            return cell["written_off"] if self.written_off_provided else _ZERO
        rate = self.policy.discount_percent_a_year
        return expected_loss(
            cell["outstanding"],
            self.probabilities(cell),
            min(self.lgd.used + case.lgd_plus, _ONE),
            pd_times=case.pd_times,
            discount_a_year=None if rate is None else rate / _HUNDRED,
        )

    def gross(self, cell: Cells) -> Decimal:
        """Give the gross carrying amount: written-off principal only where policy keeps it."""
        outstanding: Decimal = cell["outstanding"]
        return outstanding + (cell["written_off"] if self.written_off_provided else _ZERO)

    def counts_in(self, cell: Cells) -> str:
        """Give the stage a cell counts in: written off is stage 3 where policy keeps it."""
        stage: str = cell["stage"]
        return "3" if stage == WRITTEN_OFF and self.written_off_provided else stage


def observed(facts: Facts) -> Mapping[str, Observed]:
    """Give ecl (money), ecl_coverage and stage_1_share, stage_2_share, stage_3_share.

    Coverage and shares are parts of the gross carrying amount. Stages need no history; ECL does.
    """
    measured, cells = Measured(facts), facts.tables[CELL]
    gross = sum((measured.gross(cell) for cell in cells), _ZERO)
    shares = {
        f"stage_{stage}_share": Observed(
            part=sum((measured.gross(c) for c in cells if measured.counts_in(c) == stage), _ZERO),
            whole=gross,
        )
        for stage in STAGES[:3]
    }
    if measured.lacks:
        none = Observed(reason=measured.lacks)
        return {"ecl": none, "ecl_coverage": none, **shares}
    ecl = sum((measured.loss(cell) for cell in cells), _ZERO)
    return {"ecl": Observed(value=ecl), "ecl_coverage": Observed(part=ecl, whole=gross), **shares}
