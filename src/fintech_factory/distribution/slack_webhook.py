"""Posts to a Slack incoming webhook, which gives no id and cannot thread or edit."""

from fintech_factory.distribution.channel import Outcome, Tools
from fintech_factory.distribution.http_post import Answer, NotKnown, NotSent, Target
from fintech_factory.distribution.outcomes import (
    accepted,
    deferred,
    of_status,
    refused,
    retry_after,
    scrubbed,
    unknown,
)
from fintech_factory.distribution.settings import LOOPBACK, checked_url

__all__ = ["ask_webhook", "post_webhook"]

_OK = 200
HEADERS = {"Content-Type": "application/json;charset=utf-8"}


def post_webhook(url: str, body: bytes, tools: Tools) -> Outcome:
    """Post once; `url` is the secret itself and stands in no reason."""
    try:
        answer = ask_webhook(url, body, tools)
    except ValueError:
        return refused("the secret of the webhook is no https address")
    except NotSent as error:
        return deferred(f"Slack was not reached: {scrubbed(error, [url])}")
    except NotKnown as error:
        return unknown(f"Slack gave no answer: {scrubbed(error, [url])}")
    return _judged(answer, url, tools)


def ask_webhook(url: str, body: bytes, tools: Tools) -> Answer:
    """Post and give the answer as it is.

    Raises:
        ValueError: the address is none to post to.
        NotSent, NotKnown: as `Target.post`.
    """
    from urllib.parse import urlsplit

    here = urlsplit(url).hostname in LOOPBACK
    return Target(checked_url(url), tools.timeout_s, allow_private=here).post(body, HEADERS)


def _judged(answer: Answer, url: str, tools: Tools) -> Outcome:
    said = scrubbed(answer.body.decode("utf-8", "replace"), [url])
    if answer.status == _OK:
        # A webhook says `ok`, and nothing else; a page is some proxy's.
        return accepted() if said == "ok" else unknown(f"no answer of a webhook: {said}")
    # 404 no_service, 403 invalid_token, 410 channel_is_archived: gone for good.
    # https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
    wait = retry_after(answer.headers.get("retry-after"), tools.clock.now())
    return of_status(answer.status, said, retry_after_s=wait)
