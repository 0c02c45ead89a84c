"""Blacks out what no log may hold: secrets, mail addresses, phone numbers, who borrowed what."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from math import isfinite
from pathlib import PurePath
from typing import Any

from fintech_factory.personal import is_personal, masked_text
from fintech_factory.telemetry.secrets import MASK, without_secrets

__all__ = ["plain", "prose", "redacted"]

_DEEPEST = 6
_LONGEST_TEXT = 8_000
_WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|authori[sz]ation|cookie|credentials?"
    r"|private[_-]?key|signature|dsn|conninfo"
)
# The names of keys under which a secret stands, whatever it looks like.
_SECRET_KEY = rf"(?:.*[_-])?(?:{_WORDS})(?:[_-].*)?"
_KEYED = (
    rf"(?i)\b((?:[\w-]*[_-])?(?:{_WORDS}))([\"']?\s*[=:]\s*)"
    r"(\"[^\"]*\"|'[^']*'|[^\s\"',;&)}\]]+)"
)
_HEADER = r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)([\"']?\s*[:=]\s*)[^\r\n]+"
_BEARER = r"\b([Bb]earer|Basic)\s+[\w.~+/=:-]{6,}"
_KEY_BLOCK = r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
# As vendors write them: Slack, GitHub, GitLab, AWS, Google, Notion, Twilio, Meta, HubSpot, JWT.
_VENDORS = (
    r"\b(?:xox[a-z]-[\w-]+|xapp-[\w-]+|gh[a-z]_\w{16,}|github_pat_\w+|glpat-[\w-]{16,}"
    r"|sk-[\w-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|AIza[\w-]{30,}|ya29\.[\w-]+|ntn_\w{16,}"
    r"|secret_\w{16,}|(?:AC|SK)[0-9a-f]{32}|EAA[A-Za-z0-9]{20,}|pat-\w{2,4}-[\w-]{16,}"
    r"|SG\.[\w-]+\.[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*)"
)
_WEBHOOK = r"/(services|webhooks?|hooks)/[\w.~%@:+/-]{12,}"
_ADDRESS = r"([A-Za-z][A-Za-z0-9+.-]*)://([^\s?#'\"<>`]*)(\?[^\s#'\"<>`]*)?(#[^\s'\"<>`]*)?"
_NAMED = r"([^=&]+)=[^&]*"
# A mail address without a domain, and a phone number without a country.
_LOCAL_MAIL = r"(?<![\w.+/-])[\w.+-]+@[\w-]+"
_LOCAL_PHONE = r"(?<![\w.,-])(?:\(\d{2,3}\)|\d{2,3})[ .-]?\d{3,4}[ .-]\d{4}(?![\w-])"
# A card's number as people write it: four digits, four times.
_CARD = r"(?<![\w.,-])\d{4}(?:[ -]\d{4}){3}(?![\w-])"
# Who it is, where a text says so before the name: up to what ends a phrase.
_PERSON = (
    r"(?i)\b((?:\w+_)?(?:borrower|customer|client|obligor|debtor)(?:[_ ]name)?)(\s*[=:]\s*)"
    r"[^\s,;)\]}][^,;)\]}\r\n]*"
)
# Capitals and digits that name no loan.
_KEPT = r"\b((?:HTTP|SMTP|SQLSTATE|RFC|ISO|IFRS|SHA)[-/ ]?\d{3,5})\b"
_QUOTED = r"(?<!\w)(['\"`])(.+?)\1(?!\w)"
# Nothing of ours is quoted so.
_CURLED = "([\u201c\u00ab\u2018\u201e])[^\u201d\u00bb\u2019\u201c]+([\u201d\u00bb\u2019\u201c])"
# Names that we gave: columns, KPIs, batches, runs, files.
_OUR_NAME = r"[a-z_][a-z0-9_.:/+*-]*|run-[0-9TZ]+-[0-9a-f]+|[a-z]+://\S*|(?:/|\./)[^\s'\"]*"
# What databases and readers of files put behind these is somebody's row.
_ROW = (
    r"(?s)(\[parameters: ).*?\](?=\n|$)",
    r"(Original Line: ?)[^\r\n]*",
    r"(Failing row contains )\([^\r\n]*",
    r"(Key \([^)]*\)=)\([^\r\n]*?\)",
)


@cache
def _made(pattern: str) -> re.Pattern[str]:
    # Made when first needed: a command that logs nothing of the kind does not pay for it.
    return re.compile(pattern)


def redacted(text: str) -> str:
    """Give a text without secrets, mail addresses, phone numbers, and ids of loans and borrowers.

    A name that stands there as any other word cannot be told from one: that no event bears names
    is up to whoever writes it.
    """
    text = without_secrets(text)
    if "-----BEGIN" in text:
        text = _made(_KEY_BLOCK).sub(MASK, text)
    if "://" in text:
        text = _made(_ADDRESS).sub(_open_address, text)
    if "/" in text:
        text = _made(_WEBHOOK).sub(rf"/\1/{MASK}", text)
    if "earer" in text or "Basic" in text:
        text = _made(_BEARER).sub(rf"\1 {MASK}", text)
    if "=" in text or ":" in text:
        text = _made(_HEADER).sub(rf"\1\2{MASK}", text)
        text = _made(_KEYED).sub(rf"\1\2{MASK}", text)
        text = _made(_PERSON).sub(rf"\1\2{MASK}", text)
    text = _made(_VENDORS).sub(MASK, text)
    # Odd pieces are what is kept.
    pieces = _made(_KEPT).split(text)
    return "".join(
        piece if number % 2 else _without_people(piece) for number, piece in enumerate(pieces)
    )


def _without_people(text: str) -> str:
    text = masked_text(text)
    if "@" in text:
        text = _made(_LOCAL_MAIL).sub(MASK, text)
    return _made(_LOCAL_PHONE).sub(MASK, _made(_CARD).sub(MASK, text))


def prose(text: str) -> str:
    """Redact a text that somebody else may have put together: what it quotes goes as well.

    An error message quotes the cell that it could not read. Names in quotes that are ours (small
    letters: a column, a KPI, a file) stay.
    """
    for pattern in _ROW:
        text = _made(pattern).sub(rf"\1{MASK}", text)
    # Addresses first, whole: only what is left of them is looked at as a quotation.
    text = _made(_QUOTED).sub(_unquoted, redacted(text))
    return text if text.isascii() else _made(_CURLED).sub(rf"\1{MASK}\2", text)


def plain(value: object, key: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Give a value as JSON can hold it, redacted; what stands under a telling key goes whole.

    Decimals become text, moments ISO text, a number that is none becomes None.
    """
    if value is None or isinstance(value, bool):
        return value
    if key and (is_personal(key) or _made(_SECRET_KEY).fullmatch(key.casefold())):
        return MASK
    if isinstance(value, Mapping):
        return {str(name): plain(each, str(name), depth + 1) for name, each in value.items()} if (
            depth < _DEEPEST
        ) else MASK  # fmt: skip
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each, "", depth + 1) for each in value] if depth < _DEEPEST else MASK
    for kind, write in _FORMS.items():
        if isinstance(value, kind):
            return write(value)
    return _text(str(value))


