"""What a run did, step by step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from time import perf_counter
from typing import Any

__all__ = ["Journal", "Step", "StepStatus"]


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


@dataclass(slots=True)
class Journal:
    """Collects a run's steps as they end."""

    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Record a step; whatever stops it is recorded and goes on up."""
        started = perf_counter()
        try:
            yield
        except BaseException:
            self.steps.append(Step(name, StepStatus.FAILED, perf_counter() - started))
            raise
        self.steps.append(Step(name, StepStatus.DONE, perf_counter() - started))

    def block(self, name: str) -> None:
        """Record a step that findings stopped before it began."""
        self.steps.append(Step(name, StepStatus.BLOCKED, 0.0))

    @property
    def seconds(self) -> Decimal:
        """How long the steps took together, to 2 places."""
        return sum((round(Decimal(each.seconds), 2) for each in self.steps), Decimal("0.00"))

    def skip(self, name: str) -> None:
        """Record a step whose inputs have not changed."""
        self.steps.append(Step(name, StepStatus.UNCHANGED, 0.0))
