"""Logs in the order in which they were written: each entry is one JSON object."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fintech_factory.state.rows import Rows, held

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["append", "entries", "replace"]


def entries(rows: Rows, log: str) -> list[dict[str, Any]]:
    """Give a log's entries, oldest first."""
    found = rows.query("SELECT body FROM log_entry WHERE log = ? ORDER BY sequence", [log])
    return [held(body) for (body,) in found]


def append(connection: "Connection", log: str, bodies: Iterable[dict[str, Any]]) -> None:
    """Add entries to a log within the caller's transaction."""
    from fintech_factory.state.tables import log_entry

    added = [{"log": log, "body": body} for body in bodies]
    if added:
        connection.execute(log_entry.insert(), added)


def replace(connection: "Connection", log: str, bodies: Iterable[dict[str, Any]]) -> None:
    """Write a log anew within the caller's transaction."""
    from fintech_factory.state.tables import log_entry

    connection.execute(log_entry.delete().where(log_entry.c.log == log))
    append(connection, log, bodies)
