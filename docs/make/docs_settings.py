"""Writes the page of settings from the settings files' JSON Schemas."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fintech_factory.app import config_models
from fintech_factory.config.schema import json_schema, schema_name

__all__ = ["settings_page"]

_INTRO = """\
# Configuration

Written from the settings files' JSON Schemas. `factory check` says what is wrong in a file, with
its line, column and the nearest name; an unknown key is an error. `factory init` writes the schemas
into `config/schemas/`, and the first line of each file tells editors where its schema is.

The files are strict YAML 1.2: no anchors, no aliases, no key twice, `no` is text and `3:00` is not
a number. Secrets are named, never written: `{env: NAME}` or `{file: PATH}`.

In the tables below, `<name>` is a key of your own and `[]` stands for each entry of a list. A dot
leads one level down. *Default* is what holds when a key is left out; the shipped files state most
keys, so look there first.
"""


_NAMES = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
}


def settings_page() -> str:
    """Give the page."""
    return "\n".join([_INTRO, *(_file(name, entry) for name, entry in config_models().items())])


def _file(name: str, entry: object) -> str:
    model = entry if isinstance(entry, type) else getattr(entry, "model", None)
    if not isinstance(model, type):
        raise TypeError(name)
    schema = json_schema(model)
    rows = "".join(
        f"| `{path}` | {kind} | {default} | {meaning} |\n"
        for path, kind, default, meaning in _rows(schema, schema["$defs"], "")
    )
    said = schema.get("description", "").split("\n")[0]
    head = "| key | value | default | meaning |\n|---|---|---|---|\n"
    return (
        f"## config/{name}\n\n{said} Schema: `config/schemas/{schema_name(name)}`.\n\n{head}{rows}"
    )


def _rows(
    schema: Mapping[str, Any], defs: Mapping[str, Any], above: str
) -> Iterator[tuple[str, str, str, str]]:
    for name, field in schema.get("properties", {}).items():
        path = f"{above}.{name}" if above else name
        inner, suffix = _inner(field, defs)
        default = "required" if name in schema.get("required", ()) else _default(field)
        # A block that may be left out as a whole says so by the defaults of its own keys.
        yield (
            path,
            _kind(field, defs),
            "" if _is_block(default) else default,
            _meaning(field, inner),
        )
        if inner is not None:
            yield from _rows(inner, defs, path + suffix)


def _is_block(default: str) -> bool:
    return default.startswith("`{") and default != "`{}`"


def _inner(
    field: Mapping[str, Any], defs: Mapping[str, Any]
) -> tuple[Mapping[str, Any] | None, str]:
    """Find the block in a field: itself, each value of a mapping, or each entry of a list."""
    for each in _variants(field):
        if "$ref" in each:
            found = defs[each["$ref"].rsplit("/", 1)[1]]
            return (found, "") if "properties" in found else (None, "")
        if (below := _below(each)) is not None:
            found, deeper = _inner(below, defs)
            return found, f".<name>{deeper}"
        if isinstance(each.get("items"), dict):
            found, deeper = _inner(each["items"], defs)
            return found, f"[]{deeper}"
    return None, ""


def _below(field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give what each value must be, if the field is a mapping with keys of one's own."""
    values = [*field.get("patternProperties", {}).values(), field.get("additionalProperties")]
    return next((each for each in values if isinstance(each, dict)), None)


def _variants(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*field.get("anyOf", [field]), *field.get("allOf", [])]


def _kind(field: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    kinds = dict.fromkeys(_kind_of(each, defs) for each in _variants(field))
    return " or ".join(each for each in kinds if each)


def _kind_of(field: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    match field:
        case {"$ref": str(reference)}:
            return _kind(defs[reference.rsplit("/", 1)[1]], defs)
        case {"title": "Secret"}:
            return "`{env: NAME}` or `{file: PATH}`"
        case {"enum": [*words]}:
            return ", ".join(f"`{each}`" for each in words)
        case {"const": word}:
            return f"`{word}`"
        case {"anyOf": _}:
            return _kind(field, defs)
    return _plain_kind(field, defs)


def _plain_kind(field: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    match field:
        case {"type": "array"}:
            return f"list of {_kind(field.get('items', {}), defs)}"
        case {"type": "object"}:
            below = _below(field)
            return "block" if below is None else f"keys, each with {_kind(below, defs)}"
        case {"format": "date"}:
            return "date"
    name = str(field.get("type", ""))
    return _NAMES.get(name, name) + _bounds(field)


def _bounds(field: Mapping[str, Any]) -> str:
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    found = [f"{sign} {field[name]:g}" for name, sign in signs.items() if name in field]
    return f" ({', '.join(found)})" if found else ""


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field:
        return ""
    return f"`{json.dumps(field['default'], ensure_ascii=False)}`"


def _meaning(field: Mapping[str, Any], inner: Mapping[str, Any] | None) -> str:
    own = field.get("description") or (inner or {}).get("description", "")
    return " ".join(own.split("\n\n")[0].split()).replace("|", "\\|")
