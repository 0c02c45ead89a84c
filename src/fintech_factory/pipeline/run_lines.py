"""Logs what an operator has to know of a run: how each step ended, how the run, and why."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import (
    FactoryError,
    LeaseLost,
    NothingPublished,
    RunStopped,
    StateBusy,
    WriterBusy,
)
from fintech_factory.telemetry.context import bound

if TYPE_CHECKING:
    from fintech_factory.pipeline.journal import Step
    from fintech_factory.pipeline.outcome import DayOutcome

__all__ = ["logged_run", "say_ended", "say_started", "say_step"]

log = logging.getLogger(__name__)

# Named as a string each: what a step may come to is the journal's to say.
_STEP_LEVELS = {
    "done": logging.INFO,
    # Nothing has happened.
    "unchanged": logging.DEBUG,
    "blocked": logging.WARNING,
    "failed": logging.ERROR,
}
# What ends a run and is no fault of it.
_ENDED = (
    (RunStopped, logging.WARNING, "run stopped"),
    (LeaseLost, logging.WARNING, "run lost"),
    (WriterBusy | StateBusy, logging.WARNING, "run busy"),
    (NothingPublished, logging.INFO, "run unchanged"),
)


@contextmanager
def logged_run(run_id: str) -> Iterator[None]:
    """Bind a run to every line of the block, and say how it failed if it does."""
    with bound(run=run_id):
        started = perf_counter()
        try:
            yield
        except BaseException as failed:
            _say_failed(failed, perf_counter() - started)
            raise


def say_started(batch_id: str) -> None:
    """Say that a run works at a batch."""
    log.info("run started", extra={"batch": batch_id})


def say_step(step: "Step", failed: BaseException | None = None) -> None:
    """Say how a step ended, and by what if it failed; seconds to the millisecond."""
    said: dict[str, Any] = {"seconds": round(step.seconds, 3)}
    if failed is not None:
        said |= _cause(failed)
    with bound(step=step.name):
        log.log(_STEP_LEVELS[step.status.value], "step %s", step.status.value, extra=said)


def say_ended(outcome: "DayOutcome") -> None:
    """Say that a run was published, or which findings stopped it; seconds of all its steps."""
    blocking = frozenset(outcome.blocking)
    if blocking:
        codes = {each.found.finding.code for each in outcome.findings if each.id in blocking}
        said = {"findings": outcome.blocking, "codes": sorted(codes)}
        log.warning("findings blocked the publish", extra=said)
    level = logging.WARNING if blocking else logging.INFO
    log.log(
        level,
        "run %s",
        outcome.status.value,
        extra={
            "seconds": round(sum(each.seconds for each in outcome.steps), 3),
            "as_of": max(outcome.as_ofs),
            "data_through": outcome.data_through,
            "readings": len(outcome.readings),
            "withheld": outcome.withheld,
            "open": outcome.open_counts,
        },
    )


def _say_failed(failed: BaseException, seconds: float) -> None:
    said = {"seconds": round(seconds, 3), **_cause(failed)}
    for kind, level, event in _ENDED:
        if isinstance(failed, kind):
            log.log(level, event, extra=said)
            return
    if not isinstance(failed, Exception):
        # Somebody stopped it.
        log.warning("run interrupted", extra=said)
        return
    # What is expected to happen needs no traceback.
    unexpected = None if isinstance(failed, FactoryError) else failed
    log.error("run failed", exc_info=unexpected, extra=said)


def _cause(failed: BaseException) -> dict[str, str]:
    said = {"error": type(failed).__name__}
    if isinstance(failed, FactoryError):
        return said | {"what": failed.what, "where": failed.where, "hint": failed.hint}
    return said
