"""Runs the second engine in a process of its own, beside the one that makes the models."""

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine.definitions import Definitions
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.scope import Scope
from fintech_factory.kpi_engine.second_engine import recompute
from fintech_factory.pipeline.landed_rows import landed_rows
from fintech_factory.values import LedgerRules
from fintech_factory.warehouse.protocol import Landed

__all__ = ["Recount", "recounting"]

Readings = tuple[Reading, ...]

# A process takes a fifth of a second to begin; the engine reads about 100,000 rows in one.
_WORTH_A_PROCESS = 20_000


@dataclass(frozen=True, slots=True)
class Recount:
    """What the second engine is given: the landed files, and nothing that a build has made."""

    landed: Landed
    definitions: Definitions
    scope: Scope
    rules: LedgerRules

    def run(self) -> Readings:
        """Recompute every KPI here and now."""
        with closing(self.landed.open()) as reader:
            return recompute(self.definitions, self.scope, landed_rows(reader), self.rules)


@contextmanager
def recounting(recount: Recount, rows: int) -> Iterator[Callable[[], Readings]]:
    """Let the second engine work beside the block, which may ask for its readings once.

    `rows` is how many it will read. Threads would not do: the interpreter runs one at a time, and
    each of an engine's calls waits for its turn. A short book is recomputed when it is asked for.
    If the block fails, the process ends.

    Raises:
        WarehouseError: when asked, if the landed rows cannot be recomputed.
    """
    if rows < _WORTH_A_PROCESS:
        yield recount.run
        return
    command = [sys.executable, "-I", "-m", __name__]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process,  # noqa: S603 - our own module
        ThreadPoolExecutor(1, "second engine") as thread,
    ):
        try:
            said = thread.submit(process.communicate, pickle.dumps(recount))
            yield lambda: _readings(*said.result())
        finally:
            if process.poll() is None:
                process.kill()


def _readings(answer: bytes, complaint: bytes) -> Readings:
    if not answer:
        raise WarehouseError(
            _last_words(complaint),
            where="second engine",
            hint="the last good version stays; `factory run` tries again",
        )
    known: Readings | WarehouseError = pickle.loads(answer)  # noqa: S301 - our own process wrote it
    if isinstance(known, WarehouseError):
        raise known
    return known


def _last_words(complaint: bytes) -> str:
    lines = complaint.decode(errors="replace").strip().splitlines()
    # An engine's message goes on below its first line.
    errors = [line for line in lines if "Error: " in line or "Exception: " in line]
    return next(reversed(errors or lines), "its process was ended")


def answer() -> None:
    """Recompute what stdin asks for; write the readings, or why there are none, to stdout."""
    recount: Recount = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own process wrote it
    said: Readings | WarehouseError
    try:
        said = recount.run()
    except WarehouseError as refused:
        said = refused
    pickle.dump(said, sys.stdout.buffer)


if __name__ == "__main__":
    answer()
