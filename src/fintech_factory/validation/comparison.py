"""What a reconciliation speaks in: pairs of figures, verdicts and causes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

__all__ = [
    "CONTROL",
    "FILE",
    "LEDGER",
    "RINGS",
    "RUNGS",
    "SOURCE",
    "Cause",
    "Check",
    "LoanPair",
    "OpenRow",
    "Reconciliation",
    "RollForward",
    "SourceTotals",
    "SubLedger",
    "Tolerances",
    "Verdict",
    "worst",
]


class Verdict(StrEnum):
    """How well two figures agree: to the last digit, within a cent a loan, or not."""

    EXACT = "exact"
    CLOSE = "close"
    OPEN = "open"


class Cause(StrEnum):
    """Why two figures differ; each differing row has one, the first that fits."""

    DUST = "dust"
    MISSING_IN_SOURCE = "missing in source"
    MISSING_IN_OURS = "missing in ours"
    RESTATED = "restated"
    AS_OF = "as-of"
    BOUNDARY = "boundary"
    UNEXPLAINED = "unexplained"


_FROM_BEST = (Verdict.EXACT, Verdict.CLOSE, Verdict.OPEN)

FILE = "file"
LEDGER = "ledger"
"""The source, and the ring, of checks in which our ledger is held against itself."""
SOURCE = "source"

RINGS = (FILE, LEDGER, SOURCE)
"""From the inside out: what arrived, our ledger against itself, our ledger against theirs."""

CONTROL = "control"
"""The kind of a check that holds a figure against one that somebody states."""

RUNGS = (7, 30, 60, 90)
"""The days past due of the source's own PAR columns."""


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Give the worst of some verdicts, None of none."""
    return max(verdicts, key=_FROM_BEST.index, default=None)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What counts as close, per loan and in money, and the policy's edges in days past due."""

    close_per_loan: Decimal
    write_off_after_dpd: int
    bucket_bounds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LoanPair:
    """One loan at one as-of date, ours beside the source's; None is what the source does not say.

    Balances are in the loan's currency, at-risk amounts (PAR 7, 30, 60, 90 by the source's `>=`
    rule) in USD at the source's rate. `earlier_balance` is our balance from the batch before.
    """

    source: str
    as_of: date
    cut_on: date
    loan_id: str
    in_source: bool
    in_ours: bool
    our_balance: Decimal
    source_balance: Decimal | None
    our_dpd: int
    source_dpd: int | None
    our_written_off: bool
    source_written_off: bool | None
    our_at_risk: tuple[Decimal, ...]
    source_at_risk: tuple[Decimal | None, ...]
    earlier_balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SourceTotals:
    """Sums over all compared loans of one source file; None where the file does not report.

    Balances are in the reporting currency at our rates, at-risk amounts in USD at the source's.
    `rows` counts the loans that either side knows, `rows_in_both` those that both know.
    """

    source: str
    rows: int
    rows_in_both: int
    our_balance: Decimal
    source_balance: Decimal
    our_at_risk: tuple[Decimal, ...]
    source_at_risk: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class RollForward:
    """opening + disbursed - principal paid = closing, for one as-of date and currency.

    Amounts are in that currency; `rate` takes them to the reporting currency, for totals only.
    """

    as_of: date
    currency: str
    opening: Decimal
    disbursed: Decimal
    principal_paid: Decimal
    closing: Decimal
    rate: Decimal = Decimal(1)

    @property
    def expected(self) -> Decimal:
        """What the closing balance must be."""
        return self.opening + self.disbursed - self.principal_paid

    def as_json(self) -> dict[str, Any]:
        """Give the roll-forward as one JSON object."""
        return {
            "as_of": self.as_of.isoformat(),
            "currency": self.currency,
            "opening": _text(self.opening),
            "disbursed": _text(self.disbursed),
            "principal_paid": _text(self.principal_paid),
            "closing": _text(self.closing),
            "variance": _text(self.closing - self.expected),
        }


