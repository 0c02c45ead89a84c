"""A PostgreSQL server for tests: on loopback, on a free port, gone with whoever asked for it."""

import json
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL

__all__ = ["PostgreSQL", "installed", "started"]

_DEBIAN = Path("/usr/lib/postgresql")
_WATCH = Path(__file__).with_name("postgresql_watch.py")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server. Its one account may do everything; its password is asked for."""

    port: int
    password: str
    watch: "subprocess.Popen[str] | None" = None

    def stop(self) -> None:
        """Shut a durable server down: whoever is connected is cut off, what is committed stays."""
        self._do("stop")

    def start(self) -> None:
        """Start it again, on the same port."""
        self._do("start")

    def _do(self, what: str) -> None:
        assert self.watch is not None
        assert self.watch.stdin is not None
        assert self.watch.stdout is not None
        self.watch.stdin.write(f"{what}\n")
        self.watch.stdin.flush()
        assert json.loads(self.watch.stdout.readline() or "{}") == {"done": what}

    def url(self, database: str, password: str | None = None) -> str:
        """Give the URL of a database, as `State` takes it."""
        said = self.password if password is None else password
        url = URL.create("postgresql+psycopg", "factory", said, "127.0.0.1", self.port, database)
        return url.render_as_string(hide_password=False)

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database like another one; give its URL."""
        self._say(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._say(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _say(self, statement: str) -> None:
        # Not at the top: the environment of the comparison with Spark has no driver.
        import psycopg

        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="factory",
            password=self.password,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            connection.execute(statement.encode())


def installed() -> Path | None:
    """Find the programs of the newest PostgreSQL of this machine, None without one."""
    debian = sorted(
        (each for each in _DEBIAN.glob("[0-9]*/bin") if (each / "initdb").is_file()),
        key=lambda each: int(each.parent.name),
    )
    if debian:
        return debian[-1]
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


@contextmanager
def started(programs: Path, *, durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a server while the block runs; a durable one writes its commits to the disk.

    Another process watches this one through a pipe: however this one ends, the server is stopped
    and its folder removed.
    """
    password = secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="factory-postgresql-"))
    request: dict[str, object] = {
        "programs": str(programs),
        "folder": str(folder),
        "password": password,
    }
    request |= {"durable": durable}
    with subprocess.Popen(
        [sys.executable, "-I", str(_WATCH)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the tests; the server goes when they have ended.
        start_new_session=True,
    ) as watch:
        assert watch.stdin is not None
        assert watch.stdout is not None
        watch.stdin.write(json.dumps(request | _account()) + "\n")
        watch.stdin.flush()
        said: dict[str, Any] = json.loads(watch.stdout.readline() or "{}")
        if "port" not in said:
            raise RuntimeError(f"PostgreSQL did not start: {said.get('reason', 'it said nothing')}")
        try:
            yield PostgreSQL(said["port"], password, watch)
        finally:
            watch.stdin.close()
            watch.wait(timeout=30)


def _account() -> dict[str, str]:
    """Name an account without rights where this one is root: initdb refuses root."""
    if os.geteuid() != 0:
        return {}
    known = {each.pw_name for each in pwd.getpwall()}
    return {"account": "postgres" if "postgres" in known else "nobody"}
