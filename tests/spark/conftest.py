"""One Spark session, and the same book made by DuckDB and by Spark."""

import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "portability"):
    sys.path.insert(0, str(folder))

PYSPARK = "no PySpark in this environment: `make test-spark` makes one that has it"
JAVA = "no Java on this machine: Spark needs Java 17 or later (Debian: openjdk-17-jre-headless)"


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[object]":
    pytest.importorskip("pyspark", reason=PYSPARK)
    if which("java") is None:
        pytest.skip(JAVA)
    from spark_both import Both

    with Both.on_a_book(tmp_path_factory.mktemp("spark")) as made:
        yield made
