"""Everything that config/alerts.yaml says, checked and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fintech_factory.alerting.escalate import Policy
from fintech_factory.alerting.inhibit import Inhibition
from fintech_factory.alerting.match import Match, Subject
from fintech_factory.alerting.receiver import Directory
from fintech_factory.alerting.respond import Answers
from fintech_factory.alerting.rule import Rule
from fintech_factory.alerting.silence import Silence
from fintech_factory.alerting.window import NOTICE, Window
from fintech_factory.errors import UsageError

__all__ = ["DEFAULT_ROUTE", "Alerting", "Route", "chosen"]

DEFAULT_ROUTE = "default"
"""The name of the route of what no route means."""


@dataclass(frozen=True, slots=True)
class Route:
    """Whom to tell of what; the first that fits decides, unless it says to go on."""

    name: str
    match: Match
    receivers: tuple[str, ...]
    goes_on: bool = False
    group_by: tuple[str, ...] = ("rule",)


@dataclass(frozen=True, slots=True)
class Alerting:
    """The rules of a workspace and whom it tells.

    `channels` says of every channel there is whether it is switched on. `caps` is how many
    messages a day an address of a channel gets at most; nothing critical is ever counted out.
    `anchored_at` are the receivers of the audit trail's daily anchor.
    """

    rules: Mapping[str, Rule]
    routes: tuple[Route, ...]
    default: Route
    directory: Directory
    policy: Policy = field(default_factory=Policy)
    inhibitions: tuple[Inhibition, ...] = ()
    windows: tuple[Window, ...] = ()
    notice: timedelta = NOTICE
    silences: tuple[Silence, ...] = ()
    caps: Mapping[str, int] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)
    channels: Mapping[str, bool] = field(default_factory=dict)
    anchored_at: tuple[str, ...] = ()

    def rule(self, name: str) -> Rule:
        """Give one rule; UsageError names the nearest."""
        from fintech_factory.registry import suggestion

        found = self.rules.get(name)
        if found is None:
            raise UsageError(f"unknown rule `{name}`", hint=suggestion(name, list(self.rules)))
        return found

    def routes_of(self, subject: Subject) -> tuple[Route, ...]:
        """Give the routes that an alert takes, never none."""
        return chosen(self.routes, subject) or (self.default,)


def chosen(routes: tuple[Route, ...], subject: Subject) -> tuple[Route, ...]:
    """Give the first route that fits, with those before it that say to go on."""
    taken: list[Route] = []
    for route in routes:
        if route.match.fits(subject):
            taken.append(route)
            if not route.goes_on:
                break
    return tuple(taken)
