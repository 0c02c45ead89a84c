"""The whole evidence of findings that have more of it than a few rows: one file a finding."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fintech_factory.pipeline.json_lines import JsonLines
from fintech_factory.validation.findings import Examined, Found, Tracked

__all__ = ["EvidenceFolder"]

_KEPT = 100_000
"""More rows than that help nobody, and a broken model differs in every loan of every date."""


@dataclass(frozen=True, slots=True)
class EvidenceFolder:
    """The folder `state/evidence/`; what it holds is as of the last look that found it."""

    folder: Path

    def keep(self, examined: Iterable[Examined], known: Mapping[str, Tracked]) -> None:
        """Write down the rows of what was found; a look at an older date than the last does not."""
        for found in (each for check in examined for each in check.found):
            if known[found.id].found == found:
                self._write(found)

    def _write(self, found: Found) -> None:
        file = self._file(found.id)
        if len(found.every_row) > len(found.finding.evidence):
            file.replace(found.every_row[:_KEPT])
        else:
            file.path.unlink(missing_ok=True)

    def rows(self, tracked: Tracked) -> tuple[dict[str, Any], ...]:
        """Give all rows that are kept of a finding: the file's, else those that it bears itself."""
        kept = self._file(tracked.id).rows()
        return tuple(kept) or tracked.found.finding.evidence

    def _file(self, finding_id: str) -> JsonLines:
        return JsonLines(self.folder / f"{finding_id}.jsonl")
