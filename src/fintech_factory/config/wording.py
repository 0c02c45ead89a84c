"""Says in a person's words what pydantic found wrong with one value."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fintech_factory.config.tree import MappingNode, Node, ScalarNode, SequenceNode, child
from fintech_factory.registry import suggestion

__all__ = ["expectation", "explain", "wrong_kind"]

_LONGEST_ECHO = 40

_EXPECTATIONS = {
    "int": "a whole number",
    "is_instance_of": "a number",
    "decimal": "a number",
    "float": "a number",
    "string": "text",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping of keys and values",
    "mapping": "a mapping of keys and values",
    "model": "a mapping of keys and values",
    "model_attributes": "a mapping of keys and values",
    "date": "a date such as 2025-12-31",
    "datetime": "a moment such as 2025-12-31T06:00:00+00:00",
    "time": "a time of day such as 03:00",
    "none_required": "empty",
}
_KIND = re.compile(r"(?P<kind>\w+?)_(?:type|parsing|from_date_parsing|from_datetime_parsing)")
_TEXT_HINTS = (
    ("true or false", re.compile(r"(?i:yes|no|on|off)"), "write true or false"),
    ("number", re.compile(r"[-+]?[0-9]+(\.[0-9]+)?"), "take the quotes away"),
    (
        "number",
        re.compile(r"[-+]?[0-9][0-9.,_' ]*%?"),
        "write digits and, if need be, one decimal point: 1234.5",
    ),
)
_CONTAINERS = frozenset({"a list", "a mapping of keys and values"})


def expectation(error_type: str) -> str | None:
    """Give what kind of value was wanted; None if the kind is right and the value is not."""
    found = _KIND.fullmatch(error_type)
    return _EXPECTATIONS.get(found["kind"] if found else error_type)


def explain(error: Mapping[str, Any], node: Node) -> tuple[str, str]:
    """Give message (to follow the key's name) and hint for one pydantic error at a node."""
    context = error.get("ctx", {})
    match error["type"]:
        case "secret":
            return f": {context['message']}", context["hint"]
        case "value_error" | "assertion_error":
            # A validator may say what to do in the words of FactoryError: a second line.
            message, _, hint = str(context.get("error", "")).partition("\nhint: ")
            return f": {message}", hint
        case "literal_error" | "enum":
            return _one_of(context["expected"], node)
        case "union_tag_invalid" | "union_tag_not_found":
            return _tag(context, node)
        case _:
            message = str(error["msg"]).replace("Input should", "must")
            message = message.replace("String should", "must")
            return f" {message[:1].lower()}{message[1:]}{_but(node)}", ""


def _tag(context: Mapping[str, Any], node: Node) -> tuple[str, str]:
    key = context["discriminator"].strip("'")
    chosen = child(node, key)
    if chosen is None:
        return f": the key `{key}` is missing", "it tells which kind this is"
    message, hint = _one_of(context["expected_tags"], chosen.node)
    return f".{key}{message}", hint


def wrong_kind(wanted: Sequence[str], node: Node) -> tuple[str, str]:
    """Give message and hint for a value of the wrong kind; several kinds may be right."""
    alternatives = " or ".join(dict.fromkeys(wanted))
    # Where keys were wanted the text may be a secret that lacks its key; it is not repeated.
    given = _kind(node) if _CONTAINERS & set(wanted) else _echo(node)
    return f" must be {alternatives}, not {given}", _kind_hint(alternatives, node)


def _one_of(expected: str, node: Node) -> tuple[str, str]:
    given = node.text if isinstance(node, ScalarNode) else ""
    valid = re.findall(r"'([^']*)'", expected) or re.split(r", | or ", expected)
    message = f" must be one of {', '.join(valid)}{_but(node)}"
    hint = suggestion(given, valid)
    return message, hint if hint.startswith("did") else ""


def _but(node: Node) -> str:
    return f", not {_echo(node)}" if isinstance(node, ScalarNode) else ""


def _kind_hint(wanted: str, node: Node) -> str:
    if not isinstance(node, ScalarNode) or node.value is None:
        return ""
    if wanted == "text":
        return "put it in quotes"
    if not isinstance(node.value, str):
        return ""
    hints = (
        hint for part, form, hint in _TEXT_HINTS if part in wanted and form.fullmatch(node.text)
    )
    return next(hints, "")


def _echo(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        return _kind(node)
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return node.text
    text = " ".join(node.text.split())
    shown = text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}…"
    return f"{_kind(node)} `{shown}`"


def _kind(node: Node) -> str:
    match node:
        case MappingNode():
            return "a mapping"
        case SequenceNode():
            return "a list"
        case ScalarNode(value=None):
            return "empty"
        case ScalarNode(value=str()):
            return "the text" if node.text else "an empty text"
        case ScalarNode(value=bool()):
            return "true or false"
    return "the number"
