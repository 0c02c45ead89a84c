"""Who is told next when nobody answers, and how long an answer holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fintech_factory.alerting.level import LimitState, at_least

__all__ = ["COMPLIANCE", "TOP", "Policy", "Step"]

COMPLIANCE = "compliance"
"""The key of the steps of a compliance breach; the others are levels."""
TOP = 3
"""The highest escalation level: the executive one. Level 1 is the alert's own route."""

_CRITICAL_ANSWER = timedelta(hours=4)
_ANSWER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Step:
    """An escalation level, 2 or 3: told when an alert was left without an answer so long."""

    level: int
    after: timedelta
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What the clock does with an alert.

    `steps` are by level (`critical`) or `compliance`, in order. An acknowledgement of a critical
    alert (or a graver one) expires after `critical_answer`, any other after `answer`; a snooze may
    not last longer than `critical_snooze` or `snooze`. `repeat` is by level how often an alert
    that nobody answers is told again; a level that is left out is told once.
    """

    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    critical_answer: timedelta = _CRITICAL_ANSWER
    answer: timedelta = _ANSWER
    critical_snooze: timedelta = _CRITICAL_ANSWER
    snooze: timedelta = timedelta(days=7)
    repeat: Mapping[LimitState, timedelta] = field(default_factory=dict)

    def steps_of(self, level: LimitState, *, compliance: bool = False) -> tuple[Step, ...]:
        """Give the steps of an alert at a level."""
        return self.steps.get(COMPLIANCE if compliance else level.value, ())

    def holds(self, level: LimitState) -> timedelta:
        """Give how long an acknowledgement holds."""
        return self.critical_answer if _is_critical(level) else self.answer

    def sleeps(self, level: LimitState) -> timedelta:
        """Give how long a snooze may last."""
        return self.critical_snooze if _is_critical(level) else self.snooze


def _is_critical(level: LimitState) -> bool:
    return at_least(level, LimitState.CRITICAL)
