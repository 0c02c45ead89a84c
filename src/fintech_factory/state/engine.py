"""Connections of SQLAlchemy, set up the way each database needs it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import make_url

from fintech_factory.state.rows import connect_to_sqlite, missing_driver

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["postgresql_engine", "sqlite_engine", "sqlite_reader"]

# How long a writer waits for another one before it gives up, in seconds.
_BUSY_S = 30
_CONNECT_S = 10


def postgresql_engine(url: str, password: str | None) -> Engine:
    """Give the connections to a PostgreSQL database.

    Raises:
        StateError: the driver is not installed.
    """
    target = make_url(url).set(drivername="postgresql+psycopg")
    if password is not None:
        target = target.set(password=password)
    waits = f"-c lock_timeout={_BUSY_S}s"
    try:
        return create_engine(
            target,
            pool_pre_ping=True,
            connect_args={"connect_timeout": _CONNECT_S, "options": waits},
        )
    except ImportError as absent:
        raise missing_driver() from absent


def sqlite_engine(url: str) -> Engine:
    """Give the connections to a database file; it is made, with its folder still to be there."""
    engine = create_engine(url, connect_args={"timeout": _BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _set_up(connection: "DBAPIConnection", _entry: "ConnectionPoolEntry") -> None:
        # The driver would begin transactions by itself, and too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options: dict[str, Any] = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if options.get("factory_reads") else "BEGIN IMMEDIATE")

    return engine


def sqlite_reader(path: Path, *, is_still: bool) -> Engine:
    """Give a connection that reads a database file and leaves it as it is.

    `is_still` promises that nobody writes to it meanwhile.
    """
    return create_engine(
        "sqlite://",
        creator=lambda: connect_to_sqlite(path, is_still=is_still),
        poolclass=NullPool,
    )
