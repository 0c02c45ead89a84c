"""Alerts as they reach people: the specification's rules, over real servers, in two languages."""

from typing import Any

import pytest
from alert_world import World

from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import book

RISK = {("slack", "#fintech-alerts"), ("email", "risk@example.com")}
PHONE = ("sms", "+15005550001")
INBOX = ("inbox", "risk_slack")


def text(mail: Any) -> str:  # noqa: ANN401 - a mail
    said: str = mail.get_body(("plain",)).get_content()
    return said.replace("\r\n", "\n")


def test_par_90_above_5_is_one_critical_alert_to_slack_mail_and_sms(world: World) -> None:
    """6 % past 90 days: R057, R058."""
    world.day("6", "2025-12-10")
    alert = world.alert("par_90")
    assert (alert["level"], alert["value"], alert["unit"]) == ("critical", "6", "percent")
    assert world.told("par_90") == {*RISK, PHONE, INBOX}
    kinds = [step["kind"] for step in alert["steps"]]
    assert kinds == ["fired"]
    assert len(world.peers.mails()) == 1
    assert len(world.peers.posts()) == 1
    # It is switched off: that is said, and nobody thinks that it went.
    (fired,) = alert["steps"]
    (phone,) = [each for each in fired["told"] if each["channel"] == "sms"]
    assert phone["withheld"] == "channel_disabled"


@pytest.mark.parametrize(("risk", "level"), [("5", "warning"), ("3.1", "warning")])
def test_par_90_above_3_is_a_warning_to_slack_and_mail(world: World, risk: str, level: str) -> None:
    world.day(risk, "2025-12-10")
    assert world.alert("par_90")["level"] == level
    assert world.told("par_90") == {*RISK, INBOX}


def test_par_90_of_3_tells_nobody(world: World) -> None:
    world.day("3", "2025-12-10")
    assert world.alerts("--all", "--rule", "par_90") == []
    assert (world.peers.mails(), world.peers.posts()) == ([], [])


def test_collections_below_half_a_percent_go_to_slack_only(world: World) -> None:
    """Nothing was collected: 0 % is a figure here; R059."""
    world.day("1", "2025-12-10", repaid="0.4")
    assert world.alert("collection_rate")["level"] == "warning"
    assert world.told("collection_rate") == {("slack", "#fintech-alerts"), INBOX}
    assert world.peers.mails() == []


def test_health_below_50_goes_to_slack_and_mail(world: World) -> None:
    """(100 - 20) x 0.6 + 1 x 0.4 = 48.4; A8."""
    world.day("20", "2025-12-10", repaid="1")
    alert = world.alert("portfolio_health")
    assert (alert["level"], alert["value"]) == ("warning", "48.4")
    assert world.told("portfolio_health") == {*RISK, INBOX}


def test_past_8_percent_level_3_hears_of_it_at_once(world: World) -> None:
    world.day("8.4", "2025-12-10")
    steps = [(each["kind"], each["escalation"]) for each in world.alert("par_90")["steps"]]
    assert steps == [("fired", None), ("escalated", 2), ("escalated", 3)]
    (mail,) = world.peers.mails("chief-executive@example.com")
    assert mail["Subject"].startswith("[Crítico · Escalada] Escalada 3: Cartera en riesgo 90:")


def test_what_a_critical_mail_says(world: World) -> None:
    """4 % on the 9th, 6 % on the 10th: risen by 2 points, all of it in North."""
    world.day("4", "2025-12-09")
    world.peers.forget()
    world.day("6", "2025-12-10")
    (mail,) = world.peers.mails("risk@example.com")
    assert mail["Subject"] == "[Critical] PAR 90: up to critical, 6.00 %"
    said = text(mail)
    for each in (
        "PAR 90 is 6.00 % as of 10 Dec 2025; its critical limit is 5 %.",
        "PAR 90: 6.00 %  ✖ Critical  (limits 3 · 5 · 8 %)",
        "Reading before: 4.00 %  [9 Dec 2025]",
        "Change: 2.00  (points)",
        "PAR 90 with write-offs: 6.00 %",
        "Owner: Head of risk",
        "Formula: par_90 v1",
        "Second engine: confirmed",
        "As of 10 Dec 2025, data through 10 Dec 2025",
        "Look: factory kpi explain par_90 --as-of 2025-12-10",
        f"Answer: factory alerts ack {world.alert('par_90')['id'][:8]} --by NAME",
        "Acknowledge: https://factory.lender.example/alerts/",
    ):
        assert each in said, said
    html = mail.get_body(("html",)).get_content()
    assert "could not be drawn" not in html
    assert "limits 3 · 5 · 8&#160;%" in html or "limits 3 · 5 · 8 %" in html


