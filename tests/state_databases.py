"""Operational databases for tests: files of SQLite, and those of our own PostgreSQL server."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Self

import pytest

from fintech_factory.state.address import sqlite_url
from fintech_factory.state.store import State
from postgresql_server import PostgreSQL, installed, started

__all__ = ["Databases"]

_TEMPLATE = "factory_template"


class Databases:
    """Makes databases of either kind; each is gone when its block ends, the server with all."""

    def __init__(self, folder: Path) -> None:
        """Take an empty folder; the server starts when it is first needed."""
        self._folder = folder
        self._numbers = count(1)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Make databases within a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self._stack.close()

    @contextmanager
    def ready(self, kind: str) -> Iterator[str]:
        """Lend the URL of a database (`sqlite` or `postgresql`) with every table and no row."""
        with self._sqlite() if kind == "sqlite" else self._postgresql(self._template) as url:
            yield url

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Lend the URL of a database without any table; a file that is not there yet."""
        if kind == "sqlite":
            yield sqlite_url(self._folder / f"{next(self._numbers)}.db")
        else:
            with self._postgresql("template1") as url:
                yield url

    @cached_property
    def server(self) -> PostgreSQL:
        """The server; a test that needs it is skipped, and says so, where none is installed."""
        programs = installed()
        if programs is None:
            pytest.skip("PostgreSQL is not installed; .ci/install-postgresql does it")
        return self._stack.enter_context(started(programs))

    @contextmanager
    def _sqlite(self) -> Iterator[str]:
        path = self._folder / f"{next(self._numbers)}.db"
        shutil.copyfile(self._ready_file, path)
        yield sqlite_url(path)

    @contextmanager
    def _postgresql(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        yield self.server.create(name, template)
        self.server.drop(name)

    @cached_property
    def _ready_file(self) -> Path:
        path = self._folder / "ready.db"
        _make_tables(sqlite_url(path))
        return path

    @cached_property
    def _template(self) -> str:
        _make_tables(self.server.create(_TEMPLATE))
        return _TEMPLATE


def _make_tables(url: str) -> None:
    state = State(url)
    state.ready()
    # The last one to leave a SQLite database writes its log into the file.
    state.close()
