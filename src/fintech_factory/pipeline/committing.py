"""Commits what a run has come to: all of it in one transaction, or none."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from fintech_factory import faults
from fintech_factory.kpi_engine import Reading
from fintech_factory.pipeline.judge import Judged
from fintech_factory.pipeline.run_log import expected_row
from fintech_factory.pipeline.validate import Watch
from fintech_factory.state import runs
from fintech_factory.state.runs import ReadingRow, RunRow
from fintech_factory.warehouse.protocol import RunRecord

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["Committed", "InTransaction", "batch_set", "commit", "nothing_more"]

# Rules are scoped to these parts of the book; every other reading lies in the version alone.
_KEPT_DIMENSIONS = frozenset({"", "entity"})


@dataclass(frozen=True, slots=True)
class Committed:
    """What a run has come to: published, or blocked and without any reading.

    `version` is the file that holds what was published, empty where nothing was.
    """

    judged: Judged
    record: RunRecord
    version: str
    readings: tuple[Reading, ...]
    started_at: datetime
    committed_at: datetime

    @property
    def run_id(self) -> str:
        """The run."""
        return self.record.run_id

    @property
    def is_published(self) -> bool:
        """Whether it was published; else the gate stopped it."""
        return bool(self.version)


InTransaction: TypeAlias = Callable[["Connection", Committed], None]
"""Writes what follows from a run in the transaction that commits it; if it fails, so does the run.
"""


def nothing_more(_connection: "Connection", _run: Committed) -> None:
    """Write nothing beside the run."""


def commit(run: Committed, watch: Watch, in_transaction: InTransaction = nothing_more) -> None:
    """Keep a run, what it published, found and was held against, and what follows from it.

    Raises:
        StateError: nothing of it was kept, unless a server broke off while it committed.
    """
    with watch.memory.state.transaction() as connection:
        runs.add(connection, _row(run, watch), _readings(run.readings))
        watch.memory.findings.append(connection, run.judged.events)
        watch.memory.baselines.keep(connection, run.judged.examination.baselines)
        in_transaction(connection, run)
        faults.reach("run.in_transaction")
    faults.reach("run.committed")


def batch_set(batch_ids: Sequence[str]) -> str:
    """Name the batches that a figure comes from: the only one, or the hash of all their names."""
    if len(batch_ids) == 1:
        return batch_ids[0]
    return hashlib.sha256(" ".join(sorted(batch_ids)).encode()).hexdigest()


def _row(run: Committed, watch: Watch) -> RunRow:
    entry = run.judged.entry(watch)
    record = json.loads(json.dumps({"version": run.version, **asdict(run.record)}, default=str))
    return RunRow(
        run_id=run.run_id,
        status=entry.status,
        version=run.version,
        record=record,
        batch_id=entry.batch_id,
        as_of=entry.as_of,
        started_at=run.started_at,
        committed_at=run.committed_at,
        arrived_at=run.judged.made.batch.manifest.arrived_at,
        reason=entry.reason,
        findings=entry.findings,
        expected=expected_row(entry.expected) if entry.expected else None,
    )


def _readings(readings: Sequence[Reading]) -> list[ReadingRow]:
    return [
        ReadingRow(
            kpi=each.kpi,
            as_of=each.as_of,
            dimension=each.dimension,
            member=each.member,
            data_through=each.data_through,
            status=each.status.value,
            reason=each.reason,
            value=each.value,
            limit_state=each.limit_state.value if each.limit_state else None,
            definition_version=each.definition_version,
            batch_set=batch_set(each.batch_ids),
        )
        for each in readings
        if each.dimension in _KEPT_DIMENSIONS
    ]
