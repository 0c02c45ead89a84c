"""The day keeps itself going: a real process, real exports, real signals."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import Served, serving, until

from fintech_factory.book import BookPlan, generate

pytestmark = pytest.mark.xdist_group("serve")

Factory = Callable[..., Any]
Arrive = Callable[[str], None]


@pytest.fixture
def root(empty_workspace: Path, tmp_path: Path) -> Path:
    made = tmp_path / "workspace"
    shutil.copytree(empty_workspace, made)
    orchestration = made / "config" / "pipelines" / "data_orchestration.yaml"
    text = orchestration.read_text().replace("settle_seconds: 2,", "settle_seconds: 0.3,")
    orchestration.write_text(text)
    return made


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two exports of a small book: the second one is of another day."""
    folder = tmp_path_factory.mktemp("exports")
    for seed, name in enumerate(("first", "second"), 1):
        generate(BookPlan(loans=40, months=3, seed=seed), folder / name)
    return {each.name: each for each in folder.iterdir()}


@pytest.fixture
def arrive(root: Path, exports: dict[str, Path]) -> Callable[[str], None]:
    """Let an export arrive, file by file, as a copy brings it."""
    return lambda name: shutil.copytree(exports[name], root / "inbox" / name) and None


def rows(root: Path, sql: str) -> list[tuple[Any, ...]]:
    path = root / "state" / "factory.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def slots(root: Path) -> list[tuple[Any, ...]]:
    """Give what arrived: how it stands, what came of it, and at which try."""
    sql = "SELECT status, outcome, attempts FROM slot WHERE schedule = 'arrival' ORDER BY sequence"
    return rows(root, sql)


def tries(root: Path) -> list[str]:
    return [status for (status,) in rows(root, "SELECT status FROM run_attempt ORDER BY sequence")]


def test_the_log_of_the_service_and_of_its_runs_goes_to_stderr_and_is_kept(
    root: Path, arrive: Arrive, tmp_path: Path
) -> None:
    """The run is a process of its own: its lines come the same way, and none is torn."""
    log = tmp_path / "stderr"
    with serving(root, log, FACTORY_LOG="json") as served:
        arrive("first")
        until(lambda: slots(root) == [("done", "published", 1)], "the run")
        until(lambda: "run published" in log.read_text(), "its last words")
        answer = httpx.get(f"{served.address}/metrics", timeout=10)
        assert served.stop() == 0
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'factory_runs_total{cause="arrival",outcome="published"} 1\n' in answer.text
    (kept,) = (root / "outputs" / "logs").iterdir()
    for path in (log, kept):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        said = [each["message"] for each in lines]
        assert said[0] in {"service started", "child started"}
        assert said[-1] == "service ended"
        assert {"child started", "slot taken", "run published", "slot done"} <= set(said)
        labels = "logging.googleapis.com/labels"
        assert len({each[labels]["process"] for each in lines}) == 2


def test_what_arrives_is_published_and_told_by_the_health_page(root: Path, arrive: Arrive) -> None:
    with serving(root) as served:
        assert served.ask("/health/live") == (200, {"alive": True})
        until(lambda: served.ask("/health/ready")[0] == 200, "ready")
        _, health = served.ask("/health/ready")
        assert (health["ready"], health["problems"]) == (True, [])
        assert set(health["loops"]) == {"work", "delivery", "pulse"}
        arrive("first")
        until(lambda: slots(root) == [("done", "published", 1)], "the run")
        assert served.stop() == 0
    assert tries(root) == ["published"]
    ((owner, ended),) = rows(root, "SELECT owner, ended_at FROM heartbeat")
    assert str(served.process.pid) in owner
    assert ended is not None


def test_whatever_is_killed_the_run_is_done_within_seconds(root: Path, arrive: Arrive) -> None:
    """First the run's process, then that of its next try together with the one that serves."""
    with serving(root) as served:
        arrive("first")
        kill_a_run(served, 1)
        kill_a_run(served, 2)
        served.stop(signal.SIGKILL)
    with serving(root) as other:
        until(lambda: slots(root) == [("done", "published", 3)], "the third try")
        assert other.stop() == 0
    assert tries(root) == ["lost", "lost", "published"]
    assert rows(root, "SELECT count(*) FROM heartbeat WHERE ended_at IS NULL") == [(1,)]


