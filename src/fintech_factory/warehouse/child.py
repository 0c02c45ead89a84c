"""Runs user-defined queries of a DuckDB file in a child process, within their limits."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.errors import LimitExceeded, WarehouseError
from fintech_factory.warehouse.limited import decode, encode
from fintech_factory.warehouse.protocol import Row

__all__ = ["DuckDBLimits", "cores", "evaluate"]


@dataclass(frozen=True, slots=True)
class DuckDBLimits:
    """How much a build and a user-defined query may take. `threads` None means every core."""

    memory_mb: int = 2000
    threads: int | None = None
    query_memory_mb: int = 2000
    query_timeout_s: int = 300
    keep_versions: int = 5


def evaluate(
    path: Path, queries: Sequence[tuple[str, Sequence[object]]], limits: DuckDBLimits
) -> list[list[Row]]:
    """Run queries one after the other in one child process, read-only; give the rows of each.

    Raises:
        LimitExceeded: one took more memory, or all of them more time, than allowed.
        WarehouseError: one failed otherwise.
    """
    request = {
        "path": str(path),
        "queries": [[sql, [encode(value) for value in bound]] for sql, bound in queries],
        "memory_mb": limits.query_memory_mb,
        "threads": limits.threads or cores(),
    }
    try:
        finished = subprocess.run(
            [sys.executable, "-I", "-m", "fintech_factory.warehouse.limited"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=limits.query_timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LimitExceeded(
            f"the KPI query took longer than {limits.query_timeout_s} s",
            where="config/kpis/kpi_definitions.yaml",
            hint="raise warehouse.query_timeout_s in config/factory.yaml, or simplify the KPI",
        ) from None
    if finished.returncode:
        raise _child_failure(finished.stderr, limits)
    answers: list[list[Row]] = [[] for _ in queries]
    for line in finished.stdout.splitlines():
        number, *cells = json.loads(line)
        answers[number].append(tuple(decode(cell) for cell in cells))
    return answers


def cores() -> int:
    """Count the processors, which an engine takes unless it is told how many."""
    return os.cpu_count() or 1


def _child_failure(stderr: str, limits: DuckDBLimits) -> WarehouseError:
    starved = ("OutOfMemory", "MemoryError", "bad_alloc")
    if not stderr.strip() or any(word in stderr for word in starved):
        return LimitExceeded(
            f"the KPI query needs more than {limits.query_memory_mb} MB",
            where="config/kpis/kpi_definitions.yaml",
            hint="raise warehouse.query_memory in config/factory.yaml, or simplify the KPI",
        )
    errors = [line for line in stderr.splitlines() if "Error: " in line or "Exception: " in line]
    said = errors[-1] if errors else stderr.strip().splitlines()[-1]
    return WarehouseError(said, where="KPI query", hint="`factory check` tests every definition")
