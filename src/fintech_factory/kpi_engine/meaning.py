"""What of a KPI's settings is its meaning, in one form that spelling does not change."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.settings import KpiSettings

__all__ = [
    "EXPRESSIONS",
    "NOT_MEANING",
    "FieldChange",
    "Meaning",
    "canonical_expression",
    "differences",
    "fingerprint",
    "judgement_only",
    "meaning_of",
    "settings_of",
]

Meaning: TypeAlias = Mapping[str, str]
"""Dotted key (`part`, `limits.clear.warning`) to canonical text; defaults are left out."""

NOT_MEANING = frozenset(
    {
        "title",
        "department",
        "owner",
        "author",
        "version",
        "effective_from",
        "reason",
        "source",
        "precision",
        "examples",
        "see",
    }
)
"""Keys that may change without a new version: they move no figure and no judgement."""

EXPRESSIONS = frozenset({"part", "whole", "total", "per", "value", "formula"})

# A confirmation is about how a limit was written, not about where it lies.
_CONFIRMATION = "limits.confirm_small"
# These say what is made of a figure, not which figure it is.
_JUDGEMENT = ("direction", "limits", "target")

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[A-Za-z_]\w*|\d+(?:\.\d+)?|<>|<=|>=|!=|\|\||::|\S")
_COMMENT = re.compile(r"--|/\*")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# Words before a bracket that are no function's name.
_BEFORE_BRACKET = frozenset(
    {"filter", "in", "where", "and", "or", "not", "when", "then", "else", "case", "between"}
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One key of the meaning that differs; None where a side does not say it."""

    field: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        """Say `limits.warning 3 → 2`."""
        return f"{self.field} {self.old or 'not given'} → {self.new or 'not given'}"


def meaning_of(settings: "KpiSettings") -> Meaning:
    """Give the meaning of a KPI's settings.

    Numbers lose trailing zeros, expressions their spacing and letter case, and what is left at
    its default is left out, so that a key that a later release adds changes no meaning.
    """
    written = settings.model_dump(exclude_defaults=True, exclude=set(NOT_MEANING))
    flat = dict(_flat(written, ""))
    flat.pop(_CONFIRMATION, None)
    return flat


def _flat(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from _flat(each, f"{path}.{place}")
    elif value is not None:
        yield path, _text(value, path)


def _text(value: object, path: str) -> str:
    match value:
        case Enum():
            return str(value.value)
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value.normalize():f}"
        case str() if path in EXPRESSIONS:
            return canonical_expression(value)
    return str(value)


def canonical_expression(text: str) -> str:
    """Write an expression in small letters with even spacing; what is quoted stays as it is."""
    if _COMMENT.search(text):
        # A comment ends with its line: joined to one line it would swallow what follows.
        return text.strip()
    written = ""
    before = ""
    for token in _TOKEN.findall(text):
        plain = token if token[0] in "'\"" else token.lower()
        written += f"{_space(before, plain)}{plain}"
        before = plain
    return written


def _space(before: str, after: str) -> str:
    is_call = after == "(" and before.isidentifier() and before not in _BEFORE_BRACKET
    joined = not before or before in {"(", "."} or after in {")", ",", "."} or is_call
    return "" if joined else " "


def fingerprint(meaning: Meaning) -> str:
    """Give the SHA-256 of a meaning, whatever the order of its keys."""
    text = json.dumps(dict(meaning), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(old: Meaning, new: Meaning) -> tuple[FieldChange, ...]:
    """Give every key in which two meanings differ, in the order in which they are written."""
    return tuple(
        FieldChange(key, old.get(key), new.get(key))
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    )


def judgement_only(changes: tuple[FieldChange, ...]) -> bool:
    """Say whether changes leave every figure as it is: limits, target and direction do."""
    return all(change.field.split(".")[0] in _JUDGEMENT for change in changes)


def settings_of(meaning: Meaning) -> dict[str, Any]:
    """Give back the nested settings that a meaning was made of."""
    nested: dict[str, Any] = {}
    for path, text in meaning.items():
        *parents, last = path.split(".")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = _value(text)
    return {key: _listed(value) for key, value in nested.items()}


def _value(text: str) -> Decimal | bool | str:
    if text in {"true", "false"}:
        return text == "true"
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _listed(value: Any) -> Any:  # noqa: ANN401 - a tree of settings
    if not isinstance(value, dict):
        return value
    below = {key: _listed(each) for key, each in value.items()}
    return list(below.values()) if all(key.isdigit() for key in below) else below
