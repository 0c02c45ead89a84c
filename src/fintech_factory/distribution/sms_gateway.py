"""Asks a gateway that speaks as Twilio does: one request, no redirect, no second try."""

import base64
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from fintech_factory.distribution.http_post import Answer, NotKnown, NotSent
from fintech_factory.distribution.tls import trusted

if TYPE_CHECKING:
    import httpx

__all__ = ["Gateway"]

_LONGEST_ANSWER = 64_000


@dataclass(frozen=True, slots=True)
class Gateway:
    """An account at a gateway; its credentials are in no repr."""

    base_url: str
    account: str = field(repr=False)
    token: str = field(repr=False)
    timeout_s: float

    def post(self, resource: str, form: Mapping[str, str]) -> Answer:
        """Make something below the account, given as a form; errors as for `get`."""
        return self._ask("POST", f"/{resource}", urlencode(form).encode())

    def get(self, resource: str = "", query: Mapping[str, str] | None = None) -> Answer:
        """Read something below the account, or the account itself.

        Raises:
            NotSent: the gateway does not have the request.
            NotKnown: it went out, and no answer that is HTTP came back whole.
        """
        below = f"/{resource}" if resource else ""
        asked = f"?{urlencode(query)}" if query else ""
        return self._ask("GET", f"{below}.json{asked}", None)

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        import httpx

        account = quote(self.account, safe="")
        url = f"{self.base_url.rstrip('/')}/2010-04-01/Accounts/{account}{path}"
        timeout = httpx.Timeout(self.timeout_s).as_dict()
        request = httpx.Request(
            method, url, content=body, headers=self._headers(body), extensions={"timeout": timeout}
        )
        # The transport alone: httpx's client writes each URL, the account's id in it, to the log.
        with closing(httpx.HTTPTransport(verify=trusted(), trust_env=False)) as transport:
            return _answered(transport, request)

    def _headers(self, body: bytes | None) -> dict[str, str]:
        both = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        headers = {
            "Authorization": f"Basic {both}",
            "Accept": "application/json",
            "User-Agent": "fintech-factory",
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return headers


def _answered(transport: "httpx.HTTPTransport", request: "httpx.Request") -> Answer:
    import httpx

    try:
        response = transport.handle_request(request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
        raise NotSent(_said(error)) from error
    except httpx.HTTPError as error:
        # httpx goes on to the answer when writing fails, so a request that went out only in part
        # is not told from one that went out whole.
        raise NotKnown(_said(error)) from error
    try:
        body = b""
        for part in response.iter_bytes():
            body += part
            if len(body) > _LONGEST_ANSWER:
                break
    except httpx.HTTPError as error:
        raise NotKnown(f"HTTP {response.status_code}, then {_said(error)}") from error
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, body)


def _said(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    return f"{type(error).__name__}: {error}"
