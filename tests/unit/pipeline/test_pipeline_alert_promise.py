"""A missed five minutes is itself an alert: of which export, saying what, until when (R100)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from fintech_factory.alerting.act import Close
from fintech_factory.alerting.observation import Observation
from fintech_factory.alerting.reading import make_alerting
from fintech_factory.alerting.rule import Kind
from fintech_factory.alerting.settings import AlertSettings
from fintech_factory.alerting.setup import Alerting
from fintech_factory.config import load
from fintech_factory.kpi_engine import Definitions
from fintech_factory.message import Language
from fintech_factory.pipeline.alert_background import Known, background
from fintech_factory.pipeline.alert_desk import Answer, Change, Desk, Step, act_on, commit, judge
from fintech_factory.pipeline.alert_message import message_of
from fintech_factory.pipeline.alert_promise import late_words, lateness
from fintech_factory.pipeline.alert_store import last_member
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from fintech_factory.values import LimitState, Severity
from told_rows import ARRIVED, COMMITTED, INBOX, MAIL, SLACK, fired, run, sent, step

CONFIG = Path(__file__).resolve().parents[3] / "config"
ON = {"slack": True, "email": True, "sms": True, "inbox": True, "file": True}
LIMIT = timedelta(seconds=300)
OVER_LIMIT = ARRIVED + LIMIT
RECEIVED = "a1 was received by slack {} s after its export arrived"


@pytest.fixture(scope="session")
def desk(shipped_kpis: Definitions) -> Desk:
    settings = load(CONFIG / "alerts.yaml", AlertSettings).value
    known = Known(shipped_kpis)
    return Desk(
        make_alerting(settings, shipped_kpis, ON),
        lambda each: message_of(each.rule, each.state, each.transition, background(each, known)),
    )


def by(desk: Desk, **said: object) -> Alerting:
    """Give the shipped rules with another rule on latency."""
    rule = replace(desk.alerting.rules["alert_latency"], **said)  # type: ignore[arg-type]
    return replace(desk.alerting, rules={**desk.alerting.rules, rule.id: rule})


def seen(state: State, alerting: Alerting, at: datetime = OVER_LIMIT) -> list[Observation]:
    with state.reading() as connection:
        return lateness(connection, alerting, at)


Tick = Callable[[datetime], list[Change]]


@pytest.fixture
def tick(state: State, desk: Desk) -> Tick:
    """Judge what is late at a moment, as the clock does."""

    def look(at: datetime) -> list[Change]:
        with state.transaction() as connection:
            late = lateness(connection, desk.alerting, at)
            return list(commit(connection, desk, judge(connection, desk, late, at), at).changes)

    return look


def rows(state: State, table: str) -> list[dict[str, Any]]:
    with state.reading() as connection:
        found = connection.execute(metadata.tables[table].select())
        return [dict(row._mapping) for row in found]


def end(state: State, alert: str) -> None:
    table = metadata.tables["alert"]
    with state.transaction() as at:
        at.execute(update(table).where(table.c.alert_id == alert).values(ended_at=OVER_LIMIT))


def an_export(
    state: State, *words: tuple[str, float], rule: str = "par_90", level: str = "critical"
) -> None:
    """An export whose one alert goes to Slack, and what Slack said of it."""
    with state.transaction() as at:
        run(at, "r1", 1)
        fired(at, "a1", "r1", [INBOX, SLACK], rule=rule, level=level)
        sent(at, "a1", INBOX, ("accepted", 1))
        sent(at, "a1", SLACK, *words)


def test_an_export_is_not_looked_at_before_its_time_is_over(state: State, desk: Desk) -> None:
    an_export(state, ("deferred", 3))
    assert seen(state, desk.alerting, OVER_LIMIT - timedelta(microseconds=1)) == []
    (late,) = seen(state, desk.alerting, OVER_LIMIT)
    assert (late.rule, late.dimension, late.member) == ("alert_latency", "batch", "b1")
    assert (late.severity, late.run_id) == (Severity.CRITICAL, "")
    assert late.reason == (
        "a1 has no receipt from outside since its export arrived at"
        " 2026-01-05 03:00:00 UTC, more than 300 s ago"
    )


@pytest.mark.parametrize(
    ("seconds", "within", "said"),
    [
        (299.9, 300, "every alert was received within 300 s of the arrival"),
        (300, 300, f"{RECEIVED.format(300.0)}, 0.0 s past the limit of 300 s"),
        (299.9, 120, f"{RECEIVED.format(299.9)}, 179.9 s past the limit of 120 s"),
        (400, 600, "every alert was received within 600 s of the arrival"),
    ],
)
def test_a_receipt_at_the_limit_is_late_and_says_by_how_much(
    state: State, desk: Desk, seconds: float, within: int, said: str
) -> None:
    an_export(state, ("deferred", 3), ("accepted", seconds))
    alerting = by(desk, within=timedelta(seconds=within))
    (found,) = seen(state, alerting, ARRIVED + timedelta(seconds=700))
    assert (found.reason, found.severity is None) == (said, said.startswith("every"))


@pytest.mark.parametrize("within", [120, 600])
def test_an_export_is_looked_at_by_the_rules_own_limit(
    state: State, desk: Desk, within: int
) -> None:
    an_export(state, ("deferred", 3))
    limit = timedelta(seconds=within)
    alerting, over = by(desk, within=limit), ARRIVED + limit
    assert seen(state, alerting, over - timedelta(microseconds=1)) == []
    assert len(seen(state, alerting, over)) == 1


def test_it_begins_once_follows_the_receipt_and_ends_with_what_was_late(
    state: State, tick: Tick
) -> None:
    an_export(state, ("deferred", 3))
    (begun,) = tick(OVER_LIMIT)
    assert (begun.state.level, begun.transitions[0].kind) == (LimitState.WARNING, "fired")
    told = {(row["channel"], row["address"]) for row in rows(state, "outbox")}
    assert {("slack", "#fintech-ops"), ("email", "data-ops@example.com")} <= told
    assert [tick(OVER_LIMIT + timedelta(minutes=n)) for n in (1, 2)] == [[], []]
    with state.transaction() as at:
        sent(at, "a1", SLACK, ("accepted", 900), at=COMMITTED, key="again")
    (received,) = tick(OVER_LIMIT + timedelta(minutes=11))
    assert received.transitions == ()
    assert received.state.reason.startswith("a1 was received by slack 900.0 s")
    # The next day is no news of an export that came the day before.
    assert tick(OVER_LIMIT + timedelta(days=1)) == []
    end(state, "a1")
    (over,) = tick(OVER_LIMIT + timedelta(days=2))
    assert [each.kind for each in over.transitions] == ["resolved"]
    assert over.state.reason == "no alert that came late is open any more"
    assert tick(OVER_LIMIT + timedelta(days=3)) == []


def test_what_was_in_time_is_judged_once_and_never_again(
    state: State, desk: Desk, tick: Tick
) -> None:
    an_export(state, ("accepted", 7))
    assert tick(OVER_LIMIT) == []
    (row,) = [row for row in rows(state, "evaluation") if row["fingerprint"].startswith("alert_l")]
    assert (row["fingerprint"], row["level"], row["as_of"]) == (
        "alert_latency|batch=b1", "none", ARRIVED.date(),
    )  # fmt: skip
    assert seen(state, desk.alerting, OVER_LIMIT + timedelta(days=1)) == []


def test_what_somebody_has_closed_stays_closed(state: State, desk: Desk, tick: Tick) -> None:
    """Though the late alert is still open, and even when it is received at last."""
    an_export(state, ("deferred", 3))
    tick(OVER_LIMIT)
    with state.transaction() as at:
        done = act_on(
            at, desk, Answer("alert_latency|batch=b1", Close("ana", "Slack was down")), ARRIVED
        )
        commit(at, desk, [done], OVER_LIMIT)
    with state.transaction() as at:
        sent(at, "a1", SLACK, ("accepted", 900), at=COMMITTED, key="again")
    assert tick(OVER_LIMIT + timedelta(minutes=20)) == []


def test_a_receipt_that_was_written_down_late_takes_it_back(state: State, tick: Tick) -> None:
    """Slack said so at 299 s, while the clock was looking."""
    an_export(state, ("deferred", 3))
    assert len(tick(OVER_LIMIT)) == 1
    with state.transaction() as at:
        sent(at, "a1", SLACK, ("accepted", 299), at=COMMITTED, key="again")
    (over,) = tick(OVER_LIMIT + timedelta(minutes=1))
    assert [each.kind for each in over.transitions] == ["resolved"]


def test_each_export_has_an_alert_of_its_own(state: State, tick: Tick) -> None:
    """What is late today is told though the lateness of last week is still open."""
    an_export(state, ("deferred", 3))
    tick(OVER_LIMIT)
    with state.transaction() as at:
        run(at, "r2", 2, "b2", ARRIVED + timedelta(days=7))
        fired(at, "a2", "r2", [MAIL])
    (other,) = tick(OVER_LIMIT + timedelta(days=7))
    assert (other.state.member, other.transitions[0].kind) == ("b2", "fired")


def test_a_rise_that_comes_late_is_late(state: State, tick: Tick) -> None:
    an_export(state, ("accepted", 7), level="warning")
    tick(OVER_LIMIT)
    with state.transaction() as at:
        run(at, "r2", 2, "b2", ARRIVED + timedelta(days=1))
        step(at, "a1", "r2", [SLACK], kind="raised", at=COMMITTED + timedelta(days=1))
    (late,) = tick(OVER_LIMIT + timedelta(days=1))
    assert late.state.reason.startswith("a1 has no receipt")


@pytest.mark.parametrize("kind", [Kind.LATENCY, Kind.DELIVERY])
def test_what_tells_of_deliveries_and_of_lateness_is_never_late(
    state: State, desk: Desk, kind: Kind
) -> None:
    """Though it were a run's."""
    rule = next(each.id for each in desk.alerting.rules.values() if each.kind is kind)
    an_export(state, ("deferred", 3), rule=rule if kind is Kind.DELIVERY else "another")
    rules = {**desk.alerting.rules, "another": replace(desk.alerting.rules[rule], id="another")}
    found = seen(state, replace(desk.alerting, rules=rules))
    assert {each.severity for each in found if each.rule == "alert_latency"} == {None}


