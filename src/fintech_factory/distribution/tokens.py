"""Signed tokens: who was told of an alert may do one thing about it, until a moment."""

import base64
import hashlib
import hmac
import json
import secrets
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fintech_factory.durable import write_once
from fintech_factory.errors import UsageError

__all__ = ["Claim", "TokenRefused", "action_key", "sign", "verify"]

# Part of what is hashed: a signature made for anything else is none here.
_PURPOSE = b"fintech-factory alert action 1\0"
_KEY_BYTES = 32
_OTHERS = 0o077


class TokenRefused(UsageError):  # noqa: N818 - named after what became of it
    """The token is not ours, was made for something else, or has run out."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token allows: one verb, on one alert, by one recipient, until `expires`."""

    verb: str
    alert_id: str
    recipient: str
    expires: datetime


def sign(claim: Claim, key: bytes) -> str:
    """Make the token of a claim; ValueError if its end does not say its zone or the key is short.

    It can be read by whoever has it and made by nobody without the key. Its moment is kept to the
    second.
    """
    if claim.expires.tzinfo is None:
        raise ValueError(f"{claim.expires} does not say its time zone")
    said = [claim.verb, claim.alert_id, claim.recipient, int(claim.expires.timestamp())]
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_signature(body, key))}"


def verify(token: str, verb: str, key: bytes, now: datetime) -> Claim:
    """Give what a token allows, if it allows `verb` at this moment.

    Raises:
        TokenRefused: nothing is allowed; the reason does not repeat the token.
    """
    head, _, tail = token.partition(".")
    body, signature = _bytes(head), _bytes(tail)
    # Compared in constant time, and before anything inside is believed.
    if not hmac.compare_digest(_signature(body, key), signature):
        raise TokenRefused("this link was not made here", hint="open the alert in the inbox")
    claim = _claim(body)
    if claim.verb != verb:
        raise TokenRefused(f"this link does not {verb}", hint="use the link of that action")
    if now >= claim.expires:
        raise TokenRefused(
            f"this link ended at {claim.expires:%Y-%m-%d %H:%M} UTC",
            hint="open the alert in the inbox",
        )
    return claim


def action_key(path: Path) -> bytes:
    """Read the key of a workspace; the first call makes it, for this user alone (0600).

    Raises:
        UsageError: others may read it, or it is no key.
    """
    if not path.exists():
        _make_key(path)
    return _kept_key(path)


def _make_key(path: Path) -> None:
    # Whoever makes it at the same time finds this one, or wins.
    write_once(path, secrets.token_bytes(_KEY_BYTES), mode=0o600)


def _kept_key(path: Path) -> bytes:
    if path.stat().st_mode & _OTHERS:
        raise UsageError(
            "others than its owner may read the key of action links",
            where=str(path),
            hint=f"chmod 600 {path}; if it may have been read, delete it: old links then end",
        )
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise UsageError(
            "the key of action links is cut short",
            where=str(path),
            hint="delete it: a new one is made, and links sent so far end",
        )
    return key


def _signature(body: bytes, key: bytes) -> bytes:
    if len(key) < _KEY_BYTES:
        raise ValueError(f"a key has at least {_KEY_BYTES} bytes")
    return hmac.new(key, _PURPOSE + body, hashlib.sha256).digest()


def _claim(body: bytes) -> Claim:
    verb, alert_id, recipient, expires = json.loads(body)
    return Claim(verb, alert_id, recipient, datetime.fromtimestamp(expires, UTC))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (NotBase64, ValueError):
        return b""
