"""What is measured from the records, on both databases: each figure counted by hand."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection

from fintech_factory.pipeline.alert_measures import alert_measures, delivery_measures
from fintech_factory.pipeline.work_measures import last_published, work_measures
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from fintech_factory.telemetry.exposition import Family
from told_rows import ARRIVED, COMMITTED, INBOX, MAIL, SLACK, add, fired, run, sent, step

NOW = ARRIVED + timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = 30 * DAY
Figures = dict[tuple[str, ...], float]


def figures(families: Iterable[Family]) -> dict[str, Figures]:
    return {
        each.name.removeprefix("factory_"): {
            tuple(sample.labels.values()): sample.value for sample in each.samples
        }
        for each in families
    }


def test_of_nothing_only_what_is_known_is_said(state: State) -> None:
    with state.reading() as at:
        work, alerts = figures(work_measures(at, NOW)), figures(alert_measures(at, NOW, MONTH))
        sending, last = figures(delivery_measures(at, NOW)), last_published(at)
    assert last is None
    assert {name for name, each in work.items() if each} == {
        "runs_running",
        "slots",
        "slot_oldest_due_age_seconds",
    }
    assert set(work["slots"].values()) == {0}
    assert alerts["alert_latency_seconds"] == {}
    assert alerts["alert_latency_missed"] == {(): 0}
    assert set(alerts["alerts_open"].values()) == {0}
    assert sending["outbox_messages"] == {("waiting",): 0, ("leased",): 0}
    assert sending["dead_letters"] == sending["delivery_attempts_total"] == {}


def test_tries_are_counted_by_what_began_them_and_how_they_ended(state: State) -> None:
    """The last that came to its end took 40 s; the failed one after it says nothing of that."""
    tries = [
        ("r1", "schedule", "published", 30),
        ("r2", "schedule", "published", 30),
        ("r3", "manual", "blocked", 40),
        ("r4", "manual", "failed", 1),
        ("r5", "arrival", "running", None),
    ]
    with state.transaction() as at:
        for number, (name, cause, status, seconds) in enumerate(tries, start=1):
            began = ARRIVED + number * timedelta(minutes=1)
            ended = None if seconds is None else began + timedelta(seconds=seconds)
            add(at, "run_attempt", run_id=name, sequence=number, cause=cause, status=status,
                owner="o", started_at=began, ended_at=ended)  # fmt: skip
        add(at, "run_step", run_id="r3", number=1, name="kpi", status="done", started_at=NOW,
            milliseconds=1250)  # fmt: skip
        add(at, "run_step", run_id="r4", number=1, name="kpi", status="failed", started_at=NOW,
            milliseconds=9)  # fmt: skip
        found = figures(work_measures(at, NOW))
    assert found["runs_total"] == {
        ("manual", "blocked"): 1,
        ("manual", "failed"): 1,
        ("schedule", "published"): 2,
    }
    assert found["runs_running"] == {(): 1}
    assert found["run_last_duration_seconds"] == {(): 40}
    assert found["run_last_step_seconds"] == {("kpi",): 1.25}
    ends = found["run_last_end_timestamp_seconds"]
    assert ends["published",] == (ARRIVED + timedelta(minutes=2, seconds=30)).timestamp()
    assert set(ends) == {("published",), ("blocked",), ("failed",)}


def test_work_that_is_due_says_how_long_it_has_waited(state: State) -> None:
    slots = [("a", "waiting", 5), ("b", "waiting", -5), ("c", "paused", 50), ("d", "done", 60)]
    with state.transaction() as at:
        for name, status, minutes_ago in slots:
            due = NOW - timedelta(minutes=minutes_ago)
            add(at, "slot", schedule=name, slot="1", does="run", cause="schedule", parameters={},
                status=status, fell_due_at=due, due_at=due, made_at=due)  # fmt: skip
        add(at, "heartbeat", owner="p", started_at=ARRIVED, seen_at=NOW - timedelta(seconds=7))
        found = figures(work_measures(at, NOW))
    assert found["slots"] == {("waiting",): 2, ("running",): 0, ("paused",): 1}
    assert found["slot_oldest_due_age_seconds"] == {(): 300}
    assert found["heartbeat_age_seconds"] == {(): 7}


def test_the_last_run_that_published_is_the_one_of_the_version_in_force(state: State) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        run(at, "r2", 2, "b2")
        add(at, "run", run_id="r3", sequence=3, status="blocked", version="", record={},
            batch_id="b3", as_of=ARRIVED.date(), started_at=ARRIVED,
            committed_at=COMMITTED)  # fmt: skip
        last = last_published(at)
    assert last is not None
    assert last.run_id == "r2"


def test_open_alerts_are_counted_and_those_that_are_over_are_not(state: State) -> None:
    with state.transaction() as at:
        for name, level in (("a1", "critical"), ("a2", "critical"), ("a3", "warning")):
            fired(at, name, "", [], level=level)
        add(at, "alert", alert_id="a4", fingerprint="a4", rule="r", scope={}, status="resolved",
            level="warning", severity="warning", opened_at=ARRIVED, changed_at=ARRIVED,
            ended_at=NOW, memory={})  # fmt: skip
        found = figures(alert_measures(at, NOW, MONTH))["alerts_open"]
    assert found["firing", "critical", "critical"] == 2
    assert found["firing", "warning", "warning"] == 1
    assert sum(found.values()) == 3


def test_latencies_are_those_of_the_window_and_what_nobody_has_is_missed(state: State) -> None:
    """Three exports: 7 s, 400 s (late) and no receipt at all after an hour; one is older."""
    with state.transaction() as at:
        for number, place in enumerate([("accepted", 7), ("accepted", 400), ("refused", 3)]):
            name = f"a{number}"
            moment = COMMITTED + timedelta(seconds=number)
            run(at, f"r{number}", number + 1, f"b{number}")
            fired(at, name, f"r{number}", [SLACK], at=moment)
            sent(at, name, SLACK, place, at=moment)
        run(at, "r9", 9, "b9", arrived_at=ARRIVED - 40 * DAY)
        fired(at, "a9", "r9", [SLACK], at=COMMITTED - 40 * DAY)
        found = figures(alert_measures(at, NOW, MONTH))
    assert found["alert_latency_caused"] == {(): 3}
    assert found["alert_latency_missed"] == {(): 2}
    assert found["alert_latency_seconds"] == {("0.5",): 7, ("0.99",): 400}


def test_of_an_old_alert_only_the_rise_within_the_window_counts(state: State) -> None:
    """It fired 40 days ago, in an export of then, and rose in today's: 9 s, not 40 days."""
    with state.transaction() as at:
        run(at, "r0", 1, "b0", arrived_at=ARRIVED - 40 * DAY)
        run(at, "r1", 2, "b1")
        fired(at, "a1", "r0", [SLACK], at=COMMITTED - 40 * DAY)
        step(at, "a1", "r1", [SLACK], kind="raised")
        sent(at, "a1", SLACK, ("accepted", 9))
        found = figures(alert_measures(at, NOW, MONTH))
    assert found["alert_latency_caused"] == {(): 1}
    assert found["alert_latency_seconds"] == {("0.5",): 9, ("0.99",): 9}


