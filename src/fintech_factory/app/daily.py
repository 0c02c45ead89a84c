"""Keeps the promise of 06:30: everybody has today's message by then, or one that says why not."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.alerting.observation import Observation
    from fintech_factory.alerting.rota import Override
    from fintech_factory.app.daily_morning import Mornings
    from fintech_factory.app.daily_snapshot import Snapshots
    from fintech_factory.app.factory import Factory
    from fintech_factory.message import Message
    from fintech_factory.pipeline.daily_store import Addressed
    from fintech_factory.reporting.department import Department, Recipient, Roles, Told
    from fintech_factory.reporting.morning import Morning
    from fintech_factory.reporting.rounds import Sent, Step, Stood

__all__ = ["Daily", "Planned", "Round"]

log = logging.getLogger(__name__)

_EVERYBODY = ("message", "day")
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Planned:
    """One message that is put into the outbox, or would be: to whom, what, where."""

    department: str
    recipient: str
    name: str
    kind: str
    way: str
    channel: str
    address: str
    language: str
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Give it as one JSON object."""
        return {name: getattr(self, name) or None for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Round:
    """What a round came to: what it put into the outbox, and who missed the deadline, by name."""

    day: date
    put: tuple[Planned, ...] = ()
    missed: "tuple[Stood, ...]" = ()


@dataclass(frozen=True)
class Daily:
    """The daily messages of one workspace.

    Everything here may be called any number of times, by several processes at once: what was put
    into the outbox for a recipient stands there, and is not put there again.
    """

    factory: "Factory"

    @cached_property
    def roles(self) -> "Roles":
        """The departments and the promise.

        Raises:
            ConfigError: config/roles_and_outputs.yaml is wrong or missing.
        """
        from fintech_factory.app.roles import RolesOf

        return RolesOf(self.factory).known

    @cached_property
    def mornings(self) -> "Mornings":
        """What is known of a day."""
        from fintech_factory.app.daily_morning import Mornings

        return Mornings(self.factory)

    # ---- what the clock does -------------------------------------------------------------------

    def tell(self, day: date) -> Round:
        """Put each recipient's message of a day into the outbox, once, and keep the snapshot.

        Where there are no figures yet they are waited for until `fallback_minutes` before the
        deadline; once they are there after a message without any, they follow.

        Raises:
            ConfigError: config/roles_and_outputs.yaml is wrong; nothing was written.
        """
        from fintech_factory.app.daily_snapshot import Snapshots

        morning = self.mornings.of(day)
        self._try_to_keep(Snapshots(self.factory), morning)
        return self._round(day, morning, by_other_ways=False)

    def enforce(self, day: date) -> Round:
        """Send by the next way whatever has no receipt; alert of whoever has none by the deadline.

        Whoever was sent nothing yet gets the figures, or a message that says why there are none.
        Each call takes every recipient one way further, as far as the time allows.

        Raises:
            ConfigError: config/roles_and_outputs.yaml is wrong; nothing was written.
        """
        done = self._round(day, self.mornings.of(day), by_other_ways=True)
        now = self.factory.clock.now()
        if now < self.roles.promise.due_at(day):
            return done
        missed = [each for each in self.standing(day) if each.is_late]
        self._judge(day, missed)
        return Round(day, done.put, tuple(missed))

    def keep(self, day: date, patience: timedelta = timedelta(), *, enforce: bool) -> Round:
        """Tell or enforce, and send, until everybody has a receipt or no way is left by now."""
        put: list[Planned] = []
        done = self.enforce(day) if enforce else self.tell(day)
        while True:
            put += done.put
            self.factory.alerts.send_if_due(patience)
            if not done.put or not enforce:
                return Round(day, tuple(put), done.missed)
            done = self.enforce(day)

    def follow(self, day: date) -> Round:
        """Send the figures to whoever has a message of the day without any; else do nothing."""
        from fintech_factory.pipeline.daily_store import sent_on
        from fintech_factory.reporting.daily_message import NO_DATA

        with self.factory.state.reading() as connection:
            sent = sent_on(connection, day)
        if not any(each.kind == NO_DATA for each in sent):
            return Round(day)
        return self._round(day, self.mornings.of(day), by_other_ways=False)

    # ---- what can be read ----------------------------------------------------------------------

    def is_early(self, day: date) -> bool:
        """Whether there is still time until other ways are taken."""
        return self.roles.promise.waits_for_data(day, self.factory.clock.now())

    def plan(self, day: date) -> "list[Planned]":
        """Give what a round would put into the outbox now; nothing is written."""
        morning = self.mornings.of(day)
        allowed = self.roles.promise.ways(day, self.factory.clock.now())
        with self.factory.state.reading() as connection:
            return [each for each, _ in self._steps(connection, day, morning, allowed)]

    def standing(self, day: date) -> "list[Stood]":
        """Give how every recipient stands on a day, in the order of the settings."""
        from fintech_factory.pipeline.daily_store import sent_on
        from fintech_factory.reporting.rounds import Stood, standing_of

        now, due_at = self.factory.clock.now(), self.roles.promise.due_at(day)
        with self.factory.state.reading() as connection:
            of = _by_recipient(sent_on(connection, day))
            told = list(self._everybody(connection, now))
        found = []
        for department, recipient, who in told:
            sent = of.pop((department.id, recipient.id), [])
            stood = Stood(department.id, recipient.id, who.name, due_at)
            found.append(standing_of(stood, sent, now))
        # Whoever was told and was taken out of the settings since.
        for (name, recipient_id), sent in of.items():
            found.append(standing_of(Stood(name, recipient_id, recipient_id, due_at), sent, now))
        return found

    def days(self, most: int) -> "list[date]":
        """Give the last days of which there are messages, the newest first."""
        from fintech_factory.pipeline.daily_store import days_told

        with self.factory.state.reading() as connection:
            return days_told(connection, most)

    def preview(self, department: str, as_of: date | None) -> "Message":
        """Give a department's message of today, or as it would be if a published date were today's.

        Raises:
            UsageError: no such department, or no run has published that date.
        """
        from fintech_factory.reporting.daily_message import daily_message

        chosen = self.roles.department(department)
        morning = self.mornings.of(self.today) if as_of is None else self.mornings.at(as_of)
        return daily_message(chosen, morning)

    @property
    def today(self) -> date:
        """The day it is, UTC."""
        return self.factory.clock.now().astimezone(UTC).date()

    # ---- parts ---------------------------------------------------------------------------------

    def _round(self, day: date, morning: "Morning", *, by_other_ways: bool) -> Round:
        """Put what is due into the outbox and say so in the audit trail, in one transaction."""
        from fintech_factory.app.audit import Note
        from fintech_factory.pipeline.daily_store import post_of, put
        from fintech_factory.state.audit import lock_chain

        now, promise = self.factory.clock.now(), self.roles.promise
        allowed = promise.ways(day, now) if by_other_ways else promise.ways(day, _LONG_BEFORE)
        with self.factory.audit.transaction() as told:
            # Another process that does the same now sees what this one writes.
            lock_chain(told.connection)
            steps = list(self._steps(told.connection, day, morning, allowed))
            put(told.connection, [post_of(each) for _, each in steps], now)
            told.note(
                *(
                    Note(
                        "report.daily",
                        f"{day} {each.department}/{each.recipient}",
                        after={
                            "kind": each.kind,
                            "way": each.way,
                            "channel": each.channel,
                            "as_of": morning.as_of if morning.missing is None else None,
                        },
                        reason=each.reason,
                        run=morning.run_id if morning.missing is None else "",
                    )
                    for each, _ in steps
                )
            )
        for each, _ in steps:
            log.info(
                "daily message written",
                extra={"day": str(day), "to": each.recipient, "kind": each.kind, "way": each.way},
            )
        return Round(day, tuple(each for each, _ in steps))

    def _steps(
        self, connection: "Connection", day: date, morning: "Morning", allowed: "Sequence[str]"
    ) -> "Iterator[tuple[Planned, Addressed]]":
        from fintech_factory.pipeline.daily_store import Addressed, sent_on
        from fintech_factory.reporting.rounds import next_step

        now = self.factory.clock.now()
        of = _by_recipient(sent_on(connection, day))
        waits = self.roles.promise.waits_for_data(day, now)
        for department, recipient, who in self._everybody(connection, now):
            sent = of.get((department.id, recipient.id), [])
            has_figures = morning.missing is None
            step = next_step(who, sent, allowed, has_figures=has_figures, waits=waits)
            if step is None:
                continue
            place = who.places[step.way]
            message = self._message(connection, department, morning, step)
            yield (
                Planned(
                    department=department.id,
                    recipient=recipient.id,
                    name=who.name,
                    kind=step.kind,
                    way=step.way,
                    channel=place.channel,
                    address=place.address,
                    language=who.language.value,
                    reason=_because(who, sent, step),
                ),
                Addressed(day, department.id, recipient.id, who.language, place, step, message),
            )

    def _message(
        self, connection: "Connection", department: "Department", morning: "Morning", step: "Step"
    ) -> "Message":
        from fintech_factory.pipeline.daily_store import message_of_key
        from fintech_factory.reporting.daily_message import LATE_FIGURES, daily_message

        if step.again is not None:
            return message_of_key(connection, step.again.key)
        return daily_message(department, morning, follows=step.kind == LATE_FIGURES)

    def _everybody(
        self, connection: "Connection", now: datetime
    ) -> "Iterator[tuple[Department, Recipient, Told]]":
        from fintech_factory.pipeline.alert_circumstances import rota_overrides

        alerting = self.factory.alerts.alerting
        overrides: tuple[Override, ...] = rota_overrides(connection, now)
        for department in self.roles.departments.values():
            for each in department.recipients:
                who = each.at(alerting.directory, alerting.channels, now, overrides)
                yield department, each, who

    def _judge(self, day: date, missed: "Sequence[Stood]") -> None:
        """Let the rules on the promise judge a day; what they judged before changes nothing."""
        from fintech_factory.alerting.rule import Kind

        rules = [r for r in self.factory.alerts.alerting.rules.values() if r.kind is Kind.PROMISE]
        self.factory.alerts.seen([_observation(each.id, day, missed) for each in rules])

    def _try_to_keep(self, snapshots: "Snapshots", morning: "Morning") -> None:
        try:
            snapshots.keep(morning)
        except OSError:
            # A full disk must not keep people from being told.
            log.exception("the daily snapshot could not be written")


_LONG_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)


