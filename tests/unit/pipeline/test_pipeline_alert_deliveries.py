"""Of what follows from deliveries, only what was committed is sealed."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.distribution.dispatch import Done
from fintech_factory.distribution.outbox import Leased
from fintech_factory.distribution.retry import Next, Standing, Tried
from fintech_factory.pipeline.alert_deliveries import Deliveries
from fintech_factory.state.audit import Head
from fintech_factory.state.store import State
from fintech_factory.values import Severity
from peers.messages import alert

AT = datetime(2026, 1, 5, 3, 1, tzinfo=UTC)


def delivered() -> Done:
    until = AT + timedelta(minutes=2)
    tried = Tried(1, Severity.WARNING, until)
    leased = Leased(1, 1, until, "slack", "a", tried, Delivery("key", alert(), "#risk"))
    return Done(leased, Outcome(Word.ACCEPTED, "id"), Next(Standing.DELIVERED))


def test_a_head_is_taken_once_its_transaction_is_kept(state: State) -> None:
    """One that was rolled back, sealed beside the database, reads as if entries were removed."""
    heads = iter([Head(7, "a"), Head(7, "b")])
    desk: Any = SimpleNamespace(
        alerting=SimpleNamespace(rules={}), append=lambda _connection, _entries: next(heads)
    )
    deliveries = Deliveries(desk)
    with state.transaction() as connection:
        deliveries.note(connection, [delivered()], AT)
        assert deliveries.head is None
        # Its commit failed, and it was written anew.
        deliveries.note(connection, [delivered()], AT)
    deliveries.kept()
    assert deliveries.head == Head(7, "b")
