"""What people ask of work that is due: cancel, pause, resume, or do a past day again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.pipeline.schedule import Schedule
    from fintech_factory.pipeline.slot import SlotStatus

__all__ = ["Slots"]

_BACKFILL = "backfill"


@dataclass(frozen=True)
class Slots:
    """The work of one workspace, as people change it; each change is told in the audit trail."""

    factory: "Factory"

    def find(self, work: str) -> int:
        """Give the number of the slot that is meant: by its number, or by the name of its run.

        Raises:
            UsageError: there is no such work, or it was run by hand.
        """
        column = "sequence" if work.isdigit() else "run_id"
        with self.factory.state.rows() as rows:
            known = rows.has("slot")
            sql = f"SELECT sequence FROM slot WHERE {column} = ?"  # noqa: S608 - one of two names
            found = rows.query(sql, [int(work) if work.isdigit() else work]) if known else []
        if not found:
            raise UsageError(
                "there is no such work",
                where=work,
                hint="`factory runs list` shows it; what runs by hand is stopped by Ctrl-C",
            )
        return int(found[0][0])

    def ask(self, sequence: int, wanted: str, reason: str) -> "SlotStatus":
        """Cancel, pause or resume work; give how it stands then.

        Raises:
            UsageError: it is over, or there is nothing to resume.
        """
        from fintech_factory.app.audit import Note, whoever
        from fintech_factory.pipeline.slot_store import ask

        by, now = self.factory.actor or whoever(), self.factory.clock.now()
        with self.factory.audit.transaction() as told:
            said = f"{by}: {reason}" if reason else by
            status = ask(told.connection, sequence, wanted, said, now)
            after = {"status": status.value}
            told.note(Note(f"work.{wanted}", f"slot {sequence}", after=after, reason=reason))
        return status

    def backfill(self, days: "Sequence[date]", reason: str) -> list[int]:
        """Put past days down to be measured anew; give the numbers of the work.

        A date that still waits is not put down again. It is published like any other, and nobody
        is told of it: what was known of that day has been told then.

        Raises:
            UsageError: a day lies outside the book, or nothing has been published yet.
        """
        from fintech_factory.app.audit import Note
        from fintech_factory.pipeline.schedule import Work
        from fintech_factory.pipeline.slot import Cause
        from fintech_factory.pipeline.slot_store import Asked, put_down, waits_for

        self._refuse_outside(days)
        now, made = self.factory.clock.now(), list[int]()
        with self.factory.audit.transaction() as told:
            for day in days:
                if waits_for(told.connection, _BACKFILL, str(day)):
                    continue
                asked = Asked(
                    schedule=_BACKFILL,
                    slot=f"{day} asked {now.isoformat()}",
                    does=Work.RUN,
                    cause=Cause.BACKFILL,
                    at=now,
                    parameters={"as_of": day.isoformat(), "force": True},
                    reason=reason,
                )
                made += put_down(told.connection, [asked], now)
            if made:
                after = {"days": [str(day) for day in days], "work": made}
                told.note(Note("work.backfill", f"{days[0]} to {days[-1]}", None, after, reason))
        return made

    def _refuse_outside(self, days: "Sequence[date]") -> None:
        version = self.factory.current()
        if version is None:
            raise UsageError("nothing has been published yet", hint="`factory run` comes first")
        first, last = version.run.first_day, version.run.data_through
        wrong = [day for day in days if not first <= day <= last]
        if wrong:
            raise UsageError(
                f"the book speaks of {first} to {last}",
                where=str(wrong[0]),
                hint="give --from and --to within it",
            )

    def pause(self, name: str, reason: str) -> bool:
        """Let a schedule's slots pass undone; False if it was paused already.

        Raises:
            UsageError: there is no such schedule, or it is off.
        """
        from fintech_factory.app.audit import Note, whoever
        from fintech_factory.pipeline.slots_due import pause

        schedule, by = self._schedule(name), self.factory.actor or whoever()
        with self.factory.audit.transaction() as told:
            changed = pause(told.connection, schedule, by, reason, self.factory.clock.now())
            if changed:
                told.note(Note("schedule.paused", name, reason=reason))
        return changed

    def resume(self, name: str) -> bool:
        """Do a schedule's slots again from now on; False if it was not paused.

        Raises:
            UsageError: there is no such schedule, or it is off.
        """
        from fintech_factory.app.audit import Note
        from fintech_factory.pipeline.slots_due import resume

        schedule = self._schedule(name)
        with self.factory.audit.transaction() as told:
            changed = resume(told.connection, schedule, self.factory.clock.now())
            if changed:
                told.note(Note("schedule.resumed", name))
        return changed

    def _schedule(self, name: str) -> "Schedule":
        from fintech_factory.registry import suggestion

        known = {each.name: each for each in self.factory.schedules.known}
        if name not in known:
            raise UsageError(
                "there is no such schedule", where=name, hint=suggestion(name, tuple(known))
            )
        if not known[name].is_enabled:
            raise UsageError(f"it is off: {known[name].reason}", where=name)
        return known[name]
