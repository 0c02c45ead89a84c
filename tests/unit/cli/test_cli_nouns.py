"""`factory init` and `factory check`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_init_makes_a_workspace_that_check_finds_right_but_for_files_not_yet_known(
    factory: Run, tmp_path: Path
) -> None:
    result = factory("init", tmp_path / "w", "--json")
    assert result.code == 0
    assert result.document["status"] == "created"
    assert "config/factory.yaml" in result.document["files"]
    assert "config/schemas/factory.schema.json" in result.document["files"]
    found = factory("check", "--json", "--workspace", tmp_path / "w").document["problems"]
    assert not any(problem["path"].endswith("factory.yaml") for problem in found)


def test_init_a_second_time_says_that_it_left_all_as_it_is(factory: Run, tmp_path: Path) -> None:
    factory("init", tmp_path / "w")
    result = factory("init", tmp_path / "w")
    assert result.code == 0
    assert "left as it is" not in result.err
    assert "it was left as it is" in result.out
    assert factory("--json", "init", tmp_path / "w").document["status"] == "existing"


def test_init_tells_the_next_step_unless_it_is_to_be_quiet(factory: Run, tmp_path: Path) -> None:
    assert "factory check --workspace" in factory("init", tmp_path / "a").err
    assert factory("init", tmp_path / "b", "--quiet").err == ""


def test_init_in_a_folder_of_somebody_else_is_refused(factory: Run, tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    result = factory("init", tmp_path)
    assert result.code == 2
    assert "already holds sql" in result.err


def test_check_is_content_with_right_settings(factory: Run, workspace: Path) -> None:
    result = factory("check", "--workspace", workspace)
    assert result.code == 0
    assert "1 settings files, no problem" in result.out
    assert factory("check", "--json", "--workspace", workspace).document == {
        "status": "ok",
        "files": 1,
        "problems": [],
    }


def test_check_prints_every_problem_and_exits_2(factory: Run, workspace: Path) -> None:
    settings = workspace / "config" / "factory.yaml"
    settings.write_text("currncy: {}\npolicy: 5\n", encoding="utf-8")
    result = factory("check", "--workspace", workspace)
    assert result.code == 2
    assert f"{settings}:1:1: unknown key `currncy`\n  hint: did you mean" in result.out
    assert f"{settings}:2:9: policy must be a mapping" in result.out
    document = factory("--json", "check", "--workspace", workspace).document
    assert document["status"] == "problems"
    assert [each["line"] for each in document["problems"]] == [1, 1, 2]


def test_check_takes_the_workspace_from_the_variable(
    factory: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTORY_WORKSPACE", str(workspace))
    assert factory("check").code == 0


def test_check_outside_a_workspace_names_init(
    factory: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = factory("check")
    assert result.code == 2
    assert "factory init DIR" in result.err


def test_check_writes_the_schemas(factory: Run, workspace: Path, tmp_path: Path) -> None:
    result = factory("check", "--workspace", workspace, "--schemas", tmp_path / "s")
    assert result.code == 0
    assert [each.name for each in (tmp_path / "s").iterdir()] == ["factory.schema.json"]
    assert "wrote 1 schemas" in result.err
