"""How much of a time the day was kept going: raw, and what of the rest was planned (R101, A14)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Outage", "Span", "Uptime", "uptime"]

_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a process was seen; `is_ended` where it said good-bye."""

    begun: datetime
    seen: datetime
    is_ended: bool = False


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which no process kept the day going; `planned` of it lay in a window."""

    begun: datetime
    ended: datetime
    planned: timedelta

    @property
    def lasted(self) -> timedelta:
        """Give how long it was."""
        return self.ended - self.begun


@dataclass(frozen=True, slots=True)
class Uptime:
    """What was up from `since` to `until`, and every time that was not."""

    since: datetime
    until: datetime
    outages: tuple[Outage, ...]

    @property
    def total(self) -> timedelta:
        """Give the whole time that is spoken of."""
        return self.until - self.since

    @property
    def down(self) -> timedelta:
        """Give how long nothing was up, planned or not."""
        return sum((each.lasted for each in self.outages), _NONE)

    @property
    def planned(self) -> timedelta:
        """Give how much of that lay in maintenance windows."""
        return sum((each.planned for each in self.outages), _NONE)

    @property
    def raw(self) -> float | None:
        """Give the share of the whole time that was up, 0 to 1; None where no time has passed."""
        return 1 - self.down / self.total if self.total > _NONE else None

    @property
    def beside_planned(self) -> float | None:
        """Give the share of the time outside planned outages that was up, 0 to 1."""
        promised = self.total - self.planned
        return 1 - (self.down - self.planned) / promised if promised > _NONE else None


def uptime(
    spans: Sequence[Span],
    windows: Iterable[tuple[datetime, datetime]],
    between: tuple[datetime, datetime],
    silence: timedelta,
) -> Uptime:
    """Count what was up between two moments.

    A process that did not say good-bye is taken to have lived for `silence` after it was last
    seen: no more is known. `windows` may overlap.
    """
    since, until = between
    alive = [(each.begun, each.seen if each.is_ended else each.seen + silence) for each in spans]
    up = _merged(alive, since, until)
    planned = _merged(windows, since, until)
    outages = []
    at = since
    for begun, ended in [*up, (until, until)]:
        if at < begun:
            outages.append(Outage(at, begun, _shared(planned, at, begun)))
        at = max(at, ended)
    return Uptime(since, until, tuple(outages))


def _merged(
    spans: Iterable[tuple[datetime, datetime]], since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Give the union of spans within two moments, in order and without overlap."""
    merged: list[tuple[datetime, datetime]] = []
    for first, last in sorted(spans):
        begun, ended = max(first, since), min(last, until)
        if begun >= ended:
            continue
        if merged and begun <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        else:
            merged.append((begun, ended))
    return merged


def _shared(
    planned: Iterable[tuple[datetime, datetime]], begun: datetime, ended: datetime
) -> timedelta:
    within = (min(last, ended) - max(first, begun) for first, last in planned)
    return sum((each for each in within if each > _NONE), _NONE)
