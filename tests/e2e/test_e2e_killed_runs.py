"""A run that is killed at any named point leaves everything as it was, or everything published."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from fintech_factory import faults
from fintech_factory.app.runs import Following
from fintech_factory.config.workspace import Workspace
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.logs import entries
from fintech_factory.state.store import State
from fintech_factory.state.tables import log_entry, reading, run
from fintech_factory.testing import Book

Factory = Callable[..., Any]
POINTS = ["run.before_seal", "run.sealed", "run.in_transaction", "run.committed", "run.pointed"]
COMMITTED = {"run.committed", "run.pointed"}
KILL = (
    "import os, sys\n"
    "from fintech_factory import faults\n"
    "from fintech_factory.cli import main\n"
    "kill = lambda point: point == sys.argv[1] and os.kill(os.getpid(), 9)\n"
    "with faults.watched(kill):\n"
    "    main(sys.argv[2:])\n"
)


def killed_at(point: str, root: Path) -> int:
    """Run the day in a process that is killed at a point; give how it ended."""
    command = [sys.executable, "-c", KILL, point, "run", "--workspace", str(root)]
    return subprocess.run(command, check=False, capture_output=True).returncode


def pointed(root: Path) -> str:
    return str(json.loads((root / "warehouse" / "CURRENT").read_text())["version"])


def files(root: Path) -> set[str]:
    return {path.stem for path in (root / "warehouse" / "versions").glob("*.duckdb")}


def published(state: State) -> list[str]:
    """Give the published runs, oldest first; all that speaks of a run speaks of a committed one."""
    with state.reading() as connection:
        rows = connection.execute(select(run).order_by(run.c.sequence)).all()
        read = set(connection.execute(select(reading.c.run_id)).scalars())
        bodies = connection.execute(
            select(log_entry.c.body).where(log_entry.c.log.in_(["findings", "definitions"]))
        ).scalars()
        spoken = {body.get("run_id", body.get("first_run", "")) for body in bodies} - {""}
    runs = [row.run_id for row in rows if row.status == "published"]
    assert read == set(runs)
    assert spoken <= {row.run_id for row in rows}
    assert all(row.record["run_id"] == row.run_id for row in rows)
    return runs


@pytest.fixture
def root(
    small_book: Book,
    workspace_with: Callable[[Book], Workspace],
    state_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A workspace whose operational database is of either kind."""
    made = workspace_with(small_book).root
    if not state_url.startswith("sqlite"):
        url = make_url(state_url)
        monkeypatch.setenv("STATE_PASSWORD", str(url.password))
        bare = f"postgresql://{url.username}@{url.host}:{url.port}/{url.database}"
        said = f"state:\n  url: {bare}\n  password: {{env: STATE_PASSWORD}}\n"
        path = made / "config" / "factory.yaml"
        head, _, tail = path.read_text(encoding="utf-8").partition("state:\n")
        _, _, tail = tail.partition("  password: null\n")
        path.write_text(head + said + tail, encoding="utf-8")
    return made


