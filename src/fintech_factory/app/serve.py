"""Keeps the day of a workspace going: works, tells, and says how it stands (R063, R101)."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING, Any

from fintech_factory.app.child import Child
from fintech_factory.app.loop import Loop
from fintech_factory.app.switch import Switch
from fintech_factory.app.worker import DELIVER, Worker

if TYPE_CHECKING:
    from fintech_factory.alerting.runbook import Runbook
    from fintech_factory.app.factory import Factory
    from fintech_factory.app.live import Live
    from fintech_factory.app.loop import Standing
    from fintech_factory.config.settings import Service as ServiceSettings

__all__ = ["Health", "Service"]

log = logging.getLogger(__name__)

# How often each loop comes round, in seconds.
_WORK_EVERY = 1.0
_SEND_EVERY = 1.0
_CLOCK_EVERY = 15.0
_PULSE_EVERY = 10.0
# A loop that is silent for so long hangs, and the process with it, in seconds.
_HANGS_AFTER = 180.0
# What is left for the threads and the last words once a run has been handed over, in seconds.
_LAST_WORDS = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """How the process stands: `is_alive` while it turns, `is_ready` while it also does its work."""

    is_alive: bool
    is_ready: bool
    problems: tuple[str, ...]
    loops: "tuple[Standing, ...]" = ()
    run_s: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Give it as one JSON object; times are in seconds."""
        return {
            "alive": self.is_alive,
            "ready": self.is_ready,
            "problems": list(self.problems),
            "run_seconds": None if self.run_s is None else round(self.run_s, 1),
            "loops": {
                each.name: {
                    "rounds": each.rounds,
                    "well_seconds_ago": round(each.well_s, 1),
                    "failure": each.failure or None,
                }
                for each in self.loops
            },
        }


@dataclass
class Service:
    """One process that keeps the day of a workspace going until it is asked to stop.

    Several may serve one workspace: what is due is done by one of them, once.
    """

    factory: "Factory"
    notify: Callable[[str], None] = lambda _: None
    stopping: Event = field(default_factory=Event)
    _teller: "Child | None" = field(default=None, init=False)
    _ticked: float = field(default=float("-inf"), init=False)
    _row: int | None = field(default=None, init=False)

    def run(self) -> None:
        """Keep the day going until `stop`; then end within the seconds of the settings.

        Raises:
            ConfigError: the settings are wrong from the beginning.
            StateError: the operational database cannot be reached at all.
        """
        self._begin()
        self.notify("READY=1")
        log.info("service started")
        try:
            self.stopping.wait()
        finally:
            self.stopping.set()
            self._end(time.monotonic() + self.settings.stop_within_s)

    def stop(self) -> None:
        """Ask it to end; it does so by itself, from any thread or signal."""
        self.stopping.set()

    def health(self) -> Health:
        """Say how it stands by now."""
        if self._row is None:
            return Health(is_alive=True, is_ready=False, problems=("it begins",))
        standings = tuple(each.standing() for each in self.loops)
        hanging = [each for each in standings if each.silent_s > _HANGS_AFTER]
        problems = [f"{each.name}: no sign for {each.silent_s:.0f} s" for each in hanging]
        problems += [f"{each.name}: {each.failure}" for each in standings if each.failure]
        failing = bool(problems)
        if self.stopping.is_set():
            problems.append("it is asked to stop")
        # What is run waits; what is published is read, and people are told, all the same.
        problems += [f"settings: {self.worker.live.problem}"] if self.worker.live.problem else []
        problems += [self.switch.problem] if self.switch.problem else []
        child = self.worker.child
        return Health(
            is_alive=not hanging,
            is_ready=not failing and not self.stopping.is_set(),
            problems=tuple(problems),
            loops=standings,
            run_s=None if child is None else child.lasts_s,
        )

    def exposition(self) -> str:
        """Give what the records measure, in Prometheus' text format 0.0.4.

        Raises:
            StateError: the database cannot be read.
        """
        from fintech_factory.app.metrics import exposition

        return exposition(self._telling.factory)

    def runbook(self, name: str) -> "Runbook | None":
        """Give what to do about alerts, by its name; None if there is none.

        Raises:
            ConfigError: the settings are wrong from the beginning.
        """
        return self._telling.factory.alerts.runbooks.get(name)

    # ---- its parts -----------------------------------------------------------------------------

    @cached_property
    def settings(self) -> "ServiceSettings":
        """Where it listens, and how long it may take; a change counts from the next start on."""
        return self.factory.settings.serve

    @cached_property
    def switch(self) -> Switch:
        """Who tells people, outside, when nobody asks for it any more."""
        return Switch(self.settings.dead_mans_switch)

    @cached_property
    def worker(self) -> Worker:
        """Who sees to what is due."""
        return Worker(self._live(), self.settings.longest_run_minutes * 60.0)

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """What it does again and again, each in a thread of its own: none waits for another."""
        return (
            Loop("work", _WORK_EVERY, self.worker.round, self.stopping),
            Loop("delivery", _SEND_EVERY, self._deliver, self.stopping),
            Loop("pulse", _PULSE_EVERY, self._pulse, self.stopping),
        )

    @cached_property
    def _telling(self) -> "Live":
        return self._live()

    def _live(self) -> "Live":
        from fintech_factory.app.live import Live, anew

        return Live(anew(self.factory))

    # ---- what it does --------------------------------------------------------------------------

    def _begin(self) -> None:
        from fintech_factory.pipeline.heartbeat import begin
        from fintech_factory.pipeline.owner import this_process

        _ = self.loops, self._telling
        now = self.factory.clock.now()
        with self.factory.state.transaction() as connection:
            row = begin(connection, str(this_process()), now)
        for each in self.loops:
            each.start()
        self._row = row

    def _deliver(self) -> None:
        """Send what is due; every now and then look at what the clock asks for."""
        factory = self._telling.factory
        if time.monotonic() - self._ticked >= _CLOCK_EVERY:
            self._ticked = time.monotonic()
            factory.alerts.by_the_clock()
            self._look_into_the_inbox(factory)
        factory.alerts.send_if_due(timedelta())

    def _look_into_the_inbox(self, factory: "Factory") -> None:
        """Let a child do what an alert of a late export asks for: it may load a whole export."""
        from fintech_factory.app.alert_automation import Automation

        if self._teller is not None and self._teller.ended() is None:
            return
        self._teller = None
        if Automation(factory).waits:
            self._teller = Child(DELIVER, factory.workspace.root)

    def _pulse(self) -> None:
        """Leave a sign of life in the database, with whoever started us, and outside."""
        from fintech_factory.pipeline.heartbeat import beat

        now = self.factory.clock.now()
        with self.factory.state.transaction() as connection:
            beat(connection, self._row or 0, now)
        health = self.health()
        if health.is_alive:
            self.notify("WATCHDOG=1")
        if health.is_ready:
            self.switch.hold()

    def _end(self, until: float) -> None:
        from fintech_factory.pipeline.heartbeat import end

        self.notify("STOPPING=1")
        log.info("service stops")
        work, *others = self.loops
        # The work's thread is the one that begins children: it is let end first.
        work.join(_LAST_WORDS)
        self.worker.stop(until - time.monotonic() - _LAST_WORDS)
        if self._teller is not None:
            self._teller.ask_to_stop()
        for each in others:
            if not each.join(until - time.monotonic() - _LAST_WORDS / 2):
                log.warning("loop was left in its round", extra={"loop": each.name})
        with self.factory.state.transaction() as connection:
            end(connection, self._row or 0, self.factory.clock.now())
        log.info("service ended")
