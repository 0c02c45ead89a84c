"""Whatever is wrong with the operational database, the error says what it is and what to do."""

import builtins
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from fintech_factory.errors import StateBusy, StateError, StateUnreachable
from fintech_factory.state import engine
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.failures import answering, explained
from fintech_factory.state.store import State
from fintech_factory.state.tables import log_entry
from state_databases import Databases

ROW = "INSERT INTO log_entry (log, body) VALUES ('a', '{}')"


def fill(state: State, size: int = 400_000) -> None:
    with state.transaction() as connection:
        connection.execute(log_entry.insert(), [{"log": "a", "body": {"text": "x" * size}}])


def test_a_second_writer_is_told_that_another_one_writes(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_S", 0.1)
    with databases.ready("sqlite") as url:
        first, second = State(url), State(url)
        with first.transaction(), pytest.raises(StateBusy) as refused:
            second.transaction().__enter__()
        assert refused.value.retryable
        assert refused.value.where == str(first.path)
        with second.transaction() as connection:
            connection.execute(text(ROW))
        first.close()
        second.close()


def test_readers_read_while_another_one_writes(state: State) -> None:
    reader = State(state.url)
    with state.transaction() as connection:
        connection.execute(text(ROW))
        with reader.rows() as rows:
            assert rows.query("SELECT COUNT(*) FROM log_entry") == [(0,)]
        with reader.reading() as other:
            assert other.execute(text("SELECT COUNT(*) FROM log_entry")).scalar() == 0
    with reader.rows() as rows:
        assert rows.query("SELECT COUNT(*) FROM log_entry WHERE log = ?", ["a"]) == [(1,)]
    reader.close()


def test_a_full_disk_is_said_and_nothing_is_kept(databases: Databases) -> None:
    with databases.ready("sqlite") as url:
        state = State(url)
        with state.transaction() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar()
            # What the disk would say: no page more.
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StateError, match=r"the disk .* is full; nothing was kept") as refused:
            fill(state)
        assert "make room" in refused.value.hint
        with state.reading() as connection:
            assert connection.execute(text("SELECT COUNT(*) FROM log_entry")).scalar() == 0
            # The same process goes on once there is room.
            connection.execute(text("PRAGMA max_page_count = 1000000"))
        fill(state)
        state.close()


_WRITE_TO_A_LIMIT = """
import resource, signal, sys
from fintech_factory.errors import StateError
from fintech_factory.state.store import State
from fintech_factory.state.tables import log_entry

state = State(sys.argv[1])
with state.reading():
    pass
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = state.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    with state.transaction() as connection:
        connection.execute(log_entry.insert(), [{"log": "a", "body": {"text": "x" * 5_000_000}}])
except StateError as refused:
    print(refused.what, "|", refused.hint)
"""


def test_a_file_size_limit_is_no_damage(databases: Databases) -> None:
    """A real limit, in a process of its own; what SQLite says of a quota as well."""
    with databases.ready("sqlite") as url:
        command = [sys.executable, "-c", _WRITE_TO_A_LIMIT, url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert said.startswith("the operational database cannot be written; nothing was kept")
        assert "quota or a limit on file sizes" in said
        state = State(url)
        with state.reading() as connection:
            assert connection.execute(text("SELECT COUNT(*) FROM log_entry")).scalar() == 0
        fill(state)
        state.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "factory.db"
    path.write_bytes(b"no database at all, " * 1000)
    for opening in (State(sqlite_url(path)).rows, State(sqlite_url(path)).transaction):
        with pytest.raises(StateError, match="damaged, or is no database") as refused:
            opening().__enter__()
        assert refused.value.where == str(path)
        assert "restore it from a backup" in refused.value.hint


def test_a_damaged_page_is_named(databases: Databases) -> None:
    with databases.ready("sqlite") as url:
        state = State(url)
        fill(state)
        state.close()
        held = bytearray(state.path.read_bytes())
        held[4096 * 2 : 4096 * 60] = b"\xff" * (4096 * 58)
        state.path.write_bytes(held)
        with pytest.raises(StateError, match="damaged"), State(url).rows() as rows:
            rows.query("SELECT * FROM log_entry")


def test_a_server_that_does_not_answer_is_worth_another_try() -> None:
    state = State("postgresql+psycopg://factory@127.0.0.1:1/factory")
    for opening in (state.rows, state.transaction):
        with pytest.raises(StateUnreachable) as refused:
            opening().__enter__()
        assert refused.value.retryable
        assert refused.value.where == "127.0.0.1:1/factory"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [("password", "refuses the account or its password"), ("database", "no database of that name")],
)
def test_what_a_server_refuses_is_told_apart(databases: Databases, wrong: str, says: str) -> None:
    server = databases.server
    url = server.url("postgres", "wrong") if wrong == "password" else server.url("no_such")
    for opening in (State(url).rows, State(url).transaction):
        with pytest.raises(StateError, match=says) as refused:
            opening().__enter__()
        assert server.password not in str(refused.value)
        assert not refused.value.retryable


