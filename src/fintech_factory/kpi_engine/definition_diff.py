"""What a change of a definition would have done to the months gone by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine.meaning import FieldChange
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.values import LimitState

__all__ = ["DefinitionDiff", "MonthDiff", "months_of"]


@dataclass(frozen=True, slots=True)
class MonthDiff:
    """One month-end by both definitions; None where a side has no figure, or no limits."""

    as_of: date
    old: Decimal | None
    new: Decimal | None
    old_state: LimitState | None
    new_state: LimitState | None

    @property
    def change(self) -> Decimal | None:
        """New less old, where both are known."""
        return None if self.old is None or self.new is None else self.new - self.old

    @property
    def state_differs(self) -> bool:
        """Whether the month would have stood elsewhere: known beside unknown differs too."""
        return self.old_state is not self.new_state

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
        moved = [(abs(month.change), month) for month in self.months if month.change]
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


def months_of(old: Sequence[Reading], new: Sequence[Reading]) -> tuple[MonthDiff, ...]:
    """Set two series of the same dates beside each other."""
    return tuple(_months(old, new))


def _months(old: Sequence[Reading], new: Sequence[Reading]) -> Iterator[MonthDiff]:
    for before, after in zip(old, new, strict=True):
        yield MonthDiff(
            before.as_of, _value(before), _value(after), before.limit_state, after.limit_state
        )


def _value(reading: Reading) -> Decimal | None:
    return reading.value if reading.status is Status.OK else None
