"""Every recomputation of the published readings: a file that only ever grows."""

from dataclasses import dataclass
from datetime import date, datetime

from fintech_factory.pipeline.json_lines import JsonLines
from fintech_factory.validation.accuracy import Accuracy

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
        )
