"""What happens to an alert, the messages it causes and its audit entry are one transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.alerting.act import Acknowledge, Close
from fintech_factory.alerting.alert import AlertState, Move, Snooze, Transition
from fintech_factory.alerting.match import Match
from fintech_factory.alerting.observation import Observation, Sight
from fintech_factory.alerting.reading import make_alerting
from fintech_factory.alerting.settings import AlertSettings
from fintech_factory.config import load
from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine import load_definitions
from fintech_factory.message import Message, Text
from fintech_factory.pipeline.alert_background import Known, background
from fintech_factory.pipeline.alert_circumstances import match_json
from fintech_factory.pipeline.alert_desk import (
    Answer,
    Committed,
    Desk,
    Step,
    act_on,
    clock,
    commit,
    judge,
)
from fintech_factory.pipeline.alert_gone import taken_out
from fintech_factory.pipeline.alert_message import Background, message_of
from fintech_factory.pipeline.alert_responses import AUTOMATION, keep, take_back
from fintech_factory.pipeline.alert_store import find, keep_state
from fintech_factory.state.audit_verdict import Trust
from fintech_factory.state.audit_verify import verify
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from fintech_factory.values import LimitState, Severity, Unit

CONFIG = Path(__file__).resolve().parents[3] / "config"
AT = datetime(2026, 1, 5, 3, 1, tzinfo=UTC)
ON = {"slack": True, "email": True, "sms": True, "inbox": True, "file": True}


def told(step: Step) -> Message:
    of_par = Background(Text("PAR 90", "Cartera en riesgo 90"), Unit.PERCENT)
    return message_of(step.rule, step.state, step.transition, of_par)


@pytest.fixture(scope="session")
def desk() -> Desk:
    settings = load(CONFIG / "alerts.yaml", AlertSettings).value
    definitions = load_definitions(CONFIG / "kpis" / "kpi_definitions.yaml")
    return Desk(make_alerting(settings, definitions, ON), told)


def par(
    value: str | None, on: str = "2026-01-04", batch: str = "b1", **more: object
) -> Observation:
    day = date.fromisoformat(on)
    figure = None if value is None else Decimal(value)
    status = Sight.UNAVAILABLE if value is None else Sight.OK
    seen = Observation("par_90", day, day, batch, "run-1", status=status, value=figure)
    return replace(seen, **more)  # type: ignore[arg-type]


Look = Callable[..., Committed]


@pytest.fixture
def look(state: State, desk: Desk) -> Look:
    def seen(*observations: Observation, at: datetime = AT) -> Committed:
        with state.transaction() as connection:
            return commit(connection, desk, judge(connection, desk, observations, at), at)

    return seen


def rows(state: State, table: str) -> list[dict[str, Any]]:
    with state.reading() as connection:
        found = connection.execute(metadata.tables[table].select())
        return [dict(row._mapping) for row in found]


def places(state: State) -> set[tuple[str, str]]:
    return {(row["channel"], row["address"]) for row in rows(state, "outbox")}


def test_a_critical_par_90_goes_to_slack_mail_and_sms_and_nowhere_else(
    state: State, look: Look
) -> None:
    look(par("5.0000001"))
    assert places(state) == {
        ("slack", "#fintech-alerts"),
        ("email", "risk@example.com"),
        ("sms", "+15005550001"),
        ("inbox", "risk_slack"),
    }
    (alert,) = rows(state, "alert")
    assert (alert["status"], alert["level"], alert["value"]) == (
        "firing",
        "critical",
        Decimal("5.0000001"),
    )


def test_a_warning_goes_to_slack_and_mail(state: State, look: Look) -> None:
    look(par("5"))
    assert places(state) == {
        ("slack", "#fintech-alerts"),
        ("email", "risk@example.com"),
        ("inbox", "risk_slack"),
    }


def test_at_three_percent_nobody_is_told(state: State, look: Look) -> None:
    assert look(par("3")).told == 0
    assert (rows(state, "alert"), rows(state, "outbox")) == ([], [])
    (judged,) = rows(state, "evaluation")
    assert (judged["level"], judged["said"]) == ("none", "judged")


def test_past_eight_percent_the_executives_hear_of_it_at_once(state: State, look: Look) -> None:
    look(par("8.4"))
    assert ("email", "chief-executive@example.com") in places(state)
    kinds = [row["kind"] for row in rows(state, "alert_transition")]
    assert kinds == ["fired", "escalated", "escalated"]


def test_the_same_figure_of_the_same_export_changes_nothing(state: State, look: Look) -> None:
    look(par("6"))
    before = {name: rows(state, name) for name in ("alert", "outbox", "audit_entry", "evaluation")}
    assert look(par("6"), at=AT + timedelta(hours=1)).changes == ()
    assert {name: rows(state, name) for name in before} == before


def test_a_figure_of_an_older_date_tells_nobody(state: State, look: Look) -> None:
    look(par("2"))
    assert look(par("9", on="2025-12-01")).told == 0
    assert rows(state, "alert") == []
    assert [row["said"] for row in rows(state, "evaluation")] == ["judged", "backfill"]


def test_what_gets_worse_is_told_again_in_the_same_thread(state: State, look: Look) -> None:
    look(par("4"))
    look(par("6", on="2026-01-05"), at=AT + timedelta(days=1))
    slack = [row for row in rows(state, "outbox") if row["channel"] == "slack"]
    assert [row["severity"] for row in slack] == ["warning", "critical"]
    assert len({row["thread"] for row in slack}) == 1
    assert len(rows(state, "alert")) == 1


def test_what_is_over_is_told_to_whoever_heard_of_it(state: State, look: Look) -> None:
    look(par("6"))
    look(par("1", on="2026-01-05"), at=AT + timedelta(days=1))
    resolved = [row for row in rows(state, "outbox") if row["message"]["occasion"] == "resolved"]
    assert {row["channel"] for row in resolved} == {"slack", "email", "sms", "inbox"}
    (alert,) = rows(state, "alert")
    assert (alert["status"], alert["ended_at"]) == ("resolved", AT + timedelta(days=1))


def test_a_missing_figure_keeps_the_alert_and_shows_it_stale(state: State, look: Look) -> None:
    look(par("6"))
    look(par(None, on="2026-01-05", reason="no export"), at=AT + timedelta(days=1))
    (alert,) = rows(state, "alert")
    assert (alert["status"], alert["level"]) == ("firing", "critical")
    assert alert["memory"]["stale"] == "no export"


def test_a_missing_figure_is_an_alert_of_its_own(state: State, look: Look) -> None:
    missing = par(None, reason="no export").of_absence()
    look(missing)
    (alert,) = rows(state, "alert")
    assert (alert["rule"], alert["status"]) == ("par_90.unavailable", "firing")


def test_without_an_answer_the_on_call_hear_after_15_minutes(
    state: State, desk: Desk, look: Look
) -> None:
    look(par("6"))
    with state.transaction() as connection:
        early = AT + timedelta(minutes=14, seconds=59)
        assert commit(connection, desk, clock(connection, desk, early), early).told == 0
        late = AT + timedelta(minutes=15)
        commit(connection, desk, clock(connection, desk, late), late)
    escalated = [row for row in rows(state, "outbox") if row["message"]["occasion"] == "escalation"]
    assert {(row["channel"], row["address"]) for row in escalated} >= {("slack", "#fintech-ops")}
    assert all("Escalation 2" in row["message"]["subject"]["en"] for row in escalated)


def test_whoever_acknowledges_first_wins(state: State, desk: Desk, look: Look) -> None:
    look(par("6"))
    with state.transaction() as connection:
        change = act_on(connection, desk, Answer("par_90", Acknowledge("ana"), 1), AT)
        commit(connection, desk, [change], AT)
    with state.transaction() as connection, pytest.raises(UsageError, match="changed since"):
        act_on(connection, desk, Answer("par_90", Acknowledge("bo"), 1), AT)
    (alert,) = rows(state, "alert")
    assert (alert["acknowledged_by"], alert["revision"]) == ("ana", 2)


def test_an_answer_to_a_state_that_is_gone_is_refused_at_the_last_moment(
    state: State, desk: Desk, look: Look
) -> None:
    look(par("6"))
    with state.transaction() as connection:
        stale = act_on(connection, desk, Answer("par_90", Acknowledge("ana")), AT)
        closed = act_on(connection, desk, Answer("par_90", Close("bo", "x")), AT)
        commit(connection, desk, [closed], AT)
    with state.transaction() as connection, pytest.raises(UsageError, match="somebody else"):
        commit(connection, desk, [stale], AT)


def test_every_step_leaves_an_entry_in_an_unbroken_chain(
    state: State, desk: Desk, look: Look
) -> None:
    look(par("8.4"))
    with state.transaction() as connection:
        change = act_on(connection, desk, Answer("par_90", Acknowledge("ana", "on it")), AT)
        commit(connection, desk, [change], AT)
    actions = [(row["action"], row["actor"]) for row in rows(state, "audit_entry")]
    assert actions == [
        ("alert.fired", "system"),
        ("alert.escalated", "system"),
        ("alert.escalated", "system"),
        ("response.open_case", "automation"),
        ("alert.acknowledged", "ana"),
    ]
    # Whoever signs is the command; here nobody has.
    (unsigned,) = verify(state, Trust(None)).faults
    assert "covers entries 1 to 5" in unsigned.what


def test_nothing_is_written_if_anything_fails(state: State, desk: Desk) -> None:
    def cannot(_: Step) -> Message:
        raise OSError("the disk is full")

    broken = replace(desk, word=cannot)

    def fail() -> None:
        with state.transaction() as connection:
            commit(connection, broken, judge(connection, broken, [par("6")], AT), AT)

    with pytest.raises(OSError, match="full"):
        fail()
    for table in ("alert", "alert_transition", "evaluation", "outbox", "audit_entry"):
        assert rows(state, table) == []


def test_in_a_maintenance_window_a_warning_waits_and_is_told_after_it(
    state: State, desk: Desk, look: Look
) -> None:
    sunday = datetime(2026, 1, 4, 22, 30, tzinfo=UTC)
    assert look(par("4", on="2026-01-03"), at=sunday).told == 0
    (step,) = rows(state, "alert_transition")
    assert {each["withheld"] for each in step["detail"]["told"]} == {"maintenance"}
    ends = datetime(2026, 1, 4, 23, 0, tzinfo=UTC)
    with state.transaction() as connection:
        assert clock(connection, desk, ends - timedelta(seconds=1)) == []
        commit(connection, desk, clock(connection, desk, ends), ends)
    assert {row["channel"] for row in rows(state, "outbox")} == {"slack", "email", "inbox"}


def test_in_a_maintenance_window_what_is_critical_is_told(state: State, look: Look) -> None:
    look(par("6", on="2026-01-03"), at=datetime(2026, 1, 4, 22, 30, tzinfo=UTC))
    assert {row["channel"] for row in rows(state, "outbox")} == {"slack", "email", "sms", "inbox"}


def breach(member: str) -> Observation:
    day = date(2026, 1, 4)
    return Observation(
        "covenants",
        day,
        day,
        f"b1 {member}",
        "run-1",
        "covenant",
        member,
        severity=Severity.CRITICAL,
        reason=f"{member} is breached",
    )


def test_a_breach_goes_to_every_channel_and_up_to_the_executives_at_once(
    state: State, look: Look
) -> None:
    look(breach("example/par_90"), at=datetime(2026, 1, 4, 22, 30, tzinfo=UTC))
    assert {row["channel"] for row in rows(state, "outbox")} == set(ON)
    assert ("email", "chief-executive@example.com") in places(state)


def test_a_breach_is_closed_by_name_only(state: State, desk: Desk, look: Look) -> None:
    look(breach("example/par_90"))
    (alert,) = rows(state, "alert")
    with state.transaction() as connection, pytest.raises(UsageError, match="by name"):
        act_on(connection, desk, Answer(alert["alert_id"], Close("system", "over")), AT)


def test_many_alerts_of_one_rule_are_one_message(state: State, look: Look) -> None:
    findings = [
        replace(breach(f"f{n:04}"), rule="critical_findings", dimension="finding")
        for n in range(30)
    ]
    done = look(*findings)
    assert len(rows(state, "alert")) == 30
    slack = [row for row in rows(state, "outbox") if row["channel"] == "slack"]
    first, *_ = slack
    assert "30 alerts" in first["message"]["subject"]["en"]
    assert "30 alertas" in first["message"]["subject"]["es"]
    assert len(first["message"]["facts"]) == 20
    known = {row["alert_id"] for row in rows(state, "alert")}
    ids = first["message"]["marks"]["ids"].split()
    assert len({*ids} & known) == 20
    english, spanish = (first["message"]["next_step"][each] for each in ("en", "es"))
    shown = ", ".join(each[:8] for each in ids)
    assert english.endswith(f"\nIds: {shown} and 10 more")
    assert spanish.endswith(f"\nIds: {shown} y 10 más")
    assert done.told == len(rows(state, "outbox"))


def without(desk: Desk, rule: str) -> Desk:
    """Give the desk of settings from which a rule was taken out."""
    rules = {name: each for name, each in desk.alerting.rules.items() if name != rule}
    return replace(desk, alerting=replace(desk.alerting, rules=rules))


def answered(state: State, desk: Desk, alert: str, *actions: Acknowledge | Close) -> None:
    for action in actions:
        with state.transaction() as connection:
            commit(connection, desk, [act_on(connection, desk, Answer(alert, action), AT)], AT)


def test_who_heard_of_an_alert_hears_that_it_is_closed_though_its_rule_is_gone(
    state: State, desk: Desk, look: Look
) -> None:
    look(par("6"))
    first = rows(state, "outbox")
    left = without(desk, "par_90")
    answered(state, left, "par_90", Acknowledge("ana"))
    assert len(rows(state, "outbox")) == len(first)
    answered(state, left, "par_90", Close("ana", "we do not watch it any more"))
    (alert,) = rows(state, "alert")
    assert alert["status"] == "closed"
    again = rows(state, "outbox")[len(first) :]
    place = itemgetter("channel", "address", "language")
    assert sorted(map(place, again)) == sorted(map(place, first))
    assert {each["message"]["occasion"] for each in again} == {"resolved"}
    assert {each["thread"] for each in again} == {each["thread"] for each in first}
    assert all("closed by ana" in each["message"]["subject"]["en"] for each in again)
    actions = [row["action"] for row in rows(state, "audit_entry")]
    assert actions[-2:] == ["alert.acknowledged", "alert.closed"]


def test_who_was_not_told_or_cannot_be_any_more_hears_nothing_of_the_end(
    state: State, desk: Desk, look: Look
) -> None:
    look(replace(breach("f1"), rule="critical_findings", dimension="finding"))
    told = {row["channel"] for row in rows(state, "outbox")}
    assert told == {"slack", "email", "inbox"}
    alerting = desk.alerting
    off = replace(desk, alerting=replace(alerting, channels={**alerting.channels, "slack": False}))
    before = len(rows(state, "outbox"))
    name = "critical_findings|finding=f1"
    answered(state, without(off, "critical_findings"), name, Close("ana", "over"))
    heard = [row["channel"] for row in rows(state, "outbox")[before:]]
    assert sorted(heard) == ["email", "inbox"]


def test_nobody_hears_of_the_end_of_what_was_withheld_from_everybody(
    state: State, desk: Desk, look: Look
) -> None:
    silence(state, AT + timedelta(hours=2))
    look(par("6"), at=AT + timedelta(minutes=2))
    assert rows(state, "outbox") == []
    answered(state, without(desk, "par_90"), "par_90", Close("ana", "over"))
    assert rows(state, "outbox") == []


def test_the_end_of_a_gone_rule_is_named_by_its_kpi_or_by_itself() -> None:
    known = Known(load_definitions(CONFIG / "kpis" / "kpi_definitions.yaml"))
    state = AlertState(rule="par_90", opened_at=AT, changed_at=AT, dimension="entity", member="N")
    moved = Transition(Move.CLOSED, AT, LimitState.CRITICAL, 2, actor="ana", reason="over")
    for rule, title in (("par_90", "PAR 90 N"), ("odd", "odd N")):
        gone = replace(state, rule=rule)
        said = background(Step(taken_out(gone), gone, moved), known)
        assert said.title.en == title
    said = background(Step(taken_out(state), state, moved), known)
    message = message_of(taken_out(state), state, moved, said)
    assert message.subject.en == "PAR 90 N: closed by ana"
    assert message.subject.es == "Cartera en riesgo 90 N: cerrado por ana"
    assert message.summary.en == "over."


def test_a_silence_of_covenants_holds_their_warnings_and_no_breach(
    state: State, desk: Desk, look: Look
) -> None:
    with state.transaction() as connection:
        connection.execute(metadata.tables["silence"].insert().values(
            silence_id="s2", matchers=match_json(Match(rules=("covenants",))), owner="ana",
            reason="known", starts_at=AT, ends_at=AT + timedelta(hours=2),
        ))  # fmt: skip
    near = replace(breach("line/par_90"), severity=Severity.WARNING)
    look(near, at=AT + timedelta(minutes=1))
    assert rows(state, "outbox") == []
    look(breach("line/other"), at=AT + timedelta(minutes=2))
    assert {"slack", "email", "sms"} <= {row["channel"] for row in rows(state, "outbox")}
    assert desk.alerting.rules["covenants"].compliance


def silence(state: State, until: datetime) -> None:
    with state.transaction() as connection:
        connection.execute(
            metadata.tables["silence"]
            .insert()
            .values(
                silence_id="s1",
                matchers=match_json(Match(rules=("par_90",))),
                owner="ana",
                reason="known",
                starts_at=AT + timedelta(minutes=1),
                ends_at=until,
            )
        )


def test_whoever_heard_that_it_began_hears_that_it_is_over_though_a_repeat_was_silenced(
    state: State, desk: Desk, look: Look
) -> None:
    look(par("4"))
    silence(state, AT + timedelta(days=3))
    later = AT + timedelta(hours=24)
    with state.transaction() as connection:
        assert commit(connection, desk, clock(connection, desk, later), later).told == 0
    look(par("1", "2026-01-05", "b2"), at=later + timedelta(hours=1))
    over = [row for row in rows(state, "outbox") if row["message"]["occasion"] == "resolved"]
    assert ("slack", "#fintech-alerts") in {(row["channel"], row["address"]) for row in over}


def test_nobody_hears_that_something_is_over_that_nobody_heard_of(state: State, look: Look) -> None:
    silence(state, AT + timedelta(days=3))
    look(par("4"), at=AT + timedelta(minutes=2))
    look(par("1", "2026-01-05", "b2"), at=AT + timedelta(hours=24))
    assert rows(state, "outbox") == []


def test_what_was_muted_as_a_duplicate_is_told_again_once_that_is_taken_back(
    state: State, desk: Desk, look: Look
) -> None:
    look(par("4"))
    muted = {
        "response_id": "mute",
        "kind": "mute_duplicate",
        "parameters": {},
        "at": AT,
        "undo": "unmute it",
        "done_at": AT,
        "outcome": "muted",
    }
    with state.transaction() as connection:
        before = find(connection, "par_90")
        asleep = replace(before, snooze=Snooze(AUTOMATION, AT + timedelta(days=7)), revision=2)
        keep_state(connection, before, asleep, AT + timedelta(days=7))
        keep(connection, [{**muted, "alert_id": before.alert_id}])
        take_back(connection, "mute", "ana", "it is another matter", AT)
    later = AT + timedelta(hours=24)
    for at in (AT, later):
        with state.transaction() as connection:
            commit(connection, desk, clock(connection, desk, at), at)
    kinds = [row["kind"] for row in rows(state, "alert_transition")]
    assert kinds[-1] == "repeated"


def late(source: str) -> Observation:
    day = date(2026, 1, 5)
    where = {"dimension": "source", "member": source}
    return Observation(
        "export_missing", day, day, "b1", severity=Severity.WARNING, reason="late", **where
    )


@pytest.mark.parametrize(("by", "messages"), [(("rule", "member"), 2), (("rule",), 1)])
def test_a_cap_holds_among_the_messages_of_one_round_and_a_group_is_one_message(
    state: State, desk: Desk, by: tuple[str, ...], messages: int
) -> None:
    """Five late exports at once, two messages a day: told alone they are two, else one of five."""
    routes = tuple(replace(each, group_by=by) for each in desk.alerting.routes)
    few = replace(desk, alerting=replace(desk.alerting, routes=routes, caps={"slack": 2}))
    with state.transaction() as connection:
        changes = judge(connection, few, [late(f"s{n}") for n in range(5)], AT)
        commit(connection, few, changes, AT)
    sent = [row for row in rows(state, "outbox") if row["channel"] == "slack"]
    assert len(sent) == messages
    told = [each for row in rows(state, "alert_transition") for each in row["detail"]["told"]]
    capped = [each for each in told if each.get("withheld") == "cap"]
    assert len(capped) == (3 if len(by) > 1 else 0)
    assert all(each["channel"] == "slack" for each in capped)
