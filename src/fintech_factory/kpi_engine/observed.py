"""Figures that no model of the book holds: what a run, a view or another system observed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

__all__ = ["Observed", "ObservedAt"]


@dataclass(frozen=True, slots=True)
class Observed:
    """One observed figure: a value, or a part of a whole, or the reason why there is none.

    A share is given as part and whole; the division is the KPI engine's. Money is in the
    reporting currency.
    """

    value: Decimal | None = None
    part: Decimal | None = None
    whole: Decimal | None = None
    reason: str = ""


ObservedAt: TypeAlias = Mapping[date, Mapping[str, Observed]]
"""As-of date -> name of the figure -> what was observed."""
