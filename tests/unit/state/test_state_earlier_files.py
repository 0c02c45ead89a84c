"""What earlier releases kept in files is brought into the database once, and nothing is lost."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fintech_factory.errors import StateError
from fintech_factory.state import earlier_files
from fintech_factory.state.earlier_files import bring_in
from fintech_factory.state.logs import entries
from fintech_factory.state.runs import RunRow, runs
from fintech_factory.state.store import State
from fintech_factory.state.tables import log_entry

AT = datetime(2025, 7, 1, 12, 30, 0, 5, tzinfo=UTC)
RUN = {
    "run_id": "run-1", "at": AT.isoformat(), "status": "blocked", "batch_id": "b1",
    "as_of": "2025-06-30", "reason": "why", "findings": ["f1"],
    "expected": {"cadence": "daily", "by": "03:30:00", "quiet_days": 2},
}  # fmt: skip
HELD: dict[str, list[dict[str, object]]] = {
    "findings": [{"event": "found", "id": "f1"}, {"event": "fixed", "id": "f1"}],
    "baselines": [{"reset": {"name": "a"}}, {"baseline": {"name": "b", "mean": "1.50"}}],
    "accuracy": [{"compared": 3}],
    "definitions": [{"kpi": "par_90", "version": 1}],
    "runs": [RUN, {**RUN, "run_id": "run-2", "status": "published", "expected": None}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    for name, rows in HELD.items():
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (made / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return made


def held(state: State, log: str) -> list[dict[str, object]]:
    with state.rows() as rows:
        return entries(rows, log)


def count(state: State) -> int:
    with state.reading() as connection:
        return connection.execute(select(func.count()).select_from(log_entry)).scalar_one()


def test_every_line_of_every_file_is_in_the_database_and_the_files_stay(
    state: State, folder: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    bring_in(state, folder)
    for log in ("findings", "baselines", "accuracy", "definitions"):
        assert held(state, log) == HELD[log]
    with state.rows() as rows:
        first, second = runs(rows)
    assert first == RunRow(
        "run-1", "blocked", "", {}, "b1", date(2025, 6, 30), AT, AT,
        reason="why", findings=("f1",), expected=RUN["expected"],
    )  # fmt: skip
    assert (second.run_id, second.expected) == ("run-2", None)
    after = {path.name: path.read_bytes() for path in folder.glob("*.jsonl*")}
    assert after == {f"{name}.imported": content for name, content in before.items()}


def test_nothing_is_imported_twice_although_the_renaming_was_cut_short(
    state: State, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(earlier_files, "_put_away", lambda path: path)
        bring_in(state, folder)
    assert (folder / "findings.jsonl").exists()
    bring_in(state, folder)
    assert held(state, "findings") == HELD["findings"]
    with state.rows() as rows:
        assert len(runs(rows)) == 2
    assert not list(folder.glob("*.jsonl"))


def test_a_line_that_cannot_be_read_is_named_and_nothing_is_imported(
    state: State, folder: Path
) -> None:
    path = folder / "runs.jsonl"
    path.write_text(f'{{"a"\n{json.dumps(RUN)}\n', encoding="utf-8")
    with pytest.raises(StateError, match="the line cannot be read") as refused:
        bring_in(state, folder)
    assert refused.value.where == f"{path}:1"
    assert count(state) == 0
    assert len(list(folder.glob("*.jsonl"))) == len(HELD)


def test_a_torn_last_line_is_passed_over(state: State, folder: Path) -> None:
    with (folder / "findings.jsonl").open("ab") as file:
        file.write(b'{"event": "half a li')
    bring_in(state, folder)
    assert held(state, "findings") == HELD["findings"]


def test_a_second_file_of_that_name_keeps_the_first(state: State, folder: Path) -> None:
    """Somebody went back to the earlier release for a while."""
    bring_in(state, folder)
    (folder / "accuracy.jsonl").write_text('{"compared": 4}\n', encoding="utf-8")
    (renamed,) = bring_in(state, folder)
    assert renamed.name == "accuracy.jsonl.imported-2"
    assert held(state, "accuracy") == [{"compared": 3}, {"compared": 4}]


def test_two_processes_that_import_at_once_import_once(state: State, folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from fintech_factory.state.earlier_files import bring_in\n"
        "from fintech_factory.state.store import State\n"
        "bring_in(State(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", code, state.url, str(folder)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(each.communicate()[1], each.returncode) for each in both] == [("", 0)] * 2
    assert held(state, "findings") == HELD["findings"]
    assert not list(folder.glob("*.jsonl"))


def test_a_folder_without_such_files_opens_no_database(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path / 'factory.db'}")
    assert bring_in(state, tmp_path) == []
    assert not state.path.exists()
