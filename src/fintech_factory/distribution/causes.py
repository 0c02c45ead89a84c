"""Finds the run that a delivery tells of: its log lines and spans belong to that run."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from fintech_factory.state.tables import metadata

__all__ = ["runs_behind"]

_transition = metadata.tables["alert_transition"]


def runs_behind(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, str]:
    """Give the run behind each row of the outbox that tells of one, by the row's sequence.

    A message is written in the transaction of the step that it tells of, at the same moment. What
    the clock or a person caused is no run's.
    """
    alerts = {row.alert_id for row in rows} - {""}
    if not alerts:
        return {}
    wanted = select(_transition.c.alert_id, _transition.c.at, _transition.c.run_id).where(
        _transition.c.alert_id.in_(alerts), _transition.c.run_id != ""
    )
    known = {(row.alert_id, row.at): row.run_id for row in connection.execute(wanted)}
    found = ((row.sequence, known.get((row.alert_id, row.created_at))) for row in rows)
    return {sequence: run_id for sequence, run_id in found if run_id is not None}
