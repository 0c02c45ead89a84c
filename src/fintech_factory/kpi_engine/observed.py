"""Figures that no model of the book holds: what a run, a view or another system observed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from fintech_factory.kpi_engine.definitions import Definitions, FromOutside
from fintech_factory.kpi_engine.evaluate import Figures, divided, make_reading
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.scope import Scope
from fintech_factory.values import Unit

__all__ = ["Observed", "ObservedAt", "read_observed"]


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


def read_observed(
    definitions: Definitions, scope: Scope, observed: ObservedAt
) -> tuple[Reading, ...]:
    """Read every observed KPI at every as-of date, for the whole book only.

    No second engine can check such a figure: its check is not run. A date at which nobody
    observed it is unavailable, with the reason.
    """
    return tuple(
        make_reading(
            kpi,
            scope,
            (as_of, "", ""),
            _figures(observed.get(as_of, {}).get(kpi.measure.figure), kpi.unit, silence),
            partial=scope.is_partial(kpi, as_of),
        )
        for as_of in sorted(set(scope.as_ofs))
        for silence in [scope.silence(as_of)]
        for kpi in definitions.kpis.values()
        if isinstance(kpi.measure, FromOutside)
    )


def _figures(seen: Observed | None, unit: Unit, silence: str) -> Figures:
    if silence or seen is None:
        return Figures(reason=silence or "nothing has observed it at this date")
    if seen.part is not None or seen.whole is not None:
        return divided(seen.part, seen.whole, in_percent=unit is Unit.PERCENT)
    reason = seen.reason or ("" if seen.value is not None else "no figure was given")
    return Figures(seen.value, reason=reason)
