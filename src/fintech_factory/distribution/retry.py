"""When a delivery is tried again, and when it is given up: one policy for every channel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fintech_factory.distribution.channel import Outcome, Word
from fintech_factory.values import Severity

__all__ = ["Next", "Policy", "Standing", "Tried", "next_of"]

# Until when a message is still worth sending, from the moment it was written.
_DEADLINES = {
    Severity.CRITICAL: timedelta(minutes=30),
    Severity.WARNING: timedelta(hours=6),
    Severity.INFO: timedelta(hours=24),
}


class Standing(StrEnum):
    """Where a delivery stands in the outbox."""

    WAITING = "waiting"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient deliveries are: waits double from `first_wait` up to `longest_wait`.

    Each wait is drawn anew between nothing and its bound (full jitter), so that what failed
    together does not come back together.
    """

    first_wait: timedelta = timedelta(seconds=2)
    longest_wait: timedelta = timedelta(minutes=5)
    deadlines: Mapping[Severity, timedelta] = field(default_factory=lambda: dict(_DEADLINES))

    def deadline(self, severity: Severity, written_at: datetime) -> datetime:
        """Give the moment after which a message is not tried any more."""
        return written_at + self.deadlines[severity]

    def wait(self, attempts: int, draw: Callable[[], float]) -> timedelta:
        """Give the wait after so many attempts (at least 1); `draw` gives a number in [0, 1)."""
        # Doubling stops long before the numbers get out of hand.
        doubled: timedelta = self.first_wait * 2 ** min(attempts - 1, 20)
        return min(doubled, self.longest_wait) * draw()


@dataclass(frozen=True, slots=True)
class Tried:
    """A delivery that was just tried: how often so far, how grave, until when it may be tried."""

    attempts: int
    severity: Severity
    deadline: datetime
    may_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a delivery; `due_at` is set while it waits."""

    standing: Standing
    due_at: datetime | None = None
    may_repeat: bool = False
    reason: str = ""


def next_of(
    tried: Tried, outcome: Outcome, at: datetime, policy: Policy, draw: Callable[[], float]
) -> Next:
    """Say what an outcome means for a delivery."""
    match outcome.word:
        case Word.ACCEPTED:
            return Next(Standing.DELIVERED, may_repeat=tried.may_repeat)
        case Word.REFUSED:
            return Next(Standing.DEAD, may_repeat=tried.may_repeat, reason=outcome.reason)
        case Word.UNKNOWN:
            return _after_unknown(tried, outcome, at)
    return _after_deferral(tried, outcome, at, policy.wait(tried.attempts, draw))


def _after_unknown(tried: Tried, outcome: Outcome, at: datetime) -> Next:
    # Twice is better than never only for what is critical, and only once; it says that it may
    # be a repeat. A warning that may have arrived is left as it is.
    if tried.severity is Severity.CRITICAL and not tried.may_repeat and at < tried.deadline:
        return Next(Standing.WAITING, at, may_repeat=True, reason=outcome.reason)
    return Next(Standing.UNKNOWN, may_repeat=tried.may_repeat, reason=outcome.reason)


def _after_deferral(tried: Tried, outcome: Outcome, at: datetime, wait: timedelta) -> Next:
    asked = timedelta(seconds=outcome.retry_after_s or 0)
    due_at = at + max(wait, asked)
    if due_at > tried.deadline:
        said = f"not accepted by its deadline after {tried.attempts} attempts: {outcome.reason}"
        return Next(Standing.DEAD, may_repeat=tried.may_repeat, reason=said)
    return Next(Standing.WAITING, due_at, may_repeat=tried.may_repeat, reason=outcome.reason)
