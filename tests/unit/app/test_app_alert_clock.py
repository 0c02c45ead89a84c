"""What the clock does with alerts, by two processes that look at one moment, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest

from fintech_factory.app import Factory
from fintech_factory.clock import SystemClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.pipeline.alert_desk import Desk, judge
from fintech_factory.pipeline.alert_promise import lateness
from fintech_factory.state.audit import lock_chain
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from fintech_factory.testing import Book, book
from told_rows import ARRIVED, COMMITTED, SLACK, fired, run, sent

LATER = ARRIVED + timedelta(minutes=6)
# Long enough for the other to come as far as it can before this one commits.
_AHEAD_S = 0.5


@pytest.mark.parametrize("word", ["accepted", "deferred"])
def test_two_that_look_at_once_judge_an_export_once(
    workspace_with: Callable[[Book], Workspace],
    state: State,
    monkeypatch: pytest.MonkeyPatch,
    word: str,
) -> None:
    """The other waits until the first has committed what it saw, and then sees nothing new."""
    monkeypatch.setattr(SystemClock, "now", lambda _: LATER)
    empty = book().loan(100, disbursed="2025-01-02").ending("2025-06-30")
    factory = Factory(workspace_with(empty))
    vars(factory)["state"] = state
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", [SLACK])
        sent(at, "a1", SLACK, (word, 7), at=COMMITTED)
    alerts = factory.alerts
    with ThreadPoolExecutor(1) as other:
        with state.transaction() as at:
            lock_chain(at)
            desk = Desk(alerts.alerting, lambda step: pytest.fail(step.name))
            judge(at, desk, lateness(at, alerts.alerting, LATER), LATER)
            looking = other.submit(alerts.tick)
            sleep(_AHEAD_S)
            assert not looking.done()
        changed = [each.rule.id for each in looking.result(10).changes]
    assert "alert_latency" not in changed
    with state.reading() as at:
        rows = at.execute(metadata.tables["evaluation"].select()).all()
    judged = [row.fingerprint for row in rows]
    assert judged.count("alert_latency|batch=b1") == 1
