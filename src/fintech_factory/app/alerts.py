"""What a workspace alerts of: what a run causes, what the clock does, what people answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fintech_factory.alerting.act import Action as Answer
    from fintech_factory.alerting.alert import AlertState
    from fintech_factory.alerting.notice import Notice
    from fintech_factory.alerting.observation import Observation
    from fintech_factory.alerting.runbook import Runbook
    from fintech_factory.alerting.setup import Alerting
    from fintech_factory.app.anchors import Anchoring
    from fintech_factory.app.audit import Told
    from fintech_factory.app.factory import Factory
    from fintech_factory.app.runbooks import Runbooks
    from fintech_factory.distribution.dispatch import Dispatcher, Tally
    from fintech_factory.kpi_engine.readings import Reading
    from fintech_factory.message import Action
    from fintech_factory.pipeline.alert_background import Known
    from fintech_factory.pipeline.alert_deliveries import Deliveries
    from fintech_factory.pipeline.alert_desk import Change, Committed, Desk
    from fintech_factory.pipeline.committing import Committed as Run
    from fintech_factory.state.audit import Entry, Head
    from fintech_factory.views.facilities.covenants import Covenant

    Append = Callable[[Connection, Iterable[Entry]], Head]

__all__ = ["Alerts", "Done"]

# An acknowledgement by a link is of an alert that somebody has just been told of.
_LINK_HOLDS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a round: the day's anchor, the alerts that it changed, and what was sent."""

    changed: int
    tally: "Tally"
    anchoring: "Anchoring"


