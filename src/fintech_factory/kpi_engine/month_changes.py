"""Compares a KPI's month-ends with the month before, full months only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine.arithmetic import DIVISION, EXACT
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.kpi_engine.scope import month_end, month_start
from fintech_factory.values import Unit

__all__ = ["MonthChange", "month_changes"]

_DAY = timedelta(days=1)
# A share or a score moves in points; a percentage of a percentage misleads.
_IN_POINTS = frozenset({Unit.PERCENT, Unit.SCORE})


@dataclass(frozen=True, slots=True)
class MonthChange:
    """A reading and its change from the full month before.

    `change` is in the KPI's unit, `change_percent` of the earlier value (amounts only); both are
    None where two full months cannot be compared, and `reason` says why.
    """

    reading: Reading
    in_progress: bool
    change: Decimal | None = None
    change_percent: Decimal | None = None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give one month; decimals are text."""
        return {
            "as_of": self.reading.as_of,
            "value": self.reading.value if self.reading.status is Status.OK else None,
            "status": self.reading.status,
            "month_in_progress": self.in_progress,
            "change": self.change,
            "change_percent": self.change_percent,
            "reason": self.reason or None,
            "definition_version": self.reading.definition_version,
            "run_id": self.reading.run_id,
        }


def month_changes(readings: Sequence[Reading]) -> tuple[MonthChange, ...]:
    """Compare each full month with the one before; a month in progress is compared with none."""
    by_date = {reading.as_of: reading for reading in readings}
    changes = []
    for reading in sorted(readings, key=lambda each: each.as_of):
        earlier = by_date.get(month_start(reading.as_of) - _DAY)
        changes.append(_changed(reading, earlier))
    return tuple(changes)


def _changed(reading: Reading, earlier: Reading | None) -> MonthChange:
    end = month_end(reading.as_of)
    if reading.as_of < end or end > reading.data_through:
        return MonthChange(reading, in_progress=True, reason="month in progress")
    if reading.status is not Status.OK or reading.value is None:
        return MonthChange(reading, in_progress=False, reason=reading.reason)
    if earlier is None or earlier.status is not Status.OK or earlier.value is None:
        return MonthChange(reading, in_progress=False, reason="no month before to compare with")
    change = EXACT.subtract(reading.value, earlier.value)
    relative = None
    if reading.unit not in _IN_POINTS and earlier.value > 0:
        relative = DIVISION.divide(EXACT.multiply(change, Decimal(100)), earlier.value)
    return MonthChange(reading, in_progress=False, change=change, change_percent=relative)