def test_what_moved_it_adds_up_to_the_change(world: World) -> None:
    world.day("4", "2025-12-09", entity="South")
    world.day("6", "2025-12-10", entity="South")
    (mail,) = world.peers.mails("risk@example.com")[1:]
    said = text(mail)
    assert "What moved it\n- South: 2.00  (points)" in said
    noted = [each for each in world.alert("par_90")["steps"] if each["actor"] == "automation"]
    assert noted[-1]["reason"] == "moved by, in points: South +2.00"


def test_slack_shows_a_rise_in_the_thread_and_in_the_channel(world: World) -> None:
    world.day("4", "2025-12-09")
    world.day("6", "2025-12-10")
    first, second = world.peers.posts("#fintech-alerts") + world.peers.posts("C1")
    assert "thread_ts" not in first
    assert (second["thread_ts"], second["reply_broadcast"]) == ("1.2", True)


def test_the_same_export_again_tells_nobody(world: World) -> None:
    world.day("6", "2025-12-10")
    world.peers.forget()
    before = world.alert("par_90")
    for options in ((), ("--force",)):
        world.run(*options)
    assert world.alert("par_90") == before
    assert (world.peers.mails(), world.peers.posts()) == ([], [])


def test_an_older_date_tells_nobody(world: World) -> None:
    world.day("1", "2025-12-10")
    world.peers.forget()
    world.run("--as-of", "2025-09-30")
    assert (world.peers.mails(), world.peers.posts(), world.alerts("--rule", "par_90")) == (
        [],
        [],
        [],
    )


def test_a_restated_figure_says_that_it_is_one(world: World) -> None:
    world.day("4", "2025-12-10")
    world.peers.forget()
    world.land("6", "2025-12-10")
    world.run()
    (mail,) = world.peers.mails("risk@example.com")
    assert "up to critical" in mail["Subject"]
    assert "restat" in text(mail)


def test_a_figure_that_gets_well_resolves_and_says_so_where_it_was_told(world: World) -> None:
    world.day("6", "2025-12-09")
    world.peers.forget()
    world.day("1", "2025-12-10")
    assert world.alert("par_90")["status"] == "resolved"
    (mail,) = world.peers.mails("risk@example.com")
    assert mail["Subject"] == "[Resolved] PAR 90: resolved, 1.00 %"
    assert "factory alerts ack" not in text(mail)
    assert "acknowledge?token=" not in text(mail)
    responses = {each["kind"]: each for each in world.alert("par_90")["responses"]}
    assert responses["open_case"]["outcome"] == "closed: the alert was resolved"


def test_a_book_without_balance_alerts_of_the_missing_figure_and_shows_the_alert_stale(
    world: World,
) -> None:
    """All is repaid: PAR 90 has no whole, and 0 / 0 is not 0 %."""
    world.day("6", "2025-12-09")
    world.peers.forget()
    world.clock.turn("2025-12-11T03:00")
    repaid = (
        book()
        .loan(500, disbursed="2025-08-01", payments=[("2025-09-01", 500)])
        .loan(
            500,
            disbursed="2025-08-01",
            instalments=[("2025-09-01", 250), ("2025-10-01", 250)],
            payments=[("2025-12-08", 500)],
        )
    )
    repaid.ending("2025-12-10").land(Workspace(world.root).raw("cascade"), world.clock)
    assert world.run()["status"] == "published"
    missing = world.alerts("--rule", "par_90.unavailable")
    alert = world.alert("par_90")
    assert (alert["status"], alert["level"], alert["value"]) == ("firing", "critical", "6")
    assert alert["stale"]
    (found,) = missing
    assert (found["level"], found["value"]) == ("warning", None)
    mails = [each["Subject"] for each in world.peers.mails("data-ops@example.com")]
    assert any("not computed: warning" in each for each in mails)


def test_a_missing_export_is_an_alert_and_hides_what_it_explains(world: World) -> None:
    world.day("1", "2025-12-10")
    world.peers.forget()
    world.clock.turn("2025-12-12T04:00")
    done = world.call("alerts", "deliver", "--json")
    assert done.document["changed"] == 1
    (mail,) = world.peers.mails("data-ops@example.com")
    assert mail["Subject"] == "[Warning] Late export: cascade: warning"
    said = text(mail)
    assert "no export that speaks of 2025-12-11 has come by 2025-12-12 03:30 UTC" in said
    assert "Seen on: 12 Dec 2025" in said
    assert "data through" not in said.casefold()
    responses = world.alert("export_missing")["responses"]
    assert [(each["kind"], each["outcome"]) for each in responses] == [
        ("reingest", "the inbox is empty")
    ]
    world.clock.turn("2025-12-12T05:00")
    world.land("1", "2025-12-11")
    world.run()
    assert world.alert("export_missing")["status"] == "resolved"
    (_, came) = world.peers.mails("data-ops@example.com")
    assert came["Subject"] == "[Resolved] Late export: cascade: resolved"
    assert "data through 2025-12-11" in text(came)