@dataclass(frozen=True)
class Alerts:
    """The alerts of one workspace."""

    factory: "Factory"

    @cached_property
    def alerting(self) -> "Alerting":
        """The rules and whom they tell.

        Raises:
            ConfigError: config/alerts.yaml is wrong; every fault has its place.
        """
        from fintech_factory.alerting.checking import Beside, check_alerts
        from fintech_factory.alerting.reading import make_alerting
        from fintech_factory.alerting.settings import AlertSettings
        from fintech_factory.app.channels import channels_of, places_of
        from fintech_factory.config import load
        from fintech_factory.errors import ConfigError

        config = self.factory.workspace.config
        loaded = load(config / "alerts.yaml", AlertSettings)
        channels = channels_of(config)
        definitions = self.factory.definitions
        beside = Beside(places_of(config), self._runbooks.names)
        found = check_alerts(loaded, definitions, channels, beside)
        if problems := [*found, *self._runbooks.problems]:
            raise ConfigError(problems)
        return make_alerting(loaded.value, definitions, channels)

    @property
    def runbooks(self) -> "Mapping[str, Runbook]":
        """What to do about alerts, by the name that rules have for it."""
        return self._runbooks.found

    @cached_property
    def _runbooks(self) -> "Runbooks":
        from fintech_factory.app.runbooks import known_runbooks

        return known_runbooks(self.factory.workspace.config)

    def desk(self, known: "Known", append: "Append") -> "Desk":
        """Give the desk of a transaction, which says things as they are known."""
        from fintech_factory.pipeline.alert_background import background, movers_in_words
        from fintech_factory.pipeline.alert_desk import Desk
        from fintech_factory.pipeline.alert_message import message_of

        return Desk(
            self.alerting,
            word=lambda step: message_of(
                step.rule, step.state, step.transition, background(step, known)
            ),
            note=lambda step: movers_in_words(step, known),
            offer=self._offer,
            append=append,
        )

    # ---- what a run causes ---------------------------------------------------------------------

    def of_run(self, told: "Told", run: "Run", covenants: "Sequence[Covenant]") -> "Committed":
        """Judge what a run has come to, in the transaction that commits it."""
        from fintech_factory.pipeline.alert_desk import commit, judge
        from fintech_factory.pipeline.alert_store import Listed, listed
        from fintech_factory.pipeline.committing import batch_set
        from fintech_factory.pipeline.observations import Scene, seen

        judged, record = run.judged, run.record
        live = listed(told.connection, Listed())
        scene = Scene(
            run_id=run.run_id,
            as_of=judged.made.as_of,
            data_through=record.data_through,
            today=judged.on,
            batch_set=batch_set(record.batch_ids),
            readings=run.readings,
            findings=judged.known,
            covenants=covenants if run.is_published else (),
            blocking=judged.blocking,
            live=frozenset(each.fingerprint for each in live),
        )
        at = self.factory.clock.now()
        with self._known(run.readings, covenants) as known:
            desk = self.desk(known, told.append)
            observations = seen(self.alerting, scene)
            return commit(told.connection, desk, judge(told.connection, desk, observations, at), at)

    def failed(
        self, run_id: str, reason: str, also: "Callable[[Connection], None] | None" = None
    ) -> None:
        """Judge a run that ended without a result; `also` is written in the same transaction."""
        from fintech_factory.alerting.rule import Kind
        from fintech_factory.pipeline.alert_desk import judge
        from fintech_factory.pipeline.observations import failed_run

        today = self._today()
        rules = [each for each in self.alerting.rules.values() if each.kind is Kind.PIPELINE]
        seen = [failed_run(rule, run_id, today, reason) for rule in rules]

        def work(desk: "Desk", told: "Told", at: datetime) -> "list[Change]":
            if also is not None:
                also(told.connection)
            return judge(told.connection, desk, seen, at)

        self._change(work)

    def seen(self, observations: "Sequence[Observation]") -> "Committed":
        """Judge what was seen beside runs; what was judged before changes nothing."""
        from fintech_factory.pipeline.alert_desk import judge

        return self._change(lambda desk, told, at: judge(told.connection, desk, observations, at))

    # ---- what the clock does -------------------------------------------------------------------

    def tick(self) -> "Committed":
        """Look whether exports or alerts are late; escalate, repeat and end what is due by now."""
        from fintech_factory.pipeline.alert_desk import clock, judge
        from fintech_factory.pipeline.alert_promise import lateness

        def due(desk: "Desk", told: "Told", at: datetime) -> "list[Change]":
            seen = [*self._late_exports(told), *lateness(told.connection, self.alerting, at)]
            late = judge(told.connection, desk, seen, at)
            done = {each.state.alert_id for each in late}
            by_clock = clock(told.connection, desk, at)
            return [*late, *(each for each in by_clock if each.state.alert_id not in done)]

        return self._change(due)

    def _late_exports(self, told: "Told") -> "list[Observation]":
        from fintech_factory.alerting.rule import Kind
        from fintech_factory.pipeline.alert_store import Listed, listed
        from fintech_factory.pipeline.observations import Scene, seen

        today = self._today()
        version = self.factory.current()
        through = version.run.data_through if version is not None else today
        live = listed(told.connection, Listed())
        scene = Scene(
            run_id="",
            as_of=through,
            data_through=through,
            today=today,
            batch_set=version.run.batch_ids[0] if version is not None else "",
            findings=tuple(self.factory.validation.findings().values()),
            live=frozenset(each.fingerprint for each in live),
        )
        return seen(self.alerting, scene, frozenset({Kind.FRESHNESS}))

    # ---- what people answer --------------------------------------------------------------------

    def answer(self, alert: str, action: "Answer", revision: int | None = None) -> "AlertState":
        """Do what a person says to an alert; give it as it stands then.

        Raises:
            UsageError: there is no such alert, it may not be done, or somebody else was first.
        """
        from fintech_factory.pipeline.alert_desk import Answer as Given
        from fintech_factory.pipeline.alert_desk import act_on

        given = Given(alert, action, revision)
        done = self._change(lambda desk, told, at: [act_on(told.connection, desk, given, at)])
        return done.changes[0].state

    def answer_by_link(self, token: str, verb: str) -> "AlertState":
        """Acknowledge by the token of a message.

        Raises:
            TokenRefused: it was not made here, does something else, or has run out.
        """
        from fintech_factory.alerting.act import Acknowledge
        from fintech_factory.distribution.tokens import verify

        claim = verify(token, verb, self._action_key, self.factory.clock.now())
        return self.answer(claim.alert_id, Acknowledge(claim.recipient, "by a signed link"))

    @cached_property
    def _action_key(self) -> bytes:
        from fintech_factory.distribution.tokens import action_key

        return action_key(self.factory.workspace.state / "action.key")

    # ---- sending -------------------------------------------------------------------------------

    def send(self, patience: timedelta = timedelta()) -> "Tally":
        """Send what is due, and what becomes due within `patience`."""
        import time

        from fintech_factory.pipeline.alert_deliveries import Deliveries

        with self._known() as known:
            deliveries = Deliveries(self.desk(known, self.factory.audit.trail.append))
            dispatcher = self._dispatcher(deliveries)
            try:
                until = self.factory.clock.now() + patience
                return dispatcher.work(until, time.sleep)
            finally:
                self.factory.audit.seal(deliveries.head)

    def _dispatcher(self, deliveries: "Deliveries") -> "Dispatcher":
        from fintech_factory.app.channels import Channels
        from fintech_factory.distribution.dispatch import Dispatcher
        from fintech_factory.distribution.pace import Paces

        channels = Channels(self.factory, base_url=self.factory.settings.public_url or "")
        return Dispatcher(
            self.factory.state,
            channels.enabled(),
            self.factory.clock,
            paces=Paces(channels.paces()),
            note=deliveries.note,
            kept=deliveries.kept,
        )

    def send_if_due(self, patience: timedelta) -> "Tally | None":
        """Send what waits, if anything does: nothing is loaded to find out."""
        now = self.factory.clock.now().astimezone(UTC).isoformat(timespec="microseconds")
        with self.factory.state.rows() as rows:
            waits = rows.query(
                "SELECT 1 FROM outbox WHERE status IN ('waiting', 'leased')"
                " AND due_at <= ? LIMIT 1",
                [now],
            )
        return self.send(patience) if waits else None

    def round(self, patience: timedelta = timedelta()) -> Done:
        """Do all that is due: the clock's part, then sending; nobody waits for the inbox."""
        from fintech_factory.app.alert_automation import Automation

        anchoring, changed = self.by_the_clock()
        tally = self.send(patience)
        Automation(self.factory).reingest()
        return Done(changed, tally, anchoring)

    def by_the_clock(self) -> "tuple[Anchoring, int]":
        """Do the day's anchor, then what the clock asks of alerts; give how many changed.

        The anchor comes first: what is changed now is told by it the day after, and not by an
        anchor that is signed while it goes on.
        """
        from fintech_factory.app.anchors import Anchors

        anchoring = Anchors(self.factory).due()
        return anchoring, len(self.tick().changes)

    # ---- parts ---------------------------------------------------------------------------------

    def _change(self, work: "Callable[[Desk, Told, datetime], list[Change]]") -> "Committed":
        from fintech_factory.app.log_lines import say_alerts
        from fintech_factory.pipeline.alert_desk import commit
        from fintech_factory.state.audit import lock_chain

        at = self.factory.clock.now()
        with self._known() as known, self.factory.audit.transaction() as told:
            # Whoever looks at the same moment (a run, another clock) sees what this one writes: on
            # PostgreSQL both would else begin the same alert, and one of them fail.
            lock_chain(told.connection)
            desk = self.desk(known, told.append)
            committed = commit(told.connection, desk, work(desk, told, at), at)
        say_alerts(committed)
        return committed

    def _today(self) -> date:
        return self.factory.clock.now().astimezone(UTC).date()

    @contextmanager
    def _known(
        self, readings: "Sequence[Reading]" = (), covenants: "Sequence[Covenant]" = ()
    ) -> "Iterator[Known]":
        """Lend what is known of figures: a run's own readings, then the version in force."""
        from fintech_factory.app.alert_readings import Fresh, Published
        from fintech_factory.errors import WarehouseError
        from fintech_factory.pipeline.alert_background import Known

        try:
            version = self.factory.current()
        except WarehouseError:
            # The version is gone: what repairs it tells people all the same, of its own figures.
            version = None
        with Published(self.factory, version) as published:
            fresh = Fresh(readings)
            yield Known(
                definitions=self.factory.definitions,
                at=lambda day: fresh.at(day) or published.at(day),
                earlier=lambda kpi, day: fresh.earlier(kpi, day) or published.earlier(kpi, day),
                covenants=lambda day: covenants or published.covenants(day),
                people={each.id: each.name for each in self.alerting.directory.people.values()},
                currency=self.factory.rules.reporting_currency,
                runbooks=self.runbooks,
                public_url=self.factory.settings.public_url or "",
            )

    def _offer(self, state: "AlertState", notice: "Notice") -> "tuple[Action, ...]":
        """Give what the recipient of a notice can do by a link, in the recipient's own name.

        Nothing where links lead nowhere, or where there is nothing to answer any more.
        """
        base = self.factory.settings.public_url
        if not base or not state.is_live or state.acknowledgement is not None:
            return ()
        from fintech_factory.distribution.tokens import Claim, sign
        from fintech_factory.message import Action, Text

        expires = self.factory.clock.now() + _LINK_HOLDS
        recipient = f"{notice.channel} {notice.address or notice.receiver}"
        claim = Claim("acknowledge", state.alert_id, recipient, expires)
        token = sign(claim, self._action_key)
        return (
            Action(
                "acknowledge",
                Text("Acknowledge", "Confirmar"),
                f"{base}/alerts/{state.alert_id}/acknowledge?token={token}",
                token,
            ),
        )
