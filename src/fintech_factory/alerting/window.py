"""Maintenance: hours in which what is less than critical waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from fintech_factory.errors import UsageError

__all__ = ["NOTICE", "AdHoc", "Open", "Window", "announce", "next_opening", "open_window"]

NOTICE = timedelta(hours=24)
"""How long before it begins an ad hoc window is announced (R098)."""
_WEEK_DAYS = 7
_FURTHEST_DAYS = 62


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of a week day (0 is Monday), UTC: of every one, or of the month's `nth` (-1: last)."""

    name: str
    weekday: int
    starts: time
    ends: time
    nth: int | None = None

    def is_on(self, day: date) -> bool:
        """Say whether a day has this window."""
        if day.weekday() != self.weekday:
            return False
        if self.nth is None:
            return True
        if self.nth < 0:
            return (day + timedelta(days=_WEEK_DAYS)).month != day.month
        return (day.day - 1) // _WEEK_DAYS + 1 == self.nth

    def span(self, day: date) -> tuple[datetime, datetime]:
        """Give when it opens and closes on a day."""
        return (
            datetime.combine(day, self.starts, UTC),
            datetime.combine(day, self.ends, UTC),
        )


@dataclass(frozen=True, slots=True)
class AdHoc:
    """A window of its own, announced ahead; `override_reason` where it was not 24 hours ahead."""

    name: str
    starts_at: datetime
    ends_at: datetime
    announced_at: datetime
    announced_by: str
    override_reason: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """A window that is open, and until when."""

    name: str
    until: datetime


def announce(window: AdHoc, notice: timedelta = NOTICE) -> AdHoc:
    """Give an ad hoc window that may be.

    Raises:
        UsageError: it ends before it begins, nobody announces it, or it comes too soon and nobody
            says why it must.
    """
    if not window.announced_by.strip():
        raise UsageError("nobody is named", where="--by", hint="say who you are")
    if window.ends_at <= window.starts_at:
        raise UsageError("it ends before it begins", where="--to")
    ahead = window.starts_at - window.announced_at
    if ahead < notice and not window.override_reason.strip():
        hours = int(notice.total_seconds() // 3600)
        raise UsageError(
            f"a window is announced {hours} hours ahead; this one begins in"
            f" {ahead.total_seconds() / 3600:.1f}",
            where="--from",
            hint="begin it later, or give --override-reason",
        )
    return window


def open_window(windows: Iterable[Window], ad_hoc: Iterable[AdHoc], at: datetime) -> Open | None:
    """Give the window that is open at a moment, the one that closes last if there are several."""
    at = at.astimezone(UTC)
    spans = [(each.name, each.span(at.date())) for each in windows if each.is_on(at.date())]
    spans += [(each.name, (each.starts_at, each.ends_at)) for each in ad_hoc]
    holding = (Open(name, ends) for name, (starts, ends) in spans if starts <= at < ends)
    return max(holding, key=lambda each: each.until, default=None)


def next_opening(window: Window, after: datetime) -> datetime:
    """Give when a window opens next, later than a moment."""
    day = after.astimezone(UTC).date()
    for ahead in range(_FURTHEST_DAYS):
        opens, _ = window.span(day + timedelta(days=ahead))
        if window.is_on(opens.date()) and opens > after:
            return opens
    # The nth of a week day comes in every month but the fifth, which few months have.
    raise UsageError(f"{window.name} does not open within {_FURTHEST_DAYS} days")
