"""Replays limits over a KPI's history: when they would have fired, and when never."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from fintech_factory.kpi_engine.arithmetic import EXACT
from fintech_factory.kpi_engine.limits import Direction, Limits
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.kpi_engine.scope import month_end
from fintech_factory.values import LimitState

__all__ = ["LevelRehearsal", "NearMiss", "Rehearsal", "is_firing", "rehearse"]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The reading that came closest to a limit without passing it; `gap` in the KPI's unit."""

    as_of: date
    value: Decimal
    gap: Decimal


@dataclass(frozen=True, slots=True)
class LevelRehearsal:
    """What one limit would have done.

    `fired` are the readings past the limit, by date; `longest` counts those that follow each
    other; `changes` how often it went on or off. With a `clear` limit, `held` counts the readings
    at which it is on and `changes_held` how often it then goes on or off; else both are None.
    `in_progress` if the last of the `known` is a date within its month.
    """

    level: LimitState
    limit: Decimal
    clear: Decimal | None
    known: int
    fired: tuple[Reading, ...]
    longest: int
    changes: int
    held: int | None
    changes_held: int | None
    nearest_miss: NearMiss | None
    in_progress: bool = False

    @property
    def warning(self) -> str:
        """Say what is wrong with a limit that never fires or always does; else nothing."""
        named = f"{self.level.value} {self.limit.normalize():f}"
        often = f"this rule would have fired {len(self.fired)} of {self.known} months"
        so_far = " (the last is not over)" if self.in_progress else ""
        if self.known and not self.fired:
            return f"{often}: {named} never fires{so_far}"
        if self.known and len(self.fired) == self.known:
            return f"{often}: {named} always fires{so_far}"
        return ""

    def as_json(self) -> dict[str, Any]:
        """Give the document of one level; decimals are text."""
        miss = self.nearest_miss
        return {
            "level": self.level,
            "limit": self.limit,
            "clear": self.clear,
            "fired": len(self.fired),
            "of": self.known,
            "last_in_progress": self.in_progress,
            "dates": [
                {"as_of": each.as_of, "value": each.value, "partial": each.partial}
                for each in self.fired
            ],
            "first": self.fired[0].as_of if self.fired else None,
            "last": self.fired[-1].as_of if self.fired else None,
            "longest_streak": self.longest,
            "state_changes": self.changes,
            "firing_with_clear": self.held,
            "state_changes_with_clear": self.changes_held,
            "nearest_miss": miss and {"as_of": miss.as_of, "value": miss.value, "gap": miss.gap},
            "warning": self.warning or None,
        }


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A KPI's limits replayed over its readings, oldest first; `current` is the last reading's."""

    kpi: str
    readings: tuple[Reading, ...]
    levels: tuple[LevelRehearsal, ...]
    current: LimitState | None

    @property
    def unavailable(self) -> tuple[Reading, ...]:
        """The dates of which nothing is known; they neither fired nor did not."""
        return tuple(each for each in self.readings if each.status is not Status.OK)

    @property
    def computed(self) -> int:
        """How many readings no run has published."""
        return sum(each.run_id is None for each in self.readings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before these limits are trusted."""
        said = tuple(level.warning for level in self.levels if level.warning)
        return said if len(self.unavailable) < len(self.readings) else ("no reading is known",)


def rehearse(kpi: str, limits: Limits, readings: Sequence[Reading]) -> Rehearsal:
    """Replay each limit over readings of different dates.

    Comparisons are strict and on unrounded values (R048). A date without a reading neither
    fires nor clears: the state before it holds, and streaks go on across it without counting it.
    """
    ordered = tuple(sorted(readings, key=lambda each: each.as_of))
    levels = tuple(_level(limits, level, ordered) for level, _ in limits.steps)
    last = ordered[-1] if ordered else None
    current = None if last is None or last.status is not Status.OK else _state(limits, last)
    return Rehearsal(kpi, ordered, levels, current)


def is_firing(limits: Limits, level: LimitState, value: Decimal, *, was_firing: bool) -> bool:
    """Say whether a level fires at a value, given whether it fired before.

    Once it fires it goes on until the value lies past the clear limit, on the healthy side;
    without a clear limit only the limit itself decides.
    """
    if limits.passed(value, dict(limits.steps)[level]):
        return True
    clear = dict(limits.clear).get(level)
    if clear is None or not was_firing:
        return False
    return not (value > clear if limits.direction is Direction.BAD_BELOW else value < clear)


def _state(limits: Limits, reading: Reading) -> LimitState | None:
    return None if reading.value is None else limits.state(reading.value)


def _level(limits: Limits, level: LimitState, readings: Sequence[Reading]) -> LevelRehearsal:
    limit = dict(limits.steps)[level]
    clear = dict(limits.clear).get(level)
    known = [
        (each, each.value)
        for each in readings
        if each.status is Status.OK and each.value is not None
    ]
    past = [limits.passed(value, limit) for _, value in known]
    held = list(_held(limits, level, [value for _, value in known]))
    return LevelRehearsal(
        level=level,
        limit=limit,
        clear=clear,
        known=len(known),
        fired=tuple(each for (each, _), fires in zip(known, past, strict=True) if fires),
        longest=_longest(past),
        changes=_changes(past),
        held=None if clear is None else sum(held),
        changes_held=None if clear is None else _changes(held),
        nearest_miss=min(
            (
                NearMiss(each.as_of, value, EXACT.subtract(limit, value).copy_abs())
                for (each, value), fires in zip(known, past, strict=True)
                if not fires
            ),
            key=lambda miss: miss.gap,
            default=None,
        ),
        in_progress=bool(known) and _is_in_progress(known[-1][0]),
    )


def _is_in_progress(reading: Reading) -> bool:
    """Say whether the data end with a reading, within its month."""
    through = reading.data_through
    return reading.as_of >= through and through != month_end(through)


def _held(limits: Limits, level: LimitState, values: Sequence[Decimal]) -> Iterator[bool]:
    firing = False
    for value in values:
        firing = is_firing(limits, level, value, was_firing=firing)
        yield firing


def _longest(fires: Sequence[bool]) -> int:
    longest = streak = 0
    for each in fires:
        streak = streak + 1 if each else 0
        longest = max(longest, streak)
    return longest


def _changes(fires: Sequence[bool]) -> int:
    return sum(before is not after for before, after in pairwise(fires))
