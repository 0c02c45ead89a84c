"""Posts once to one address: no redirect, no second try, and it is known whether it went out."""

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from fintech_factory.distribution.tls import trusted

__all__ = ["Answer", "Guarded", "NotKnown", "NotSent", "Target", "reach"]

# What is read of an answer; the rest of it is of no use.
_LONGEST_ANSWER = 64_000


class NotSent(Exception):  # noqa: N818 - named after what is known
    """The server does not have it: no connection, or the request did not go out whole."""


class Guarded(NotSent):
    """The address leads into a private network, where nothing may be sent."""


class NotKnown(Exception):  # noqa: N818
    """The request went out, and no answer came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: `allow_private` lets it lead to this machine or a private network.

    Names are looked up once, each address found is judged, and the connection goes to one of
    those: a name cannot lead elsewhere in between. Proxies of the environment are not used.
    """

    url: str
    timeout_s: float
    allow_private: bool = False
    context: ssl.SSLContext | None = None

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body.

        Raises:
            NotSent: the server does not have it.
            NotKnown: it went out whole, and nothing that is HTTP came back.
        """
        parts = urlsplit(self.url)
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        sock = reach(self)
        connection = HTTPConnection(parts.hostname or "", _port(self.url), timeout=self.timeout_s)
        connection.sock = sock
        try:
            try:
                connection.request("POST", path, body, {"Host": parts.netloc, **headers})
            except (OSError, ValueError, HTTPException) as error:
                raise NotSent(_said(error)) from error
            return _answered(connection)
        finally:
            connection.close()


def reach(target: Target) -> socket.socket:
    """Connect, and for https shake hands and check the certificate; NotSent if that fails."""
    parts = urlsplit(target.url)
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port(target.url), type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise NotSent(f"{host} is not found: {_said(error)}") from error
    if not target.allow_private:
        _refuse_private(host, [str(each[4][0]) for each in found])
    sock = _connected([each[4] for each in found], target.timeout_s)
    if parts.scheme != "https":
        return sock
    context = target.context or trusted()
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError) as error:
        sock.close()
        raise NotSent(_said(error)) from error


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _answered(connection: HTTPConnection) -> Answer:
    try:
        response = connection.getresponse()
    except (OSError, HTTPException) as error:
        raise NotKnown(_said(error)) from error
    headers = {name.lower(): value for name, value in response.getheaders()}
    try:
        body = response.read(_LONGEST_ANSWER)
    except (OSError, HTTPException):
        # The status is what counts, and it is here.
        body = b""
    return Answer(response.status, headers, body)


def _connected(addresses: list[tuple[object, ...]], timeout_s: float) -> socket.socket:
    failed: OSError = OSError("it has no address")
    for address in addresses:
        try:
            return socket.create_connection((str(address[0]), int(str(address[1]))), timeout_s)
        except OSError as error:
            failed = error
    raise NotSent(_said(failed)) from failed


def _refuse_private(host: str, addresses: list[str]) -> None:
    for address in addresses:
        meant = _meant(ipaddress.ip_address(address.partition("%")[0]))
        if not meant.is_global or meant.is_multicast:
            raise Guarded(f"{host} leads into a private network ({meant})")


# https://www.rfc-editor.org/rfc/rfc6052#section-2.1
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFF_FFFF


def _meant(
    found: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Look through the ways in which an IPv6 address carries one of IPv4."""
    if isinstance(found, ipaddress.IPv4Address):
        return found
    if found in _NAT64:
        return ipaddress.IPv4Address(int(found) & _LAST_32_BITS)
    return found.ipv4_mapped or found.sixtofour or found


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return f"{type(error).__name__}: {error}"
