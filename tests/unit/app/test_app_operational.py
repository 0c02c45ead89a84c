"""Which database a workspace uses, and that finding out costs no reading of settings."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fintech_factory.app import Factory
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import ConfigError, UsageError
from fintech_factory.state.address import sqlite_url
from fintech_factory.testing import Book, book

SERVER = "postgresql://factory@127.0.0.1:1/factory"
LOADED = (
    "import sys; from pathlib import Path\n"
    "from fintech_factory.app import Factory\n"
    "from fintech_factory.config.workspace import Workspace\n"
    "with Factory(Workspace(Path(sys.argv[1]))).state.rows() as rows:\n"
    "    rows.query('SELECT COUNT(*) FROM run')\n"
    "print([name for name in ('pydantic', 'yaml', 'sqlalchemy') if name in sys.modules])\n"
)


@pytest.fixture
def workspace(workspace_with: Callable[[Book], Workspace]) -> Workspace:
    return workspace_with(book().loan(100, disbursed="2025-01-02").ending("2025-06-30"))


def change(workspace: Workspace, old: str, new: str) -> None:
    path = workspace.settings_file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_without_any_setting_it_is_a_file_of_the_workspace(workspace: Workspace) -> None:
    assert Factory(workspace).state.url == sqlite_url(workspace.state / "factory.db")


def test_finding_that_out_loads_nothing_that_reads_settings(workspace: Workspace) -> None:
    command = [sys.executable, "-c", LOADED, str(workspace.root)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.strip() == "[]"


def test_settings_that_cannot_be_read_keep_nobody_from_the_file(workspace: Workspace) -> None:
    change(workspace, "close_per_loan: 0.01", "close_per_loan: [")
    assert Factory(workspace).state.is_sqlite


@pytest.mark.parametrize("written", [SERVER, f'"{SERVER}"', f'"\\x70{SERVER[1:]}"'])
def test_a_server_is_taken_from_the_settings_however_it_is_written(
    workspace: Workspace, written: str
) -> None:
    change(workspace, "  url: null", f"  url: {written}")
    assert Factory(workspace).state.url == SERVER


def test_a_server_in_settings_that_cannot_be_read_is_an_error_not_a_file(
    workspace: Workspace,
) -> None:
    change(workspace, "  url: null", f"  url: {SERVER}")
    change(workspace, "close_per_loan: 0.01", "close_per_loan: [")
    with pytest.raises(ConfigError):
        _ = Factory(workspace).state


def test_a_password_that_is_not_there_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_PASSWORD", raising=False)
    change(workspace, "  url: null", f"  url: {SERVER}")
    change(workspace, "  password: null", "  password: {env: STATE_PASSWORD}")
    with pytest.raises(UsageError, match="STATE_PASSWORD is absent"):
        _ = Factory(workspace).state


def test_what_earlier_releases_kept_in_files_is_brought_in(workspace: Workspace) -> None:
    earlier: Path = workspace.state / "findings.jsonl"
    earlier.write_text('{"event": "fixed", "id": "f1"}\n', encoding="utf-8")
    with Factory(workspace).state.rows() as rows:
        assert len(rows.query("SELECT body FROM log_entry WHERE log = ?", ["findings"])) == 1
    assert not earlier.exists()