def test_deliveries_are_counted_by_channel_and_by_what_was_answered(state: State) -> None:
    with state.transaction() as at:
        for alert in ("a1", "a2", "a3"):
            fired(at, alert, "", [])
        sent(at, "a1", SLACK, ("deferred", 1), ("accepted", 2))
        sent(at, "a2", MAIL, ("refused", 1))
        sent(at, "a3", MAIL, ("started", 1))
        sent(at, "a3", MAIL, at=COMMITTED + timedelta(minutes=9))
        sent(at, "a1", INBOX, ("accepted", 1))
        _stand(at, "slack", "delivered")
        _stand(at, "inbox", "delivered")
        _stand(at, "email", "dead", alert="a2")
        found = figures(delivery_measures(at, NOW))
    assert found["delivery_attempts_total"] == {
        ("email", "refused"): 1,
        ("inbox", "accepted"): 1,
        ("slack", "accepted"): 1,
        ("slack", "deferred"): 1,
    }
    assert found["outbox_messages"] == {("waiting",): 2, ("leased",): 0}
    assert found["outbox_oldest_due_age_seconds"] == {(): (NOW - COMMITTED).total_seconds()}
    assert found["dead_letters"]["email", "dead"] == 1
    assert sum(found["dead_letters"].values()) == 1
    assert found["dead_letters"]["slack", "unknown"] == 0


def _stand(at: Connection, channel: str, status: str, alert: str = "") -> None:
    outbox = metadata.tables["outbox"]
    wanted = outbox.update().where(outbox.c.channel == channel).values(status=status)
    at.execute(wanted.where(outbox.c.alert_id == alert) if alert else wanted)
