"""One DuckDB engine for one landing, within its limits, its spill inside the workspace."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["open_session"]

_MEMORY = "2GB"


@contextmanager
def open_session(scratch: Path) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an engine in memory; each thread takes a cursor of it."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": _MEMORY,
            "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Line numbers are counted in this order.
            "preserve_insertion_order": True,
            # Each file is read once; a cache of it would only take the joins' memory.
            "enable_external_file_cache": False,
            # Tables are written to be joined loans last, the side that fits in memory; the
            # optimizer cannot know how many rows a CSV file holds.
            "disabled_optimizers": "join_order,build_side_probe_side",
        },
    )
    try:
        yield connection
    finally:
        connection.close()
