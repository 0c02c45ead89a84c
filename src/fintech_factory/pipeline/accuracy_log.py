"""Every recomputation of the published readings: a file that only ever grows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fintech_factory.pipeline.json_lines import JsonLines
from fintech_factory.validation.accuracy import Accuracy, SourceScore

__all__ = ["AccuracyLog"]


@dataclass(frozen=True, slots=True)
class AccuracyLog:
    """The file `state/accuracy.jsonl`."""

    lines: JsonLines

    def append(self, result: Accuracy) -> None:
        """Keep a recomputation."""
        self.lines.append([result.as_json()])

    def last(self) -> Accuracy | None:
        """Give the latest, None before the first."""
        rows = self.lines.rows()
        if not rows:
            return None
        row = rows[-1]
        return Accuracy(
            at=datetime.fromisoformat(row["at"]),
            as_ofs=tuple(date.fromisoformat(day) for day in row["as_ofs"]),
            compared=row["compared"],
            agreeing=row["agreeing"],
            disagreed=tuple(row["disagreed"]),
            run_id=row["run_id"],
            # Recomputations of before counted neither.
            not_checked=row.get("not_checked", 0),
            source=_source(row.get("source")),
        )


def _source(row: dict[str, Any] | None) -> SourceScore | None:
    if row is None:
        return None
    return SourceScore(
        row["compared"], row["agreeing"], row["not_checked"], tuple(row["disagreed"])
    )
