"""Logs what an operator has to know of exports and alerts."""

import logging
from typing import TYPE_CHECKING

from fintech_factory.telemetry.context import bound

if TYPE_CHECKING:
    from fintech_factory.ingestion import Landing
    from fintech_factory.pipeline.alert_desk import Change, Committed

__all__ = ["say_alerts", "say_landing", "say_unreadable"]

log = logging.getLogger(__name__)

_LEVELS = {"refused": logging.WARNING, "landed": logging.INFO, "unchanged": logging.INFO}


def say_landing(landing: "Landing") -> None:
    """Say that an export landed, was there already, or was refused, and why."""
    manifest = landing.manifest
    said = {
        "batch": landing.batch_id,
        "source": manifest.source,
        "as_of": landing.as_of,
        "data_through": landing.data_through,
        "rows": sum(each.rows for each in landing.files),
        "set_aside": landing.quarantined,
        "codes": sorted({each.code for each in landing.findings}),
    }
    log.log(_LEVELS[landing.status], "batch %s", landing.status, extra=said)


def say_unreadable(batch_id: str, reason: str) -> None:
    """Say that an export could not be read at all."""
    log.warning("batch refused", extra={"batch": batch_id, "reason": reason})


def say_alerts(committed: "Committed") -> None:
    """Say each step that alerts took, once it is committed, and how many were told of all of it."""
    for change in committed.changes:
        _say_change(change)
    if committed.told or committed.withheld:
        said = {"messages": committed.told, "withheld": len(committed.withheld)}
        log.info("alerts told", extra=said)


def _say_change(change: "Change") -> None:
    state = change.state
    for step in change.transitions:
        # A member may be somebody's name: which part of the book it is, the alert's page says.
        with bound(run=step.run_id, alert=state.alert_id):
            log.info(
                "alert %s",
                step.kind.value,
                extra={
                    "rule": state.rule,
                    "dimension": state.dimension or None,
                    "level": step.level.value,
                    "value": step.value,
                    "as_of": step.as_of,
                    "escalation": step.step or None,
                },
            )
