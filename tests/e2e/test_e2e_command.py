"""The contract of the command line: exit codes, options anywhere, one document on stdout."""

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fintech_factory.cli import main
from fintech_factory.state.address import sqlite_url
from fintech_factory.state.logs import append, entries
from fintech_factory.state.revision import newest
from fintech_factory.state.store import State

Factory = Callable[..., Any]
COMMAND = str(Path(sys.executable).with_name("factory"))
READING = [
    ["kpi", "list"],
    ["kpi", "show"],
    ["kpi", "show", "par_90"],
    ["kpi", "history", "par_90"],
    ["kpi", "explain", "par_90"],
    ["reconcile"],
    ["warehouse", "check"],
    ["run", "--month-ends"],
]


def run(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_json_is_one_document_on_stdout_and_nothing_else(
    factory: Factory, published: Path, command: list[str]
) -> None:
    outcome = factory(published, *command, "--json")
    assert outcome.code == 0, outcome.out
    assert isinstance(json.loads(outcome.out), dict)
    assert outcome.err == ""


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_no_float_stands_where_an_amount_is_meant(
    factory: Factory, published: Path, command: list[str]
) -> None:
    floats: list[str] = []
    document = factory(published, *command, "--json").out
    json.loads(document, parse_float=lambda text: floats.append(text) or text)
    assert floats == [] or command[0] == "run"  # a run's only fractions are seconds


def test_options_stand_before_or_after_the_noun(published: Path) -> None:
    options = ["--workspace", str(published), "--json"]
    calls = [
        [*options, "kpi", "show", "par_90"],
        ["kpi", *options, "show", "par_90"],
        ["kpi", "show", "par_90", *options],
        ["--json", "kpi", "show", "par_90", "--workspace", str(published)],
    ]
    said = [CliRunner().invoke(main, call) for call in calls]
    assert [each.exit_code for each in said] == [0, 0, 0, 0]
    assert len({each.stdout for each in said}) == 1


def test_the_workspace_may_be_named_by_the_environment(published: Path) -> None:
    outcome = run("kpi", "show", "par_90", "--json", FACTORY_WORKSPACE=str(published))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout)["value"] == "75"


def error_of(outcome: Any) -> dict[str, Any]:  # noqa: ANN401 - an outcome of the conftest
    error: dict[str, Any] = outcome.document["error"]
    return error


def test_a_kpi_that_does_not_exist_is_a_wrong_call_with_the_nearest_name(
    factory: Factory, published: Path
) -> None:
    for verb in ("show", "history", "explain"):
        outcome = factory(published, "kpi", verb, "par_9", "--json")
        assert outcome.code == 2
        error = error_of(outcome)
        assert "par_9" in error["what"]
        assert "par_90" in error["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--as-of", "2025-06-30", "--month-ends"],
        ["run", "--as-of", "30.06.2025"],
        ["kpi", "show", "par_90", "--as-of", "2025-02-30"],
        ["kpi", "shw"],
        ["kpi", "history"],
        ["reconcile", "--as-off", "2025-06-30"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_exit_2_and_says_so_in_json(
    factory: Factory, published: Path, arguments: list[str]
) -> None:
    outcome = factory(published, *arguments, "--json")
    assert outcome.code == 2
    assert error_of(outcome)["type"] == "UsageError"


def test_a_folder_that_is_no_workspace_is_a_wrong_call(factory: Factory, tmp_path: Path) -> None:
    outcome = factory(tmp_path, "kpi", "show", "--json")
    assert outcome.code == 2
    assert "is not a workspace" in error_of(outcome)["what"]


def test_wrong_settings_are_exit_2_with_every_place(
    factory: Factory, workspace: Path, edit: Callable[[str, str, str], None]
) -> None:
    edit("config/factory.yaml", "write_off_after_dpd: 180", "write_off_after_dpd: never")
    edit("config/factory.yaml", "keep_versions: 5", "keep_version: 5")
    outcome = factory(workspace, "run", "--json")
    assert outcome.code == 2
    assert len(error_of(outcome)["problems"]) == 2


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["run"], "no export has been ingested yet"),
        (["kpi", "show"], "no export has been ingested yet"),
        (["kpi", "history", "par_90"], "no run has published yet"),
        (["reconcile"], "no export has been ingested yet"),
        (["warehouse", "check"], "no run has published yet"),
    ],
)
def test_an_empty_workspace_says_what_to_do_first(
    factory: Factory, empty_workspace: Path, tmp_path: Path, command: list[str], says: str
) -> None:
    root = tmp_path / "empty"
    # A run that came to nothing leaves its try behind; the workspace itself is everybody's.
    shutil.copytree(empty_workspace, root)
    outcome = factory(root, *command, "--json")
    error = error_of(outcome)
    assert (outcome.code, error["type"], error["what"]) == (1, "NothingPublished", says)
    assert error["hint"]


