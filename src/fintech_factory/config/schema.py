"""Exports a settings model as a JSON Schema, for editors."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from fintech_factory.config.model import Settings

__all__ = ["json_schema", "schema_name", "write_schemas"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _FileSchema(GenerateJsonSchema):
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Say a plain number: pydantic would allow a quoted one, our loader does not."""
        rules: JsonSchemaValue = {"type": "number"}
        names = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum"}
        for name, keyword in {**names, "le": "maximum"}.items():
            if (limit := schema.get(name)) is not None:
                rules[keyword] = float(str(limit))
        return rules

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - any field's default
        """Show a default as the file would write it: a number without quotes."""
        encoded = super().encode_default(dft)
        return float(encoded) if type(dft).__name__ == "Decimal" else encoded


def json_schema(model: type[Settings]) -> dict[str, Any]:
    """Give the model's JSON Schema (draft 2020-12) with titles and descriptions."""
    schema = model.model_json_schema(schema_generator=_FileSchema, mode="validation")
    return {"$schema": _DIALECT, **schema}


def schema_name(file: str) -> str:
    """Name the schema of a file: `integrations.cascade.schema.json`.

    A pattern's is its folder's: `facilities.schema.json` for `facilities/*.yaml`.
    """
    parts = PurePosixPath(file).with_suffix("").parts
    return ".".join(part for part in parts if part != "*") + ".schema.json"


def write_schemas(folder: Path, models: Mapping[str, object]) -> tuple[Path, ...]:
    """Write (or renew) the schema of every file that has a settings model."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for file, entry in sorted(models.items()):
        # A check deeper than its model carries that model with it (CheckedFile).
        model = entry if isinstance(entry, type) else getattr(entry, "model", None)
        if isinstance(model, type) and issubclass(model, Settings):
            path = folder / schema_name(file)
            text = json.dumps(json_schema(model), indent=2, ensure_ascii=False)
            path.write_text(f"{text}\n", encoding="utf-8")
            written.append(path)
    return tuple(written)