@pytest.fixture
def held(root: Path, state_url: str) -> Iterator[State]:
    of_file = sqlite_url(root / "state" / "factory.db")
    opened = State(of_file if state_url.startswith("sqlite") else state_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_is_killed_is_published_whole_or_not_at_all(
    factory: Factory, root: Path, held: State, small_book: Book, point: str
) -> None:
    before = factory(root, "run", "--json").document["run_id"]
    assert published(held) == [before]
    small_book.loan(500, disbursed="2025-06-15").land(Workspace(root).raw("cascade"))

    assert killed_at(point, root) == -signal.SIGKILL

    after = published(held)
    assert len(after) == (2 if point in COMMITTED else 1)
    assert pointed(root) == (after[-1] if point == "run.pointed" else before)
    outcome = factory(root, "run", "--json")
    # The source's own balances say nothing of the new loan yet.
    assert outcome.code in {0, 3}, outcome.out
    status = "unchanged" if point in COMMITTED else "published"
    assert outcome.document["status"] == status
    *_, newest = published(held)
    assert pointed(root) == newest == outcome.document["run_id"]
    assert files(root) == {before, newest}
    assert factory(root, "kpi", "show", "outstanding", "--json").document["value"] == "2500.000000"


def test_what_follows_from_a_run_fails_with_all_of_it(
    factory: Factory, root: Path, held: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try writes a row and fails; the second run finds nothing of the first."""

    def fail(_self: Following, connection: Any, result: Any) -> None:  # noqa: ANN401
        connection.execute(log_entry.insert(), {"log": "a", "body": {}})
        assert result.is_published
        raise RuntimeError("what follows fails")

    with monkeypatch.context() as patch:
        patch.setattr(Following, "__call__", fail)
        assert factory(root, "run").code == 1
    assert published(held) == []
    with held.rows() as rows:
        assert entries(rows, "a") == entries(rows, "findings") == entries(rows, "baselines") == []
    assert not (root / "warehouse" / "CURRENT").exists()
    # The last export is months old by now, which is a warning.
    assert factory(root, "run").code == 3
    assert [pointed(root)] == published(held)


def test_a_lost_pointer_is_written_again_from_the_newest_committed_run(
    factory: Factory, root: Path
) -> None:
    run_id = factory(root, "run", "--json").document["run_id"]
    pointer = root / "warehouse" / "CURRENT"
    before = json.loads(pointer.read_text())
    for damage in (pointer.unlink, lambda: pointer.write_text("{")):
        damage()
        outcome = factory(root, "run", "--json").document
        assert (outcome["status"], outcome["run_id"]) == ("unchanged", run_id)
        assert json.loads(pointer.read_text()) == before


def test_a_lost_database_takes_no_published_version_back(factory: Factory, workspace: Path) -> None:
    """The newest run that a database from a backup knows is older than what is published."""
    path, backup = workspace / "state" / "factory.db", workspace / "backup.db"
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(backup)) as copy:
        live.backup(copy)
    newest = factory(workspace, "run", "--month-ends", "--force", "--json").document["run_id"]
    for each in path.parent.glob("factory.db*"):
        each.unlink()
    backup.rename(path)
    assert factory(workspace, "findings", "list").code in {0, 3}
    assert factory(workspace, "run", "--month-ends", "--json").document["run_id"] == newest
    assert pointed(workspace) == newest
    assert newest in files(workspace)


def test_points_are_reached_in_this_order(factory: Factory, root: Path) -> None:
    reached: list[str] = []
    with faults.watched(reached.append):
        assert factory(root, "run").code == 3
    assert [point for point in reached if point.startswith("run.")] == POINTS


def test_a_process_that_was_killed_holds_no_lock(factory: Factory, root: Path) -> None:
    assert killed_at("run.in_transaction", root) == -signal.SIGKILL
    assert os.path.lexists(root / "warehouse" / ".writer.lock")
    assert factory(root, "run").code == 3


TOTAL = """control_totals:
  - name: disbursed
    table: loans
    column: disburse_principal
    expected: 1
    tolerance: 0
    stated_by: the accountant
    severity: critical
"""


def test_a_blocked_run_keeps_its_row_and_findings_together_and_no_reading(
    factory: Factory, root: Path, held: State
) -> None:
    before = factory(root, "run", "--json").document["run_id"]
    settings = root / "config" / "validation.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("control_totals: []\n", TOTAL), encoding="utf-8")

    def kept() -> tuple[list[str], int]:
        with held.reading() as connection:
            found = connection.execute(select(run.c.status).order_by(run.c.sequence)).scalars()
            statuses = list(found)
        with held.rows() as rows:
            said = [each for each in entries(rows, "findings") if "control_total" in str(each)]
        return statuses, len(said)

    assert killed_at("run.in_transaction", root) == -signal.SIGKILL
    assert kept() == (["published"], 0)
    outcome = factory(root, "run", "--json")
    assert (outcome.code, outcome.document["status"]) == (3, "blocked")
    assert kept() == (["published", "blocked"], 1)
    assert published(held) == [before]
    assert files(root) == {pointed(root)} == {before}
