"""`factory metrics` after a day: every figure follows from what the day was."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alert_world import World
from e2e_validated import Table

from fintech_factory.app import Factory as Ready
from fintech_factory.config.workspace import Workspace
from peers.faults import Answer
from told_rows import add

Factory = Callable[..., Any]
HOUR = 3600


def measured(root: Path, factory: Factory) -> dict[str, dict[tuple[str, ...], float]]:
    document = factory(root, "metrics", "--json").document
    return {
        each["name"].removeprefix("factory_"): {
            tuple(sample["labels"].values()): sample["value"] for sample in each["samples"]
        }
        for each in document["measures"]
    }


def test_a_day_is_measured(world: World) -> None:
    """The book of 10 December is run at 03:00 on the 11th, and looked at three hours later."""
    world.day("6", "2025-12-10")
    world.clock.turn("2025-12-11T06:00")
    found = measured(world.root, world.factory)
    assert found["runs_total"] == {("manual", "published"): 1}
    assert 6 * HOUR <= found["data_age_seconds"][()] < 6 * HOUR + 60
    assert 3 * HOUR - 120 < found["published_age_seconds"][()] <= 3 * HOUR
    assert 3 * HOUR - 120 < found["export_age_seconds"][()] <= 3 * HOUR + 1
    live = world.alerts()
    assert sum(found["alerts_open"].values()) == len(live) > 0
    assert found["alert_latency_missed"] == {(): 0}
    assert 0 < found["alert_latency_seconds"]["0.99",] < 60
    assert found["delivery_attempts_total"]["slack", "accepted"] == len(world.peers.posts())
    assert found["audit_checkpoint_sequence"] == found["audit_sequence"]
    assert found["findings_open"]["critical",] == 0
    assert set(found["quarantined_rows"].values()) == {0}


def test_a_channel_that_is_down_shows_in_the_outbox_and_then_among_dead_letters(
    world: World,
) -> None:
    world.peers.slack.otherwise = lambda _: Answer(503, headers={"Retry-After": "600"})
    world.day("6", "2025-12-10")
    world.clock.on(minutes=20)
    found = measured(world.root, world.factory)
    waiting = found["outbox_messages"]["waiting",]
    assert waiting > 0
    assert 9 * 60 < found["outbox_oldest_due_age_seconds"][()] < 11 * 60
    world.clock.on(minutes=40)
    world.call("alerts", "deliver")
    found = measured(world.root, world.factory)
    # What waits now tells of that.
    assert found["outbox_oldest_due_age_seconds"][()] < 60
    assert found["dead_letters"]["slack", "dead"] == waiting
    assert found["dead_letters"]["email", "dead"] == 0


def test_rows_set_aside_are_those_of_the_last_export(
    root: Path, factory: Factory, changed: Callable[..., Path]
) -> None:
    before = measured(root, factory)["quarantined_rows"]
    assert set(before.values()) == {0}
    landed = factory(root, "ingest", "cascade", changed("transactions", _spoiled), "--json")
    rows = {each["table"]: each["quarantined"] for each in landed.document["files"]}
    after = measured(root, factory)["quarantined_rows"]
    assert {table: after["cascade", table] for table in rows} == rows
    assert sum(after.values()) > 0


def _spoiled(rows: Table) -> Table:
    return [dict.fromkeys(each, "?") for each in rows[:2]] + rows[2:]


def test_the_text_and_the_json_say_the_same_and_a_new_workspace_says_little(
    tmp_path: Path, factory: Factory, workspace: Path
) -> None:
    text = factory(workspace, "metrics").out
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    document = factory(workspace, "metrics", "--json").document
    assert {each["name"] for each in document["measures"]} == names
    findings = factory(workspace, "findings", "list", "--json").document["findings"]
    states = [(each["severity"], each["state"]) for each in findings]
    assert ("warning", "accepted") in states
    counted = measured(workspace, factory)["findings_open"]
    assert counted["warning",] == states.count(("warning", "open"))
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    factory(tmp_path / "new", "init", tmp_path / "new")
    young = measured(tmp_path / "new", factory)
    assert "data_age_seconds" not in young
    assert "runs_total" not in young
    assert young["runs_running"] == {(): 0}


def objectives(world: World) -> dict[str, dict[str, Any]]:
    found = world.call("slo", "--json")
    stands = {each["objective"]: each for each in found.document["objectives"]}
    missed = any(each["status"] == "missed" for each in stands.values())
    assert found.code == (3 if missed else 0)
    return stands


def test_objectives_stand_by_the_records_and_an_export_that_is_late_uses_the_budget(
    world: World,
) -> None:
    """Version 1 at 03:00 on the 11th; the next export never comes: late from 06:30 on the 12th."""
    assert {each["status"] for each in objectives(world).values()} == {"unknown"}
    world.day("6", "2025-12-10")
    found = objectives(world)
    # Nobody serves: of uptime nothing is known.
    unknown = {name for name, each in found.items() if each["status"] == "unknown"}
    assert unknown == {"uptime", "uptime_raw"}
    known = {name: each for name, each in found.items() if name not in unknown}
    assert {(each["status"], each["ratio"]) for each in known.values()} == {("met", "1")}
    assert found["arrival_to_alert"]["of"] != "0"
    world.clock.turn("2025-12-12T09:30")
    late = objectives(world)["freshness"]
    assert late["status"] == "missed"
    assert 0.89 < float(late["ratio"]) < 0.91
    assert 12 < float(late["burn"]["1d"]) < 13
    shown = world.call("slo")
    assert "missed" in shown.out
    measures = measured(world.root, world.factory)
    assert measures["slo_ratio"]["freshness",] < 0.91
    assert measures["slo_burn_rate"]["freshness", "1d"] > 12
    assert measures["slo_target_ratio"]["run_success",] == 0.99


def test_uptime_spares_what_was_down_in_a_window_and_its_raw_figure_does_not(
    world: World,
) -> None:
    """The database's window is on Sundays, 22:00 to 23:00; of four hours one was down, in it."""
    ready = Ready(Workspace(world.root))
    with ready.state.transaction() as connection:
        for begun, ended in (("20", "22"), ("23", "23:59:59")):
            first, last = (
                datetime.fromisoformat(f"2025-12-14T{each}").replace(tzinfo=UTC)
                for each in (begun, ended)
            )
            add(connection, "heartbeat", owner="p", started_at=first, seen_at=last,
                ended_at=last)  # fmt: skip
    ready.close()
    world.clock.turn("2025-12-14T23:59:59")
    found = objectives(world)
    assert 0.999 < float(found["uptime"]["ratio"]) <= 1
    assert 0.74 < float(found["uptime_raw"]["ratio"]) < 0.76
    assert (found["uptime"]["status"], found["uptime_raw"]["status"]) == ("met", "missed")
