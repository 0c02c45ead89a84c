"""Checks rotas, maintenance windows and silences: gaps, overlaps, ends before beginnings."""

from itertools import combinations
from typing import TYPE_CHECKING

from fintech_factory.alerting.check_receivers import check_names
from fintech_factory.alerting.reading import WEEK_DAYS, make_match, make_shift, make_window
from fintech_factory.alerting.rota import covered
from fintech_factory.alerting.window import Window
from fintech_factory.kpi_engine.notes import Notes

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings, RotaSettings, WindowSettings

__all__ = ["check_calendar"]

_DAY_MINUTES = 24 * 60
_LAST_WEEK = 4


def check_calendar(settings: "AlertSettings", notes: Notes) -> None:
    """Note what cannot be, in a week or a month."""
    for name, rota in settings.rotas.items():
        _check_rota(rota, settings, notes.below("rotas", name).speaking_of(name))
    _check_windows(settings.maintenance.windows, notes.below("maintenance", "windows"))
    for place, silence in enumerate(settings.silences):
        below = notes.below("silences", place).speaking_of(f"silence {place + 1}")
        for key in ("owner", "reason"):
            if not getattr(silence, key).strip():
                below.below(key).note("it may not be empty", "say who, and why")
        if silence.ends <= silence.starts:
            below.below("ends").note("it ends before it begins", "swap the two")
        if make_match(silence.match).means_everything:
            below.below("match").note("this would silence every alert", "say which")
        if silence.match.compliance:
            below.below("match", "compliance").note(
                "a compliance breach cannot be silenced", "take it out"
            )


def _check_rota(rota: "RotaSettings", settings: "AlertSettings", notes: Notes) -> None:
    for place, shift in enumerate(rota.shifts):
        at = notes.below("shifts", place, "people")
        if not shift.people:
            at.note("nobody takes this shift", "name at least one person")
        check_names(shift.people, settings.people, "person", at)
    shifts = [make_shift(each.from_, each.to, each.people) for each in rota.shifts]
    gap, overlap = covered(shifts)
    if gap is not None:
        notes.below("shifts").note(
            f"nobody is on call from {_moment(gap[0])} to {_moment(gap[1])}",
            "the shifts have to cover the whole week",
        )
    if overlap is not None:
        notes.below("shifts").note(
            f"two shifts run from {_moment(overlap[0])} to {_moment(overlap[1])}",
            "each shift ends where the next begins",
        )


def _moment(minute: int) -> str:
    day, rest = divmod(minute % (_DAY_MINUTES * len(WEEK_DAYS)), _DAY_MINUTES)
    return f"{WEEK_DAYS[day]} {rest // 60:02}:{rest % 60:02}"


def _check_windows(windows: "tuple[WindowSettings, ...]", notes: Notes) -> None:
    seen: set[str] = set()
    for place, each in enumerate(windows):
        if each.name in seen:
            notes.below(place, "name").speaking_of(each.name).note(
                "a window has this name already", "give each its own"
            )
        seen.add(each.name)
        if each.to <= each.from_:
            notes.below(place, "to").speaking_of(each.name).note(
                f"it closes ({each.to:%H:%M}) before it opens ({each.from_:%H:%M})",
                "one that runs past midnight is two windows",
            )
    made = list(enumerate(make_window(each) for each in windows))
    for (_, first), (place, second) in combinations(made, 2):
        if _overlap(first, second):
            notes.below(place).speaking_of(second.name).note(
                f"it overlaps with {first.name}", "leave a window its hours, or make one of both"
            )


def _overlap(first: Window, second: Window) -> bool:
    if first.weekday != second.weekday or not _share_a_day(first.nth, second.nth):
        return False
    return first.starts < second.ends and second.starts < first.ends


def _share_a_day(first: int | None, second: int | None) -> bool:
    # The last one of a month may be its fourth.
    both = {first, second}
    return None in both or first == second or both == {_LAST_WEEK, -1}