def test_a_damaged_pointer_is_an_error_with_a_way_out(factory: Factory, workspace: Path) -> None:
    (workspace / "warehouse" / "CURRENT").write_text("{")
    outcome = factory(workspace, "kpi", "show", "par_90", "--json")
    error = error_of(outcome)
    assert (outcome.code, error["type"]) == (1, "WarehouseError")
    assert "factory run --force" in error["hint"]


def damage_pointer(warehouse: Path) -> None:
    (warehouse / "CURRENT").write_text("{")


def lose_version(warehouse: Path) -> None:
    next((warehouse / "versions").glob("*.duckdb")).unlink()


def tear_version(warehouse: Path) -> None:
    version = next((warehouse / "versions").glob("*.duckdb"))
    version.write_bytes(b"torn" * 1000)


@pytest.mark.parametrize("damage", [damage_pointer, lose_version, tear_version])
def test_the_way_out_of_a_damaged_warehouse_works(
    factory: Factory, workspace: Path, damage: Callable[[Path], None]
) -> None:
    """Every such error says `factory run --force`; it must be true."""
    damage(workspace / "warehouse")
    failed = factory(workspace, "kpi", "show", "par_90", "--json")
    assert failed.code == 1
    assert "factory run --force" in error_of(failed)["hint"]
    assert factory(workspace, "run", "--force", "--json").code == 0
    assert factory(workspace, "kpi", "show", "par_90", "--json").document["value"] == "75"


def test_a_table_that_cannot_be_read_is_exit_1_or_3_never_0(
    factory: Factory, workspace: Path
) -> None:
    (version,) = (workspace / "warehouse" / "versions").glob("*.duckdb")
    held = version.read_bytes()
    version.write_bytes(held[: len(held) // 2])
    assert factory(workspace, "warehouse", "check", "--json").code in {1, 3}


def test_the_demo_shows_kpis_and_the_reconciliation_and_ends_well(tmp_path: Path) -> None:
    arguments = ["demo", "--dir", str(tmp_path / "demo"), "--loans", "120", "--months", "6"]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert "par_90" in outcome.stdout
    assert "status: exact" in outcome.stdout


def test_init_makes_the_operational_database(tmp_path: Path) -> None:
    """The first run need not wait for its tables; a second `init` leaves what is in them."""
    root = tmp_path / "lender"
    assert CliRunner().invoke(main, ["init", str(root)]).exit_code == 0
    state = State(sqlite_url(root / "state" / "factory.db"))
    assert state.revision() == newest()
    with state.transaction() as connection:
        append(connection, "a", [{"n": 1}])
    assert CliRunner().invoke(main, ["init", str(root)]).exit_code == 0
    with state.rows() as rows:
        assert entries(rows, "a") == [{"n": 1}]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(["run", "--month-ends", "--force"], 0, id="done"),
        pytest.param(["kpi", "show", "par_90"], 0, id="read"),
        pytest.param(["views", "show", "overview"], 0, id="shown"),
        pytest.param(["alerts", "show", "nosuch"], 2, id="refused"),
    ],
)
def test_a_command_leaves_no_database_open(
    workspace: Path, factory: Factory, command: list[str], code: int
) -> None:
    """What lies open until memory is tidied vanishes later, under whoever copies the workspace."""
    gc.collect()
    gc.disable()
    try:
        assert factory(workspace, *command).code == code
        held = [
            str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()
        ]
        assert [each for each in held if each.startswith(str(workspace))] == []
    finally:
        gc.enable()
