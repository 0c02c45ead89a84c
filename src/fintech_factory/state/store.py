"""Opens the operational database: SQLite in one file, or PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Lock, local
from typing import TYPE_CHECKING, Any
from weakref import finalize

from fintech_factory.state import revision
from fintech_factory.state.address import Addressed
from fintech_factory.state.failures import answering
from fintech_factory.state.rows import (
    NO_ROWS,
    Rows,
    connect_to_postgresql,
    is_alive,
    postgresql_rows,
    sqlite_rows,
    transaction_rows,
)

if TYPE_CHECKING:
    # Reading what is published takes half as long again once SQLAlchemy is loaded.
    import psycopg
    from sqlalchemy import Connection, Engine

__all__ = ["State"]


class State(Addressed):
    """One operational database. Threads may share it; tables are made when it is first used."""

    def __init__(self, url: str, password: str | None = None) -> None:
        """Take the place; nothing is opened yet."""
        super().__init__(url, password)
        self._is_ready = False
        self._readying = Lock()
        self._own = local()

    @cached_property
    def engine(self) -> "Engine":
        """Connections for what changes the database."""
        from fintech_factory.state.engine import postgresql_engine, sqlite_engine

        if self.is_sqlite:
            engine = sqlite_engine(self.url)
        else:
            engine = postgresql_engine(self.url, self._password)
        # Whoever forgets to close it, a command that ends with an error too, leaves no connection.
        finalize(self, engine.dispose)
        return engine

    def warm(self) -> None:
        """Load what a transaction needs (0.2 s), while whoever calls would only wait."""
        from fintech_factory.state import tables  # noqa: F401 - loaded, not used

        _ = self.engine

    def ready(self) -> None:
        """Make the tables, or bring them to this code's revision; one query if they are there.

        Raises:
            StateError: the database is newer than this code, or cannot be opened.
        """
        if self._is_ready:
            return
        with self._readying, answering(self.where):
            if not self._is_ready and self.revision() != revision.newest():
                from fintech_factory.state.upgrade import upgrade

                upgrade(self)
            self._is_ready = True

    def revision(self) -> str | None:
        """Give the revision of its tables, None if it has none yet.

        Raises:
            StateError: it is newer than this code.
        """
        with answering(self.where), self._plain() as rows:
            found = revision.found_in(rows)
        revision.refuse_newer(found, self.where)
        return found

    @contextmanager
    def transaction(self) -> "Iterator[Connection]":
        """Lend a connection whose changes are kept together, or not at all.

        On SQLite the write lock is taken at once: a transaction that reads first and writes later
        would fail where another has written in between.
        """
        self.ready()
        with answering(self.where), self.engine.connect() as connection, connection.begin():
            self._own.rows = transaction_rows(connection, is_sqlite=self.is_sqlite)
            try:
                yield connection
            finally:
                self._own.rows = None

    @contextmanager
    def reading(self) -> "Iterator[Connection]":
        """Lend a connection that sees one state of things and changes nothing."""
        self.ready()
        options: dict[str, Any] = {"factory_reads": True}
        if not self.is_sqlite:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with answering(self.where), self.engine.connect() as lent:
            yield lent.execution_options(**options)

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        """Lend the rows as they stand, none if nobody has made the database yet.

        It is many times as fast to begin with as `reading`, for plain statements only. Within a
        transaction of the same thread it sees what that has changed so far.
        """
        own: Rows | None = getattr(self._own, "rows", None)
        if own is not None:
            yield own
            return
        with answering(self.where), self._plain() as rows:
            if not self._is_ready:
                found = revision.found_in(rows)
                revision.refuse_newer(found, self.where)
                self._is_ready = found == revision.newest()
                if found is None:
                    yield NO_ROWS
                    return
            if self._is_ready:
                yield rows
                return
        self.ready()
        with answering(self.where), self._plain() as rows:
            yield rows

    @contextmanager
    def _plain(self) -> Iterator[Rows]:
        if self.is_sqlite:
            with sqlite_rows(self.path) as rows:
                yield rows
        else:
            with postgresql_rows(self._connection()) as rows:
                yield rows

    def _connection(self) -> "psycopg.Connection":
        """Give this thread's connection for reading: making one takes longer than what is read.

        A server that was started anew since knows none of the connections that it had.
        """
        held: psycopg.Connection | None = getattr(self._own, "connection", None)
        if held is None or not is_alive(held):
            held = connect_to_postgresql(self.url, self._password)
            finalize(self, held.close)
            self._own.connection = held
        return held

    def close(self) -> None:
        """Give every connection back; what other threads still read by goes with the object."""
        held: psycopg.Connection | None = getattr(self._own, "connection", None)
        if held is not None:
            held.close()
        if "engine" in self.__dict__:
            self.engine.dispose()