def _text(text: str) -> str:
    said = prose(text) if " " in text else redacted(text)
    return said if len(said) <= _LONGEST_TEXT else f"{said[:_LONGEST_TEXT]}…"


_FORMS: Mapping[type, Callable[[Any], Any]] = {
    Enum: lambda value: plain(value.value),
    int: lambda value: value,
    float: lambda value: value if isfinite(value) else None,
    Decimal: lambda value: format(value, "f"),
    datetime: lambda value: value.isoformat(),
    date: lambda value: value.isoformat(),
    time: lambda value: value.isoformat(),
    PurePath: lambda value: redacted(str(value)),
    bytes: lambda value: f"{len(value)} bytes",
}


def _open_address(found: re.Match[str]) -> str:
    scheme, place, query, fragment = found.groups()
    before, at, after = place.rpartition("@")
    place = f"{MASK}@{after}" if at and before else place
    named = _made(_NAMED).sub(rf"\1={MASK}", query[1:]) if query else ""
    if query and named == query[1:]:
        named = MASK
    tail = (f"?{named}" if query else "") + (f"#{MASK}" if fragment else "")
    return f"{scheme}://{place}{tail}"


def _unquoted(found: re.Match[str]) -> str:
    mark, inner = found.groups()
    return found[0] if _made(_OUR_NAME).fullmatch(inner) else f"{mark}{MASK}{mark}"
