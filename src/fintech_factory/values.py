"""Small values that every floor speaks in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

__all__ = [
    "Finding",
    "LedgerRules",
    "LimitState",
    "Problem",
    "Severity",
    "SizeBuckets",
    "TermBuckets",
    "Unit",
    "annual_factor",
]


class Unit(StrEnum):
    """What a reading is counted in. `percent`: 5.00 means 5 % (A9); `times`: 2.5 is 2.5 to 1."""

    PERCENT = "percent"
    MONEY = "money"
    COUNT = "count"
    SCORE = "score"
    DAYS = "days"
    MONTHS = "months"
    TIMES = "times"
    HOURS = "hours"
    SECONDS = "seconds"


class Severity(StrEnum):
    """How much a finding matters: `info` keeps the row, `critical` stops a batch or a publish."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class LimitState(StrEnum):
    """Where a reading stands on its KPI's ladder of limits; comparisons are strict (R048)."""

    NONE = "none"
    WARNING = "warning"
    CRITICAL = "critical"
    EXECUTIVE = "executive"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a settings file, with its place (1-based line and column)."""

    path: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Say `path:line:column: message`, then the hint on its own line."""
        place = f"{self.path}:{self.line}:{self.column}: {self.message}"
        return f"{place}\n  hint: {self.hint}" if self.hint else place


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about the book: what, where, how many rows, some of them.

    `code` is a stable snake_case name (`duplicate_key`); `evidence` holds a few rows as
    plain mappings, never more than ten.
    """

    code: str
    severity: Severity
    message: str
    where: str = ""
    hint: str = ""
    rows: int = 0
    evidence: tuple[dict[str, Any], ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Give the finding as one JSON object."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
            "rows": self.rows,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class LedgerRules:
    """The lender's policy that the ledger needs (domain.md, ledger rules).

    Written off is `dpd > write_off_after_dpd`; an instalment is covered within
    `coverage_tolerance` (money); the collection window is
    `(as_of - collection_window_days, as_of]`. `bucket_bounds` are the last days of the ageing
    buckets, `bucket_labels` their names, one more. IFRS 9 stage 2 is `dpd > stage_2_after_dpd`,
    stage 3 `dpd >= stage_3_from_dpd`.
    """

    reporting_currency: str
    write_off_after_dpd: int
    coverage_tolerance: Decimal
    collection_window_days: int
    bucket_bounds: tuple[int, ...]
    bucket_labels: tuple[str, ...]
    sizes: "SizeBuckets"
    terms: "TermBuckets"
    reactivated_after_days: int
    stage_2_after_dpd: int = 30
    stage_3_from_dpd: int = 90


@dataclass(frozen=True, slots=True)
class SizeBuckets:
    """Buckets of principal in the reporting currency: from a bound up to, not with, the next.

    `bounds` rise from above 0; the first bucket begins at 0 and the last is open.
    """

    bounds: tuple[Decimal, ...]

    def rows(self) -> Iterator[tuple[int, str, Decimal, Decimal | None]]:
        """Give number, label, inclusive start and exclusive end (None: open) of each bucket."""
        starts = (Decimal(0), *self.bounds)
        for no, (start, end) in enumerate(zip(starts, (*self.bounds, None), strict=True)):
            label = f"{_short(start)}-{_short(end)}" if end is not None else f"{_short(start)}+"
            yield no, label, start, end

    def label(self, principal: Decimal) -> str:
        """Name the bucket of a principal."""
        return [label for _, label, _, _ in self.rows()][
            sum(principal >= bound for bound in self.bounds)
        ]


@dataclass(frozen=True, slots=True)
class TermBuckets:
    """Buckets of a term in days; `bounds` are their last days, rising; the last bucket is open."""

    bounds: tuple[int, ...]

    def rows(self) -> Iterator[tuple[int, str, int, int | None]]:
        """Give number, label, first and last day (None: open) of each bucket."""
        starts = (0, *(bound + 1 for bound in self.bounds))
        for no, (start, end) in enumerate(zip(starts, (*self.bounds, None), strict=True)):
            yield no, f"{start}-{end} days" if end is not None else f"{start}+ days", start, end

    def label(self, term_days: int) -> str:
        """Name the bucket of a term."""
        return [label for _, label, _, _ in self.rows()][
            sum(term_days > bound for bound in self.bounds)
        ]


def annual_factor(term_days: int) -> Decimal | None:
    """Give 365 / term, half-even at 8 places: what turns a loan's cost into a year's.

    None where the term is no length of time. The base of 365 days is the simple APR's (domain.md).
    """
    if term_days <= 0:
        return None
    return (Decimal(365) / term_days).quantize(Decimal("1e-8"))


def _short(amount: Decimal) -> str:
    """Write an amount in thousands where it is one: 2500 is 2.5K."""
    thousand = 1000
    if amount < thousand:
        return f"{amount.normalize():f}"
    return f"{(amount / thousand).normalize():f}K"
