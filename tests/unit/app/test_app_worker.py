"""One run at a time, each in a process of its own; what does not go well is seen and told."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select

from fintech_factory.app import worker as module
from fintech_factory.app.child import Child, Ended
from fintech_factory.app.factory import Factory
from fintech_factory.app.live import Live
from fintech_factory.app.worker import Worker
from fintech_factory.config.workspace import Workspace
from fintech_factory.pipeline.schedule import Work
from fintech_factory.pipeline.slot import Cause
from fintech_factory.pipeline.slot_store import Asked, put_down
from fintech_factory.state.tables import metadata

alert = metadata.tables["alert"]


@dataclass
class Scripted:
    """Stands for a child: it is at work until `end` says how it ended."""

    pid: int = 1
    lasts_s: float = 0.0
    owner: str = "host boot 1 2"
    end: Ended | None = None
    heard: list[str] = field(default_factory=list)
    hears: bool = True

    def ended(self) -> Ended | None:
        return self.end

    def ask_to_stop(self) -> None:
        self.heard.append("stop")

    def kill(self) -> None:
        self.heard.append("kill")
        self.end = Ended(-9)

    def wait(self, _seconds: float) -> bool:
        return self.hears


@dataclass
class Stage:
    worker: Worker
    begun: list[Scripted]

    @property
    def factory(self) -> Factory:
        return self.worker.live.opened

    def ask(self, name: str = "a") -> None:
        """Put work down."""
        now = self.factory.clock.now()
        with self.factory.state.transaction() as connection:
            put_down(connection, [Asked("arrival", name, Work.RUN, Cause.ARRIVAL, now)], now)

    def told(self) -> int:
        with self.factory.state.reading() as connection:
            wanted = select(alert.c.alert_id).where(alert.c.rule == "pipeline_failed")
            return len(connection.execute(wanted).all())


@pytest.fixture
def stage(empty_workspace: Path, tmp_path: Path) -> Iterator[Stage]:
    root = tmp_path / "workspace"
    shutil.copytree(empty_workspace, root)
    begun: list[Scripted] = []

    def start(_factory: Factory) -> Child:
        begun.append(Scripted())
        return cast("Child", begun[-1])

    live = Live(Factory(Workspace(root)))
    yield Stage(Worker(live, 60.0, start), begun)
    live.close()


def test_nothing_is_begun_while_nothing_is_due(stage: Stage) -> None:
    stage.worker.round()
    assert stage.begun == []


def test_one_child_is_begun_and_no_other_beside_it(stage: Stage) -> None:
    stage.ask()
    stage.worker.round()
    stage.worker.round()
    assert len(stage.begun) == 1


def test_the_next_is_begun_at_once_where_the_last_has_worked(stage: Stage) -> None:
    stage.ask()
    stage.worker.round()
    stage.begun[0].end = Ended(0, {"worked": {"outcome": "published"}})
    stage.worker.round()
    assert len(stage.begun) == 2
    assert stage.told() == 0


@pytest.mark.parametrize("document", [None, {"worked": None}])
def test_the_next_waits_where_the_last_has_found_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, document: object
) -> None:
    stage.ask()
    stage.worker.round()
    stage.begun[0].end = Ended(0, document)
    stage.worker.round()
    assert len(stage.begun) == 1
    later = time.monotonic() + module._PAUSE
    monkeypatch.setattr(module.time, "monotonic", lambda: later)
    stage.worker.round()
    assert len(stage.begun) == 2
    assert stage.told() == 0


def test_what_could_not_be_begun_is_told_once_for_the_same_reason(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    said: list[str] = []
    monkeypatch.setattr(type(stage.factory.alerts), "failed", lambda *a: said.append(a[2]))
    stage.ask()
    for _ in range(3):
        stage.worker.round()
        stage.begun[-1].end = Ended(2, {"error": {"what": "no kpis", "problems": []}})
    stage.worker.round()
    assert said == ["what is due could not be begun: no kpis"]
    stage.begun[-1].end = Ended(1, {"error": {"what": "no disk", "problems": []}})
    stage.worker.round()
    assert said[1:] == ["what is due could not be begun: no disk"]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        pytest.param(Ended(-9), "it ended with -9", id="killed"),
        pytest.param(
            Ended(1, {"error": {"what": "the database is away", "problems": []}}),
            "the database is away",
            id="outage",
        ),
    ],
)
def test_what_passes_by_itself_is_told_the_third_time_in_a_row(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, end: Ended, reason: str
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    said: list[str] = []
    monkeypatch.setattr(type(stage.factory.alerts), "failed", lambda *a: said.append(a[2]))
    stage.ask()
    worked = Ended(3, {"worked": {"outcome": "published"}})
    for each in (end, end, worked, end, end):
        stage.worker.round()
        stage.begun[-1].end = each
    stage.worker.round()
    assert said == []
    stage.begun[-1].end = end
    stage.worker.round()
    assert said == [f"what is due could not be begun: {reason}"]


def test_one_that_hangs_is_killed_and_a_slow_one_is_not(stage: Stage) -> None:
    stage.ask()
    stage.worker.round()
    stage.begun[0].lasts_s = 60.0
    stage.worker.round()
    assert stage.begun[0].heard == []
    stage.begun[0].lasts_s = 60.1
    stage.worker.round()
    assert stage.begun[0].heard == ["kill"]


def test_nobody_is_asked_to_stop_where_nothing_is_under_way(stage: Stage) -> None:
    stage.worker.stop(1.0)


@pytest.mark.parametrize("hears", [True, False])
def test_a_child_is_asked_first_and_killed_only_if_it_does_not_hear(
    stage: Stage, *, hears: bool
) -> None:
    stage.ask()
    stage.worker.round()
    stage.begun[0].hears = hears
    stage.worker.stop(0.0)
    assert stage.begun[0].heard == (["stop"] if hears else ["stop", "kill"])


def test_a_child_that_was_stopped_amid_a_write_is_ended_before_anything_is_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the database: whoever wrote first would wait for it, and it for nobody."""
    stage.ask()
    stage.worker.round()
    child = stage.begun[0]
    child.hears = False
    with closing(sqlite3.connect(stage.factory.workspace.state / "factory.db")) as held:
        held.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(child, "kill", held.rollback)
        began = time.monotonic()
        stage.worker.stop(0.0)
    assert time.monotonic() - began < 10
