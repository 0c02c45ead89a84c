"""One KPI's readings over time, as `factory kpi history` prints them."""

from collections.abc import Iterable
from typing import Any

from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.readings import GroupKey, Reading

__all__ = ["history_json", "of_kpi"]


def of_kpi(
    readings: Iterable[Reading], kpi: str, *, dimension: str = "", member: str = ""
) -> tuple[Reading, ...]:
    """Give one KPI's readings for one group, by date."""
    found = (
        reading
        for reading in readings
        if (reading.kpi, reading.dimension, reading.member) == (kpi, dimension, member)
    )
    return tuple(sorted(found, key=_by_group))


def _by_group(reading: Reading) -> GroupKey:
    return reading.group


def history_json(kpi: Kpi, readings: Iterable[Reading]) -> dict[str, Any]:
    """Give the series as one JSON object; decimals are text."""
    return {
        "kpi": kpi.id,
        "unit": kpi.unit.value,
        "readings": [
            {
                "as_of": reading.as_of.isoformat(),
                "value": None if reading.value is None else format(reading.value, "f"),
                "status": reading.status.value,
            }
            for reading in readings
        ],
    }
