"""Writes a value as JSON in exactly one way, so that equal values have equal hashes."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring
from pathlib import PurePath
from typing import Any

__all__ = ["canonical", "sound"]

# Beyond this a reader in another language may not get the same number: RFC 8785, 3.2.2.3.
_LARGEST_NUMBER = 2**53 - 1


def canonical(value: object) -> str:
    """Write a value as RFC 8785 does: keys sorted by UTF-16 units, no spaces, nothing escaped
    that need not be; so that its UTF-8 bytes are the same wherever they are made.

    Departing from it, a Decimal is text and keeps every digit it has (`"5.460"`), whole numbers
    beyond 2^53 are text, and dates and moments are ISO text, moments in UTC to the microsecond.
    Lone surrogates, which no UTF-8 can hold, become U+FFFD.

    Raises:
        TypeError: a float, whose digits are not what was meant; or a type that is no JSON.
        ValueError: a moment without a zone, or a Decimal that is no number.
    """  # noqa: D205 - one sentence over two lines
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    for kind, write_kind in _KINDS.items():
        if isinstance(value, kind):
            return write_kind(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def sound(text: str) -> str:
    """Give a text that every database can keep: neither NUL nor lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def _text(value: str) -> str:
    if value.isascii():
        return encode_basestring(value)
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return encode_basestring(whole)


def _integer(value: int) -> str:
    return str(value) if abs(value) <= _LARGEST_NUMBER else f'"{value}"'


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no number")
    return f'"{value:f}"'


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} does not say its time zone")
    return f'"{value.astimezone(UTC).isoformat(timespec="microseconds")}"'


def _mapping(value: Mapping[str, Any]) -> str:
    if not all(isinstance(key, str) for key in value):
        raise TypeError("the keys of a JSON object are text")
    plain = all(key.isascii() for key in value)
    keys = sorted(value) if plain else sorted(value, key=_utf16)
    return "{" + ",".join(f"{_text(key)}:{canonical(value[key])}" for key in keys) + "}"


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _sequence(value: "list[Any] | tuple[Any, ...]") -> str:
    return "[" + ",".join(map(canonical, value)) + "]"


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    str: _text,
    int: _integer,
    Decimal: _decimal,
    datetime: _moment,
    date: lambda value: f'"{value.isoformat()}"',
    dict: _mapping,
    list: _sequence,
    tuple: _sequence,
}
# A subclass is written as what it is; an enum's member as its value.
_KINDS: dict[type, Callable[[Any], str]] = {
    Enum: lambda value: canonical(value.value),
    str: lambda value: _text(str(value)),
    PurePath: lambda value: _text(str(value)),
    Decimal: _decimal,
    datetime: _moment,
    Mapping: _mapping,
}
