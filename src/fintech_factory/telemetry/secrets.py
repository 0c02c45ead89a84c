"""Remembers the secrets that were revealed, in every form in which a text may hold them."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus, urlsplit

__all__ = ["MASK", "forget", "remember", "without_secrets"]

MASK = "***"
# What is shorter would black out ordinary words.
_SHORTEST = 4
# A line of a key, a path of a webhook: shorter ones are words that stand elsewhere too.
_SHORTEST_PART = 8

_revealed: dict[str, None] = {}


def remember(secret: str) -> None:
    """Take note of a secret that the process holds by now."""
    _revealed[secret] = None


def forget() -> None:
    """Remember none any more; for tests."""
    _revealed.clear()


def without_secrets(text: str) -> str:
    """Black out every secret that was revealed, however it is written."""
    if not _revealed:
        return text
    # A longer one first: it may hold a shorter one.
    forms = {form for secret in tuple(_revealed) for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


@lru_cache(maxsize=256)
def _forms(secret: str) -> frozenset[str]:
    whole = {form for form in _written(secret) if len(form) >= _SHORTEST}
    return frozenset(whole | {part for part in _parts(secret) if len(part) >= _SHORTEST_PART})


def _written(secret: str) -> Iterator[str]:
    yield from (secret, secret.strip(), repr(secret)[1:-1], json.dumps(secret)[1:-1])
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode()).decode().rstrip("=")


def _parts(secret: str) -> Iterator[str]:
    """Give what of a secret gives it away by itself: a key's lines, an address's path."""
    if "\n" in secret:
        yield from (each for each in secret.splitlines() if not each.startswith("-----"))
    if "://" in secret:
        try:
            address = urlsplit(secret)
            yield from (address.path, address.query, address.password or "")
        except ValueError:
            return
