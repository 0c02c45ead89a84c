"""Does what is due: puts the clock's slots and the arrivals down, and works at one at a time."""

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from functools import cached_property, partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from fintech_factory.errors import (
    FactoryError,
    LeaseLost,
    NothingPublished,
    RunStopped,
    StateBusy,
    WriterBusy,
)
from fintech_factory.telemetry.context import bound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.app.arrivals import Arrivals
    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.slot import Held, Policy, Slot, Then, Tried
    from fintech_factory.pipeline.slot_store import Lost

__all__ = ["Work", "Worked"]

log = logging.getLogger(__name__)

# Another process that writes is waited for; one that writes for so long hangs, and that is a fault.
_BUSY_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of one slot: `outcome` as it is kept, and why where it failed."""

    slot: "Slot"
    run_id: str
    outcome: str
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether it came to nothing."""
        return self.outcome in {"failed", "lost"}

    def as_json(self) -> dict[str, object]:
        """Give it as one JSON object."""
        return {
            "schedule": self.slot.schedule,
            "slot": self.slot.slot,
            "run_id": self.run_id,
            "outcome": self.outcome,
            "reason": self.reason or None,
        }


@dataclass
class Work:
    """The work of one workspace that is due by the clock or by what arrives.

    `chance` gives a number from 0 to 1, for the waits between tries; `stopping` says that this
    process is asked to end. Who only looks, and leaves the work to others, does not ask whether
    figures are to follow (`follows`): that loads them.
    """

    factory: "Factory"
    chance: Callable[[], float] = field(default=random.SystemRandom().random)
    stopping: Callable[[], bool] = lambda: False
    follows: bool = True
    _followed: str = field(default="", init=False)

    # ---- what is to be done --------------------------------------------------------------------

    def look(self) -> int:
        """Put down what the clock and the inbox ask for by now; give how much of it is new.

        Slots that passed while nobody was there are one: the last stands for them all.
        """
        from fintech_factory.pipeline.slot_store import put_down
        from fintech_factory.pipeline.slots_due import note_slots

        now = self.factory.clock.now()
        arrived = self.arrivals.asked(now)
        schedules = self.factory.schedules.known
        with self.factory.state.transaction() as connection:
            made = note_slots(connection, schedules, now)
            made += len(put_down(connection, arrived, now))
        self._follow()
        return made

    def due(self) -> "list[Slot]":
        """Give what is due now and nobody works at, in the order in which it fell due.

        What has a deadline comes first: a run may take longer than there is time (R104).
        """
        from fintech_factory.pipeline.slot_store import waiting

        with self.factory.state.reading() as connection:
            found = waiting(connection, self.factory.clock.now())
        return sorted(found, key=lambda each: each.does.waits)

    # ---- doing it ------------------------------------------------------------------------------

    def one(self) -> Worked | None:
        """Work at the first slot that is due; None if there is none, or others were faster.

        What fails is written down, tried again later, and after the last try told to level 2.
        """
        self.free()
        for slot in self.due():
            if self._defer(slot):
                continue
            held = self._claim(slot)
            if held is not None:
                return self._work_at(held)
        return None

    def free(self) -> "list[Lost]":
        """Take over what processes worked at that are gone; tell of what is given up."""
        from fintech_factory.pipeline import attempts
        from fintech_factory.pipeline.attempts import AttemptStatus, Why
        from fintech_factory.pipeline.slot_store import lost

        now = self.factory.clock.now()
        with self.factory.state.transaction() as connection:
            found = lost(connection, self.policy, now, self.chance)
            for each in found:
                why = Why("its process ended before it was done", retryable=True)
                attempts.end(connection, each.slot.run_id, AttemptStatus.LOST, now, why)
        for each in found:
            log.warning("run lost", extra={"run": each.slot.run_id, "then": each.then.status})
            if each.then.gives_up:
                self._tell(each.slot, each.slot.run_id, "its process was killed at every try")
        return found

    def _defer(self, slot: "Slot") -> bool:
        """Let it wait for the end of an open maintenance window; say whether it does."""
        from fintech_factory.alerting.window import open_window
        from fintech_factory.pipeline.slot_store import defer

        schedules = self.factory.schedules
        holding = open_window(schedules.windows, schedules.announced(), self.factory.clock.now())
        if holding is None or not slot.does.waits:
            return False
        with self.factory.state.transaction() as connection:
            defer(connection, slot.sequence, holding.until, holding.name)
        log.info("work deferred", extra={"schedule": slot.schedule, "window": holding.name})
        return True

    def _claim(self, slot: "Slot") -> "Held | None":
        from fintech_factory.app.trying import new_run_id
        from fintech_factory.pipeline import attempts
        from fintech_factory.pipeline.attempts import Attempt
        from fintech_factory.pipeline.owner import this_process
        from fintech_factory.pipeline.slot_store import Claim, claim

        now, owner = self.factory.clock.now(), str(this_process())
        asks = Claim(owner, self.policy, partial(new_run_id, self.factory))
        with self.factory.state.transaction() as connection:
            held = claim(connection, slot.sequence, asks, now)
            if held is not None:
                number = held.slot.attempts + 1
                attempt = Attempt(held.run_id, slot.cause, owner, slot.sequence, number)
                attempts.begin(connection, attempt, now)
        return held

    def _work_at(self, held: "Held") -> Worked:
        slot = held.slot
        with bound(run=held.run_id, slot=slot.sequence, schedule=slot.schedule):
            said = {"fell_due_at": slot.fell_due_at, "attempt": slot.attempts + 1}
            log.info("slot taken", extra=said)
            try:
                with self._holding(held):
                    outcome = self._do(held)
            except LeaseLost as lost:
                # Whoever took it over answers for it.
                return Worked(slot, held.run_id, "lost", lost.what)
            except Exception as failed:  # noqa: BLE001 - written down, and told after the last try
                return self._after(held, failed)
            log.info("slot done", extra={"outcome": outcome})
            return Worked(slot, held.run_id, outcome)

    def _do(self, held: "Held") -> str:
        from fintech_factory.app.runs import Runs

        if not held.slot.does.waits:
            return self._keep_promise(held)
        try:
            runs = Runs(self.factory, takes=self.arrivals.is_ready)
            outcome = runs.of_slot(held, self._stopped, self.policy.lease).status.value
        except NothingPublished as nothing:
            # The day has no figures, and says so; that an export is late is an alert of its own.
            self._close(held, "unchanged", nothing.what)
            return "unchanged"
        self._follow()
        return outcome

    def _keep_promise(self, held: "Held") -> str:
        """Send the daily messages, or see to it that everybody has one (R104)."""
        from fintech_factory.pipeline.schedule import Work as Does

        slot = held.slot
        day = slot.fell_due_at.astimezone(UTC).date()
        done = self.factory.daily.keep(day, enforce=slot.does is Does.DEADLINE)
        said = f"{len(done.put)} messages written, {len(done.missed)} missed"
        self._close(held, "done", said)
        return "done"

    def _follow(self) -> None:
        """Send the day's figures to whoever was told that there are none, once they are published.

        Asked whenever another version is in force than before, so that a process that was killed
        after it had published leaves nobody without.
        """
        if not self.follows:
            return
        try:
            version = self.factory.current()
            name = version.run.run_id if version is not None else ""
            if name and name != self._followed:
                self.factory.daily.follow(self.factory.daily.today)
                self._followed = name
        except FactoryError:
            log.exception("the figures could not follow")

    def _close(self, held: "Held", outcome: str, reason: str = "") -> None:
        from fintech_factory.pipeline import attempts
        from fintech_factory.pipeline.attempts import AttemptStatus, Why
        from fintech_factory.pipeline.slot_store import close

        now = self.factory.clock.now()
        with self.factory.state.transaction() as connection:
            close(connection, held, outcome, now)
            attempts.end(connection, held.run_id, AttemptStatus(outcome), now, Why(reason))

    def _after(self, held: "Held", failed: Exception) -> Worked:
        """Write down what becomes of a slot whose try failed; tell level 2 of one given up.

        All of it is one transaction: nothing is given up without somebody being told.
        """
        from fintech_factory.app.runs import why
        from fintech_factory.pipeline import attempts
        from fintech_factory.pipeline.attempts import AttemptStatus
        from fintech_factory.pipeline.slot import then
        from fintech_factory.pipeline.slot_store import end

        tried, said = self._tried(held, failed), why(failed)
        what = then(tried, self.policy, self.chance)

        def write(connection: "Connection") -> None:
            end(connection, held, what, (tried.ended, said.reason), tried.at)
            attempts.end(connection, held.run_id, AttemptStatus(tried.ended.value), tried.at, said)

        try:
            if what.gives_up:
                self.factory.alerts.failed(held.run_id, self._evidence(held, said.reason), write)
            else:
                with self.factory.state.transaction() as connection:
                    write(connection)
        except LeaseLost as lost:
            return Worked(held.slot, held.run_id, "lost", lost.what)
        _say(tried.ended.value, what, said.reason)
        return Worked(held.slot, held.run_id, tried.ended.value, said.reason)

    def _tried(self, held: "Held", failed: Exception) -> "Tried":
        from fintech_factory.pipeline.slot import STOPS, Ended, Tried

        now = self.factory.clock.now()
        ended, retryable = Ended.FAILED, True
        if isinstance(failed, RunStopped):
            ended = STOPS[failed.wanted]
        elif isinstance(failed, WriterBusy | StateBusy):
            waited = now - held.slot.fell_due_at
            ended = Ended.BUSY if waited < _BUSY_FOR else Ended.FAILED
        elif isinstance(failed, FactoryError):
            retryable = failed.retryable
        after = timedelta(seconds=getattr(failed, "retry_after_s", None) or 0)
        return Tried(held.slot.attempts + 1, ended, now, retryable, after)

    def _tell(self, slot: "Slot", run_id: str, reason: str) -> None:
        try:
            self.factory.alerts.failed(run_id, f"{_named(slot)}: {reason}")
        except Exception:
            log.exception("failed run could not be told", extra={"run": run_id})

    def _evidence(self, held: "Held", reason: str) -> str:
        """Say what was tried and how it ended, for whoever has to see to it (R077)."""
        from fintech_factory.app.run_pages import tries_in_words

        return f"{_named(held.slot)}: {reason}{tries_in_words(self.factory, held.slot)}"

    @contextmanager
    def _holding(self, held: "Held") -> Iterator[None]:
        """Keep the lease while the block works: a step may take longer than it lasts."""
        ended = Event()
        beats = Thread(target=self._keep, args=(held, ended), name="lease", daemon=True)
        beats.start()
        try:
            yield
        finally:
            ended.set()
            beats.join()

    def _keep(self, held: "Held", ended: Event) -> None:
        from fintech_factory.pipeline.slot_store import extend

        lease = self.policy.lease
        while not ended.wait(lease.total_seconds() / 3):
            try:
                with self.factory.state.transaction() as connection:
                    extend(connection, held, self.factory.clock.now() + lease)
            except LeaseLost:
                # The next step asks, and stops.
                return
            except Exception:
                # The commit asks once more; until then another beat may come through.
                log.exception("lease could not be extended", extra={"run": held.run_id})

    def _stopped(self) -> str:
        return "hand_over" if self.stopping() else ""

    @cached_property
    def arrivals(self) -> "Arrivals":
        """What lies in the inbox."""
        from fintech_factory.app.arrivals import Arrivals

        return Arrivals(self.factory)

    # ---- settings ------------------------------------------------------------------------------

    @cached_property
    def policy(self) -> "Policy":
        """How often and when work is tried again."""
        from fintech_factory.pipeline.schedule_settings import make_policy

        return make_policy(self.factory.schedules.settings.retries)


def _named(slot: "Slot") -> str:
    if slot.cause.value == "arrival":
        return "an export that arrived"
    return f"{slot.schedule} of {slot.fell_due_at:%Y-%m-%d %H:%M} UTC"


def _say(ended: str, what: "Then", reason: str) -> None:
    said = {"outcome": ended, "reason": reason}
    if what.gives_up:
        log.error("slot given up", extra=said)
    else:
        then = {"then": what.status.value, "due_at": what.due_at}
        log.warning("slot put off", extra={**said, **then})
