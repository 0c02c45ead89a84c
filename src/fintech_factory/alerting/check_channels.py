"""Checks that what is critical goes where somebody hears it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fintech_factory.alerting.address import INBOX
from fintech_factory.alerting.check_routes import STEPS
from fintech_factory.alerting.check_rules import subjects_of
from fintech_factory.alerting.escalate import TOP
from fintech_factory.alerting.level import LimitState, at_least
from fintech_factory.alerting.match import Subject
from fintech_factory.alerting.setup import DEFAULT_ROUTE, Alerting
from fintech_factory.kpi_engine.notes import Notes

if TYPE_CHECKING:
    from fintech_factory.alerting.settings import AlertSettings

__all__ = ["check_channels"]

_Place = tuple[tuple[str | int, ...], str, str]
"""Where a receiver's name stands, the name, and what sends alerts there."""


def check_channels(alerting: Alerting, settings: "AlertSettings", notes: Notes) -> None:
    """Note what is critical and goes to a channel that is off, and a breach that some do not get.

    A channel that is known to be off (`channels_off`) is no fault while it is.
    """
    for place, channel in enumerate(settings.channels_off):
        if alerting.channels.get(channel):
            notes.below("channels_off", place).speaking_of("channels_off").note(
                f"`{channel}` is switched on", "take it out of the list"
            )
    grave = [each for each in subjects_of(alerting.rules.values()) if _is_grave(each)]
    for keys, receiver, sender in _told(alerting, settings, grave):
        for channel in sorted(alerting.directory.receivers[receiver].channels):
            if not _serves(channel, alerting.channels) and channel not in settings.channels_off:
                notes.below(*keys).speaking_of(sender).note(
                    f"what is critical goes to the channel `{channel}`, which is off",
                    f"say `enabled: true` in integrations/{channel}.yaml, tell somebody else, or"
                    " add it to `channels_off`",
                )
    _check_breaches(alerting, settings, [each for each in grave if each.compliance], notes)


def _is_grave(subject: Subject) -> bool:
    return subject.compliance or at_least(subject.level, LimitState.CRITICAL)


def _serves(channel: str, channels: Mapping[str, bool]) -> bool:
    return channel == INBOX or channels.get(channel, False)


def _told(
    alerting: Alerting, settings: "AlertSettings", subjects: Iterable[Subject]
) -> Iterator[_Place]:
    """Give every receiver that one of some alerts goes to, with its place in the file."""
    names = {route.name for each in subjects for route in alerting.routes_of(each)}
    if DEFAULT_ROUTE in names:
        yield ("default_receiver",), settings.default_receiver, "default_receiver"
    for place, route in enumerate(settings.routes):
        # A route for a part of the book is taken by alerts that are not listed one by one.
        if route.name in names or route.match.dimension:
            for at, receiver in enumerate(route.receivers):
                yield ("routes", place, "receivers", at), receiver, route.name
    for key in STEPS[1:]:
        for place, step in enumerate(getattr(settings.escalation, key)):
            for at, receiver in enumerate(step.receivers):
                keys = ("escalation", key, place, "receivers", at)
                yield keys, receiver, f"escalation.{key}"


def _check_at_once(settings: "AlertSettings", notes: Notes) -> None:
    notes = notes.speaking_of("escalation.compliance")
    steps = settings.escalation.compliance
    for place, step in enumerate(steps):
        if step.after_minutes:
            notes.below(place, "after_minutes").note(
                "a compliance breach is told to every level at once", "write 0"
            )
    if TOP not in {step.level for step in steps}:
        notes.note(
            f"a compliance breach does not reach level {TOP}",
            "add it: {level: 3, after_minutes: 0, receivers: [...]}",
        )


def _check_breaches(
    alerting: Alerting, settings: "AlertSettings", breaches: list[Subject], notes: Notes
) -> None:
    """Note what does not hear of a compliance breach, or not at once (A17, R095)."""
    if breaches:
        _check_at_once(settings, notes.below("escalation", "compliance"))
    for breach in breaches:
        routes = alerting.routes_of(breach)
        steps = alerting.policy.steps_of(breach.level, compliance=True)
        told = [name for route in routes for name in route.receivers]
        told += [name for step in steps for name in step.receivers]
        reached = {
            channel for name in told for channel in alerting.directory.receivers[name].channels
        }
        missing = [each for each, is_on in alerting.channels.items() if is_on]
        missing = sorted({*missing} - reached - {INBOX})
        if missing:
            at = next(
                (
                    ("routes", place, "receivers")
                    for place, route in enumerate(settings.routes)
                    if route.name == routes[0].name
                ),
                ("default_receiver",),
            )
            notes.below(*at).speaking_of(routes[0].name).note(
                f"a compliance breach ({breach.rule}) does not reach {', '.join(missing)}",
                "a breach goes to every channel that is on: add them to its receivers",
            )
            return
