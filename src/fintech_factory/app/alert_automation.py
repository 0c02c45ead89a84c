"""Does what alerts ask for without anybody and a transaction cannot: run again, ingest again."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fintech_factory.alerting.respond import ResponseKind
from fintech_factory.errors import FactoryError

if TYPE_CHECKING:
    from sqlalchemy import Row

    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.outcome import DayOutcome

__all__ = ["Automation"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Automation:
    """The automatic answers of one workspace; `sleep` waits some seconds between retries."""

    factory: "Factory"
    sleep: Callable[[float], None] = time.sleep

    def retry(self, failed: Exception, again: "Callable[[], DayOutcome]") -> "DayOutcome":
        """Run again what an alert of a failed run asks for; raise what failed if nothing helps.

        What is wrong with settings or data fails again, and is not tried; what the machine or
        another process did to it may pass. Waits double: 1, 2, 4 seconds.
        """
        waiting = self._pending(ResponseKind.RETRY)
        if not waiting:
            raise failed
        if isinstance(failed, FactoryError) and not failed.retryable:
            self._finish(waiting, f"not tried again, as it would fail again: {failed.what}")
            raise failed
        last: Exception = failed
        most = int(waiting[0].parameters["at_most"])
        for number in range(most):
            self.sleep(2.0**number)
            try:
                outcome = again()
            except Exception as error:  # noqa: BLE001 - the last of them is raised below
                last = error
            else:
                self._finish(waiting, f"{outcome.status.value} at try {number + 1}")
                return outcome
        self._finish(waiting, f"{most} tries failed, the last by {type(last).__name__}: {last}")
        raise last

    def reingest(self) -> None:
        """Look into the inbox again where an alert says that an export is late.

        While another process writes to the warehouse it waits for the next round; what cannot be
        taken in for another reason is put down as failed.
        """
        waiting = self._pending(ResponseKind.REINGEST)
        if not waiting:
            return
        from fintech_factory.app.runs import Runs

        try:
            outcome = Runs(self.factory).take_in()
        except (FactoryError, OSError) as failed:
            if isinstance(failed, FactoryError) and failed.retryable:
                log.info("inbox left for later", extra={"reason": failed.what})
                return
            outcome = f"failed: {failed.what if isinstance(failed, FactoryError) else failed}"
        self._finish(waiting, outcome)

    @property
    def waits(self) -> bool:
        """Whether the inbox is to be looked into."""
        return bool(self._pending(ResponseKind.REINGEST))

    def _pending(self, kind: ResponseKind) -> "list[Row[tuple[object, ...]]]":
        from fintech_factory.pipeline.alert_responses import pending

        with self.factory.state.reading() as connection:
            return [each for each in pending(connection) if each.kind == kind.value]

    def _finish(self, waiting: "list[Row[tuple[object, ...]]]", outcome: str) -> None:
        from fintech_factory.app.audit import Note
        from fintech_factory.pipeline.alert_responses import AUTOMATION, finish

        now = self.factory.clock.now()
        with self.factory.audit.transaction() as told:
            for each in waiting:
                finish(told.connection, each.response_id, outcome, now)
                after = {"outcome": outcome, "alert": each.alert_id}
                said = f"response.{each.kind}.done"
                told.note(Note(said, each.response_id, after=after, by=AUTOMATION))
