"""Runs the day of a workspace: what waits in the inbox, then the book."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import FactoryError, NothingPublished

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

    from fintech_factory.app.factory import Factory
    from fintech_factory.app.trying import Trying
    from fintech_factory.ingestion import Batch
    from fintech_factory.kpi_engine.observed import ObservedAt
    from fintech_factory.pipeline.alert_desk import Committed as AlertsCommitted
    from fintech_factory.pipeline.attempts import Why
    from fintech_factory.pipeline.committing import Committed
    from fintech_factory.pipeline.day import Day
    from fintech_factory.pipeline.inbox import Export, Inbox
    from fintech_factory.pipeline.journal import Journal
    from fintech_factory.pipeline.outcome import Dates, DayOutcome, Held
    from fintech_factory.pipeline.slot import Held as HeldSlot
    from fintech_factory.state.audit import Head
    from fintech_factory.views.facilities.covenants import Covenant
    from fintech_factory.views.table import ViewDate
    from fintech_factory.warehouse.protocol import Reader, Version

__all__ = ["Runs", "in_a_line", "why"]

log = logging.getLogger(__name__)

# How long a run stays for channels that ask to be tried again.
_PATIENCE = timedelta(seconds=30)


@dataclass(slots=True)
class Following:
    """Writes what follows from a run, in the transaction that commits it.

    `before` is the version in force until then, `head` the audit trail's afterwards; `covenants`
    are those of the date that the run speaks of, once it has looked at them.
    """

    factory: "Factory"
    before: "Version | None"
    trying: "Trying"
    head: "Head | None" = None
    covenants: "tuple[Covenant, ...]" = ()
    alerts: "AlertsCommitted | None" = None

    def __call__(self, connection: "Connection", run: "Committed") -> None:
        """Keep the definitions that it is the first to use, and tell the audit trail of it."""
        from fintech_factory.app.audit import Told
        from fintech_factory.app.audit_runs import notes_of_run
        from fintech_factory.pipeline.attempts import AttemptStatus

        # Whoever has lost its lease publishes nothing: this is asked before anything is written.
        status = AttemptStatus.PUBLISHED if run.is_published else AttemptStatus.BLOCKED
        self.trying.committed(connection, status)
        told = Told(self.factory.audit, connection)
        fresh = self.factory.kpi_versions.keep(connection, run.run_id) if run.is_published else []
        told.note(*notes_of_run(run, self.before, fresh))
        self.alerts = self.factory.alerts.of_run(told, run, self.covenants)
        self.head = told.head

    def say(self) -> None:
        """Log what became of alerts, now that it is committed."""
        from fintech_factory.app.log_lines import say_alerts

        if self.alerts is not None:
            say_alerts(self.alerts)

    def look(self, reader: "Reader", dates: "Sequence[ViewDate]") -> "ObservedAt":
        """Observe the book as ever, and keep how the covenants stand at the last date."""
        facilities = self.factory.facilities
        if facilities.terms and dates:
            # A month in progress is labelled by its end: the run speaks of the last day of data.
            own = [each for each in dates if each.as_of == each.cut_on] or dates
            self.covenants = facilities.covenants(reader, own[-1])
        return self.factory.views.observed(reader, dates)


def in_a_line(failed: Exception) -> str:
    """Say what failed and where in one line, as it goes into alerts."""
    if not isinstance(failed, FactoryError):
        return " ".join(f"{type(failed).__name__}: {failed}".split())
    said = f"{failed.where}: {failed.what}" if failed.where else failed.what
    return " ".join(said.split())


def why(failed: Exception) -> "Why":
    """Say why a try came to nothing, what to do now, and whether another one may help.

    What is wrong with settings or data fails again; what the machine or another process did may
    pass.
    """
    from fintech_factory.pipeline.attempts import Why

    if isinstance(failed, FactoryError):
        return Why(in_a_line(failed), failed.hint, failed.retryable)
    return Why(in_a_line(failed), retryable=True)


def _note_failure(trying: "Trying", failed: Exception) -> None:
    try:
        trying.failed(why(failed))
    except Exception:
        # The failure itself goes on up; that it could not be kept is only said beside it.
        log.exception("failed try could not be kept")


def _asked(parameters: "Mapping[str, Any]") -> "tuple[Dates, bool]":
    """Give the dates that a slot asks for, and whether it runs although nothing has changed."""
    from datetime import date

    from fintech_factory.pipeline.outcome import Dates

    as_of = parameters.get("as_of")
    dates = Dates(date.fromisoformat(as_of) if as_of else None, bool(parameters.get("month_ends")))
    return dates, bool(parameters.get("force"))


@dataclass(frozen=True)
class Runs:
    """The runs of one workspace; what of the inbox `takes` says no to is left for later."""

    factory: "Factory"
    takes: "Callable[[tuple[Path, ...]], bool]" = lambda _: True

    def run(
        self,
        dates: "Dates",
        *,
        force: bool = False,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> "DayOutcome":
        """Bring in the inbox and run the day, unless nothing has changed since the last; then tell.

        Whoever is to be told is told before this returns, as far as their channels accept it
        within half a minute; the rest waits in the outbox.

        Raises:
            DefinitionError: a definition says something else than its version did before.
        """
        from fintech_factory.app.trying import Trying, new_run_id
        from fintech_factory.errors import ConfigError, UsageError, WriterBusy
        from fintech_factory.pipeline.attempts import AttemptStatus

        trying = Trying(self.factory, new_run_id(self.factory))

        def again() -> "DayOutcome":
            once = Trying(self.factory, new_run_id(self.factory))
            log.info("run tried again", extra={"run": once.run_id, "after": trying.run_id})
            return self._once(once, dates, force=force, on_step=on_step)

        try:
            outcome = self._once(trying, dates, force=force, on_step=on_step)
        except (ConfigError, UsageError, WriterBusy, NothingPublished):
            # The call or the settings are wrong, or another run is at work: no run has failed.
            raise
        except Exception as error:  # noqa: BLE001 - raised again, or answered by a retry
            outcome = self._after_failure(error, trying.run_id, again)
        if outcome.status.value == AttemptStatus.PUBLISHED.value:
            self._follow()
        self.factory.alerts.send_if_due(_PATIENCE)
        return outcome

    def of_slot(
        self, held: "HeldSlot", stopped: Callable[[], str], lease: timedelta
    ) -> "DayOutcome":
        """Run what a slot asks for; whoever holds the slot answers for what fails.

        Raises:
            RunStopped: somebody wanted it to stop.
            LeaseLost: another process works at the slot; nothing was kept.
        """
        from fintech_factory.app.trying import Trying

        trying = Trying(self.factory, held.run_id, held, stopped, lease)
        dates, force = _asked(held.slot.parameters)
        return self._run(dates, trying, force=force, on_step=lambda _: None)

    def _once(
        self, trying: "Trying", dates: "Dates", *, force: bool, on_step: Callable[[str], None]
    ) -> "DayOutcome":
        """Run by hand, once; a try that failed is kept as well."""
        from fintech_factory.errors import WriterBusy

        try:
            return self._run(dates, trying, force=force, on_step=on_step)
        except Exception as error:
            if not isinstance(error, WriterBusy):
                _note_failure(trying, error)
            raise

    def _after_failure(
        self, failed: Exception, run_id: str, again: "Callable[[], DayOutcome]"
    ) -> "DayOutcome":
        """Alert of a run that failed, and try again where an alert asks for it."""
        from fintech_factory.app.alert_automation import Automation

        try:
            self.factory.alerts.failed(run_id, in_a_line(failed))
        except Exception:
            # Where nothing can be kept, nobody can be told by us: the error itself must come out.
            log.exception("failed run could not be kept")
            raise failed from None
        try:
            return Automation(self.factory).retry(failed, again)
        finally:
            self.factory.alerts.send_if_due(_PATIENCE)

    def _follow(self) -> None:
        """Let the figures follow a message of today that had none; it is no part of the run."""
        try:
            self.factory.daily.follow(self.factory.daily.today)
        except FactoryError:
            log.exception("the figures could not follow")

    def take_in(self) -> str:
        """Land what waits in the inbox; say what became of it."""
        from fintech_factory.pipeline.journal import Journal

        inbox = self._empty_inbox(Journal(), lambda _: None)
        landed = [each.batch_id for each in inbox.exports if not each.refused]
        refused = [each.batch_id for each in inbox.exports if each.refused]
        if not landed and not refused:
            return "the inbox is empty"
        said = [f"landed {', '.join(landed)}"] if landed else []
        said += [f"refused {', '.join(refused)}"] if refused else []
        return "; ".join(said)

    def _run(
        self, dates: "Dates", trying: "Trying", *, force: bool, on_step: Callable[[str], None]
    ) -> "DayOutcome":
        from fintech_factory.pipeline.run_lines import logged_run

        with logged_run(trying.run_id):
            return self._logged(dates, trying, force=force, on_step=on_step)

    def _logged(
        self, dates: "Dates", trying: "Trying", *, force: bool, on_step: Callable[[str], None]
    ) -> "DayOutcome":
        from fintech_factory.pipeline.journal import Journal
        from fintech_factory.pipeline.run_lines import say_ended, say_started

        journal = Journal(trying)
        inbox = self._empty_inbox(journal, on_step)
        batch = self.factory.latest_batch()
        inputs = self.factory.inputs(batch.batch_id)
        if not force and not self._needs_repair():
            same = self._already_published(inputs, dates)
            if same is not None:
                trying.unchanged()
                return self._unchanged(same, journal, inbox)
        with self.factory.writing("factory run"):
            # What was committed and not yet pointed to is by now, and another run may have ended.
            if not force and (same := self._already_published(inputs, dates)):
                trying.unchanged()
                return self._unchanged(same, journal, inbox)
            self.factory.kpi_versions.guard()
            # Nobody could be told of a run with broken rules: they are read before anything else.
            _ = self.factory.alerts.alerting
            # Another run may have published since: its readings are carried over.
            before = self._sound_version() if force else self.factory.current()
            follow = Following(self.factory, before, trying)
            day = self._day(batch, inputs, follow, (journal, inbox, on_step))
            say_started(batch.batch_id)
            outcome = self._run_day(day, batch, follow, dates)
            self.factory.audit.seal(follow.head)
            say_ended(outcome)
            follow.say()
            return outcome

    def _run_day(
        self, day: "Day", batch: "Batch", follow: Following, dates: "Dates"
    ) -> "DayOutcome":
        from fintech_factory.pipeline.day import run_day

        return run_day(day, replace(self.factory.book(batch), observe=follow.look), dates)

    def _day(
        self,
        batch: "Batch",
        inputs: str,
        follow: Following,
        given: "tuple[Journal, Inbox, Callable[[str], None]]",
    ) -> "Day":
        from fintech_factory.pipeline.day import Day

        journal, inbox, on_step = given
        return Day(
            run_id=follow.trying.run_id,
            build=self.factory.warehouse.build,
            before=follow.before,
            inputs=inputs,
            clock=self.factory.clock,
            journal=journal,
            watch=self.factory.validation.watch(batch, follow.before),
            open=self.factory.warehouse.open,
            inbox=inbox,
            on_step=on_step,
            in_transaction=follow,
        )

    def _held(self, version: "Version") -> "Held":
        """Say what is known of a version without computing, and without reading settings."""
        from fintech_factory.pipeline.outcome import Held

        validation = self.factory.validation
        known = tuple(validation.memory.after([]).values())
        return Held(version, validation.stale(), known, validation.today)

    def _needs_repair(self) -> bool:
        """Say whether the pointer is behind what was committed, or cannot be followed."""
        from fintech_factory.errors import WarehouseError
        from fintech_factory.pipeline.repair import is_behind

        try:
            return is_behind(self.factory.current(), self.factory.state)
        except WarehouseError:
            return True

    def _unchanged(
        self, same: "tuple[Version, tuple[date, ...]]", journal: "Journal", inbox: "Inbox"
    ) -> "DayOutcome":
        from fintech_factory.pipeline.outcome import unchanged

        version, wanted = same
        return unchanged(self._held(version), wanted, journal, inbox)

    def _already_published(
        self, inputs: str, dates: "Dates"
    ) -> "tuple[Version, tuple[date, ...]] | None":
        """Give the version in force and the dates asked for, if it has them of these inputs."""
        version = self.factory.current()
        # Without its log a version cannot say what its readings meant: the next run says it.
        if (
            version is None
            or version.run.inputs != inputs
            or not self.factory.kpi_versions.log.exists
        ):
            return None
        wanted = dates.resolve(version.run.first_day, version.run.data_through)
        return (version, wanted) if set(wanted) <= set(version.run.as_ofs) else None

    def _empty_inbox(self, journal: "Journal", on_step: Callable[[str], None]) -> "Inbox":
        """Land what waits in the inbox, and say what became of it."""
        from fintech_factory.pipeline.inbox import NOTHING, arrivals, put_away

        waiting = [each for each in arrivals(self.factory.workspace.inbox) if self.takes(each)]
        if not waiting:
            journal.skip("ingest")
            return NOTHING
        on_step("ingest")
        inbox = NOTHING
        with journal.step("ingest"):
            for export in waiting:
                became = self._take_in(export)
                put_away(export, self.factory.workspace.inbox / became.folder)
                inbox = inbox.with_export(became)
        return inbox

    def _take_in(self, export: tuple[Path, ...]) -> "Export":
        """Land one export of the inbox; one that cannot be read is refused like any other."""
        from fintech_factory.app.log_lines import say_unreadable
        from fintech_factory.errors import SourceUnreadable
        from fintech_factory.ingestion import Arrival
        from fintech_factory.pipeline.inbox import Export

        try:
            landing = self.factory.ingest(Arrival(export))
        except SourceUnreadable as unreadable:
            stamp = self.factory.clock.now().strftime("%Y%m%dT%H%M%S%fZ")
            say_unreadable(f"unreadable-{stamp}", unreadable.what)
            return Export(f"unreadable-{stamp}", refused=True, reason=unreadable.what)
        refused = landing.status == "refused"
        return Export(landing.batch_id, refused=refused, set_aside=landing.quarantined)

    def _sound_version(self) -> "Version | None":
        """Give the published version if it opens: what is damaged must not stop a repair."""
        from fintech_factory.errors import WarehouseError

        try:
            version = self.factory.current()
            if version is not None:
                self.factory.warehouse.open(version).close()
        except WarehouseError:
            return None
        return version