def test_a_rule_that_was_taken_out_and_an_alert_that_has_ended_are_not_late(
    state: State, desk: Desk
) -> None:
    an_export(state, ("deferred", 3), rule="taken_out")
    (found,) = seen(state, desk.alerting)
    assert found.severity is None
    end(state, "a1")
    assert seen(state, desk.alerting) == []


@pytest.mark.parametrize(("run_id", "withheld"), [("", False), ("r2", False), ("r1", True)])
def test_the_clocks_a_reruns_and_what_was_silenced_is_not_late(
    state: State,
    desk: Desk,
    run_id: str,
    withheld: bool,  # noqa: FBT001 - a column of the table
) -> None:
    with state.transaction() as at:
        run(at, "r1", 1)
        run(at, "r2", 2)
        fired(at, "a1", run_id, [INBOX, SLACK], withheld=withheld)
    assert [each.severity for each in seen(state, desk.alerting)] in ([], [None])


def test_without_a_level_of_its_own_it_is_as_grave_as_what_was_late(
    state: State, desk: Desk
) -> None:
    """The gravest are named first, then those who waited longest; five of seven."""
    with state.transaction() as at:
        run(at, "r1", 1)
        for number in range(5):
            fired(at, f"w{number}", "r1", [SLACK], level="warning", rule="portfolio_health")
            sent(at, f"w{number}", SLACK, ("accepted", 400 + number))
        fired(at, "c1", "r1", [MAIL])
        fired(at, "w9", "r1", [MAIL], level="warning", rule="collection_rate")
    (found,) = seen(state, by(desk, level=None))
    assert found.severity is Severity.CRITICAL
    *named, more = found.reason.split("; ")
    assert [each.partition(" ")[0] for each in named] == ["c1", "w9", "w4", "w3", "w2"]
    assert more == "more alerts came late: 2"
    end(state, "c1")
    (milder,) = seen(state, by(desk, level=None))
    assert milder.severity is Severity.WARNING


