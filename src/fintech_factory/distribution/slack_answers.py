"""Says what Slack's answers, and its silences, mean for a delivery."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from fintech_factory.distribution.channel import Outcome
from fintech_factory.distribution.outcomes import (
    deferred,
    of_status,
    refused,
    retry_after,
    scrubbed,
    unknown,
)

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

__all__ = ["TOKEN_ERRORS", "Failed", "asked", "hint_of"]

_OK, _TOO_MANY = 200, 429
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_LATER = frozenset(
    {"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "team_added_to_org"}
)
# "It's possible some aspect of the operation succeeded before the error was raised."
_PERHAPS = frozenset({"fatal_error", "internal_error"})
TOKEN_ERRORS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
    }
)
_TOKEN_HINT = "install the app again and put its bot token where `token` names it"  # noqa: S105
_HINTS = {
    **dict.fromkeys(TOKEN_ERRORS, _TOKEN_HINT),
    "channel_not_found": "is it spelt right? in a private channel: /invite the bot",
    "ekm_access_denied": "the workspace's owner has taken access away",
    "is_archived": "name a channel that is not archived",
    "missing_scope": "give the app the scope chat:write (files:write for pictures)",
    "not_in_channel": "/invite the bot into the channel",
    "restricted_action": "the workspace's settings do not let the bot post there",
}


class Failed(Exception):  # noqa: N818 - named after what happened
    """A call that brought nothing; `error` is Slack's own word, empty where it said none."""

    def __init__(self, outcome: Outcome, error: str = "") -> None:
        """Carry what it means for the delivery."""
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.error = error


def hint_of(error: str) -> str:
    """Say what to do about an error of Slack's, empty if nothing is known."""
    return _HINTS.get(error, "")


def asked(call: Callable[[], Any], now: datetime, secrets: Sequence[str]) -> dict[str, Any]:
    """Make one call of the Web API and give the answer's document.

    Raises:
        Failed: it was refused, was not sent, or nobody knows.
    """
    from slack_sdk.errors import SlackApiError, SlackRequestError

    try:
        answer = call().data
    except SlackApiError as error:
        raise _judged(error, now, secrets) from None
    except SlackRequestError as error:
        raise Failed(refused(scrubbed(error, secrets))) from None
    except URLError as error:
        # urllib wraps what goes wrong until the request has gone out whole, and nothing later.
        said = scrubbed(error.reason, secrets)
        raise Failed(deferred(f"Slack was not reached: {said}")) from None
    except (OSError, HTTPException, ValueError, TypeError, AttributeError, LookupError) as error:
        said = scrubbed(f"{type(error).__name__}: {error}", secrets)
        raise Failed(unknown(f"Slack gave no answer that can be read: {said}")) from None
    if not isinstance(answer, dict):
        raise Failed(unknown("Slack's answer is no document"))
    return answer


def _judged(error: "SlackApiError", now: datetime, secrets: Sequence[str]) -> Failed:
    response = error.response
    given = response.data.get("error") if isinstance(response.data, dict) else None
    word = given if isinstance(given, str) else ""
    said = scrubbed(word or "no reason given", secrets)
    headers = {name.lower(): value for name, value in response.headers.items()}
    wait = retry_after(headers.get("retry-after"), now)
    if word in _PERHAPS:
        return Failed(unknown(f"Slack failed on its own side: {said}"), word)
    if word in _LATER or response.status_code == _TOO_MANY:
        return Failed(deferred(f"Slack wants to be asked later: {said}", wait), word)
    if response.status_code != _OK:
        return Failed(of_status(response.status_code, said, retry_after_s=wait), word)
    # The client gives a body that is no JSON as the error's text; Slack's own words have no spaces.
    if " " in word or not word:
        return Failed(unknown(f"Slack gave no answer that can be read: {said}"))
    hint = f" ({hint_of(word)})" if hint_of(word) else ""
    return Failed(refused(f"Slack refused: {said}{hint}"), word)
