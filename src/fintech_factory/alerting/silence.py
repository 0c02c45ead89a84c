"""Alerts that nobody wants to hear of for a while: whose wish that is, why, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fintech_factory.alerting.match import Match, Subject
from fintech_factory.errors import UsageError

__all__ = ["Silence", "make_silence", "silenced"]


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing that `match` means is told from `starts_at` until `ends_at`; a breach always is."""

    match: Match
    owner: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    id: str = ""


def make_silence(silence: Silence) -> Silence:
    """Give a silence that can be.

    Raises:
        UsageError: nobody answers for it, nobody says why, it never holds, or it means everything.
    """
    for where, words in (("--by", silence.owner), ("--reason", silence.reason)):
        if not words.strip():
            raise UsageError("a silence has an owner, a reason and an end", where=where)
    if silence.ends_at <= silence.starts_at:
        raise UsageError("it ends before it begins", where="--hours")
    if silence.match.means_everything:
        raise UsageError(
            "this would silence every alert", hint="name a rule, a kind, a level or a member"
        )
    if silence.match.compliance:
        raise UsageError("a compliance breach cannot be silenced", hint="acknowledge it instead")
    return silence


def silenced(subject: Subject, silences: Iterable[Silence], at: datetime) -> Silence | None:
    """Give the silence that holds longest over an alert at a moment; none ever holds a breach."""
    if subject.compliance:
        return None
    holding = (
        each
        for each in silences
        if each.starts_at <= at < each.ends_at and each.match.fits(subject)
    )
    return max(holding, key=lambda each: each.ends_at, default=None)
