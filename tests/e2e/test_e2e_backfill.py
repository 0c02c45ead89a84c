"""Past days are measured anew by the service, after all that is of today, and nobody is told."""

import json
from typing import Any

from alert_world import World


def due(world: World) -> dict[str, Any] | None:
    found: dict[str, Any] | None = world.call("run", "--due", "--json").document["worked"]
    return found


def waiting(world: World) -> list[str]:
    document = world.call("runs", "list", "--json").document
    return [each["schedule"] for each in document["waiting"]]


def test_past_days_are_published_anew_and_nobody_is_told(world: World) -> None:
    """PAR 90 stands at 6 % on both days: an alert, were they told of."""
    world.day("6", "2025-12-10")
    world.peers.forget()
    world.clock.turn("2025-12-11T05:00")
    assert due(world) is None
    said = ("--from", "2025-12-08", "--to", "2025-12-09", "--reason", "new model", "--by", "ana")
    assert world.call("runs", "backfill", *said, "--json").document["work"] == [1, 2]
    # Asked for again while it waits, it is there already.
    assert world.call("runs", "backfill", *said, "--json").document["work"] == []
    for _ in range(2):
        worked = due(world)
        assert worked is not None
        assert (worked["schedule"], worked["outcome"]) == ("backfill", "published")
    assert due(world) is None
    history = world.call("kpi", "history", "par_90", "--json").document["readings"]
    assert [each["as_of"] for each in history] == ["2025-12-08", "2025-12-09", "2025-12-10"]
    assert (world.peers.mails(), world.peers.posts()) == ([], [])
    assert len(world.alerts("--all", "--rule", "par_90")) == 1
    (entry,) = [each for each in world.actions() if "work.backfill" in each]
    assert json.loads(entry)["reason"] == "new model"
    assert json.loads(entry)["actor"] == "ana"


def test_what_is_of_today_comes_first(world: World) -> None:
    world.day("1", "2025-12-10")
    world.clock.turn("2025-12-11T02:00")
    assert due(world) is None
    world.call("runs", "backfill", "--from", "2025-12-09", "--to", "2025-12-09")
    world.clock.turn("2025-12-11T03:00")
    first, second = due(world), due(world)
    assert first is not None
    assert second is not None
    assert (first["schedule"], second["schedule"]) == ("ingest", "backfill")


def test_days_outside_the_book_and_wrong_spans_are_refused(world: World) -> None:
    nothing = world.call("runs", "backfill", "--from", "2025-12-08", "--to", "2025-12-09")
    assert (nothing.code, "nothing has been published yet" in nothing.err) == (2, True)
    world.day("1", "2025-12-10")
    late = world.call("runs", "backfill", "--from", "2025-12-08", "--to", "2025-12-11")
    assert (late.code, "2025-12-10" in late.err) == (2, True)
    turned = world.call("runs", "backfill", "--from", "2025-12-09", "--to", "2025-12-08")
    assert turned.code == 2
    none = world.call(
        "runs", "backfill", "--from", "2025-12-02", "--to", "2025-12-09", "--month-ends"
    )
    assert (none.code, "no month ends" in none.err) == (2, True)
    assert waiting(world) == []
