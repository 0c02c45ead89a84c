"""Answers to alerts: by command, by link, by two at once; what the clock does without one."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from alert_world import World

from fintech_factory.alerting.act import Acknowledge
from fintech_factory.app import Factory as Ready
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import UsageError


def token_of(mail: Any) -> str:  # noqa: ANN401 - a mail
    found = re.search(r"token=(\S+)", mail.get_body(("plain",)).get_content())
    assert found
    return found[1]


def test_a_link_acknowledges_in_the_name_of_the_one_who_was_sent_it(world: World) -> None:
    world.day("6", "2025-12-10")
    (mail,) = world.peers.mails("risk@example.com")
    token = token_of(mail)
    done = world.call("alerts", "ack", "--token", token)
    assert done.code == 0, done.err
    alert = world.alert("par_90")
    assert alert["acknowledged_by"] == "email risk@example.com"
    assert alert["acknowledged_until"].startswith("2025-12-11T07:0")


def test_a_forged_link_an_old_one_and_one_of_another_workspace_are_refused(world: World) -> None:
    world.day("6", "2025-12-10")
    (mail,) = world.peers.mails("risk@example.com")
    body, _, signature = token_of(mail).partition(".")
    for forged in (f"{body}x.{signature}", f"{body}.{signature[::-1]}", "nonsense"):
        refused = world.call("alerts", "ack", "--token", forged)
        assert (refused.code, "was not made here" in refused.err) == (2, True)
    world.clock.on(hours=25)
    late = world.call("alerts", "ack", "--token", f"{body}.{signature}")
    assert (late.code, "this link ended at" in late.err) == (2, True)
    assert world.alert("par_90")["acknowledged_by"] is None


def test_of_two_who_acknowledge_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    world.day("6", "2025-12-10")
    alert = world.alert("par_90")
    seen = alert["revision"]

    def acknowledge(name: str) -> str:
        ready = Ready(Workspace(world.root))
        try:
            ready.alerts.answer(alert["id"], Acknowledge(name), seen)
        except UsageError as refused:
            return refused.what
        return "won"

    with ThreadPoolExecutor(2) as both:
        said = list(both.map(acknowledge, ["ana", "bea"]))
    assert said.count("won") == 1
    (winner,) = [name for name, each in zip(["ana", "bea"], said, strict=True) if each == "won"]
    assert world.alert("par_90")["acknowledged_by"] == winner
    kinds = [each["kind"] for each in world.alert("par_90")["steps"]]
    assert kinds.count("acknowledged") == 1


def test_without_an_answer_it_is_escalated_after_15_and_45_minutes(world: World) -> None:
    """R094: level 2 is the team's channel and who is on call, level 3 the executives."""
    world.day("6", "2025-12-10")
    world.peers.forget()
    world.clock.turn("2025-12-11T03:14")
    world.call("alerts", "deliver")
    assert world.alert("par_90")["escalation"] == 1
    world.clock.turn("2025-12-11T03:16")
    world.call("alerts", "deliver")
    assert ("slack", "#fintech-ops") in world.told("par_90", "escalated")
    assert ("email", "chief-executive@example.com") not in world.told("par_90", "escalated")
    world.clock.turn("2025-12-11T03:46")
    world.call("alerts", "deliver")
    assert ("email", "chief-executive@example.com") in world.told("par_90", "escalated")
    (post,) = world.peers.posts("#fintech-ops")
    assert "Escalation 2: PAR 90: critical" in post["text"]
    assert "nobody has acknowledged it for 1" in post["text"]
    (spanish,) = world.peers.mails("chief-executive@example.com")
    assert "nadie lo ha confirmado en 4" in spanish.get_body(("plain",)).get_content()


def test_an_acknowledged_alert_is_not_escalated_until_that_expires(world: World) -> None:
    world.day("6", "2025-12-10")
    said = world.call("alerts", "ack", world.alert("par_90")["id"], "--by", "ana")
    assert "acknowledged by ana until 2025-12-11 07:0" in said.out
    world.peers.forget()
    world.clock.turn("2025-12-11T06:59")
    world.call("alerts", "deliver")
    assert (world.peers.posts(), world.peers.mails("risk@example.com")) == ([], [])
    world.clock.turn("2025-12-11T07:05")
    world.call("alerts", "deliver")
    (mail,) = world.peers.mails("risk@example.com")
    assert "still critical" in mail["Subject"]
    assert "ana's acknowledgement has expired" in mail.get_body(("plain",)).get_content()


def test_a_rise_takes_the_answer_back_and_starts_anew(world: World) -> None:
    world.day("4", "2025-12-09")
    world.call("alerts", "ack", world.alert("par_90")["id"], "--by", "ana")
    world.day("6", "2025-12-10")
    alert = world.alert("par_90")
    assert (alert["acknowledged_by"], alert["escalation"]) == (None, 1)


def test_what_is_said_is_in_the_thread_with_until_when(world: World) -> None:
    world.day("6", "2025-12-10")
    name = world.alert("par_90")["id"]
    world.call("alerts", "ack", name, "--by", "ana", "--reason", "on it")
    world.call("alerts", "assign", name, "--to", "bea", "--by", "ana")
    snoozed = world.call("alerts", "snooze", name, "--hours", "2", "--by", "bea")
    assert snoozed.out.count("until") == 1
    world.call("alerts", "note", name, "called <!channel> the *borrower*", "--by", "bea")
    replies = [each["text"] for each in world.peers.posts("C1")]
    assert "acknowledged by ana until 11 Dec 2025 07:00 UTC" in replies[0]
    assert "assigned to bea" in replies[1]
    assert "snoozed by bea until 11 Dec 2025 05:00 UTC" in replies[2]
    assert "note by bea" in replies[3]
    assert "&lt;!channel&gt;" in replies[3]
    shown = world.call("alerts", "show", name)
    assert shown.code == 0
    assert "6.00" in shown.out
    closed = world.call("alerts", "close", name, "--by", "bea", "--reason", "sold")
    assert (closed.code, "closed" in closed.out) == (0, True)
    history = world.call("alerts", "history", "--json").document
    assert (history["times"]["acknowledged"], history["times"]["mtta_seconds"] is not None) == (
        1,
        True,
    )


def test_every_answer_is_in_the_audit_trail_with_its_actor(world: World) -> None:
    world.day("6", "2025-12-10")
    name = world.alert("par_90")["id"]
    world.call("alerts", "ack", name, "--by", "ana")
    case = next(each for each in world.alert("par_90")["responses"] if each["undo"])
    undone = world.call("alerts", "undo", case["id"], "--by", "ana", "--reason", "no case")
    assert undone.code == 0, undone.err
    again = world.call("alerts", "undo", case["id"], "--by", "ana", "--reason", "no case")
    assert (again.code, "already" in again.err) == (2, True)
    document = world.call("audit", "list", "--json").document
    said = {(each["actor"], each["action"]) for each in document["entries"]}
    assert {
        ("system", "alert.fired"),
        ("ana", "alert.acknowledged"),
        ("automation", "response.open_case"),
        ("ana", "response.open_case.undone"),
    } <= said
    assert world.call("audit", "verify").code == 0


def test_the_times_of_one_rule_are_of_its_alerts_alone(world: World) -> None:
    world.day("6", "2025-12-10")
    world.call("alerts", "ack", world.alert("par_90")["id"], "--by", "ana")
    for rule, fired in (("par_90", 1), ("covenants", 0)):
        times = world.call("alerts", "history", "--rule", rule, "--json").document["times"]
        assert (times["fired"], times["acknowledged"]) == (fired, fired)