def kill_a_run(served: Served, number: int) -> None:
    """Kill the process of a run's try once it has begun a step."""
    sql = "SELECT run_attempt.number FROM run_step JOIN run_attempt USING (run_id)"
    until(lambda: (number,) in rows(served.root, sql), "a step")
    os.kill(served.child(), signal.SIGKILL)


def test_who_is_asked_to_end_hands_its_run_over(root: Path, arrive: Arrive) -> None:
    """That is no failed try: the next process begins it for the first time again."""
    with serving(root) as served:
        arrive("first")
        until(lambda: rows(root, "SELECT 1 FROM run_step"), "a step")
        assert served.stop() == 0
    (found,) = slots(root)
    # It may just have come to its end.
    assert found in {("waiting", "", 0), ("done", "published", 1)}
    with serving(root) as other:
        until(lambda: slots(root) == [("done", "published", 1)], "the run")
        assert other.stop(signal.SIGINT) == 0


def test_a_run_that_hears_nothing_is_handed_over_and_killed(root: Path, arrive: Arrive) -> None:
    """One that is stopped by somebody hears no signal; the process ends all the same."""
    edit = root / "config" / "factory.yaml"
    edit.write_text(edit.read_text().replace("stop_within_s: 10", "stop_within_s: 3"))
    with serving(root) as served:
        arrive("first")
        until(lambda: rows(root, "SELECT 1 FROM run_step"), "a step")
        child = served.child()
        os.kill(child, signal.SIGSTOP)
        assert served.stop() == 0
    assert not Path(f"/proc/{child}").exists()
    assert slots(root) == [("waiting", "", 0)]
    assert tries(root) == ["lost"]


def test_two_processes_on_one_workspace_do_everything_once(root: Path, arrive: Arrive) -> None:
    with serving(root) as one, serving(root) as two:
        arrive("first")
        until(lambda: slots(root) == [("done", "published", 1)], "the first run")
        arrive("second")
        until(lambda: slots(root) == [("done", "published", 1)] * 2, "the second run")
        assert (one.stop(), two.stop()) == (0, 0)
    assert [each for each in tries(root) if each != "unchanged"] == ["published"] * 2


def test_broken_settings_hold_the_work_up_and_somebody_is_told(root: Path, arrive: Arrive) -> None:
    definitions = root / "config" / "pipelines" / "data_orchestration.yaml"
    good = definitions.read_text()
    with serving(root) as served:
        until(lambda: served.ask("/health/ready")[0] == 200, "ready")
        definitions.write_text(f"{good}nonsense: 1\n")
        until(lambda: served.ask("/health/ready")[1]["problems"], "the problem")
        status, health = served.ask("/health/ready")
        assert (status, len(health["problems"])) == (200, 1)
        assert "unknown key `nonsense`" in health["problems"][0]
        arrive("first")
        until(lambda: told(root), "the alert")
        assert slots(root) == [("waiting", "", 0)]
        definitions.write_text(good)
        until(lambda: slots(root) == [("done", "published", 1)], "the run")
        assert served.ask("/health/ready")[1]["problems"] == []


def told(root: Path) -> list[tuple[Any, ...]]:
    return rows(root, "SELECT 1 FROM alert WHERE rule = 'pipeline_failed'")


def test_a_port_that_is_taken_is_named(root: Path, factory: Factory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = factory(root, "serve", "--port", port)
    assert outcome.code == 2
    assert f"127.0.0.1:{port}" in outcome.err
    assert "--port 0" in outcome.err


def test_settings_that_are_wrong_from_the_beginning_stop_it_at_once(root: Path) -> None:
    path = root / "config" / "alerts.yaml"
    path.write_text(path.read_text().replace("rules:", "rulez:", 1))
    command = [sys.executable, "-m", "fintech_factory", "serve", "--port", "0"]
    done = subprocess.run(
        [*command, "--workspace", str(root)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "rulez" in done.stderr


def test_who_started_it_is_told_when_it_is_ready_and_when_it_stops(
    root: Path, tmp_path: Path
) -> None:
    """The protocol of systemd's Type=notify, over a real socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(30)
        with serving(root, NOTIFY_SOCKET=str(tmp_path / "notify")) as served:
            assert {heard.recv(100), heard.recv(100)} == {b"READY=1", b"WATCHDOG=1"}
            served.stop()
            assert heard.recv(100) == b"STOPPING=1"
