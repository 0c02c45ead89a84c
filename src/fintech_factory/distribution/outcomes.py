"""Turns what a provider did into an `Outcome` with a reason that holds no secret."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from fintech_factory.distribution.channel import Outcome, Word
from fintech_factory.distribution.rendering.escaping import one_line, shortened

__all__ = ["accepted", "deferred", "of_status", "refused", "retry_after", "scrubbed", "unknown"]

_REASON = 300
# A provider that asks for more than a day is not answering the question.
_LONGEST_WAIT_S = 86_400.0
# What is shorter would black out ordinary words.
_SHORTEST_SECRET = 4


def accepted(provider_id: str = "", reason: str = "") -> Outcome:
    """The provider has it; `reason` says what did not go along."""
    return Outcome(Word.ACCEPTED, provider_id, reason)


def deferred(reason: str, retry_after_s: float | None = None) -> Outcome:
    """The provider does not have it, and may take it later."""
    return Outcome(Word.DEFERRED, reason=reason, retry_after_s=retry_after_s)


def refused(reason: str) -> Outcome:
    """The provider does not have it, and never will as it is."""
    return Outcome(Word.REFUSED, reason=reason)


def unknown(reason: str) -> Outcome:
    """The provider may or may not have it."""
    return Outcome(Word.UNKNOWN, reason=reason)


# 529: overloaded, as some providers say instead of 503.
_LATER = frozenset({408, 409, 425, 429, 500, 502, 503, 507, 529})
_GATEWAY_TIME_OUT = 504


def of_status(
    status: int, said: str, *, retry_after_s: float | None = None, repeatable: bool = False
) -> Outcome:
    """Judge a status that is no success; `said` is what stood with it.

    A gateway that gave up waiting (504) does not know whether its upstream has the message, unless
    a repeat does no harm (`repeatable`).
    """
    reason = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    if status == _GATEWAY_TIME_OUT and not repeatable:
        return unknown(reason)
    if status in _LATER or status >= 500:  # noqa: PLR2004 - the server's own failures
        return deferred(reason, retry_after_s)
    return refused(reason)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or an HTTP date; None if it says nothing usable.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else None
        if seconds is None:
            at = parsedate_to_datetime(text)
            aware = at if at.tzinfo else at.replace(tzinfo=UTC)
            seconds = (aware - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)


def scrubbed(text: object, secrets: Iterable[str] = ()) -> str:
    """Give a text on one line, short, with every secret blacked out, however it is written."""
    said = str(text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            for form in (secret, quote(secret, safe=""), quote(secret)):
                said = said.replace(form, "***")
    return shortened(one_line(said), _REASON)
