"""`factory schedule next` on a workspace: the shipped day, an announced window, wrong settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alert_world import Clock

Factory = Callable[..., Any]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, "2026-11-26T01:00")


def test_the_next_slot_of_each_schedule_is_listed_with_why_it_is_off(
    factory: Factory, workspace: Path, clock: Clock
) -> None:
    listed = factory(workspace, "schedule", "next")
    assert listed.code == 0
    assert "ingest          run       Thu 2026-11-26 03:00  at once  -" in listed.out
    assert "off: the executive summary is not there yet" in listed.out
    clock.turn("2026-11-26T03:00")
    first, *_ = factory(workspace, "schedule", "next", "--json").document["slots"]
    assert (first["schedule"], first["slot"]) == ("monitoring", "2026-11-26T06:00:00+00:00")
    assert (first["enabled"], first["done_at"]) == (True, "2026-11-26T06:00:00+00:00")


def test_an_announced_window_defers_what_falls_into_it(
    factory: Factory, workspace: Path, clock: Clock
) -> None:
    del clock
    said = factory(
        workspace, "alerts", "window", "scaling", "--from", "2026-11-28T02:30Z",
        "--to", "2026-11-28T04:00Z", "--by", "ana",
    )  # fmt: skip
    assert said.code == 0, said.err
    slots = factory(workspace, "schedule", "next", "--days", "3", "--json").document["slots"]
    ingest = [each for each in slots if each["schedule"] == "ingest"]
    assert [(each["slot"][:16], each["done_at"][:16], each["window"]) for each in ingest] == [
        ("2026-11-26T03:00", "2026-11-26T03:00", None),
        ("2026-11-27T03:00", "2026-11-27T03:00", None),
        ("2026-11-28T03:00", "2026-11-28T04:00", "scaling"),
    ]


def test_a_wrong_schedule_is_refused_with_its_place(
    factory: Factory, workspace: Path, edit: Callable[[str, str, str], None]
) -> None:
    edit("config/pipelines/data_orchestration.yaml", '"0 3 * * *"', '"0 3 * *"')
    for verb in (("schedule", "next"), ("check",)):
        refused = factory(workspace, *verb)
        assert refused.code == 2
        assert "data_orchestration.yaml:18:9" in refused.out + refused.err
        assert "4 fields instead of 5" in refused.out + refused.err


def test_a_cancelled_window_holds_nothing_back_any_more(
    factory: Factory, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, "2026-11-26T02:00")
    assert factory(workspace, "run", "--due", "--json").document["worked"] is None
    clock.turn("2026-11-26T02:40")
    span = ("--from", "2026-11-26T02:45Z", "--to", "2026-11-26T09:00Z")
    said = ("--by", "ana", "--override-reason", "a disk fails", "--json")
    made = factory(workspace, "alerts", "window", "disk", *span, *said).document["id"]
    (listed,) = factory(workspace, "alerts", "window", "--json").document["windows"]
    assert (listed["id"], listed["name"], listed["by"]) == (made, "disk", "ana")
    clock.turn("2026-11-26T03:00")
    assert factory(workspace, "run", "--due", "--json").document["worked"] is None
    (waits,) = factory(workspace, "runs", "list", "--json").document["waiting"]
    assert waits["due_at"].startswith("2026-11-26T09:00")

    assert factory(workspace, "alerts", "window", "--cancel", made, "--by", "ben").code == 0

    assert factory(workspace, "alerts", "window", "--json").document["windows"] == []
    worked = factory(workspace, "run", "--due", "--json").document["worked"]
    assert (worked["schedule"], worked["outcome"]) == ("ingest", "unchanged")
    told = factory(workspace, "audit", "list", "--json").document["entries"]
    (entry,) = [each for each in told if each["action"] == "window.cancelled"]
    assert (entry["actor"], entry["subject"]) == ("ben", made)
    again = factory(workspace, "alerts", "window", "--cancel", made, "--by", "ben")
    assert (again.code, "factory alerts window" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("disk", "--by", "ana"), "a beginning and an end"),
        (("--from", "2026-11-27T02:45Z", "--by", "ana"), "a name"),
        (("disk", "--cancel", "window-1", "--by", "ana"), "--by alone"),
        (("--cancel", "window-1"), "say who"),
        (("disk", "--from", "2026-11-27T02:45Z", "--to", "2026-11-27T03:45Z"), "say who"),
    ],
)
def test_half_a_window_is_refused(
    factory: Factory, workspace: Path, options: tuple[str, ...], said: str
) -> None:
    refused = factory(workspace, "alerts", "window", *options)
    assert (refused.code, said in refused.err) == (2, True), refused.err
