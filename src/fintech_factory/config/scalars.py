"""Reads a plain YAML scalar by the core schema of YAML 1.2."""

import re
from decimal import Decimal
from typing import TypeAlias

__all__ = ["Plain", "resolve"]

Plain: TypeAlias = bool | int | Decimal | str | None

# https://yaml.org/spec/1.2.2/#103-core-schema; what YAML 1.1 adds (yes, on, 3:00, 1_000,
# dates) is text here: NO is Norway, not false.
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE](?P<exponent>[-+]?[0-9]+))?")
_SPECIAL = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

_LONGEST_NUMBER = 100
_LARGEST_EXPONENT = 100


def resolve(text: str) -> Plain:
    """Give what an unquoted scalar means; ValueError for a number no setting can need."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(_bounded(text))
    if _BASED.fullmatch(text):
        return int(_bounded(text), 0)
    if number := _DECIMAL.fullmatch(text):
        # 1e999999999 is a short text and, once made an int, a gigabyte.
        if abs(int(_bounded(number["exponent"] or "0"))) > _LARGEST_EXPONENT:
            raise ValueError("the exponent is out of range")
        return Decimal(_bounded(text))
    if special := _SPECIAL.fullmatch(text):
        return Decimal("NaN") if special["sign"] is None else Decimal(f"{special['sign']}Infinity")
    return text


def _bounded(text: str) -> str:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"the number has more than {_LONGEST_NUMBER} characters")
    return text
