"""What tests of the validation layer ask of a workspace."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["Factory", "Table", "Turn", "batch", "current", "findings", "run"]

Factory = Callable[..., Any]
Turn = Callable[[str], None]
Table = list[dict[str, str]]


def findings(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{each['code']} {each['where']}": each for each in document["findings"]}


def current(root: Path) -> str:
    return str(json.loads((root / "warehouse" / "CURRENT").read_text())["version"])


def batch(root: Path) -> Path:
    raw = root / "warehouse" / "raw" / "cascade"
    return raw / str(json.loads((raw / "LATEST").read_text())["batch_id"])


def run(factory: Factory, root: Path, *options: str) -> Any:  # noqa: ANN401 - an outcome
    return factory(root, "run", "--month-ends", *options, "--json")
