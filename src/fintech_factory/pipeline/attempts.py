"""Keeps every try of a run with its steps, from its first moment on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, select, update

from fintech_factory.pipeline.journal import Step, StepStatus
from fintech_factory.pipeline.slot import Cause
from fintech_factory.state.tables import metadata

__all__ = ["Attempt", "AttemptStatus", "Why", "begin", "end", "step_began", "step_ended"]

_attempt = metadata.tables["run_attempt"]
_step = metadata.tables["run_step"]


class AttemptStatus(StrEnum):
    """How a try stands or ended."""

    RUNNING = "running"
    PUBLISHED = "published"
    BLOCKED = "blocked"
    UNCHANGED = "unchanged"
    # Work that publishes no figures.
    DONE = "done"
    FAILED = "failed"
    # Another process was writing.
    BUSY = "busy"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    HANDED_OVER = "handed_over"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: the `number`-th of a slot, or the only one of what somebody ran by hand."""

    run_id: str
    cause: Cause
    owner: str
    slot: int | None = None
    number: int = 1


@dataclass(frozen=True, slots=True)
class Why:
    """Why a try ended without a result, and what to do now."""

    reason: str = ""
    hint: str = ""
    retryable: bool = False


def begin(connection: Connection, attempt: Attempt, at: datetime) -> None:
    """Write down that a try begins."""
    last = connection.execute(select(func.max(_attempt.c.sequence))).scalar() or 0
    connection.execute(
        _attempt.insert().values(
            run_id=attempt.run_id,
            sequence=last + 1,
            slot=attempt.slot,
            number=attempt.number,
            cause=attempt.cause.value,
            status=AttemptStatus.RUNNING.value,
            owner=attempt.owner,
            started_at=at,
        )
    )


def step_began(connection: Connection, run_id: str, name: str, at: datetime) -> None:
    """Write down that a step begins; it is the run's next one."""
    last = select(func.max(_step.c.number)).where(_step.c.run_id == run_id)
    number = (connection.execute(last).scalar() or 0) + 1
    connection.execute(
        _step.insert().values(
            run_id=run_id, number=number, name=name, status="running", started_at=at
        )
    )


def step_ended(connection: Connection, run_id: str, step: Step, at: datetime) -> None:
    """Write down how a step ended; one that had nothing to do was never begun."""
    values = {
        "status": step.status.value,
        "ended_at": at,
        "milliseconds": round(step.seconds * 1000),
    }
    begun = connection.execute(
        update(_step)
        # The commit may have ended it already, without knowing how long it took.
        .where(_step.c.run_id == run_id, _step.c.name == step.name, _step.c.milliseconds.is_(None))
        .values(**values)
    )
    if begun.rowcount == 0:
        step_began(connection, run_id, step.name, at)
        step_ended(connection, run_id, step, at)


def end(
    connection: Connection, run_id: str, status: AttemptStatus, at: datetime, why: Why | None = None
) -> None:
    """Write down how a try ended; a step that was under way ended with it."""
    said = why or Why()
    connection.execute(
        update(_attempt)
        .where(_attempt.c.run_id == run_id, _attempt.c.status == AttemptStatus.RUNNING.value)
        .values(
            status=status.value,
            ended_at=at,
            reason=said.reason,
            hint=said.hint,
            retryable=said.retryable,
        )
    )
    well = status in {AttemptStatus.PUBLISHED, AttemptStatus.DONE, AttemptStatus.UNCHANGED}
    last = (StepStatus.DONE if well else StepStatus.FAILED).value
    connection.execute(
        update(_step)
        .where(_step.c.run_id == run_id, _step.c.status == "running")
        .values(status=last, ended_at=at)
    )