def test_it_is_told_in_both_languages(state: State, desk: Desk, tick: Tick) -> None:
    an_export(state, ("deferred", 3))
    with state.transaction() as at:
        fired(at, "a2", "r1", [MAIL])
        sent(at, "a2", MAIL, ("accepted", 301))
    (begun,) = tick(OVER_LIMIT + timedelta(seconds=1))
    message = desk.word(Step(begun.rule, begun.state, begun.transitions[0]))
    assert message.subject.en == "Late alerts of b1: warning"
    assert message.subject.es == "Alertas tardías de b1: advertencia"
    assert message.as_of is None
    assert (message.facts[0].label.en, message.facts[0].value) == ("Seen on", ARRIVED.date())
    assert message.summary.en == f"{begun.state.reason}."
    assert message.summary.es == (
        "a1 no tiene acuse de recibo externo desde que llegó su exportación el 2026-01-05 03:00:00"
        " UTC, hace más de 300 s; email recibió a2 301.0 s después de que llegó su exportación,"
        " 1.0 s más que el límite de 300 s."
    )
    assert late_words("no alert that came late is open any more", Language.ES) == (
        "ya no está abierta ninguna alerta que llegó tarde"
    )


def test_without_such_a_rule_nothing_is_looked_at(state: State, desk: Desk) -> None:
    an_export(state, ("deferred", 3))
    rules = {name: each for name, each in desk.alerting.rules.items() if name != "alert_latency"}
    assert seen(state, replace(desk.alerting, rules=rules)) == []


def test_the_newest_part_of_a_rule_is_that_of_its_open_alert_or_else_what_it_judged_last(
    state: State, tick: Tick
) -> None:
    with state.transaction() as at:
        assert last_member(at, "alert_latency") == ""
    an_export(state, ("accepted", 7))
    tick(OVER_LIMIT)
    with state.transaction() as at:
        # An underscore is a letter, not any letter.
        found = (last_member(at, "alert_latency"), last_member(at, "alert_latenc_"))
        run(at, "r2", 2, "b2", ARRIVED - timedelta(days=1))
        fired(at, "a2", "r2", [MAIL])
    assert found == ("b1", "")
    tick(OVER_LIMIT + timedelta(minutes=1))
    with state.transaction() as at:
        run(at, "r3", 3, "b3")
        fired(at, "a3", "r3", [SLACK])
        sent(at, "a3", SLACK, ("accepted", 7), alone=True)
    tick(OVER_LIMIT + timedelta(minutes=2))
    with state.transaction() as at:
        assert last_member(at, "alert_latency") == "b2"
