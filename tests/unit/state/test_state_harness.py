"""The databases that tests are given: both engines, a new one each time, gone whatever happens."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from fintech_factory import faults
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from postgresql_server import installed
from state_databases import Databases

TESTS = Path(__file__).parents[2]
# Starts a server, says its port and its folder, and waits.
ASKER = (
    "import sys, time; sys.path.insert(0, sys.argv[1])\n"
    "from postgresql_server import installed, started\n"
    "with started(installed()) as server:\n"
    "    print(server.port, flush=True)\n"
    "    time.sleep(60)\n"
)


def test_a_database_comes_with_every_table_and_no_row(state: State) -> None:
    with state.reading() as connection:
        assert set(metadata.tables) <= set(inspect(connection).get_table_names())
        for table in metadata.sorted_tables:
            assert connection.execute(table.select()).first() is None


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_one_test_writes_no_other_sees(databases: Databases, kind: str) -> None:
    for _ in range(2):
        with databases.ready(kind) as url:
            state = State(url)
            with state.transaction() as connection:
                connection.execute(text("INSERT INTO log_entry (log, body) VALUES ('a', '{}')"))
            with state.reading() as connection:
                (held,) = connection.execute(text("SELECT COUNT(*) FROM log_entry")).one()
            state.close()
            assert held == 1


@pytest.mark.skipif(installed() is None, reason="PostgreSQL is not installed")
def test_a_server_goes_with_the_process_that_asked_for_it_even_if_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ASKER, str(TESTS)], stdout=subprocess.PIPE, text=True
    ) as asker:
        assert asker.stdout is not None
        port = asker.stdout.readline().strip()
        assert servers(port)
        asker.send_signal(signal.SIGKILL)
    ends = time.monotonic() + 20
    while servers(port) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not servers(port)


@pytest.mark.skipif(installed() is None, reason="PostgreSQL is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_server_of_root_runs_without_roots_rights(databases: Databases) -> None:
    (server,) = servers(str(databases.server.port))
    assert Path(f"/proc/{server}").stat().st_uid != 0


def test_a_point_is_told_only_while_it_is_watched() -> None:
    told: list[str] = []
    faults.reach("before")
    with faults.watched(told.append):
        faults.reach("within")
    faults.reach("after")
    assert told == ["within"]


def servers(port: str) -> list[str]:
    """Give the numbers of the processes that serve a port (the server's first process)."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"/postgres") and port.encode() in words:
            found.append(command.parent.name)
    return found
