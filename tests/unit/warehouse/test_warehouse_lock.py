"""One writer at a time, and whoever waits is told who holds the pen."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from fintech_factory.clock import FixedClock
from fintech_factory.errors import WriterBusy
from fintech_factory.warehouse.lock import writer_lock

CLOCK = FixedClock(date(2026, 1, 2))
HOLD = """
import sys
from datetime import date
from pathlib import Path
from fintech_factory.clock import FixedClock
from fintech_factory.warehouse.lock import writer_lock
with writer_lock(Path(sys.argv[1]), "factory run", FixedClock(date(2026, 1, 1))):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_writer(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A second process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / ".writer.lock"


def test_a_second_writer_is_told_who_writes_since_when(path: Path) -> None:
    with another_writer(path) as other:
        with pytest.raises(WriterBusy) as error, writer_lock(path, "factory run", CLOCK):
            pass
        assert "`factory run`" in error.value.what
        assert f"process {other.pid} on {os.uname().nodename}" in error.value.what
        assert "since 2026-01-01T00:00:00+00:00" in error.value.what
    assert error.value.hint.startswith("wait for it")
    assert error.value.retryable


def test_a_second_writer_in_the_same_process_waits_as_well(path: Path) -> None:
    with (
        writer_lock(path, "factory run", CLOCK),
        pytest.raises(WriterBusy),
        writer_lock(path, "factory ingest", CLOCK),
    ):
        pass


def test_the_lock_is_free_when_the_writer_is_done(path: Path) -> None:
    for _ in range(2):
        with writer_lock(path, "factory run", CLOCK):
            assert "factory run" in path.read_text()
    assert path.read_text() == ""


def test_the_lock_is_free_when_the_writer_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(path, "factory run", CLOCK):
        raise ZeroDivisionError
    with writer_lock(path, "factory run", CLOCK):
        pass


def test_the_lock_is_free_when_the_writer_is_killed(path: Path) -> None:
    with another_writer(path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait(10)
    with writer_lock(path, "factory run", CLOCK):
        assert f'"pid": {os.getpid()}' in path.read_text()


def test_a_holder_who_has_not_signed_yet_is_still_respected(path: Path) -> None:
    with another_writer(path):
        path.write_text("{half a sig")
        with (
            pytest.raises(WriterBusy, match="another process"),
            writer_lock(path, "factory run", CLOCK),
        ):
            pass
