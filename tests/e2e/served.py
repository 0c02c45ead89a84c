"""A real `factory serve` in a process of its own, and what it says of itself."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

__all__ = ["Served", "serving", "until"]

_PATIENCE = 60.0


def until(said: Callable[[], Any], what: str, patience: float = _PATIENCE) -> Any:  # noqa: ANN401
    """Wait until something is said that is true; give it."""
    ends = time.monotonic() + patience
    while not (found := said()):
        assert time.monotonic() < ends, f"never: {what}"
        time.sleep(0.05)
    return found


@dataclass
class Served:
    """One serving process; `address` is where it answers."""

    process: "subprocess.Popen[str]"
    root: Path
    address: str

    def ask(self, path: str) -> tuple[int, Any]:
        """Give status and body of an answer."""
        answer = httpx.get(f"{self.address}{path}", timeout=10)
        return answer.status_code, answer.json()

    def child(self) -> int:
        """Give the number of the run's process; 0 if there is none."""
        found = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        numbers = [int(each) for path in found for each in path.read_text().split()]
        return numbers[0] if numbers else 0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; give how it did."""
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def serving(root: Path, log: Path = Path(os.devnull), **environment: str) -> Iterator[Served]:
    """Serve a workspace as long as the block lasts; what it says on stderr is kept in `log`."""
    command = [sys.executable, "-m", "fintech_factory", "serve", "--port", "0"]
    with (
        log.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(
            [*command, "--workspace", str(root)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, **environment},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            address = re.search(r"http://\S+", said)
            assert address is not None, said
            yield Served(process, root, address[0])
        finally:
            if process.poll() is None:
                process.kill()
