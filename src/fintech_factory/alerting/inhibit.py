"""Alerts that say nothing while a graver one explains them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fintech_factory.alerting.alert import AlertState
from fintech_factory.alerting.level import LimitState, at_least
from fintech_factory.alerting.match import Match, Subject, subject_of
from fintech_factory.alerting.rule import Rule

__all__ = ["UNTIL_FREED", "Causes", "Inhibition", "causes_of", "freed"]

UNTIL_FREED = datetime.max.replace(tzinfo=UTC)
"""What an inhibited alert is held until: the end of another one, which no clock knows."""

_Part = tuple[str, str]
_WHATEVER: _Part = ("", "")


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert that `cause` means fires, those that `effect` means are not told.

    With `equal`, only those of the same part of the book.
    """

    name: str
    cause: Match
    effect: Match
    equal: bool = False


@dataclass(frozen=True, slots=True)
class Causes:
    """What fires and may explain something, gravest first, by the part of the book it is asked by.

    Made once for many alerts: of a storm, each must not look through all of it.
    """

    found: tuple[tuple[Inhibition, Mapping[_Part, Sequence[AlertState]]], ...] = ()

    def inhibit(self, subject: Subject) -> tuple[Inhibition, AlertState] | None:
        """Give what inhibits an alert, and the alert that does; a breach is never inhibited.

        What is critical is inhibited only by what is critical too.
        """
        if subject.compliance:
            return None
        is_critical = at_least(subject.level, LimitState.CRITICAL)
        part = (subject.dimension, subject.member)
        for inhibition, by_part in self.found:
            if not inhibition.effect.fits(subject):
                continue
            for cause in by_part.get(part if inhibition.equal else _WHATEVER, ()):
                if is_critical and not at_least(cause.level, LimitState.CRITICAL):
                    break
                if (cause.rule, cause.dimension, cause.member) != (subject.rule, *part):
                    return inhibition, cause
        return None


def causes_of(
    live: Iterable[AlertState], inhibitions: Iterable[Inhibition], rules: Mapping[str, Rule]
) -> Causes:
    """Find the firing alerts that explain others."""
    firing = [
        (each, subject_of(rules[each.rule], each, each.level))
        for each in live
        if each.is_firing and each.rule in rules
    ]
    firing.sort(key=lambda found: not at_least(found[0].level, LimitState.CRITICAL))
    return Causes(tuple((each, _by_part(each, firing)) for each in inhibitions))


def freed(
    live: Iterable[AlertState], inhibitions: Iterable[Inhibition], rules: Mapping[str, Rule]
) -> tuple[AlertState, ...]:
    """Give the alerts that were held by another one which has ended: `hold` them until now."""
    known = tuple(each for each in live if each.rule in rules)
    causes = causes_of(known, inhibitions, rules)
    return tuple(
        each
        for each in known
        if each.held_until == UNTIL_FREED
        and causes.inhibit(subject_of(rules[each.rule], each, each.level)) is None
    )


def _by_part(
    inhibition: Inhibition, firing: Iterable[tuple[AlertState, Subject]]
) -> dict[_Part, list[AlertState]]:
    found: dict[_Part, list[AlertState]] = {}
    for each, said in firing:
        if inhibition.cause.fits(said):
            part = (each.dimension, each.member) if inhibition.equal else _WHATEVER
            found.setdefault(part, []).append(each)
    return found
