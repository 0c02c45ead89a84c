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
