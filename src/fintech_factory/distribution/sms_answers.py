"""Says what the answers of a gateway that speaks as Twilio does mean for a text message."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fintech_factory.distribution.channel import Outcome
from fintech_factory.distribution.http_post import Answer
from fintech_factory.distribution.outcomes import (
    accepted,
    deferred,
    of_status,
    refused,
    retry_after,
    scrubbed,
    unknown,
)

__all__ = ["document", "hint_of", "is_good", "judged"]

_TOO_MANY = 429
# https://www.twilio.com/docs/api/errors: what passes by itself, whatever the status says.
_LATER = frozenset({14107, 20429, 20503, 30001, 30022})
_TO = "correct the number in config/alerts.yaml"
_FROM = "check `sender`: a number of this account that can send text messages"
_HINTS = {
    20003: "check `account` and `token`: the id and the secret are in the gateway's console",
    20005: "the account is not active: see the gateway's console",
    20404: "is `account` an account's id (AC...), and `base_url` right?",
    21211: _TO,
    21212: _FROM,
    21217: _TO,
    21264: _FROM,
    21266: "the number is the sender's own; name another",
    21408: "allow the country under the console's Geo permissions",
    21421: _TO,
    21602: "the message has no text",
    21603: _FROM,
    21604: _TO,
    21606: _FROM,
    21608: "a trial account sends to verified numbers only: verify it, or upgrade",
    21610: "the recipient answered STOP; only their START brings messages back",
    21611: "the sender's queue is full: wait, or use a messaging service",
    21612: "this sender does not reach that number: use another sender for its country",
    21614: "the number is no mobile number; name another",
    21617: "the text is too long: lower `max_segments`",
    21635: "the number is a landline; name a mobile number",
    21659: _FROM,
    21660: "the sender is of another account",
    21703: "add a sender to the messaging service",
    21705: "check `messaging_service`: its id begins with MG",
    30007: "a carrier filters it as spam: register the sender",
}
# The gateway has it no more: it says with the receipt that nothing will be sent.
_LOST = frozenset({"failed", "undelivered", "canceled"})


def hint_of(code: int) -> str:
    """Say what to do about a code, empty if nothing is known."""
    return _HINTS.get(code, "")


def is_good(status: int) -> bool:
    """Whether a status is a success."""
    return 200 <= status < 300  # noqa: PLR2004 - RFC 9110: successful


def document(answer: Answer) -> dict[str, Any] | None:
    """Give the JSON object of an answer, None if it is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def judged(answer: Answer, now: datetime, secrets: Sequence[str]) -> Outcome:
    """Judge the answer to one message."""
    said = document(answer)
    if is_good(answer.status):
        return _receipt(answer, said, secrets)
    if 300 <= answer.status < 400:  # noqa: PLR2004 - RFC 9110: redirection
        return refused(f"HTTP {answer.status}: redirects are not followed")
    code, words = _error(answer, said, secrets)
    wait = retry_after(answer.headers.get("retry-after"), now)
    # A 429 is refused before anything is made of it, so a repeat is safe.
    if answer.status == _TOO_MANY or code in _LATER:
        return deferred(f"the gateway wants to be asked later: {words}", wait)
    if hint := hint_of(code):
        return refused(f"the gateway refused: {words}; {hint}")
    return of_status(answer.status, words, retry_after_s=wait)


def _receipt(answer: Answer, said: dict[str, Any] | None, secrets: Sequence[str]) -> Outcome:
    sid = said.get("sid") if said else None
    if said is None or not isinstance(sid, str) or not sid:
        # A proxy's page, or half an answer: 2xx alone is no receipt.
        words = scrubbed(answer.body.decode("utf-8", "replace"), secrets)
        return unknown(f"HTTP {answer.status} without a receipt that can be read: {words}")
    if said.get("status") in _LOST:
        _, words = _error(answer, said, secrets)
        return refused(f"the gateway has given it up: {words}")
    return accepted(scrubbed(sid, secrets))


def _error(answer: Answer, said: dict[str, Any] | None, secrets: Sequence[str]) -> tuple[int, str]:
    """Give the gateway's own code (0 if it named none) and its words."""
    if said is None:
        return 0, scrubbed(answer.body.decode("utf-8", "replace"), secrets)
    # Errors have `code` and `message`; a message that failed has `error_code`, `error_message`.
    code = said.get("code") or said.get("error_code")
    words = said.get("message") or said.get("error_message") or ""
    number = code if isinstance(code, int) else 0
    return number, scrubbed(f"{number}: {words}" if number else str(words), secrets)
