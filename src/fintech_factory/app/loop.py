"""Does one thing again and again in a thread of its own, whatever befalls it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

__all__ = ["Loop", "Standing"]

log = logging.getLogger(__name__)

# After failures in a row the next round waits twice as long each time, up to this, in seconds.
_LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a loop stands: seconds since its last round that went well, and what went wrong since.

    `silent_s` counts from the end of the last round, well or not: one that hangs grows old.
    """

    name: str
    well_s: float
    silent_s: float
    rounds: int
    failure: str = ""


@dataclass
class Loop:
    """`do` is called every `every` seconds until `stopping`; what it raises is written down."""

    name: str
    every: float
    do: Callable[[], None]
    stopping: Event
    _thread: Thread = field(init=False)
    _well: float = field(init=False)
    _heard: float = field(init=False)
    _rounds: int = field(default=0, init=False)
    _failures: int = field(default=0, init=False)
    _failure: str = field(default="", init=False)

    def start(self) -> None:
        """Begin; it counts as well until its first round says otherwise."""
        self._well = self._heard = time.monotonic()
        self._thread = Thread(target=self._turn, name=self.name, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the round that is under way; False if it takes longer."""
        self._thread.join(max(seconds, 0))
        return not self._thread.is_alive()

    def standing(self) -> Standing:
        """Say how it stands."""
        now = time.monotonic()
        return Standing(self.name, now - self._well, now - self._heard, self._rounds, self._failure)

    def _turn(self) -> None:
        while not self.stopping.is_set():
            self._once()
            wait = self.every * 2**self._failures if self._failures else self.every
            self.stopping.wait(min(wait, max(_LONGEST_WAIT, self.every)))

    def _once(self) -> None:
        try:
            self.do()
        except Exception as failed:
            self._failures = min(self._failures + 1, 16)
            self._failure = f"{type(failed).__name__}: {failed}"
            # The first says it all; a server that is away for an hour is not told of 120 times.
            said = {"loop": self.name, "reason": self._failure}
            if self._failures == 1:
                log.exception("loop failed", extra=said)
            else:
                log.debug("loop failed again", extra=said)
        else:
            if self._failures:
                log.info("loop is well again", extra={"loop": self.name})
            self._failures, self._failure = 0, ""
            self._well = time.monotonic()
        self._heard = time.monotonic()
        self._rounds += 1