def _by_recipient(sent: "Sequence[Sent]") -> "defaultdict[tuple[str, str], list[Sent]]":
    found: defaultdict[tuple[str, str], list[Sent]] = defaultdict(list)
    for each in sent:
        found[each.department, each.recipient].append(each)
    return found


def _because(who: "Told", sent: "Sequence[Sent]", step: "Step") -> str:
    """Say why another way than the recipient's own is taken."""
    from fintech_factory.reporting.department import Way

    if step.way == Way.OWN:
        return ""
    tried = [f"{e.place.channel}: {e.reason or e.status}" for e in sent if e.arrived_at is None]
    return "; ".join([*who.lacking.values(), *tried])


def _observation(rule: str, day: date, missed: "Sequence[Stood]") -> "Observation":
    import hashlib

    from fintech_factory.alerting.observation import Observation
    from fintech_factory.values import Severity

    names = sorted(f"{each.department}/{each.recipient}" for each in missed)
    return Observation(
        rule=rule,
        as_of=day,
        data_through=day,
        # The same people missed: nothing new. Who was late stays so, whatever arrives afterwards.
        batch_set=hashlib.sha256("\n".join([str(day), *names]).encode()).hexdigest()[:40],
        dimension=_EVERYBODY[0],
        member=_EVERYBODY[1],
        severity=Severity.CRITICAL if missed else None,
        reason=_reason(missed),
    )


def _reason(missed: "Sequence[Stood]") -> str:
    if not missed:
        return "everybody was told in time"
    said = [
        f"{each.name} ({each.department}{f'; {each.reason}' if each.reason else ''})"
        for each in missed[:_NAMED]
    ]
    more = f"; and {len(missed) - _NAMED} more" if len(missed) > _NAMED else ""
    return f"had no message by {missed[0].due_at:%H:%M} UTC: {'; '.join(said)}{more}"
