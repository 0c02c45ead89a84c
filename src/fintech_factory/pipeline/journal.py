"""What a run did, step by step."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from time import perf_counter
from typing import Any, Protocol

from fintech_factory.pipeline.run_lines import say_step
from fintech_factory.telemetry.context import bound

__all__ = ["SILENT", "Journal", "Listener", "Step", "StepStatus"]


class StepStatus(StrEnum):
    """How a step ended."""

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run, with its wall time."""

    name: str
    status: StepStatus
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Give the step as one JSON object; seconds to the millisecond."""
        return {"name": self.name, "status": self.status.value, "seconds": round(self.seconds, 3)}


class Listener(Protocol):
    """Is told of a run's steps as they happen; what it raises stops the run."""

    def began(self, step: str) -> None:
        """Hear that a step begins."""
        ...

    def ended(self, step: Step) -> None:
        """Hear how a step ended."""
        ...


class _Silent:
    def began(self, step: str) -> None:
        pass

    def ended(self, step: Step) -> None:
        pass


SILENT: Listener = _Silent()
"""Whom nothing is written down by."""


@dataclass(slots=True)
class Journal:
    """Collects a run's steps as they end."""

    listener: Listener = SILENT
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Record a step; whatever stops it is recorded and goes on up."""
        self.listener.began(name)
        started = perf_counter()
        try:
            with bound(step=name):
                yield
        except BaseException as failed:
            # Whatever failed has its own say; a listener that fails on top of it must not hide it.
            with suppress(Exception):
                self._end(Step(name, StepStatus.FAILED, perf_counter() - started), failed)
            raise
        self._end(Step(name, StepStatus.DONE, perf_counter() - started))

    def block(self, name: str) -> None:
        """Record a step that findings stopped before it began."""
        self._end(Step(name, StepStatus.BLOCKED, 0.0))

    def skip(self, name: str) -> None:
        """Record a step whose inputs have not changed."""
        self._end(Step(name, StepStatus.UNCHANGED, 0.0))

    @property
    def seconds(self) -> Decimal:
        """How long the steps took together, to 2 places."""
        return sum((round(Decimal(each.seconds), 2) for each in self.steps), Decimal("0.00"))

    def _end(self, step: Step, failed: BaseException | None = None) -> None:
        self.steps.append(step)
        say_step(step, failed)
        self.listener.ended(step)
