"""One try of a run, written down while it is under way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.attempts import Attempt, AttemptStatus, Why
    from fintech_factory.pipeline.journal import Step
    from fintech_factory.pipeline.slot import Held

__all__ = ["Trying", "new_run_id"]


def new_run_id(factory: "Factory") -> str:
    """Name a run: when it began, and chance, for two may begin at one moment."""
    import secrets

    return f"run-{factory.clock.now():%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(3)}"


@dataclass(slots=True)
class Trying:
    """One try of a run; `held` is the slot that it is for, None where somebody runs it by hand.

    `stopped` says what this process wants of it by now (`hand_over`), or nothing; each step holds
    its slot for another `lease`.
    """

    factory: "Factory"
    run_id: str
    held: "Held | None" = None
    stopped: Callable[[], str] = lambda: ""
    lease: timedelta = timedelta(seconds=30)
    _begun: bool = field(default=False, init=False)
    _before: "list[Step]" = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """The try of a slot was written down together with its lease."""
        self._begun = self.held is not None

    # ---- what the journal tells ----------------------------------------------------------------

    def began(self, step: str) -> None:
        """Write down that a step begins, the try itself before its first.

        Raises:
            RunStopped: somebody wants it to stop; nothing of the step has happened.
            LeaseLost: another process works at its slot.
        """
        from fintech_factory.pipeline import attempts
        from fintech_factory.pipeline.slot_store import extend

        self._stop(self.stopped(), step)
        now, wanted = self.factory.clock.now(), ""
        with self.factory.state.transaction() as connection:
            if self.held is not None:
                wanted = extend(connection, self.held, now + self.lease)
            if not self._begun:
                attempts.begin(connection, self._attempt(), now)
                for each in self._before:
                    attempts.step_ended(connection, self.run_id, each, now)
            attempts.step_began(connection, self.run_id, step, now)
        self._begun = True
        self._stop(wanted, step)

    def ended(self, step: "Step") -> None:
        """Write down how a step ended; of a run that does nothing else nothing is written."""
        from fintech_factory.pipeline import attempts

        if not self._begun:
            self._before.append(step)
            return
        with self.factory.state.transaction() as connection:
            attempts.step_ended(connection, self.run_id, step, self.factory.clock.now())

    # ---- how it ends ---------------------------------------------------------------------------

    def committed(self, connection: "Connection", status: "AttemptStatus") -> None:
        """Write down what it has come to, in the transaction that commits it.

        Raises:
            LeaseLost: another process has taken it over; the transaction may not be kept.
        """
        from fintech_factory.pipeline import attempts
        from fintech_factory.pipeline.slot_store import close

        now = self.factory.clock.now()
        if self.held is not None:
            close(connection, self.held, status.value, now)
        attempts.end(connection, self.run_id, status, now)

    def unchanged(self) -> None:
        """Write down that there was nothing to do, unless nothing was begun."""
        from fintech_factory.pipeline.attempts import AttemptStatus

        if self._begun:
            with self.factory.state.transaction() as connection:
                self.committed(connection, AttemptStatus.UNCHANGED)

    def failed(self, why: "Why") -> None:
        """Write down that what somebody ran by hand came to nothing."""
        from fintech_factory.pipeline import attempts
        from fintech_factory.pipeline.attempts import AttemptStatus

        now = self.factory.clock.now()
        with self.factory.state.transaction() as connection:
            if not self._begun:
                attempts.begin(connection, self._attempt(), now)
            attempts.end(connection, self.run_id, AttemptStatus.FAILED, now, why)

    # ---- parts ---------------------------------------------------------------------------------

    def _attempt(self) -> "Attempt":
        from fintech_factory.pipeline.attempts import Attempt
        from fintech_factory.pipeline.owner import this_process
        from fintech_factory.pipeline.slot import Cause

        return Attempt(self.run_id, Cause.MANUAL, str(this_process()))

    def _stop(self, wanted: str, step: str) -> None:
        from fintech_factory.errors import RunStopped

        if wanted:
            raise RunStopped(
                f"stopped before `{step}`: {_STOPS[wanted]}", wanted=wanted, where=self.run_id
            )


_STOPS = {
    "cancel": "it was cancelled",
    "pause": "it was paused",
    "hand_over": "its process was asked to end; the next one goes on",
}
