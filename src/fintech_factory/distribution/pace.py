"""How fast each destination may be sent to: a token bucket, and a pause where it asked for one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

__all__ = ["Pace", "Paces"]


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `burst` at once, and `per_second` in the long run."""

    burst: int
    per_second: float


_UNHURRIED = Pace(burst=20, per_second=10)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime
    closed_until: datetime | None = None


@dataclass(slots=True)
class Paces:
    """The buckets of one dispatcher, by channel and address; `paces` is by channel."""

    paces: Mapping[str, Pace] = field(default_factory=dict)
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def take(self, channel: str, address: str, at: datetime) -> datetime | None:
        """Take a token: None when there was one, else the moment from which to ask again."""
        pace = self.paces.get(channel, _UNHURRIED)
        bucket = self._buckets.setdefault((channel, address), _Bucket(pace.burst, at))
        if bucket.closed_until is not None and at < bucket.closed_until:
            return bucket.closed_until
        passed = max((at - bucket.filled_at).total_seconds(), 0)
        bucket.tokens = min(pace.burst, bucket.tokens + passed * pace.per_second)
        bucket.filled_at = at
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return None
        return at + timedelta(seconds=(1 - bucket.tokens) / pace.per_second)

    def close(self, channel: str, address: str, until: datetime) -> None:
        """Send nothing there before a moment: the destination asked for it."""
        bucket = self._buckets.get((channel, address))
        if bucket is not None:
            bucket.closed_until = max(until, bucket.closed_until or until)
