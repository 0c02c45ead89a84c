"""Every recomputation of the published readings: a log that only ever grows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.state import logs
from fintech_factory.state.store import State
from fintech_factory.validation.accuracy import Accuracy, SourceScore

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["AccuracyLog"]

_LOG = "accuracy"


@dataclass(frozen=True, slots=True)
class AccuracyLog:
    """Recomputations as entries of the log `accuracy`."""

    state: State

    def append(self, connection: "Connection", result: Accuracy) -> None:
        """Keep a recomputation within the caller's transaction."""
        logs.append(connection, _LOG, [result.as_json()])

    def last(self) -> Accuracy | None:
        """Give the latest, None before the first."""
        with self.state.rows() as rows:
            held = logs.entries(rows, _LOG)
        if not held:
            return None
        row = held[-1]
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
