"""Brings a source's files in: received, checked against their contract, landed, or refused."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fintech_factory.ingestion.landing.land import Arrival, Landing, Place, land
    from fintech_factory.ingestion.landing.manifest import (
        Batch,
        FileEntry,
        Manifest,
        latest_batch,
        open_batch,
    )
    from fintech_factory.ingestion.sources.cascade import CascadeSettings

__all__ = [
    "Arrival",
    "Batch",
    "CascadeSettings",
    "FileEntry",
    "Landing",
    "Manifest",
    "Place",
    "land",
    "latest_batch",
    "open_batch",
]

_HOMES = {
    "Arrival": "landing.land",
    "Batch": "landing.manifest",
    "CascadeSettings": "sources.cascade",
    "FileEntry": "landing.manifest",
    "Landing": "landing.land",
    "Manifest": "landing.manifest",
    "Place": "landing.land",
    "land": "landing.land",
    "latest_batch": "landing.manifest",
    "open_batch": "landing.manifest",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what a module holds
    # Reading a manifest pays for neither pydantic nor DuckDB.
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
