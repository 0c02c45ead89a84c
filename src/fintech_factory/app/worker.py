"""Sees to it that what is due is done: one run at a time, each in a process of its own."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fintech_factory.app.child import Child
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.app.child import Ended
    from fintech_factory.app.factory import Factory
    from fintech_factory.app.live import Live

__all__ = ["DELIVER", "DUE", "Worker"]

log = logging.getLogger(__name__)

DUE = ("run", "--due")
DELIVER = ("alerts", "deliver")
# After a child that found nothing to do, or could not begin, the next waits so long, in seconds.
_PAUSE = 5.0
# So many children in a row that could not begin are told of: one may be killed, or find a
# database that restarts. What only a person can mend is told at once.
_TOLD_AFTER = 3
# How often somebody is told again that broken settings hold the work up, in seconds.
_TELL_EVERY = 3600.0


@dataclass
class Worker:
    """The work of one workspace, looked after by one thread.

    A child runs what is due: what a run loads (the engine, the models, the book) goes with it, and
    one that hangs can be ended. `longest_s` is how many seconds it may take.
    """

    live: "Live"
    longest_s: float
    start: Callable[["Factory"], Child] = field(
        default=lambda factory: Child(DUE, factory.workspace.root)
    )
    child: Child | None = field(default=None, init=False)
    last: "Ended | None" = field(default=None, init=False)
    _not_before: float = field(default=float("-inf"), init=False)
    _failed: int = field(default=0, init=False)
    _told: tuple[str, float] = field(default=("", float("-inf")), init=False)

    def round(self) -> None:
        """Put down what is due; begin a child for it, or see how the one under way is doing."""
        from fintech_factory.app.work import Work

        if self.child is not None:
            self._watch(self.child)
        factory = self.live.factory
        work = Work(factory, follows=False)
        work.free()
        work.look()
        if self.child is not None or not work.due():
            return
        if self.live.problem:
            self._tell(f"the settings are wrong, so nothing is run: {self.live.problem}")
        elif time.monotonic() >= self._not_before:
            self.child = self.start(factory)
            log.info("child started", extra={"pid": self.child.pid})

    def stop(self, seconds: float) -> None:
        """End within so many seconds: what is under way by then is handed over, and not lost."""
        child = self.child
        if child is None:
            return
        child.ask_to_stop()
        if child.wait(seconds):
            return
        # One that was stopped amid a write holds the database: nothing is written before it ends.
        child.kill()
        self._hand_over(child)
        log.warning("child ended before its step was done", extra={"pid": child.pid})
        from fintech_factory.app.work import Work

        Work(self.live.factory).free()

    def _watch(self, child: Child) -> None:
        ended = child.ended()
        if ended is not None:
            self.child, self.last = None, ended
            self._after(ended)
        elif child.lasts_s > self.longest_s:
            log.error("child hangs and is ended", extra={"pid": child.pid})
            child.kill()

    def _after(self, ended: "Ended") -> None:
        is_failed = ended.worked is None and ended.code != 0
        self._failed = self._failed + 1 if is_failed else 0
        # More may be due where it has worked; what it worked at is written down.
        self._not_before = time.monotonic() + _PAUSE if ended.worked is None else float("-inf")
        if not is_failed:
            return
        log.error("child did nothing", extra={"code": ended.code, "reason": ended.reason})
        if ended.code == UsageError.exit_code or self._failed >= _TOLD_AFTER:
            self._tell(f"what is due could not be begun: {ended.reason}")

    def _hand_over(self, child: Child) -> None:
        from fintech_factory.pipeline.slot_store import hand_over

        with self.live.factory.state.transaction() as connection:
            hand_over(connection, child.owner)

    def _tell(self, reason: str) -> None:
        """Tell level 2 that work stands still; the same reason once an hour."""
        said, at = self._told
        if said == reason and time.monotonic() - at < _TELL_EVERY:
            return
        self.live.factory.alerts.failed("", reason)
        self._told = (reason, time.monotonic())
