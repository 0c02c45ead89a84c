"""Looks at the operational database and leaves it as it is, whatever state it is in."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fintech_factory.errors import StateBusy, StateError
from fintech_factory.state.address import Addressed
from fintech_factory.state.failures import answering
from fintech_factory.state.revision import found_in
from fintech_factory.state.rows import (
    Rows,
    connect_to_postgresql,
    connect_to_sqlite,
    postgresql_rows,
    sqlite_rows,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Peek", "Readable"]

# How many steps of SQLite's machine lie between two looks at the time.
_STEPS = 20_000
_LONGEST_STATEMENT = "60s"


class Readable(Protocol):
    """An operational database as those take it that only read."""

    @property
    def where(self) -> str:
        """Its place as a person may see it: without account and password."""
        ...

    def rows(self) -> AbstractContextManager[Rows]:
        """Lend the rows as they stand."""
        ...

    def reading(self) -> "AbstractContextManager[Connection]":
        """Lend a connection that sees one state of things and changes nothing."""
        ...


class Peek(Addressed):
    """One operational database, looked at: no table is made, no revision run, no file written.

    Only beside a file whose log outlived the process that wrote it, and was parted from the log's
    index, SQLite makes that index anew.
    """

    @property
    def log(self) -> Path:
        """What was written and is not in the file yet; only SQLite has it, and not always."""
        return self.path.with_name(f"{self.path.name}-wal")

    def revision(self) -> str | None:
        """Give the revision of its tables, None if it has none; it may be newer than this code.

        Raises:
            StateError: it cannot be opened or read.
        """
        with self.rows() as rows:
            return found_in(rows)

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        """Lend the rows as they stand, of whatever revision; none if the file is not there.

        Raises:
            StateError: it cannot be opened or read.
        """
        with self._answering() as is_still:
            if self.is_sqlite:
                with sqlite_rows(self.path, is_still=is_still) as rows:
                    yield rows
            else:
                with closing(self._connected()) as connection, postgresql_rows(connection) as rows:
                    yield rows

    @contextmanager
    def reading(self) -> "Iterator[Connection]":
        """Lend a connection that sees one state of things and changes nothing.

        Raises:
            StateError: it cannot be opened or read.
        """
        with self._answering() as is_still:
            engine = self._engine(is_still=is_still)
            try:
                with engine.connect() as connection:
                    yield connection
            finally:
                engine.dispose()

    def damage(self, patience_s: float) -> list[str] | None:
        """Give what SQLite finds wrong with the file's pages; None where the time did not suffice.

        Raises:
            StateError: it is so damaged that it cannot be looked at.
        """
        ends = time.monotonic() + patience_s
        with (
            self._answering() as is_still,
            closing(connect_to_sqlite(self.path, is_still=is_still)) as connection,
        ):
            connection.set_progress_handler(lambda: int(time.monotonic() > ends), _STEPS)
            try:
                found = connection.execute("PRAGMA quick_check(5)").fetchall()
            except Exception as stopped:
                if getattr(stopped, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
                    return None
                raise
        return [str(said) for (said,) in found if said != "ok"]

    def server_time(self) -> datetime:
        """Ask the server what time it is: aware, in the zone that it speaks of.

        Raises:
            StateError: it does not answer.
        """
        with self.rows() as rows:
            ((now,),) = rows.query("SELECT clock_timestamp()")
        found: datetime = now
        return found

    @contextmanager
    def _answering(self) -> Iterator[bool]:
        """Say what a failure means; lends whether nobody writes to the file now."""
        is_still = self.is_sqlite and not self._is_written
        try:
            with answering(self.where):
                yield is_still
        except StateError as failed:
            if is_still and failed.code == "database_damaged" and self._is_written:
                busy = StateBusy(
                    "another process began to write while it was looked at",
                    where=self.where,
                    hint="look again",
                )
                busy.code = "database_busy"
                raise busy from failed
            raise

    @property
    def _is_written(self) -> bool:
        """Whether there is a log beside the file: a process that writes keeps one."""
        return self.log.exists()

    def _connected(self) -> Any:  # noqa: ANN401 - psycopg's, which need not be there
        connection = connect_to_postgresql(self.url, self._password)
        connection.execute(f"SET statement_timeout = '{_LONGEST_STATEMENT}'".encode())
        return connection

    def _engine(self, *, is_still: bool) -> "Engine":
        from fintech_factory.state.engine import postgresql_engine, sqlite_reader

        if self.is_sqlite:
            return sqlite_reader(self.path, is_still=is_still)
        return postgresql_engine(self.url, self._password).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