@dataclass(frozen=True, slots=True)
class SubLedger:
    """One currency's loans at one as-of date, added up one by one.

    `own` is the sum of their balances in that currency, `converted` the sum of what the KPIs
    read of them, each rounded to six places at `rate`; `ledger` is what the roll-forward expects.
    """

    as_of: date
    currency: str
    loans: int
    own: Decimal
    converted: Decimal
    ledger: Decimal
    rate: Decimal = Decimal(1)

    @property
    def agrees(self) -> bool:
        """Whether the loans come to the ledger, and what the KPIs read comes to the loans."""
        # Half a millionth a loan is the rounding of its own conversion (A19).
        rounding = self.loans * Decimal("5e-7") if self.rate != 1 else Decimal(0)
        return self.own == self.ledger and abs(self.converted - self.own * self.rate) <= rounding


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A row that does not agree within tolerance, with its one cause."""

    check: str
    as_of: date
    loan_id: str
    ours: str
    theirs: str
    cause: Cause

    def as_json(self) -> dict[str, Any]:
        """Give the row as one JSON object."""
        return {
            "check": self.check,
            "as_of": self.as_of.isoformat(),
            "loan_id": self.loan_id,
            "ours": self.ours,
            "theirs": self.theirs,
            "cause": self.cause.value,
        }


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison over all rows; `verdict` is None when there was nothing to compare with."""

    name: str
    source: str
    ours: Decimal | None
    theirs: Decimal | None
    verdict: Verdict | None
    rows: int
    close: int = 0
    causes: tuple[tuple[Cause, int], ...] = ()
    open_rows: tuple[OpenRow, ...] = ()
    reason: str = ""
    ring: str = SOURCE
    kind: str = ""
    is_critical: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give the check as `factory reconcile --json` prints it."""
        variance = None
        if self.ours is not None and self.theirs is not None:
            variance = self.ours - self.theirs
        return {
            "name": self.name,
            "source": self.source,
            "ring": self.ring,
            "ours": _text(self.ours),
            "theirs": _text(self.theirs),
            "variance": _text(variance),
            "verdict": self.verdict.value if self.verdict else None,
            "rows": self.rows,
            "exact": self.rows - self.close - len(self.open_rows),
            "close": self.close,
            "open": len(self.open_rows),
            "causes": {cause.value: count for cause, count in self.causes},
            "reason": self.reason or None,
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All checks over the as-of dates asked for."""

    as_ofs: tuple[date, ...]
    checks: tuple[Check, ...]
    roll_forwards: tuple[RollForward, ...] = ()

    @property
    def status(self) -> Verdict:
        """The worst verdict; open if nothing of the source was there to compare with.

        A ledger that only agrees with itself is not reconciled.
        """
        outside = (each for each in self.ring(SOURCE) if each.source != LEDGER)
        if not any(check.verdict for check in outside):
            return Verdict.OPEN
        return worst(check.verdict for check in self.checks if check.verdict) or Verdict.OPEN

    def with_checks(self, checks: Iterable[Check]) -> "Reconciliation":
        """Add checks to these."""
        return replace(self, checks=(*self.checks, *checks))

    def ring(self, name: str) -> tuple[Check, ...]:
        """Give the checks of one ring."""
        return tuple(check for check in self.checks if check.ring == name)

    @property
    def disagrees(self) -> bool:
        """Whether any figure was compared and left open; a silent source does not disagree."""
        return any(check.verdict is Verdict.OPEN for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory reconcile --json`."""
        return {
            "as_ofs": [day.isoformat() for day in self.as_ofs],
            "checks": [check.as_json() for check in self.checks],
            "roll_forward": [row.as_json() for row in self.roll_forwards],
            "open_rows": [row.as_json() for check in self.checks for row in check.open_rows],
            "status": self.status.value,
        }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")
