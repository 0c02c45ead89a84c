"""Says what Notion's answers, and its silences, mean for a delivery."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.distribution.channel import Outcome
from fintech_factory.distribution.outcomes import (
    deferred,
    of_status,
    retry_after,
    scrubbed,
    unknown,
)

if TYPE_CHECKING:
    from notion_client.errors import HTTPResponseError

__all__ = ["Asking", "Failed", "hint_of"]

_HINTS = {
    "unauthorized": "put the connection's secret (ntn_...) where `token` names it",
    "restricted_resource": "let the connection read, insert and update content (its Capabilities)",
    "object_not_found": "open the database in Notion, ... > Connections, and add this one; is the"
    " id that of a data source (... > Manage data sources > Copy data source ID)?",
    "validation_error": "`factory channels test notion` says which property is missing",
}


class Failed(Exception):  # noqa: N818 - named after what happened
    """A call that brought nothing; `code` is Notion's own word, empty where it said none."""

    def __init__(self, outcome: Outcome, code: str = "") -> None:
        """Carry what it means for the delivery."""
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.code = code


def hint_of(code: str) -> str:
    """Say what to do about an error of Notion's, empty if nothing is known."""
    return _HINTS.get(code, "")


@dataclass(frozen=True, slots=True)
class Asking:
    """Makes calls of the client, each once; none of what is said of them holds a secret."""

    now: datetime
    secrets: Sequence[str]

    def reading(self, call: Callable[[], Any]) -> dict[str, Any]:
        """Give a document; Failed if there is none. What is lost on the way has changed nothing."""
        return self._asked(call, lambda said: deferred(f"Notion gave no answer: {said}"))

    def writing(self, call: Callable[[], Any]) -> dict[str, Any]:
        """Change something; Failed if it was not done, or if nobody knows."""
        return self._asked(call, lambda said: unknown(f"Notion gave no answer: {said}"))

    def _asked(self, call: Callable[[], Any], lost: Callable[[str], Outcome]) -> dict[str, Any]:
        import httpx
        from notion_client.errors import HTTPResponseError, RequestTimeoutError

        try:
            answer = call()
        except HTTPResponseError as error:
            raise self._judged(error) from None
        except RequestTimeoutError as error:
            # The client says the same of every time-out; what it was stands behind it.
            if isinstance(error.__context__, httpx.ConnectTimeout):
                raise Failed(deferred("Notion was not reached in time")) from None
            raise Failed(lost("it did not answer in time")) from None
        except httpx.ConnectError as error:
            said = scrubbed(error, self.secrets)
            raise Failed(deferred(f"Notion was not reached: {said}")) from None
        except (httpx.HTTPError, ValueError, TypeError, RecursionError) as error:
            said = scrubbed(f"{type(error).__name__}: {error}", self.secrets)
            raise Failed(lost(said)) from None
        if not isinstance(answer, dict):
            raise Failed(lost("its answer is no document"))
        return answer

    def _judged(self, error: "HTTPResponseError") -> Failed:
        code, words = _named(error)
        hint = f" ({hint_of(code)})" if hint_of(code) else ""
        said = f"{scrubbed(f'{code}: {words}' if code else words, self.secrets)}{hint}"
        wait = retry_after(error.headers.get("retry-after"), self.now)
        # Pages are looked up before they are made, so another try makes no second one.
        outcome = of_status(error.status, said, retry_after_s=wait, repeatable=True)
        return Failed(outcome, code)


def _named(error: "HTTPResponseError") -> tuple[str, str]:
    """Give Notion's own code and words; a code that the client does not know is in the body."""
    try:
        body = json.loads(error.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return "", error.body
    return str(body.get("code") or ""), str(body.get("message") or "")
