"""One KPI's figure at one as-of date for one group, with all that explains it."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Any

from fintech_factory.values import LimitState, Unit

__all__ = ["Check", "GroupKey", "Reading", "Status", "shown"]

GroupKey = tuple[date, str, str]
"""As-of date, dimension ('' for the whole book), member ('' for the whole book)."""

_WIDE = Context(prec=100, rounding=ROUND_HALF_EVEN)


class Status(StrEnum):
    """Whether a reading may be used: `withheld` means that the two engines disagree."""

    OK = "ok"
    UNAVAILABLE = "unavailable"
    WITHHELD = "withheld"


class Check(StrEnum):
    """The second engine's verdict."""

    MATCHED = "matched"
    MISMATCHED = "mismatched"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure, never rounded; None with a reason where there is none.

    `value` is clamped for KPIs that are shown in a range, `raw_value` never; `limit_state`
    is None unless the status is ok: what is not known is not healthy.
    """

    kpi: str
    definition_version: int
    as_of: date
    data_through: date
    unit: Unit
    dimension: str = ""
    member: str = ""
    status: Status = Status.OK
    reason: str = ""
    value: Decimal | None = None
    raw_value: Decimal | None = None
    part: Decimal | None = None
    whole: Decimal | None = None
    limit_state: LimitState | None = None
    partial: bool = False
    run_id: str | None = None
    batch_ids: tuple[str, ...] = ()
    check: Check = Check.NOT_RUN

    @property
    def group(self) -> GroupKey:
        """The as-of date and the part of the book that the reading speaks of."""
        return (self.as_of, self.dimension, self.member)

    def as_json(self) -> dict[str, Any]:
        """Give the reading as `factory kpi show` prints it; decimals are text.

        A group of the book adds its dimension and member.
        """
        group = {"dimension": self.dimension, "member": self.member} if self.dimension else {}
        return {
            "kpi": self.kpi,
            **group,
            "as_of": self.as_of.isoformat(),
            "data_through": self.data_through.isoformat(),
            "status": self.status.value,
            "reason": self.reason or None,
            "value": _text(self.value),
            "raw_value": _text(self.raw_value),
            "unit": self.unit.value,
            "part": _text(self.part),
            "whole": _text(self.whole),
            "limit_state": self.limit_state.value if self.limit_state else None,
            "partial": self.partial,
            "definition_version": self.definition_version,
            "run_id": self.run_id,
            "batch_ids": list(self.batch_ids),
            "check": self.check.value,
        }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def shown(value: Decimal, precision: int) -> Decimal:
    """Round for display only, half to even (A23)."""
    return value.quantize(Decimal(1).scaleb(-precision), context=_WIDE)
