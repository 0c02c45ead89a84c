"""The days that the second engine's ledger stands at, and the windows that each of them opens."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from fintech_factory.kpi_engine.scope import Scope, month_end, month_start
from fintech_factory.values import LedgerRules

__all__ = ["COMPARED_MONTHS", "Snapshots", "month_no"]

_DAY = timedelta(days=1)
COMPARED_MONTHS = (0, 1, 3, 12)
"""The full months that growth compares, counted back from the last one."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Every day of the ledger, ascending: as-of dates and the month-ends before the last of them.

    Of each day: `cuts` is where its data end, its collection window opens after `windows`, and
    nothing that happened before `quiet_before` is in a window. `as_ofs` are the answerable dates
    in order, each with its place among the days; `openings` the place of the month-end before
    each of them, if the ledger has it. `compared` says for a day as which full month before which
    as-of dates it is looked at: (number of the as-of date, months before).
    """

    days: tuple[date, ...]
    cuts: tuple[date, ...]
    windows: tuple[date, ...]
    month_starts: tuple[date, ...]
    month_ends: tuple[date, ...]
    month_nos: tuple[int, ...]
    quiet_before: tuple[date, ...]
    as_ofs: tuple[int, ...]
    openings: tuple[int | None, ...]
    compared: Mapping[int, tuple[tuple[int, int], ...]]

    @staticmethod
    def of(scope: Scope, rules: LedgerRules) -> "Snapshots":
        """Take what a scope can answer."""
        days = _ledger_days(scope)
        place = {day: at for at, day in enumerate(days)}
        window = timedelta(days=rules.collection_window_days)
        starts = tuple(map(month_start, days))
        answerable = scope.answerable()
        return Snapshots(
            days=days,
            cuts=tuple(map(scope.cut_on, days)),
            windows=tuple(day - window for day in days),
            month_starts=starts,
            month_ends=tuple(map(month_end, days)),
            month_nos=tuple(map(month_no, days)),
            # The collection window leaves its first day out, the month does not.
            quiet_before=tuple(
                min(day - window + _DAY, start) for day, start in zip(days, starts, strict=True)
            ),
            as_ofs=tuple(place[day] for day in answerable),
            openings=tuple(place.get(month_start(day) - _DAY) for day in answerable),
            compared=_compared(scope, place),
        )

    def asked(self, first: int, end: int) -> range:
        """Number the as-of dates whose days stand at `first` or later, before `end`."""
        return range(bisect_left(self.as_ofs, first), bisect_left(self.as_ofs, end))


def month_no(day: date) -> int:
    """Number months so that their difference counts them."""
    return day.year * 12 + day.month


def _ledger_days(scope: Scope) -> tuple[date, ...]:
    if scope.book_from is None or not scope.as_ofs:
        return ()
    last = min(max(scope.as_ofs), scope.data_through)
    days = {*scope.as_ofs, last}
    day = month_end(scope.book_from)
    while day <= last:
        days.add(day)
        day = month_end(day + _DAY)
    return tuple(sorted(days))


def _compared(scope: Scope, place: Mapping[date, int]) -> Mapping[int, tuple[tuple[int, int], ...]]:
    """Find the full months: a month that the data do not cover to its end is never the newest."""
    full = {month_no(day): at for day, at in place.items() if day == month_end(day)}
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, day in enumerate(scope.answerable()):
        is_full = scope.cut_on(day) == month_end(day)
        newest = month_no(day) if is_full else month_no(day) - 1
        for before in COMPARED_MONTHS:
            at = full.get(newest - before)
            if at is not None:
                found[at].append((number, before))
    return {at: tuple(targets) for at, targets in found.items()}
