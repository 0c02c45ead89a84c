"""A command of ours in a process of its own: its memory goes when it ends, and it can be killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from fintech_factory.pipeline.owner import process

__all__ = ["Child", "Ended"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code (-9: killed) and the document it printed, if any."""

    code: int
    document: Any = None

    @property
    def worked(self) -> dict[str, Any] | None:
        """What `factory run --due` worked at; None where it did nothing, or could not say."""
        found = self.document.get("worked") if isinstance(self.document, dict) else None
        return found if isinstance(found, dict) else None

    @property
    def reason(self) -> str:
        """Why it did not run, where it says so."""
        failed = self.document.get("error") if isinstance(self.document, dict) else None
        if not isinstance(failed, dict):
            return f"it ended with {self.code}"
        problems = failed.get("problems") or []
        places = [f"{each['path']}:{each['line']}: {each['message']}" for each in problems[:3]]
        return "; ".join(places) or str(failed.get("what", ""))


@dataclass
class Child:
    """One command under way. Its log goes where ours goes; Ctrl-C in our terminal spares it."""

    arguments: Sequence[str]
    workspace: Path
    owner: str = field(init=False)
    _begun: float = field(init=False)
    _out: IO[bytes] = field(init=False)
    _process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        """Start it."""
        self._begun = time.monotonic()
        # A pipe that nobody empties would stop it.
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has ended
        command = [sys.executable, "-m", "fintech_factory", *self.arguments]
        where = ["--workspace", str(self.workspace), "--json"]
        self._process = subprocess.Popen(  # noqa: S603 - see above
            [*command, *where],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self.owner = str(process(self._process.pid))

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def lasts_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._begun

    def ended(self) -> Ended | None:
        """Say how it ended; None while it is at work."""
        code = self._process.poll()
        if code is None:
            return None
        self._out.seek(0)
        try:
            document = json.loads(self._out.read())
        except ValueError:
            document = None
        self._out.close()
        return Ended(code, document)

    def ask_to_stop(self) -> None:
        """Let it stop before its next step."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now, with whatever it has begun."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False if it takes longer."""
        try:
            self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        return True
