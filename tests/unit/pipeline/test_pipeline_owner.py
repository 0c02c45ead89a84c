"""A lease bears a name that tells whether its process is still there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from fintech_factory.pipeline.owner import Owner, is_gone, this_process

NAME = "from fintech_factory.pipeline.owner import this_process; print(this_process(), flush=True)"


@contextmanager
def another() -> "Iterator[tuple[subprocess.Popen[str], str]]":
    command = [sys.executable, "-c", f"{NAME}; input()"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_who_runs_is_there() -> None:
    assert not is_gone(str(this_process()))
    with another() as (_, name):
        assert not is_gone(name)


def test_who_was_killed_is_gone_before_and_after_anybody_has_waited_for_it() -> None:
    with another() as (process, name):
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(name)
        process.wait()
        assert is_gone(name)


def test_who_is_frozen_is_not_gone() -> None:
    with another() as (process, name):
        process.send_signal(signal.SIGSTOP)
        assert not is_gone(name)
        process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("change", [{"started": "1"}, {"boot": "deadbeef"}])
def test_a_number_that_was_given_to_another_process_since_is_told_apart(
    change: dict[str, str],
) -> None:
    assert is_gone(str(replace(this_process(), **change)))


@pytest.mark.parametrize("name", [str(Owner("elsewhere", "b", 1, "1")), "", "factory worker"])
def test_of_another_machine_nobody_knows(name: str) -> None:
    assert not is_gone(name)
