"""A command of ours in a process of its own: what it says, and how it is ended."""

import shutil
import time
from pathlib import Path

import pytest

from fintech_factory.app.child import Child, Ended
from fintech_factory.pipeline.owner import is_gone


def until_ended(child: Child) -> Ended:
    assert child.wait(30)
    ended = child.ended()
    assert ended is not None
    return ended


@pytest.fixture
def root(empty_workspace: Path, tmp_path: Path) -> Path:
    made = tmp_path / "workspace"
    shutil.copytree(empty_workspace, made)
    return made


def test_its_document_is_read(root: Path) -> None:
    child = Child(("schedule", "next"), root)
    assert not is_gone(child.owner)
    ended = until_ended(child)
    assert ended.code == 0
    assert {each["schedule"] for each in ended.document["slots"]} >= {"ingest"}
    assert ended.worked is None
    assert is_gone(child.owner)


def test_why_it_could_not_begin_is_read_in_one_line(tmp_path: Path) -> None:
    ended = until_ended(Child(("run", "--due"), tmp_path))
    assert ended.code == 2
    assert "workspace" in ended.reason
    assert "\n" not in ended.reason


@pytest.mark.parametrize("document", [None, [], {"worked": None}, {"worked": "no"}])
def test_what_says_nothing_of_work_has_not_worked(document: object) -> None:
    assert Ended(0, document).worked is None


def test_places_of_wrong_settings_come_first() -> None:
    problem = {"path": "a.yaml", "line": 3, "column": 1, "message": "unknown key `x`", "hint": "h"}
    said = {"error": {"what": "settings are wrong", "problems": [problem] * 5}}
    assert Ended(2, said).reason == "; ".join(["a.yaml:3: unknown key `x`"] * 3)


def test_one_that_does_not_end_is_killed_with_all_it_has_begun(root: Path) -> None:
    child = Child(("serve", "--port", "0"), root)
    begun = time.monotonic()
    assert not child.wait(0.05)
    assert child.ended() is None
    assert child.lasts_s >= 0.05
    child.kill()
    ended = child.ended()
    assert ended is not None
    assert ended.code == -9
    assert time.monotonic() - begun < 5
