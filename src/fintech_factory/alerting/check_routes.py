"""Checks whom alerts go to: routes, in their order, and escalation."""

from itertools import pairwise
from typing import TYPE_CHECKING

from fintech_factory.alerting.check_receivers import check_names
from fintech_factory.alerting.check_rules import check_match, subjects_of
from fintech_factory.alerting.setup import Alerting, Route, chosen
from fintech_factory.kpi_engine.notes import Notes

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings, StepSettings

__all__ = ["STEPS", "check_routes"]

STEPS = ("warning", "critical", "executive", "compliance", "pipeline")
"""The keys of `escalation`."""


def check_routes(alerting: Alerting, settings: "AlertSettings", notes: Notes) -> None:
    """Note routes that nothing takes or that lead nowhere, and steps out of order."""
    known = settings.receivers
    at = notes.below("default_receiver")
    check_names([settings.default_receiver], known, "receiver", at, by_place=False)
    seen: set[str] = set()
    for place, each in enumerate(settings.routes):
        below = notes.below("routes", place).speaking_of(each.name)
        if each.name in seen:
            below.below("name").note("a route has this name already", "give each its own")
        seen.add(each.name)
        if not each.receivers:
            below.below("receivers").note("nobody is told", "name at least one receiver")
        check_names(each.receivers, known, "receiver", below.below("receivers"))
        faults = len(notes.problems)
        check_match(each.match, alerting.rules, below.below("match"))
        if len(notes.problems) == faults:
            _check_reachable(alerting, place, below)
    for key in STEPS:
        below = notes.below("escalation", key).speaking_of(f"escalation.{key}")
        _check_steps(getattr(settings.escalation, key), settings, below)


def _check_reachable(alerting: Alerting, place: int, notes: Notes) -> None:
    """Note a route that no alert can take, or that those before it leave nothing to."""
    route = alerting.routes[place]
    means = [
        each for each in subjects_of(alerting.rules.values(), route.match) if route.match.fits(each)
    ]
    if not means:
        notes.below("match").note(
            "no alert can take this route",
            "no rule has all that it asks for: look at the levels and limits of the rules",
        )
        return
    before: tuple[Route, ...] = alerting.routes[: place + 1]
    if not any(route in chosen(before, each) for each in means):
        takers = {chosen(before, each)[-1].name for each in means}
        notes.note(
            f"it is never reached: {', '.join(sorted(takers))} before it takes all that it means",
            "move it up, or say `continue: true` there",
        )


def _check_steps(
    steps: "tuple[StepSettings, ...]", settings: "AlertSettings", notes: Notes
) -> None:
    for place, step in enumerate(steps):
        at = notes.below(place, "receivers")
        if not step.receivers:
            at.note("nobody is told", "name at least one receiver")
        check_names(step.receivers, settings.receivers, "receiver", at)
    for place, (before, after) in enumerate(pairwise(steps), start=1):
        if after.level <= before.level:
            notes.below(place, "level").note(
                f"level {after.level} comes after level {before.level}",
                "write the levels in order, each once",
            )
        if after.after_minutes < before.after_minutes:
            notes.below(place, "after_minutes").note(
                f"level {after.level} ({after.after_minutes} minutes) comes before level"
                f" {before.level} ({before.after_minutes})",
                "a higher level is told later, or at the same time",
            )
