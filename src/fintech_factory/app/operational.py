"""Opens the operational database that a workspace's settings name."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.config.workspace import Workspace
    from fintech_factory.state.store import State

__all__ = ["named_database", "open_state"]

_FILE = "factory.db"


def open_state(factory: "Factory") -> "State":
    """Give the database, with what earlier releases kept in files brought in.

    Raises:
        ConfigError: the settings name one and cannot be read.
        StateError: it cannot be opened, or a file of an earlier release cannot be read.
    """
    from fintech_factory.state.earlier_files import bring_in
    from fintech_factory.state.store import State

    state = State(*named_database(factory))
    bring_in(state, factory.workspace.state)
    return state


def named_database(factory: "Factory") -> tuple[str, str | None]:
    """Give the URL of the database that the settings name, and its password if it has one.

    Raises:
        ConfigError: the settings name one and cannot be read.
        UsageError: the password is not where the settings say.
    """
    from fintech_factory.state.address import sqlite_url

    named = None if _is_a_file(factory.workspace) else factory.settings.state
    if named is None or named.url is None:
        return sqlite_url(factory.workspace.state / _FILE), None
    return named.url, named.password.reveal() if named.password else None


def _is_a_file(workspace: "Workspace") -> bool:
    """Say whether the settings name no server, without loading what reads settings.

    That takes longer than all else that a run without news does, and settings that are being
    edited must not keep anyone from reading what is published. A server's address begins with
    `postgresql`; only an escape could hide that.
    """
    try:
        text = workspace.settings_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return not any("postgresql" in line or "\\" in line for line in lines)
