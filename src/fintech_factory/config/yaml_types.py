"""Teaches a strict pydantic schema the types that YAML has no way to write."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias, cast

from pydantic_core import CoreSchema, core_schema

__all__ = ["admit_yaml"]


Resolve: TypeAlias = Callable[[CoreSchema], CoreSchema]


def admit_yaml(schema: CoreSchema, resolve: Resolve) -> CoreSchema:
    """Give the schema that also takes ISO text for dates, whole numbers for Decimal, and so on.

    `resolve` gives what a reference in the schema stands for.
    """
    return cast("CoreSchema", _admit_yaml(schema, resolve))


def _decimal(given: object) -> object:
    return Decimal(given) if type(given) is int else given


def _iso(pattern: str, parse: Callable[[str], object]) -> Callable[[object], object]:
    def read(given: object) -> object:
        if not isinstance(given, str) or not re.fullmatch(pattern, given):
            return given
        try:
            return parse(given)
        except ValueError:
            return given  # the strict type behind refuses the text and says what it wants

    return read


_CONVERSIONS: dict[str, Callable[[Any], object]] = {
    "decimal": _decimal,
    "date": _iso(r"\d{4}-\d{2}-\d{2}", date.fromisoformat),
    "time": _iso(r"\d{2}:\d{2}(:\d{2})?", time.fromisoformat),
    "datetime": _iso(r"\d{4}-\d{2}-\d{2}[T ].+", datetime.fromisoformat),
}
_LAX = frozenset({"enum", "tuple", "set", "frozenset", "lax-or-strict"})
# These hold schemas by a name of the author's choosing, which may be any of the words below.
_BY_NAME = frozenset({"fields", "choices"})
# These hold values and functions of the model's author, not schemas.
_OPAQUE = frozenset({"metadata", "default", "expected", "serialization", "cls", "config"})
_DONE = "fintech_factory_admits_yaml"


def _admit_yaml(schema: object, resolve: Resolve) -> object:
    if isinstance(schema, list | tuple):
        return type(schema)(_admit_yaml(each, resolve) for each in schema)
    if not isinstance(schema, dict):
        return schema
    # A parent's schema holds its children's, which have been through here already.
    if schema.get("metadata", {}).get(_DONE):
        return schema
    inner = _dereferenced(schema, resolve)
    inner = {key: _admit_part(key, value, resolve) for key, value in inner.items()}
    kind = str(inner.get("type"))
    if kind in _LAX:
        inner["strict"] = False
    if kind in _CONVERSIONS:
        return core_schema.no_info_before_validator_function(
            _CONVERSIONS[kind], cast("CoreSchema", inner), metadata={_DONE: True}
        )
    return inner


def _dereferenced(schema: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
    # Pydantic keeps one schema an enumeration for all who use it, strict models or not.
    if schema.get("type") == "definition-ref":
        meant = dict(resolve(cast("CoreSchema", schema)))
        if meant["type"] == "enum":
            return {key: value for key, value in meant.items() if key != "ref"}
    return schema


def _admit_part(key: str, value: object, resolve: Resolve) -> object:
    if key in _OPAQUE:
        return value
    if key in _BY_NAME and isinstance(value, dict):
        return {name: _admit_yaml(each, resolve) for name, each in value.items()}
    return _admit_yaml(value, resolve) if isinstance(value, dict | list) else value
