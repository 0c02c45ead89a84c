"""What was generated: the files with their rows and hashes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

__all__ = ["BookFile", "BookManifest"]


@dataclass(frozen=True, slots=True)
class BookFile:
    """One written file; `rows` does not count the header and is None where a file has none."""

    name: str
    rows: int | None
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BookManifest:
    """One generated book. `data_through` is the last day on which its base tables speak."""

    files: tuple[BookFile, ...]
    data_through: date
    first_day: date
    loans: int
    seed: int
    hazards: int
    seconds: float

    def rows(self, name: str) -> int:
        """Give the rows of a file by its name without `.csv`."""
        return next(file.rows or 0 for file in self.files if file.name == f"{name}.csv")

    def as_json(self) -> dict[str, Any]:
        """Give the manifest as one JSON object."""
        return {
            "data_through": self.data_through.isoformat(),
            "first_day": self.first_day.isoformat(),
            "loans": self.loans,
            "seed": self.seed,
            "hazards": self.hazards,
            "seconds": round(self.seconds, 3),
            "files": [
                {
                    "name": file.name,
                    "rows": file.rows,
                    "bytes": file.size_bytes,
                    "sha256": file.sha256,
                }
                for file in self.files
            ],
        }
