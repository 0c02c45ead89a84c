"""Opens the operational database: SQLite in one file, or PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["State", "sqlite_url"]

# How long a writer waits for another one before it gives up, in seconds.
_BUSY_S = 30


def sqlite_url(path: Path) -> str:
    """Give the URL of a database file."""
    return f"sqlite:///{path}"


class State:
    """One operational database. Threads may share it."""

    def __init__(self, url: str) -> None:
        """Take a SQLAlchemy URL; nothing is opened yet."""
        self.url = make_url(url)
        self.engine = _engine(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection whose changes are kept together, or not at all.

        On SQLite the write lock is taken at once: a transaction that reads first and writes later
        would fail where another has written in between.
        """
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection that sees one state of things and changes nothing."""
        with self.engine.connect().execution_options(factory_reads=True) as connection:
            yield connection

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(url, pool_pre_ping=True)


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _set_up(connection: "DBAPIConnection", _entry: "ConnectionPoolEntry") -> None:
        # The driver would begin transactions by itself, and too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options: dict[str, Any] = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if options.get("factory_reads") else "BEGIN IMMEDIATE")

    return engine
