"""How long people waited for an alert, from the export's arrival to the first receipt (R100)."""

from datetime import timedelta
from typing import Any

import pytest
from alert_world import World, answers

from peers.faults import Answer


def latency(world: World) -> dict[str, Any]:
    found: dict[str, object] = world.call("alerts", "history", "--json").document["times"][
        "latency"
    ]
    return found


def test_the_way_of_an_alert_is_shown_and_summed_up(world: World) -> None:
    world.day("6", "2025-12-10")
    way = world.alert("par_90")["latency"]
    assert way["arrived_at"] < way["committed_at"] <= way["fired_at"] < way["received_at"]
    assert 0 < way["seconds"] < 60
    assert way["reason"] is None
    shown = world.call("alerts", "show", world.alert("par_90")["id"])
    assert f"to the first receipt: {way['seconds']:.1f} s, by {way['received_by']}" in shown.out
    assert way["received_by"] in {"slack", "email"}
    summed = latency(world)
    assert (summed["missed"], summed["promised_seconds"]) == (0, 300)
    assert summed["received"] == summed["caused_by_an_arrival"] > 0
    assert "missed 300 s" in world.call("alerts", "history").out
    # The next day only PAR 90 goes up a step, and that is told at once as well.
    world.day("9", "2025-12-11")
    assert latency(world)["received"] == summed["received"] + 1


def test_a_peer_that_is_down_past_five_minutes_is_a_missed_promise(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was collected, which Slack alone is told of; the inbox is nobody outside."""
    monkeypatch.setattr("fintech_factory.app.runs._PATIENCE", timedelta())
    world.peers.slack.otherwise = lambda _: Answer(status=503)
    world.clock.turn("2025-12-11T03:00")
    world.land("1", "2025-12-10", repaid="0.4")
    world.run()
    waiting = world.alert("collection_rate")["latency"]
    assert (waiting["received_at"], waiting["seconds"]) == (None, None)
    assert waiting["reason"] == "no channel has accepted it yet"
    assert latency(world)["missed"] == 0
    world.clock.on(minutes=6)
    assert (latency(world)["missed"], latency(world)["max_seconds"]) == (1, None)
    world.peers.slack.otherwise = answers
    world.call("alerts", "deliver")
    found = latency(world)
    assert (found["missed"], found["received"]) == (1, 1)
    assert found["max_seconds"] == world.alert("collection_rate")["latency"]["seconds"] > 360


def test_an_alert_of_the_clock_has_no_arrival(world: World) -> None:
    world.day("1", "2025-12-10")
    world.clock.turn("2025-12-12T04:00")
    world.call("alerts", "deliver")
    way = world.alert("export_missing")["latency"]
    assert (way["arrived_at"], way["seconds"]) == (None, None)
    assert way["reason"] == "no run caused it"
    assert way["received_at"] is not None
    shown = world.call("alerts", "show", world.alert("export_missing")["id"])
    assert "unavailable: no run caused it" in shown.out
    gates = world.gates("export_missing", "--no-probe")
    assert gates["computed"]["said"] == "cascade as of 2025-12-12"
    assert gates["condition"]["passed"] is True


def late(world: World) -> dict[str, Any]:
    return world.alert("alert_latency")


def test_a_missed_five_minutes_is_itself_an_alert_until_nothing_late_is_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack is down past 300 s; operations hear of it by mail, and once more when it is over."""
    monkeypatch.setattr("fintech_factory.app.runs._PATIENCE", timedelta())
    world.peers.slack.otherwise = lambda _: Answer(status=503)
    world.clock.turn("2025-12-11T03:00")
    world.land("1", "2025-12-10", repaid="0.4")
    world.run()
    world.clock.turn("2025-12-11T03:04:30")
    world.call("alerts", "deliver")
    assert world.alerts("--all", "--rule", "alert_latency") == []
    world.clock.turn("2025-12-11T03:05:01")
    world.call("alerts", "deliver")
    found = late(world)
    assert (found["status"], found["level"], found["run_id"]) == ("firing", "warning", None)
    assert found["reason"].startswith(
        "collection_rate has no receipt from outside since its export arrived at 2025-12-11 03:00:0"
    )
    (mail,) = world.peers.mails("data-ops@example.com")
    assert mail["Subject"] == f"[Warning] Late alerts of {found['member']}: warning"
    gates = world.gates("alert_latency", "--no-probe")
    assert gates["computed"]["said"] == f"{found['member']} as of 2025-12-11"
    assert gates["condition"]["said"] == f"warning: {found['reason']}"
    assert "operations" in gates["routed"]["said"]
    world.peers.slack.otherwise = answers
    world.clock.turn("2025-12-11T03:15")
    world.call("alerts", "deliver")
    world.call("alerts", "deliver")
    way = world.alert("collection_rate")["latency"]
    assert late(world)["reason"] == (
        f"collection_rate was received by slack {way['seconds']:.1f} s after its export arrived,"
        f" {way['seconds'] - 300:.1f} s past the limit of 300 s"
    )
    assert len(late(world)["steps"]) == 1
    world.day("1", "2025-12-11")
    world.call("alerts", "deliver")
    found = late(world)
    assert (found["status"], found["reason"]) == (
        "resolved", "no alert that came late is open any more"
    )  # fmt: skip
    mails = [each["Subject"] for each in world.peers.mails("data-ops@example.com")]
    assert mails[-1] == f"[Resolved] Late alerts of {found['member']}: resolved"


def test_what_is_received_in_time_is_judged_once_and_is_no_alert(world: World) -> None:
    world.day("6", "2025-12-10")
    world.clock.on(minutes=6)
    world.call("alerts", "deliver")
    assert world.alerts("--all", "--rule", "alert_latency") == []
    gate = world.gates("alert_latency", "--no-probe")["condition"]
    assert (gate["passed"], gate["said"]) == (
        False, "ok: every alert was received within 300 s of the arrival"
    )  # fmt: skip
