"""What can be read of a workspace's alerts: lists, one alert, the past, why nobody was told."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from fintech_factory.alerting.alert import AlertState
    from fintech_factory.alerting.latency import Latency
    from fintech_factory.alerting.observation import Observation
    from fintech_factory.alerting.rule import Rule
    from fintech_factory.app.factory import Factory
    from fintech_factory.values import Unit

__all__ = ["AlertPages", "Page", "Span", "alert_json", "latency_json", "messages_of"]


@dataclass(frozen=True, slots=True)
class Span:
    """Some days, both ends counted; None is open."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        """Refuse a span that ends before it begins: it would silently hold nothing."""
        if self.first is not None and self.last is not None and self.last < self.first:
            raise UsageError(f"{self.last} lies before {self.first}", where="--to")

    def holds(self, day: date) -> bool:
        """Whether a day lies within."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Page:
    """One alert with its steps, its messages and what was done about it, as plain values.

    `unit` is that of its value, None where its rule judges no KPI; `latency` is its way from the
    export's arrival to the first receipt, None while it has not fired.
    """

    state: "AlertState"
    steps: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    responses: list[dict[str, Any]]
    unit: "Unit | None" = None
    latency: "Latency | None" = None

    @property
    def repeats(self) -> int:
        """How often people were told again while nothing had changed."""
        return sum(each["kind"] == "repeated" for each in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Give the document of `factory alerts show`."""
        return {
            **alert_json(self.state, self.unit),
            "steps": self.steps,
            "messages": self.messages,
            "responses": self.responses,
            "repeats": self.repeats,
            "latency": latency_json(self.latency),
        }


def alert_json(state: "AlertState", unit: "Unit | None" = None) -> dict[str, Any]:
    """Give one alert as `factory alerts list` has it; decimals are text, `unit` is the value's."""
    answer, sleep = state.acknowledgement, state.snooze
    return {
        "id": state.alert_id,
        "rule": state.rule,
        "dimension": state.dimension or None,
        "member": state.member or None,
        "status": state.status.value,
        "level": state.level.value,
        "value": None if state.value is None else format(state.value, "f"),
        "unit": unit.value if unit else None,
        "as_of": state.as_of.isoformat() if state.as_of else None,
        "data_through": state.data_through.isoformat() if state.data_through else None,
        "reason": state.reason or None,
        "stale": state.stale or None,
        "opened_at": state.opened_at.isoformat(timespec="seconds"),
        "changed_at": state.changed_at.isoformat(timespec="seconds"),
        "ended_at": state.ended_at.isoformat(timespec="seconds") if state.ended_at else None,
        "acknowledged_by": answer.by if answer else None,
        "acknowledged_until": answer.expires_at.isoformat(timespec="seconds") if answer else None,
        "snoozed_until": sleep.until.isoformat(timespec="seconds") if sleep else None,
        "assignee": state.assignee or None,
        "escalation": state.escalated,
        "compliance": state.compliance,
        "held_until": _held(state.held_until),
        "run_id": state.run_id or None,
        "revision": state.revision,
    }


def latency_json(latency: "Latency | None") -> dict[str, Any] | None:
    """Give the moments of an alert's way, its seconds from arrival to receipt, and by whom."""
    if latency is None:
        return None
    moments = {
        name: getattr(latency, name)
        for name in ("arrived_at", "committed_at", "fired_at", "received_at")
    }
    return {
        **{
            name: at.isoformat(timespec="milliseconds") if at else None
            for name, at in moments.items()
        },
        "received_by": latency.received_by or None,
        "seconds": latency.seconds,
        "reason": latency.reason or None,
    }


def _held(until: datetime | None) -> str | None:
    from fintech_factory.alerting.inhibit import UNTIL_FREED

    # An inhibited alert waits for another one to end, which no clock knows.
    if until is None or until == UNTIL_FREED:
        return None
    return until.isoformat(timespec="seconds")


@dataclass(frozen=True)
class AlertPages:
    """What can be read of one workspace's alerts."""

    factory: "Factory"

    def listed(self, *, live: bool = True, rule: str = "") -> "list[AlertState]":
        """Give alerts, the gravest of those that fire first, then by age.

        Raises:
            UsageError: no rule is called so.
        """
        from fintech_factory.alerting.level import LEVELS
        from fintech_factory.pipeline.alert_store import Listed, listed

        with self.factory.state.reading() as connection:
            found = listed(connection, Listed(live=live, rule=rule))
        if rule and not found:
            # One that was taken out of the settings is known by its alerts.
            self.factory.alerts.alerting.rule(rule)
        return sorted(
            found, key=lambda each: (not each.is_live, -LEVELS.index(each.level), each.opened_at)
        )

    def page(self, name: str) -> Page:
        """Give one alert, by its id, the beginning of it, or its fingerprint.

        Raises:
            UsageError: there is none, or several.
        """
        from fintech_factory.pipeline.alert_latency import latency_of
        from fintech_factory.pipeline.alert_store import find, transitions_of

        with self.factory.state.reading() as connection:
            state = find(connection, name)
            return Page(
                state,
                [_step(each) for each in transitions_of(connection, state.alert_id)],
                messages_of(connection, state.alert_id),
                _responses(connection, state.alert_id),
                self.unit_of(state),
                latency_of(connection, [state.alert_id]).get(state.alert_id),
            )

    def unit_of(self, state: "AlertState") -> "Unit | None":
        """Give what an alert's value is counted in; None where its rule judges no KPI."""
        from fintech_factory.alerting.rule import Kind

        rule = self.factory.alerts.alerting.rules.get(state.rule)
        if rule is None or rule.kind is not Kind.KPI:
            return None
        return self.factory.definitions.get(rule.subject).unit

    def times(self, span: Span, rule: str = "") -> dict[str, Any]:
        """Give how long alerts of some days, or one rule, took to be told, answered, ended.

        Each time that one fired, rose or was opened again is told anew, and counted.
        """
        from fintech_factory.alerting.latency import PROMISED, latencies
        from fintech_factory.alerting.times import response_times
        from fintech_factory.pipeline.alert_latency import news_of
        from fintech_factory.pipeline.alert_store import Listed, histories, listed

        with self.factory.state.reading() as connection:
            every = listed(connection, Listed(live=False, rule=rule))
            chosen = [each.alert_id for each in every if span.holds(each.opened_at.date())]
            measured = response_times(histories(connection, chosen))
            news = news_of(connection, chosen)
        told = latencies((each.way for each in news), self.factory.clock.now())
        return {
            "fired": measured.fired,
            "acknowledged": measured.acknowledged,
            "ended": measured.ended,
            "mtta_seconds": measured.mtta.total_seconds() if measured.mtta is not None else None,
            "mttr_seconds": measured.mttr.total_seconds() if measured.mttr is not None else None,
            "latency": {
                "promised_seconds": PROMISED.total_seconds(),
                "caused_by_an_arrival": told.caused,
                "received": told.measured,
                "missed": told.missed,
                "p50_seconds": told.p50,
                "p99_seconds": told.p99,
                "max_seconds": told.most,
            },
        }

    def inbox(self, receiver: str = "") -> list[dict[str, Any]]:
        """Give what was put into the in-app inbox of a receiver, or of all, the newest first.

        Raises:
            UsageError: nobody is called so, in the settings or in the inbox.
        """
        from fintech_factory.pipeline.inbox_items import inbox_items, receivers
        from fintech_factory.registry import suggestion

        with self.factory.state.reading() as connection:
            directory = self.factory.alerts.alerting.directory
            known = [*directory.receivers, *directory.people]
            if receiver and receiver not in {*known, *receivers(connection)}:
                raise UsageError(
                    f"no receiver is called `{receiver}`", hint=suggestion(receiver, known)
                )
            return [
                {
                    "at": row.at.isoformat(timespec="seconds"),
                    "receiver": row.receiver,
                    "severity": row.message["severity"],
                    "subject": row.message["subject"]["en"],
                    "message": row.message,
                }
                for row in inbox_items(connection, receiver)
            ]

    def dead_letters(self) -> list[dict[str, Any]]:
        """Give what will not be sent again by itself, as plain values, oldest first."""
        from fintech_factory.distribution.outbox import dead_letters

        with self.factory.state.reading() as connection:
            return [
                {
                    "key": row.key,
                    "channel": row.channel,
                    "address": row.address,
                    "status": row.status,
                    "alert": row.alert_id or None,
                    "written_at": row.created_at.isoformat(timespec="seconds"),
                    "attempts": row.attempts,
                    "reason": row.reason,
                }
                for row in dead_letters(connection)
            ]

    def backtest(self, rule: str, span: Span) -> dict[str, Any]:
        """Replay a rule on a KPI over the book's whole history, through the real machine.

        Raises:
            UsageError: no such rule, or it watches no KPI.
        """
        from fintech_factory.alerting.backtest import backtest

        chosen = self.factory.alerts.alerting.rule(rule)
        observations = self._history(chosen)
        return backtest(chosen, [each for each in observations if span.holds(each.as_of)])

    def _history(self, rule: "Rule") -> "list[Observation]":
        from fintech_factory.alerting.rule import Kind
        from fintech_factory.pipeline.kpi_past import Part
        from fintech_factory.pipeline.observations import of_reading

        if rule.kind not in {Kind.KPI, Kind.UNAVAILABLE}:
            raise UsageError(
                f"`{rule.id}` watches no KPI: its past is not computed again",
                hint="`factory alerts history` lists what happened",
            )
        parts = [Part(rule.dimension, each) for each in rule.members] if rule.dimension else [None]
        if rule.dimension and not rule.members:
            raise UsageError(
                f"`{rule.id}` watches every {rule.dimension}", hint="name `members` in the rule"
            )
        found = [self.factory.kpi_series.of([rule.subject], part)[rule.subject] for part in parts]
        return [of_reading(rule, reading) for series in found for reading in series]


def _step(row: "Row[Any]") -> dict[str, Any]:
    return {
        "at": row.at.isoformat(timespec="seconds"),
        "kind": row.kind,
        "level": row.level,
        "value": None if row.value is None else format(row.value, "f"),
        "as_of": row.as_of.isoformat() if row.as_of else None,
        "actor": row.actor,
        "reason": row.reason or None,
        "escalation": row.detail["step"] or None,
        "told": row.detail["told"],
    }


def messages_of(connection: "Connection", alert_id: str) -> list[dict[str, Any]]:
    """Give what was put into the outbox for an alert, oldest first, as plain values."""
    from sqlalchemy import select

    from fintech_factory.state.tables import metadata

    outbox = metadata.tables["outbox"]
    wanted = select(outbox).where(outbox.c.alert_id == alert_id).order_by(outbox.c.sequence)
    return [
        {
            "key": row.key,
            "channel": row.channel,
            "address": row.address,
            "occasion": row.message["occasion"],
            "status": row.status,
            "attempts": row.attempts,
            "written_at": row.created_at.isoformat(timespec="milliseconds"),
            "ended_at": row.finished_at.isoformat(timespec="milliseconds")
            if row.finished_at
            else None,
            "may_be_repeat": row.may_repeat,
            "provider_id": row.provider_id or None,
            "reason": row.reason or None,
        }
        for row in connection.execute(wanted)
    ]


def _responses(connection: "Connection", alert_id: str) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from fintech_factory.state.tables import metadata

    table = metadata.tables["response"]
    wanted = select(table).where(table.c.alert_id == alert_id).order_by(table.c.at)
    return [
        {
            "id": row.response_id,
            "kind": row.kind,
            "at": row.at.isoformat(timespec="seconds"),
            "outcome": row.outcome or None,
            "undo": row.undo or None,
            "undone_by": row.undone_by or None,
        }
        for row in connection.execute(wanted)
    ]
