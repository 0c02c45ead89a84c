"""Names the process that works at something, and tells whether it is still there."""

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Owner", "is_gone", "process", "this_process"]


@dataclass(frozen=True, slots=True)
class Owner:
    """One process of one machine: a number alone is given to another one later."""

    host: str
    boot: str
    pid: int
    started: str

    def __str__(self) -> str:
        """Write it as a lease bears it."""
        return f"{self.host} {self.boot} {self.pid} {self.started}"


def this_process() -> Owner:
    """Name the process that asks; a child that was forked has a name of its own."""
    return process(os.getpid())


def process(pid: int) -> Owner:
    """Name a process of this machine by its number."""
    return Owner(socket.gethostname(), _boot(), pid, _started(pid))


def is_gone(name: str) -> bool:
    """Say whether the process of a lease is known to be dead.

    False where nobody can know: another machine's, or a name of another shape. Its lease decides.
    """
    parts = name.split(" ")
    if len(parts) != len(Owner.__slots__) or parts[0] != socket.gethostname():
        return False
    _, boot, pid, started = parts
    if not pid.isdigit():
        return False
    # Nothing that ran before the machine was started again is still at work.
    return boot != _boot() or _started(int(pid)) != started


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "unknown"


def _started(pid: int) -> str:
    """Give when a process began, in the machine's own ticks; empty for one that is not there."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "" if Path("/proc/self/stat").exists() else "unknown"
    # The name, in parentheses, may hold anything; 20 fields lie between it and the start.
    after = said.rpartition(")")[2].split()
    state, start = after[0], after[19]
    # One that nobody has waited for does nothing any more.
    return "" if state in {"Z", "X"} else start
