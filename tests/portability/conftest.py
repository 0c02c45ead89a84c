"""The portability gate's book, engine and tables, made once a session."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The gate's own modules stand beside its tests, which are not a package.
sys.path.insert(0, str(Path(__file__).parent))

from portability_book import attach, make_book
from portability_engine import ReferenceEngine
from portability_gate import Gate, sql_folder

from fintech_factory.transform.models import read_models
from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse

LOANS = 300


@pytest.fixture(scope="session")
def engine() -> ReferenceEngine:
    return ReferenceEngine(Path(__file__).parents[2] / ".cache" / "zetasql")


@pytest.fixture(scope="session")
def gate(engine: ReferenceEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("book")
    warehouse = DuckDBWarehouse(folder / "warehouse", DuckDBLimits(threads=1))
    build = warehouse.scratch(folder / "scratch")
    attach(make_book(LOANS), build, folder)
    gate = Gate(build, engine, read_models(sql_folder()))
    gate.make_ours()
    yield gate
    build.discard()
