"""The answer key: what was planted where, and what should become of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = [
    "KEPT",
    "LANDED",
    "LEFT_OUT",
    "QUARANTINED",
    "REFUSED",
    "UNCHANGED",
    "Planted",
    "write_key",
]

# What should become of a planted row, then of a planted folder.
QUARANTINED, KEPT = "quarantined", "kept"
LANDED, REFUSED, UNCHANGED, LEFT_OUT = "landed", "refused", "unchanged", "left out"


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted fault.

    `file` is relative to the book's folder and `line` 1-based with the header as line 1; both
    are None where a fault has no such place. `code` is the finding that should name it, None
    where the fault needs no finding.
    """

    hazard: str
    table: str | None
    file: str | None
    line: int | None
    loan_id: str | None
    column: str | None
    planted: str
    expected: str
    code: str | None


def write_key(path: Path, planted: Sequence[Planted]) -> None:
    """Write the key as one JSON list."""
    path.write_text(
        json.dumps([asdict(each) for each in planted], ensure_ascii=False, indent=1) + "\n",
        encoding="utf-8",
    )
