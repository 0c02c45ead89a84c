"""What tests of the audit trail write, read and tamper with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from fintech_factory.state.audit import COLUMNS, Entry, Head
from fintech_factory.state.audit_guard import drop_guard, install_guard
from fintech_factory.state.audit_verdict import Verdict
from fintech_factory.state.store import State
from fintech_factory.state.tables import audit_entry

__all__ = ["AT", "Found", "Write", "entry", "rows", "tampering"]

AT = datetime(2026, 11, 25, 3, tzinfo=UTC)
Write = Callable[..., Head]
Found = Callable[..., Verdict]


def entry(**fields: Any) -> Entry:  # noqa: ANN401 - whatever an entry takes
    given: dict[str, Any] = {"at": AT, "actor": "ana", "action": "ingest", "subject": "cascade-1"}
    return Entry(**given | fields)


def rows(state: State) -> list[tuple[Any, ...]]:
    with state.reading() as connection:
        ordered = select(*(audit_entry.c[name] for name in COLUMNS)).order_by("sequence")
        return [tuple(row) for row in connection.execute(ordered)]


@contextmanager
def tampering(state: State) -> Iterator[Connection]:
    """Lend a connection of one who owns the database: the guard is dropped, nothing is refused."""
    with state.transaction() as connection:
        drop_guard(connection)
        yield connection
        install_guard(connection)
