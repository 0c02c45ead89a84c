"""A clock that is moved by hand, and channels that answer by a script."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Word
from fintech_factory.distribution.dispatch import Dispatcher
from fintech_factory.distribution.outbox import Post, enqueue
from fintech_factory.distribution.retry import Policy
from fintech_factory.message import Language, Message, Occasion, Text
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from fintech_factory.values import Severity

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that only moves when it is told to."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class ScriptedChannel:
    """Answers by a script, then accepts; keeps what it was given."""

    script: list[Outcome] = field(default_factory=list)
    given: list[Delivery] = field(default_factory=list)

    def send(self, delivery: Delivery) -> Outcome:
        self.given.append(delivery)
        if self.script:
            return self.script.pop(0)
        return Outcome(Word.ACCEPTED, provider_id=f"id-{len(self.given)}")

    def probe(self) -> tuple[Probe, ...]:
        return ()


def post(cause: str = "fired", **given: object) -> Post:
    severity = given.pop("severity", Severity.WARNING)
    thread = given.pop("thread", "alert/1")
    message = Message(
        thread=str(thread),
        occasion=Occasion.ALERT,
        severity=Severity(severity),
        subject=Text.same(cause),
        summary=Text.same("said"),
    )
    settings = {
        "channel": "slack",
        "address": "#risk",
        "language": Language.EN,
        "message": message,
        **given,
    }
    return Post(cause=cause, **settings)  # type: ignore[arg-type]


@dataclass
class Desk:
    """A dispatcher with its clock, its channel and its state."""

    state: State
    clock: HandClock
    channel: ScriptedChannel
    dispatcher: Dispatcher

    def put(self, *posts: Post) -> None:
        with self.state.transaction() as connection:
            enqueue(connection, posts, self.clock.now(), Policy())

    def rows(self, table: str = "outbox") -> list[dict[str, object]]:
        with self.state.reading() as connection:
            found = connection.execute(metadata.tables[table].select())
            return [dict(row._mapping) for row in found]

    def statuses(self) -> list[object]:
        return [row["status"] for row in self.rows()]