FACILITY = ("warning: 4, breach: 5}", "warning: 2, breach: 3}")


def covenant(world: World) -> dict[str, Any]:
    (found,) = [
        each for each in world.alerts("--rule", "covenants") if each["member"] == "line/par_90"
    ]
    shown: dict[str, Any] = world.call("alerts", "show", found["id"], "--json").document
    return shown


def facility(world: World, on: str, *changes: tuple[str, str]) -> None:
    """Switch a facility on that is breached above 3 %."""
    folder = world.root / "config" / "facilities"
    text = (folder / "example.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("enabled: false", "enabled: true"),
        ("{on: 2025-12-31,", f"{{on: {on},"),
        FACILITY,
        *changes,
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "line.yaml").write_text(text, encoding="utf-8")


def test_a_breach_goes_to_every_channel_and_every_level_at_once(world: World) -> None:
    """R060, R095, A17: silence, maintenance and groups are nothing to it."""
    facility(world, "2025-12-14")
    world.clock.turn("2025-12-14T22:30")
    said = ("--by", "ana", "--reason", "known", "--hours", "100")
    world.call("alerts", "silence", "--rule", "covenants", *said)
    # Sunday 22:00 to 23:00 is the window of database maintenance.
    world.land("4", "2025-12-14")
    world.run()
    alert = covenant(world)
    assert alert["compliance"] is True
    steps = [(each["kind"], each["escalation"]) for each in alert["steps"]]
    assert [each for each in steps if each[0] != "noted"] == [
        ("fired", None), ("escalated", 2), ("escalated", 3)
    ]  # fmt: skip
    (fired,) = [each for each in alert["steps"] if each["kind"] == "fired"]
    channels = {each["channel"] for each in fired["told"]}
    assert channels == {"slack", "email", "sms", "notion", "webhook", "file", "inbox"}
    sent = {each["channel"]: each["status"] for each in alert["messages"]}
    assert {"slack", "email", "webhook", "file", "inbox"} <= set(sent)
    assert set(sent.values()) == {"delivered"}
    posted = [each.json()["subject"] for each in world.peers.hook.requests]
    assert len([each for each in posted if "beyond 90 days" in str(each)]) == 1
    (mail,) = [
        each for each in world.peers.mails("compliance@example.com")
        if "beyond 90 days" in each["Subject"]
    ]  # fmt: skip
    assert mail["Subject"] == (
        "[Critical] Covenant Portfolio at risk beyond 90 days (line): breach"
    )
    said_in = text(mail)
    assert "is 4.00 %; at most 3 % is agreed, headroom -1.00 %." in said_in
    assert "Breached since" in said_in
    assert "A breach ends only when somebody closes it: factory alerts close" in said_in
    (spanish,) = [
        each for each in world.peers.mails("chief-executive@example.com")
        if "90 días" in each["Subject"]
    ]  # fmt: skip
    said_es = text(spanish)
    assert "se acordó como máximo 3 %, holgura -1.00 %." in said_es
    assert "agreed" not in said_es


def test_a_breach_that_is_over_waits_for_somebody_to_close_it(world: World) -> None:
    facility(world, "2025-12-09")
    world.day("4", "2025-12-09")
    world.day("1", "2025-12-10")
    alert = covenant(world)
    assert alert["status"] == "firing"
    assert "cleared" in [each["kind"] for each in alert["steps"]]
    refused = world.call("alerts", "snooze", alert["id"], "--hours", "1", "--by", "ana")
    assert (refused.code, "compliance breach" in refused.err) == (2, True)
    closed = world.call("alerts", "close", alert["id"], "--by", "ana", "--reason", "waived")
    assert (closed.code, "closed" in closed.out) == (0, True)


def test_a_covenant_that_is_not_breached_shows_its_days_to_breach(world: World) -> None:
    facility(world, "2025-12-10", ("warning: 2, breach: 3}", "warning: 3, breach: 9}"))
    for risk, on in (("1", "2025-08-31"), ("2", "2025-09-30"), ("3", "2025-10-31")):
        world.day(risk, on)
    world.day("4", "2025-12-10")
    alert = covenant(world)
    assert alert["level"] == "warning"
    facts = world.peers.posts("#fintech-alerts") + world.peers.posts("#fintech-factory")
    assert any("Days to breach" in str(each) for each in facts)
