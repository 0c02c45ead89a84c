"""What a change of a definition would have done to the months gone by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.limits import Limits
from fintech_factory.kpi_engine.meaning import FieldChange
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.values import LimitState

__all__ = ["DefinitionDiff", "MonthDiff", "months_of"]


@dataclass(frozen=True, slots=True)
class MonthDiff:
    """One month-end by both definitions; None where a side has no figure, or no limits.

    The states are those of the sides' own limits.
    """

    as_of: date
    old: Decimal | None
    new: Decimal | None
    old_state: LimitState | None
    new_state: LimitState | None

    @property
    def change(self) -> Decimal | None:
        """New less old, where both are known."""
        if self.old is None or self.new is None:
            return None
        return EXACT.subtract(self.new, self.old)

    @property
    def state_differs(self) -> bool:
        """Whether the month would have stood elsewhere.

        Known beside unknown differs; without limits, a month stands as one within them.
        """
        return _standing(self.old, self.old_state) is not _standing(self.new, self.new_state)

    def as_json(self) -> dict[str, Any]:
        """Give one month; decimals are text."""
        return {
            "as_of": self.as_of,
            "old": self.old,
            "new": self.new,
            "change": self.change,
            "old_state": self.old_state,
            "new_state": self.new_state,
            "state_differs": self.state_differs,
        }


@dataclass(frozen=True, slots=True)
class DefinitionDiff:
    """How one KPI's definition differs from the one that runs used last, and what that does.

    `kind` is `changed`, `new` (no run has used it), `removed` (the file has it no more) or
    `through inputs` (the KPIs of its formula changed). `months` is empty where there is nothing
    to compare; `reason` then says why.
    """

    kpi: str
    kind: str
    old_version: int | None
    new_version: int | None
    fields: tuple[FieldChange, ...]
    months: tuple[MonthDiff, ...] = ()
    reason: str = ""

    @property
    def states_differ(self) -> int:
        """In how many months the state would have been another."""
        return sum(month.state_differs for month in self.months)

    @property
    def values_differ(self) -> int:
        """In how many months the value would have been another."""
        return sum(month.old != month.new for month in self.months)

    @property
    def largest(self) -> MonthDiff | None:
        """The month whose value changes most; None where none does."""
        moved = [(month.change.copy_abs(), month) for month in self.months if month.change]
        return max(moved, key=lambda each: each[0])[1] if moved else None

    def as_json(self) -> dict[str, Any]:
        """Give the document of one KPI."""
        largest = self.largest
        return {
            "kpi": self.kpi,
            "kind": self.kind,
            "old_version": self.old_version,
            "new_version": self.new_version,
            "fields": [
                {"field": each.field, "old": each.old, "new": each.new} for each in self.fields
            ],
            "states_differ": self.states_differ,
            "values_differ": self.values_differ,
            "largest_change": largest and {"as_of": largest.as_of, "change": largest.change},
            "months": [month.as_json() for month in self.months],
            "reason": self.reason or None,
        }


def months_of(
    old: tuple[Limits, Sequence[Reading]], new: tuple[Limits, Sequence[Reading]]
) -> tuple[MonthDiff, ...]:
    """Set two series of the same dates beside each other, each with its limits."""
    return tuple(
        MonthDiff(
            before.as_of,
            _value(before),
            _value(after),
            _state(old[0], before),
            _state(new[0], after),
        )
        for before, after in zip(old[1], new[1], strict=True)
    )


def _value(reading: Reading) -> Decimal | None:
    return reading.value if reading.status is Status.OK else None


def _state(limits: Limits, reading: Reading) -> LimitState | None:
    return reading.limit_state if limits.steps else None


def _standing(value: Decimal | None, state: LimitState | None) -> LimitState | None:
    return None if value is None else state or LimitState.NONE
