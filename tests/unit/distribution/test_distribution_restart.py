"""A PostgreSQL server that is started anew in the middle of a delivery costs no repeat."""

from collections.abc import Iterator
from threading import Timer

import pytest
from distribution_desk import Desk, HandClock, ScriptedChannel, post

from fintech_factory.clock import SystemClock
from fintech_factory.distribution.dispatch import Dispatcher
from fintech_factory.distribution.outbox import enqueue
from fintech_factory.distribution.retry import Policy
from fintech_factory.faults import watched
from fintech_factory.state.store import State
from postgresql_server import PostgreSQL, installed, started

AWAY_S = 0.6


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """A server of its own, which keeps what it has committed."""
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; .ci/install-postgresql does it")
    with started(programs, durable=True) as running:
        running.create("restarted")
        yield running


@pytest.mark.parametrize("point", ["delivery.answered", "delivery.in_transaction"])
def test_a_server_that_is_started_anew_makes_no_repeat(
    server: PostgreSQL, point: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It goes when the provider has answered, or while the answer is written down."""
    state, clock = State(server.url("restarted")), SystemClock()
    desk = Desk(state, HandClock(), ScriptedChannel(), Dispatcher(state, {}, clock, at_once=1))
    desk.dispatcher.channels = {"slack": desk.channel}
    with state.transaction() as connection:
        enqueue(connection, [post(point)], clock.now(), Policy())
    timers: list[Timer] = []

    def restart(reached: str) -> None:
        if reached == point and not timers:
            server.stop()
            timers.append(Timer(AWAY_S, server.start))
            timers[0].start()

    with watched(restart):
        tally = desk.dispatcher.drain()
    timers[0].join()
    assert tally.delivered == 1
    assert [each.may_repeat for each in desk.channel.given] == [False]
    newest = max(desk.rows(), key=lambda row: str(row["created_at"]))
    assert (newest["status"], newest["may_repeat"], newest["attempts"]) == ("delivered", False, 1)
    tried = [row for row in desk.rows("attempt") if row["outbox"] == newest["sequence"]]
    assert [row["word"] for row in tried] == ["accepted"]
    said = [each.getMessage() for each in caplog.records]
    assert any(each.startswith("outcomes not written down yet: the server") for each in said), said
    state.close()
