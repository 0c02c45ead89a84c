"""Times whole processes: wall seconds and the peak of resident memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FACTORY = str(Path(sys.executable).with_name("factory"))


@dataclass(frozen=True, slots=True)
class Timed:
    """One finished process."""

    seconds: float
    peak_mb: float
    stdout: str


def timed(command: Sequence[str], ok: Sequence[int] = (0,)) -> Timed:
    """Run a command to its end; any exit code that is not expected raises with its stderr."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        # wait4 gives this child's own peak, children of its own that it waited for included.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode not in ok:
            message = f"{command} exited {process.returncode}: {err.read().decode()}"
            raise RuntimeError(message)
        return Timed(seconds, usage.ru_maxrss / 1024, out.read().decode())


def spread(seconds: Sequence[float]) -> str:
    """Give minimum, median and maximum."""
    ordered = sorted(seconds)
    return f"{ordered[0]:.2f} / {ordered[len(ordered) // 2]:.2f} / {ordered[-1]:.2f} s"
