"""Finds the readings that an alert is explained by."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.kpi_engine.readings import Reading
    from fintech_factory.views.facilities.covenants import Covenant
    from fintech_factory.warehouse.protocol import Reader, Version

__all__ = ["Fresh", "Published"]


class Fresh:
    """A run's own readings, which no version holds yet."""

    def __init__(self, readings: "Sequence[Reading]") -> None:
        """Take all of them."""
        self._readings = readings

    def at(self, day: date) -> "list[Reading]":
        """Give those of one date."""
        return [each for each in self._readings if each.as_of == day]

    def earlier(self, kpi: str, day: date) -> "list[Reading]":
        """Give a KPI's at the last date before a day."""
        mine = [each for each in self._readings if each.kpi == kpi and each.as_of < day]
        last = max((each.as_of for each in mine), default=None)
        return [each for each in mine if each.as_of == last]


class Published:
    """The readings of the version in force; it is opened only if somebody asks."""

    def __init__(self, factory: "Factory", version: "Version | None") -> None:
        """Take the version in force, None before the first."""
        self._factory, self._version = factory, version
        self._reader: Reader | None = None
        self._held: dict[date, list[Reading]] = {}

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was opened."""
        if self._reader is not None:
            self._reader.close()

    def at(self, day: date) -> "list[Reading]":
        """Give those of one date."""
        from fintech_factory.pipeline.reading_table import every_reading_at

        if day not in self._held:
            reader = self._open()
            self._held[day] = every_reading_at(reader, day) if reader is not None else []
        return self._held[day]

    def earlier(self, kpi: str, day: date) -> "list[Reading]":
        """Give a KPI's at the last date before a day."""
        from fintech_factory.pipeline.reading_table import last_before

        reader = self._open()
        return last_before(reader, kpi, day) if reader is not None else []

    def covenants(self, day: date) -> "Sequence[Covenant]":
        """Give how every covenant stands at one date."""
        from fintech_factory.views.table import ViewDate

        reader = self._open()
        if reader is None or self._version is None:
            return ()
        through = self._version.run.data_through
        return self._factory.facilities.covenants(
            reader, ViewDate(day, min(day, through), partial=day > through)
        )

    def _open(self) -> "Reader | None":
        if self._reader is None and self._version is not None:
            self._reader = self._factory.warehouse.open(self._version)
        return self._reader
