"""One writer at a time, and a name for whoever holds the pen."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fintech_factory.clock import Clock
from fintech_factory.errors import WriterBusy

__all__ = ["writer_lock"]


@contextmanager
def writer_lock(path: Path, purpose: str, clock: Clock) -> Iterator[None]:
    """Hold the writer's lock while the block runs.

    The kernel drops the lock when the process dies, however it dies, so a stale lock cannot be.

    Raises:
        WriterBusy: another process holds it; the message names it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WriterBusy(
                f"the warehouse is being written by {_holder(path)}",
                where=str(path),
                hint="wait for it to finish, then run the same command again",
            ) from None
        _sign(descriptor, purpose, clock)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _sign(descriptor: int, purpose: str, clock: Clock) -> None:
    holder = {
        "purpose": purpose,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": clock.now().isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
    except (OSError, ValueError):
        return "another process"
    return (
        f"`{holder['purpose']}` (process {holder['pid']} on {holder['host']}, "
        f"since {holder['since']})"
    )
