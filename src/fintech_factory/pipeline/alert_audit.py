"""What the audit trail keeps of alerts: one entry for each step that one takes."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.alerting.alert import AlertState
from fintech_factory.state.audit import Entry

if TYPE_CHECKING:
    from fintech_factory.pipeline.alert_desk import Change

__all__ = ["alert_entries"]


def alert_entries(changes: "Iterable[Change]", at: datetime) -> Iterator[Entry]:
    """Give the entries of some changes, in their order."""
    for change in changes:
        before = _standing(change.before) if change.before is not None else None
        for step in change.transitions:
            after = {
                **_standing(change.state),
                "level": step.level.value,
                "step": step.number,
                "value": step.value,
                "as_of": step.as_of,
            }
            yield Entry(
                at=at,
                actor=step.actor,
                action=f"alert.{step.kind.value}",
                subject=f"{change.state.fingerprint} ({change.state.alert_id})",
                before=before,
                after=after,
                reason=step.reason,
                run=step.run_id,
            )
            before = after


def _standing(state: AlertState) -> dict[str, Any]:
    return {
        "status": state.status.value,
        "level": state.level.value,
        "value": state.value,
        "as_of": state.as_of,
        "batch_set": state.batch_set,
        "acknowledged_by": state.acknowledgement.by if state.acknowledgement else "",
        "assignee": state.assignee,
    }