_END_ALL_OTHERS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def read_while_all_are_ended(state: State, other: State) -> None:
    with state.rows() as rows:
        with other.transaction() as connection:
            connection.execute(_END_ALL_OTHERS)
        rows.query("SELECT 1")


def test_a_connection_that_the_server_ended_is_made_again(databases: Databases) -> None:
    """As a server does that is started anew: nobody notices, unless it is in the middle."""
    with databases.ready("postgresql") as url:
        state, other = State(url), State(url)
        with state.rows(), state.reading():
            pass
        with other.transaction() as connection:
            connection.execute(_END_ALL_OTHERS)
        with state.rows() as rows:
            assert rows.query("SELECT 1") == [(1,)]
        with state.transaction() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        with pytest.raises(StateUnreachable):
            read_while_all_are_ended(state, other)
        with state.rows() as rows:
            assert rows.query("SELECT 1") == [(1,)]
        state.close()
        other.close()


def test_the_password_may_come_apart_from_the_url(databases: Databases) -> None:
    server = databases.server
    with databases.ready("postgresql") as url:
        state = State(url.replace(f":{server.password}@", "@"), server.password)
        with state.transaction() as connection:
            connection.execute(text(ROW))
        with state.rows() as rows:
            assert rows.query("SELECT log FROM log_entry") == [("a",)]
        state.close()


def test_a_driver_that_is_missing_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    importing: Callable[..., Any] = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        if name.startswith("psycopg"):
            raise ImportError(name)
        return importing(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StateError, match="its driver is not installed") as refused:
        State("postgresql://factory@127.0.0.1/factory").rows().__enter__()
    assert refused.value.hint == "pip install 'fintech-factory[postgres]'"


def write_then_fail(state: State) -> None:
    with state.transaction() as connection:
        connection.execute(text(ROW))
        raise KeyError("the caller's own")


def test_what_is_no_failure_of_the_database_goes_on_as_it_is(state: State) -> None:
    assert explained(ValueError("no"), "here") is None
    assert explained(sqlite3.IntegrityError("twice"), "here") is None
    with pytest.raises(ValueError, match="no"), answering("here"):
        raise ValueError("no")
    with pytest.raises(KeyError):
        write_then_fail(state)
    with state.rows() as rows:
        assert rows.query("SELECT COUNT(*) FROM log_entry") == [(0,)]


def test_a_process_that_is_killed_within_a_transaction_keeps_nothing(state: State) -> None:
    code = (
        "import os, sys; from sqlalchemy import text\n"
        "from fintech_factory.state.store import State\n"
        "with State(sys.argv[1]).transaction() as connection:\n"
        f"    connection.execute(text({ROW!r}))\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, state.url], check=False)
    assert done.returncode == -9
    with state.transaction() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM log_entry")).scalar() == 0
