"""Turns a workspace's YAML files into frozen models, or into errors with their place."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fintech_factory.config.check import CheckedFile, Models, check_workspace
    from fintech_factory.config.defaults import Initialised, default_files, initialise
    from fintech_factory.config.loading import LoadedFile, load
    from fintech_factory.config.model import Settings
    from fintech_factory.config.schema import json_schema, write_schemas
    from fintech_factory.config.secret import Secret
    from fintech_factory.config.settings import FactorySettings
    from fintech_factory.config.workspace import Workspace

__all__ = [
    "CheckedFile",
    "FactorySettings",
    "Initialised",
    "LoadedFile",
    "Models",
    "Secret",
    "Settings",
    "Workspace",
    "check_workspace",
    "default_files",
    "initialise",
    "json_schema",
    "load",
    "write_schemas",
]

_HOMES = {
    "CheckedFile": "check",
    "FactorySettings": "settings",
    "Initialised": "defaults",
    "LoadedFile": "loading",
    "Models": "check",
    "Secret": "secret",
    "Settings": "model",
    "Workspace": "workspace",
    "check_workspace": "check",
    "default_files": "defaults",
    "initialise": "defaults",
    "json_schema": "schema",
    "load": "loading",
    "write_schemas": "schema",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module holds
    # Pydantic costs 100 ms; a command that only needs the workspace's paths does not pay for it.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
