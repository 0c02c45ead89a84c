"""The only place that asks what time it is."""

from datetime import UTC, date, datetime
from typing import Protocol

__all__ = ["Clock", "FixedClock", "SystemClock"]


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Give the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still; for tests and replays."""

    def __init__(self, at: datetime | date) -> None:
        """Stand at a moment, or at midnight UTC of a day."""
        self._at = (
            at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)
        )

    def now(self) -> datetime:
        """Give the moment this clock stands at."""
        return self._at
