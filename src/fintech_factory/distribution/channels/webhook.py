"""Webhook: the message as signed JSON to an address of your own."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config import Secret, Settings
from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools
from fintech_factory.distribution.http_post import (
    Answer,
    Guarded,
    NotKnown,
    NotSent,
    Target,
    reach,
)
from fintech_factory.distribution.outcomes import (
    accepted,
    deferred,
    of_status,
    refused,
    retry_after,
    scrubbed,
    unknown,
)
from fintech_factory.distribution.rendering import as_json, lay_out
from fintech_factory.distribution.settings import ChannelSettings, checked_url
from fintech_factory.errors import UsageError
from fintech_factory.registry import suggestion

__all__ = ["SETTINGS", "WebhookSettings", "check_address", "open_channel", "signature"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_DEFAULT = "default"
_PAGE = re.compile(rb"\s*(?:<!doctype html|<html)", re.IGNORECASE)


def check_address(address: str) -> str | None:
    """Say what is wrong with an address, None if nothing is; empty is the only or default one."""
    if not address or _NAME.fullmatch(address):
        return None
    return f"`{address}` is no name of an endpoint\nhint: addresses are keys of `endpoints`"


class Endpoint(Settings):
    """One address that messages are posted to."""

    url: str | None = Field(default=None, description="Where to post, if it holds no secret.")
    url_from: Secret | None = Field(default=None, description="Where to post, if it does.")
    secret: Secret = Field(description="Signs every message; the receiver has the same.")
    allow_http: bool = Field(default=False, description="Let it go in the clear.")
    allow_private: bool = Field(
        default=False, description="Let it lead to this machine or into a private network."
    )

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.url_from is None):
            raise ValueError("it has no address, or two\nhint: name `url` or `url_from`")
        if self.url is not None:
            checked_url(self.url, allow_http=self.allow_http)
        return self


def _named(endpoints: dict[str, Endpoint]) -> dict[str, Endpoint]:
    for name in endpoints:
        if not _NAME.fullmatch(name):
            raise ValueError(f"`{name}` is no name\nhint: write small letters, digits, - and _")
    return endpoints


class WebhookSettings(ChannelSettings):
    """Where messages are posted to; addresses are the names of endpoints.

    An empty address is the endpoint `default`, or the only one.
    """

    kind: Literal["webhook"] = Field(description="This file is for webhooks.")
    endpoints: Annotated[dict[str, Endpoint], AfterValidator(_named)] = Field(
        default_factory=dict, description="Each address by its name."
    )

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if self.enabled and not self.endpoints:
            raise ValueError("there is no address to post to\nhint: add one to `endpoints`")
        return self

    def endpoint(self, address: str) -> Endpoint | None:
        """Give the endpoint of an address, None if there is none."""
        if not address and len(self.endpoints) == 1:
            return next(iter(self.endpoints.values()))
        return self.endpoints.get(address or _DEFAULT)


SETTINGS = WebhookSettings


def open_channel(settings: WebhookSettings, tools: Tools) -> "Webhook":
    """Give the channel; nothing is connected yet."""
    return Webhook(settings, tools)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Give the value of X-Factory-Signature: `v1=` and HMAC-SHA256 over `timestamp.body`, in hex.

    The receiver computes it over the body as received, compares in constant time, and refuses a
    timestamp that is more than five minutes from its own clock.
    """
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Webhook:
    """Your own programs, told by POST."""

    settings: WebhookSettings
    tools: Tools

    def send(self, delivery: Delivery) -> Outcome:
        """Post once; a redirect is not followed."""
        endpoint = self.settings.endpoint(delivery.address)
        if endpoint is None:
            return refused(f"no endpoint is called `{scrubbed(delivery.address or _DEFAULT)}`")
        try:
            url, secret = _address(endpoint), endpoint.secret.reveal()
        except UsageError as error:
            return refused(f"{error.what}; {error.hint}")
        hidden = [secret, *([url] if endpoint.url_from else [])]
        try:
            return self._judged(self._posted(endpoint, url, secret, delivery), hidden)
        except Guarded as error:
            return refused(f"{scrubbed(error, hidden)}; `allow_private: true` allows it")
        except NotSent as error:
            return deferred(f"it was not reached: {scrubbed(error, hidden)}")
        except NotKnown as error:
            return unknown(f"it gave no answer: {scrubbed(error, hidden)}")

    def probe(self) -> tuple[Probe, ...]:
        """Connect to each endpoint and check its certificate; nothing is posted."""
        known = [*self.settings.endpoints]
        lost = [
            Probe(
                each or _DEFAULT,
                ok=False,
                said="no endpoint has this name",
                hint=suggestion(each or _DEFAULT, known),
            )
            for each in self.tools.addresses
            if self.settings.endpoint(each) is None
        ]
        return (*(self._probed(*each) for each in self.settings.endpoints.items()), *lost)

    def _probed(self, name: str, endpoint: Endpoint) -> Probe:
        url = ""
        try:
            endpoint.secret.reveal()
            url = _address(endpoint)
            reach(self._target(endpoint, url)).close()
        except UsageError as error:
            return Probe(name, ok=False, said=error.what, hint=error.hint)
        except Guarded as error:
            said = scrubbed(error, [url])
            return Probe(name, ok=False, said=said, hint="`allow_private: true` allows it")
        except NotSent as error:
            hint = "is the address right, and reached from here?"
            return Probe(name, ok=False, said=scrubbed(error, [url]), hint=hint)
        return Probe(
            name, ok=True, said="it answers; what it does with a message is its own matter"
        )

    def _posted(self, endpoint: Endpoint, url: str, secret: str, delivery: Delivery) -> Answer:
        sheet = lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat)
        document = {**as_json(sheet, delivery.message), "key": delivery.key}
        body = json.dumps(document).encode()
        stamp = int(self.tools.clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "fintech-factory",
            "Idempotency-Key": delivery.key,
            "X-Factory-Attempt": str(delivery.attempt),
            "X-Factory-Timestamp": str(stamp),
            "X-Factory-Signature": signature(secret, stamp, body),
        }
        return self._target(endpoint, url).post(body, headers)

    def _target(self, endpoint: Endpoint, url: str) -> Target:
        return Target(url, self.tools.timeout_s, allow_private=endpoint.allow_private)

    def _judged(self, answer: Answer, hidden: list[str]) -> Outcome:
        said = scrubbed(answer.body.decode("utf-8", "replace"), hidden)
        if 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110: successful
            if _PAGE.match(answer.body):
                # A sign-in page or a proxy's own says 200 as well; no program's receipt is a page.
                return unknown(f"it answered {answer.status} with a web page: {said}")
            return accepted(scrubbed(answer.headers.get("x-request-id", ""), hidden))
        if 300 <= answer.status < 400:  # noqa: PLR2004 - RFC 9110: redirection
            return refused(f"HTTP {answer.status}: redirects are not followed")
        wait = retry_after(answer.headers.get("retry-after"), self.tools.clock.now())
        # A repeat bears the same Idempotency-Key.
        return of_status(answer.status, said, retry_after_s=wait, repeatable=True)


def _address(endpoint: Endpoint) -> str:
    if endpoint.url is not None:
        return endpoint.url
    if endpoint.url_from is None:
        raise UsageError("the endpoint has no address", hint="name `url` or `url_from`")
    try:
        return checked_url(endpoint.url_from.reveal(), allow_http=endpoint.allow_http)
    except ValueError:
        raise UsageError("the secret is no https address", hint="check `url_from`") from None
