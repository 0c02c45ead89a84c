"""Counts the seconds in which a process kept the day going, for the objectives of uptime."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, select

from fintech_factory.alerting.window import Window
from fintech_factory.pipeline.heartbeat import spans
from fintech_factory.pipeline.uptime import Span, uptime
from fintech_factory.state.tables import metadata
from fintech_factory.telemetry.objective import Counted

__all__ = ["Up", "planned_windows"]

_window = metadata.tables["maintenance_window"]
# A sign of life is left every 10 seconds; whoever left none for three of them is not counted on.
_SILENCE = timedelta(seconds=30)
_Windows = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Up:
    """The times at which somebody was seen, and the windows in which nobody had to be."""

    seen: Sequence[Span]
    windows: _Windows

    @classmethod
    def of(
        cls,
        connection: Connection,
        windows: Iterable[Window],
        between: tuple[datetime, datetime],
    ) -> "Up":
        """Read the signs of life, and the windows, that lie between two moments."""
        return cls(spans(connection, between[0]), planned_windows(connection, windows, between))

    def raw(self, since: datetime, until: datetime) -> Counted:
        """Count the seconds between two moments, windows or not; none before the first sign."""
        return self._count(since, until, spares_windows=False)

    def beside_planned(self, since: datetime, until: datetime) -> Counted:
        """Count them without what was down within a maintenance window."""
        return self._count(since, until, spares_windows=True)

    def _count(self, since: datetime, until: datetime, *, spares_windows: bool) -> Counted:
        if not self.seen:
            return Decimal(0), Decimal(0)
        since = max(since, min(each.begun for each in self.seen))
        if since >= until:
            return Decimal(0), Decimal(0)
        found = uptime(self.seen, self.windows, (since, until), _SILENCE)
        spared = found.planned if spares_windows else timedelta()
        return _seconds(found.total - found.down), _seconds(found.total - spared)


def planned_windows(
    connection: Connection, windows: Iterable[Window], between: tuple[datetime, datetime]
) -> list[tuple[datetime, datetime]]:
    """Give from when to when maintenance was planned between two moments.

    One that was announced counts from its announcement on, and up to its cancelling.
    """
    since, until = between
    recurring = list(windows)
    found = []
    day = since.astimezone(UTC).date()
    while day <= until.astimezone(UTC).date():
        found += [each.span(day) for each in recurring if each.is_on(day)]
        day += timedelta(days=1)
    wanted = select(_window).where(_window.c.ends_at > since, _window.c.starts_at < until)
    for row in connection.execute(wanted):
        begun = max(row.starts_at, row.announced_at)
        ended = min(row.ends_at, row.cancelled_at or row.ends_at)
        if begun < ended:
            found.append((begun, ended))
    return found


def _seconds(span: timedelta) -> Decimal:
    return Decimal(str(span.total_seconds()))
