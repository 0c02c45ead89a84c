"""Alerts that say nothing while a graver one explains them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fintech_factory.alerting.alert import AlertState
from fintech_factory.alerting.level import LimitState, at_least
from fintech_factory.alerting.match import Match, Subject, subject_of
from fintech_factory.alerting.rule import Rule

__all__ = ["UNTIL_FREED", "Inhibition", "freed", "inhibited"]

UNTIL_FREED = datetime.max.replace(tzinfo=UTC)
"""What an inhibited alert is held until: the end of another one, which no clock knows."""


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert that `cause` means fires, those that `effect` means are not told.

    With `equal`, only those of the same part of the book.
    """

    name: str
    cause: Match
    effect: Match
    equal: bool = False


def inhibited(
    subject: Subject,
    inhibitions: Iterable[Inhibition],
    live: Iterable[AlertState],
    rules: Mapping[str, Rule],
) -> tuple[Inhibition, AlertState] | None:
    """Give what inhibits an alert, and the alert that does; a breach is never inhibited.

    What is critical is inhibited only by what is critical too.
    """
    if subject.compliance:
        return None
    firing = [each for each in live if each.is_firing and each.rule in rules]
    for inhibition in inhibitions:
        if not inhibition.effect.fits(subject):
            continue
        for cause in firing:
            if _explains(inhibition, cause, subject, rules):
                return inhibition, cause
    return None


def freed(
    live: Iterable[AlertState], inhibitions: Iterable[Inhibition], rules: Mapping[str, Rule]
) -> tuple[AlertState, ...]:
    """Give the alerts that were held by another one which has ended: `hold` them until now."""
    known = tuple(each for each in live if each.rule in rules)
    return tuple(
        each
        for each in known
        if each.held_until == UNTIL_FREED
        and inhibited(subject_of(rules[each.rule], each, each.level), inhibitions, known, rules)
        is None
    )


def _explains(
    inhibition: Inhibition, cause: AlertState, subject: Subject, rules: Mapping[str, Rule]
) -> bool:
    said = subject_of(rules[cause.rule], cause, cause.level)
    is_itself = (cause.rule, cause.dimension, cause.member) == (
        subject.rule,
        subject.dimension,
        subject.member,
    )
    is_same_part = (cause.dimension, cause.member) == (subject.dimension, subject.member)
    is_grave = at_least(cause.level, LimitState.CRITICAL) or not at_least(
        subject.level, LimitState.CRITICAL
    )
    return (
        not is_itself
        and is_grave
        and inhibition.cause.fits(said)
        and (is_same_part or not inhibition.equal)
    )
