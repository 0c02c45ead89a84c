"""A whole day on the reference tape, by the clock, against real servers of mail and Slack."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from alert_world import World

from fintech_factory.reporting.department import DEPARTMENTS

# The tape ends on 10 December 2025; its export is due in the night after.
NIGHT = "2025-12-11"


def due(world: World, clock: str) -> list[tuple[str, str]]:
    """Do what is due at an hour as the service does; give what it was and what came of it."""
    world.clock.turn(f"{NIGHT}T{clock}")
    done: list[tuple[str, str]] = []
    while (worked := world.call("run", "--due", "--json").document["worked"]) is not None:
        done.append((worked["schedule"], worked["outcome"]))
    world.call("alerts", "deliver")
    return done


@pytest.fixture
def arrived(world: World, tape: Path) -> World:
    """The schedules have been seen in the evening; the export lies in the inbox since 02:40."""
    world.clock.turn("2025-12-10T20:00")
    world.call("run", "--due")
    shutil.copytree(tape, world.root / "inbox" / "export")
    return world


def _is_daily(subject: str) -> bool:
    return "daily, " in subject or "informe diario, " in subject


def test_the_day_runs_itself_and_everybody_is_told(arrived: World) -> None:
    world = arrived
    assert due(world, "02:45") == [("arrival", "published")]
    par: Any = world.call("kpi", "show", "par_90", "--json").document
    assert (par["as_of"], par["status"]) == ("2025-12-10", "ok")
    assert due(world, "03:00") == [("ingest", "unchanged")]
    world.peers.forget()
    assert due(world, "06:00") == [("monitoring", "done")]
    for clock in ("06:20", "06:25"):
        assert due(world, clock) == [("tell_again", "done")]
    assert due(world, "06:31") == [("told_by", "done")]
    history = world.call("reports", "history", "daily", "--json")
    recipients = history.document["recipients"]
    assert history.code == 0, history.out
    assert {each["department"] for each in recipients} == set(DEPARTMENTS)
    assert {(each["kind"], each["late"]) for each in recipients} == {("figures", False)}
    daily = [mail for mail in world.peers.mails() if _is_daily(str(mail["Subject"]))]
    assert len(daily) == len([each for each in recipients if each["channel"] == "email"])
    assert world.call("audit", "verify").code == 0
    assert world.call("slo").code in {0, 3}
    logged = world.call("runs", "logs", "last", "--json")
    assert logged.code == 0
    snapshot = next((world.root / "outputs" / "snapshots").glob("2025-12-11*"))
    assert snapshot.stat().st_mode & 0o222 == 0


def test_a_day_without_the_export_says_so_by_the_same_hour(world: World) -> None:
    world.clock.turn("2025-12-10T20:00")
    world.call("run", "--due")
    world.land("1", "2025-12-08")
    world.run()
    world.peers.forget()
    due(world, "03:00")
    due(world, "03:31")
    assert [each["rule"] for each in world.alerts("--rule", "export_missing")] == ["export_missing"]
    due(world, "06:00")
    due(world, "06:20")
    due(world, "06:31")
    recipients = world.call("reports", "history", "daily", "--json").document["recipients"]
    assert {(each["kind"], each["late"]) for each in recipients} == {("no_data", False)}
