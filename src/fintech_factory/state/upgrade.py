"""Brings a database's tables to this code's revision: by one process at a time, all or nothing."""

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from fintech_factory.state.lock import file_lock
from fintech_factory.state.revision import MIGRATIONS

if TYPE_CHECKING:
    from fintech_factory.state.store import State

__all__ = ["upgrade"]

# Any number will do that nothing else in the same database locks by.
_LOCK = 0x0FAC_7041


def upgrade(state: "State") -> None:
    """Make the tables, or run the revisions that the database lacks, in one transaction.

    Raises:
        StateError: another process has brought it to a revision that this code does not know.
    """
    if state.is_sqlite:
        state.path.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(state.path.with_name(f".{state.path.name}.lock")):
            _keep_a_log(state)
            state.revision()
            with state.engine.connect() as connection, connection.begin():
                _run(connection)
    else:
        with state.engine.connect() as connection, connection.begin():
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            state.revision()
            _run(connection)


def _run(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _keep_a_log(state: "State") -> None:
    """Let readers read while one writes. The file remembers it; two must not switch at once."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(state.path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
