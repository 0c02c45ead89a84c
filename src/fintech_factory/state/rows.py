"""Reads rows by the driver alone: a command that changes nothing need not load SQLAlchemy."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fintech_factory.errors import StateError

if TYPE_CHECKING:
    import sqlite3

    import psycopg
    from sqlalchemy import Connection

__all__ = [
    "NO_ROWS",
    "Rows",
    "connect_to_postgresql",
    "connect_to_sqlite",
    "day",
    "held",
    "is_alive",
    "missing_driver",
    "postgresql_rows",
    "sqlite_rows",
    "transaction_rows",
]

_CONNECT_S = 10
_BUSY_S = 30


class Rows(Protocol):
    """What is in a database, as plain rows; it changes nothing."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Give all rows of a portable statement; parameters are written `?`."""
        ...

    def has(self, table: str) -> bool:
        """Say whether there is a table of that name."""
        ...


class _NoRows:
    """A database that nobody has made yet."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:  # noqa: ARG002
        return []

    def has(self, table: str) -> bool:  # noqa: ARG002
        return False


NO_ROWS: Rows = _NoRows()


class _SqliteRows:
    def __init__(self, connection: "sqlite3.Connection") -> None:
        self._connection = connection

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, tuple(parameters)).fetchall()

    def has(self, table: str) -> bool:
        return bool(
            self.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [table])
        )


class _PostgreSQLRows:
    def __init__(self, connection: "psycopg.Connection") -> None:
        self._connection = connection

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(_pyformat(sql).encode(), tuple(parameters)).fetchall()

    def has(self, table: str) -> bool:
        return self.query("SELECT to_regclass(?)", [table]) != [(None,)]


@contextmanager
def sqlite_rows(path: Path, *, is_still: bool = False) -> Iterator[Rows]:
    """Read one state of a file's rows; none if it is not there.

    `is_still` promises that nobody writes to it meanwhile: nothing is made beside it then.
    """
    if not path.exists():
        yield NO_ROWS
        return
    with closing(connect_to_sqlite(path, is_still=is_still)) as connection:
        connection.execute("BEGIN")
        yield _SqliteRows(connection)


def connect_to_sqlite(path: Path, *, is_still: bool = False) -> "sqlite3.Connection":
    """Open a file, to read; `is_still` as for `sqlite_rows`."""
    import sqlite3

    # https://www.sqlite.org/uri.html#uriimmutable: without it, a reader of a file that keeps a log
    # makes an index of the log beside it.
    still = "&immutable=1" if is_still else ""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro{still}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )


@contextmanager
def postgresql_rows(connection: "psycopg.Connection") -> Iterator[Rows]:
    """Read one state of a server's rows."""
    with connection.transaction():
        yield _PostgreSQLRows(connection)


def connect_to_postgresql(url: str, password: str | None) -> "psycopg.Connection":
    """Connect to a server, to read.

    Raises:
        StateError: the driver is not installed.
    """
    try:
        import psycopg
    except ImportError as absent:
        raise missing_driver() from absent
    plain = url.replace("+psycopg", "", 1)
    # Without a password the URL's own, or ~/.pgpass, serves.
    given = psycopg.conninfo.make_conninfo(plain, **({"password": password} if password else {}))
    connection = psycopg.connect(given, connect_timeout=_CONNECT_S, autocommit=True)
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def is_alive(connection: "psycopg.Connection") -> bool:
    """Ask the server whether it still knows a connection: 0.1 ms on the same machine."""
    import psycopg

    if connection.closed:
        return False
    try:
        connection.execute(b"SELECT 1")
    except psycopg.OperationalError:
        connection.close()
        return False
    return True


def transaction_rows(connection: "Connection", *, is_sqlite: bool) -> Rows:
    """Read rows as a transaction sees them, what it has changed so far included."""
    return _TransactionRows(connection, is_sqlite=is_sqlite)


class _TransactionRows:
    def __init__(self, connection: "Connection", *, is_sqlite: bool) -> None:
        self._connection = connection
        self._is_sqlite = is_sqlite

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        own = sql if self._is_sqlite else _pyformat(sql)
        result = self._connection.exec_driver_sql(own, tuple(parameters))
        return [tuple(row) for row in result]

    def has(self, table: str) -> bool:
        from sqlalchemy import inspect

        return inspect(self._connection).has_table(table)


def _pyformat(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def missing_driver() -> StateError:
    """Give the error that says how the driver for PostgreSQL is installed."""
    return StateError(
        "PostgreSQL is asked for and its driver is not installed",
        where="state.url in config/factory.yaml",
        hint="pip install 'fintech-factory[postgres]'",
    )


def held(cell: Any) -> Any:  # noqa: ANN401 - any JSON
    """Give a cell of JSON as what it says: SQLite hands out the text, PostgreSQL the value."""
    return json.loads(cell) if isinstance(cell, str) else cell


def day(cell: Any) -> date:  # noqa: ANN401 - text or date
    """Give a cell that holds a day: SQLite hands out the text, PostgreSQL the day."""
    return date.fromisoformat(cell) if isinstance(cell, str) else cell
