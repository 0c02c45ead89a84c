"""Small values that every floor speaks in."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "LedgerRules", "LimitState", "Problem", "Severity", "Unit"]


class Unit(StrEnum):
    """What a reading is counted in. `percent`: 5.00 means 5 % (A9)."""

    PERCENT = "percent"
    MONEY = "money"
    COUNT = "count"
    SCORE = "score"
    DAYS = "days"


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
    buckets, `bucket_labels` their names, one more.
    """

    reporting_currency: str
    write_off_after_dpd: int
    coverage_tolerance: Decimal
    collection_window_days: int
    bucket_bounds: tuple[int, ...]
    bucket_labels: tuple[str, ...]
