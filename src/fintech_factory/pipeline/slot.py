"""One piece of work that is due, and what follows when a try of it ends (R076, R077)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fintech_factory.pipeline.schedule import Work

__all__ = [
    "STOPS",
    "Cause",
    "Ended",
    "Held",
    "Policy",
    "Slot",
    "SlotStatus",
    "Then",
    "Tried",
    "then",
]

_MOST_ATTEMPTS = 3
_LEASE = timedelta(seconds=30)
_BASE = timedelta(minutes=1)
_LONGEST = timedelta(minutes=15)
_BUSY_WAIT = timedelta(seconds=5)


class Cause(StrEnum):
    """What a run is begun by."""

    SCHEDULE = "schedule"
    ARRIVAL = "arrival"
    MANUAL = "manual"
    BACKFILL = "backfill"


class SlotStatus(StrEnum):
    """How a slot stands."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    # A later slot of the same schedule stands for it.
    COALESCED = "coalesced"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self not in (SlotStatus.WAITING, SlotStatus.RUNNING, SlotStatus.PAUSED)


class Ended(StrEnum):
    """How a try ended, other than by a result of its own."""

    FAILED = "failed"
    # What was in its way is another process at work: no fault of its own.
    BUSY = "busy"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    # The process was asked to stop; the next one goes on.
    HANDED_OVER = "handed_over"
    # The process is gone, or was not heard of for a whole lease.
    LOST = "lost"


STOPS: Mapping[str, Ended] = {
    "cancel": Ended.CANCELLED,
    "pause": Ended.PAUSED,
    "hand_over": Ended.HANDED_OVER,
}
"""What somebody may want of a slot while it is worked at, and how its try ends by that."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and when work is tried again.

    `attempts` counts all tries, the first too (A12). The wait before try n + 1 is drawn between
    nothing and `base` x 2^(n-1), but no more than `longest`: full jitter. `lease` is how long a
    try may be silent before another process takes over.
    """

    attempts: int = _MOST_ATTEMPTS
    base: timedelta = _BASE
    longest: timedelta = _LONGEST
    lease: timedelta = _LEASE

    def wait(self, tried: int, chance: Callable[[], float]) -> timedelta:
        """Draw the wait after the `tried`-th try; `chance` gives a number from 0 to 1."""
        longest: timedelta = min(self.base * 2 ** (tried - 1), self.longest)
        return longest * chance()


@dataclass(frozen=True, slots=True)
class Slot:
    """One piece of work: which schedule's, when it fell due, and how it stands."""

    sequence: int
    schedule: str
    slot: str
    does: Work
    cause: Cause
    status: SlotStatus
    fell_due_at: datetime
    due_at: datetime
    attempts: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    deferred_by: str = ""
    wanted: str = ""
    run_id: str = ""
    outcome: str = ""
    reason: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that one process works at: `fence` proves that it still is this one."""

    slot: Slot
    fence: int
    run_id: str
    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """The `number`-th try of a slot, which ended at a moment without a result.

    `retryable` is false where it would fail again in the same way; `retry_after` is how long
    somebody asked us to wait.
    """

    number: int
    ended: Ended
    at: datetime
    retryable: bool = True
    retry_after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Then:
    """What becomes of a slot whose try ended; `counts` says whether that was one of its tries."""

    status: SlotStatus
    due_at: datetime | None = None
    counts: bool = True

    @property
    def gives_up(self) -> bool:
        """Whether somebody has to see to it now (R077)."""
        return self.status is SlotStatus.FAILED


def then(tried: Tried, policy: Policy, chance: Callable[[], float]) -> Then:
    """Give what becomes of a slot after a try that ended without a result.

    What would fail again in the same way is not tried again. Whoever said how long to wait is not
    asked earlier.
    """
    now = tried.at
    unanswered = {
        Ended.CANCELLED: Then(SlotStatus.CANCELLED),
        Ended.PAUSED: Then(SlotStatus.PAUSED, counts=False),
        Ended.HANDED_OVER: Then(SlotStatus.WAITING, now, counts=False),
        Ended.BUSY: Then(SlotStatus.WAITING, now + _BUSY_WAIT, counts=False),
    }
    if tried.ended in unanswered:
        return unanswered[tried.ended]
    if not tried.retryable or tried.number >= policy.attempts:
        return Then(SlotStatus.FAILED)
    if tried.ended is Ended.LOST:
        # It did not fail: whoever is there goes on at once.
        return Then(SlotStatus.WAITING, now)
    drawn = policy.wait(tried.number, chance)
    return Then(SlotStatus.WAITING, now + max(drawn, tried.retry_after))
