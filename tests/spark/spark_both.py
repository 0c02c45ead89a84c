"""The same models on DuckDB and on a local Spark."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from portability_table import Table, described
from pyspark.sql import SparkSession
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    LongType,
    StringType,
    StructField,
    StructType,
)
from spark_book import Landed, attach_landed, find_landed

from fintech_factory.transform.dates import PARAMETERS
from fintech_factory.transform.models import in_order, read_models
from fintech_factory.transform.portable import translate
from fintech_factory.warehouse.duckdb import DuckDBBuild, DuckDBLimits, DuckDBWarehouse
from fintech_factory.warehouse.protocol import Materialised

__all__ = ["MODELS", "Both"]

MODELS = read_models(Path(__file__).parents[2] / "sql")
_TYPES: dict[str, DataType] = {
    "BIGINT": LongType(),
    "BOOLEAN": BooleanType(),
    "DATE": DateType(),
    "VARCHAR": StringType(),
}
# Spark's types by GoogleSQL's names, as the comparison knows them.
_KINDS = {
    "bigint": "INT64",
    "int": "INT64",
    "boolean": "BOOL",
    "date": "DATE",
    "double": "DOUBLE",
    "string": "STRING",
}


@dataclass(slots=True)
class Both:
    """A build on DuckDB and a Spark session with the same tables."""

    build: DuckDBBuild
    spark: SparkSession
    landed: Landed
    scratch: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def on_a_book(cls, scratch: Path) -> Iterator[Self]:
        """Make every model on both engines."""
        landed = find_landed(scratch)
        build = DuckDBWarehouse(scratch / "wh", DuckDBLimits()).scratch(scratch / "duckdb")
        started = time.monotonic()
        spark = _session(scratch)
        both = cls(build, spark, landed, scratch)
        both.seconds["start Spark"] = time.monotonic() - started
        try:
            both._make()
            yield both
        finally:
            spark.stop()
            build.discard()

    def ours(self, sql: str, parameters: Sequence[object] = ()) -> Table:
        """Give DuckDB's answer."""
        return described(self.build, sql, parameters)

    def sparks(self, sql: str, parameters: Sequence[object] = ()) -> Table:
        """Give Spark's answer to a query in DuckDB's dialect."""
        frame = self.spark.sql(translate(sql, "spark"), args=list(parameters) or None)
        columns = tuple((name, _kind(kind)) for name, kind in frame.dtypes)
        return Table(columns, tuple(tuple(row) for row in frame.collect()))

    def _make(self) -> None:
        tables = attach_landed(self.landed, self.build)
        started = time.monotonic()
        for model in in_order(MODELS):
            self.build.create(model.name, model.sql, model.materialised)
        self.seconds["models on DuckDB"] = time.monotonic() - started
        started = time.monotonic()
        for table in tables:
            frame = self.spark.read.parquet(str(self.landed.folder / f"{table}.parquet"))
            frame.createOrReplaceTempView(f"raw_{table}")
        for name in PARAMETERS:
            self._copy(name)
        for model in in_order(MODELS):
            frame = self.spark.sql(translate(model.sql, "spark"))
            if model.materialised in {Materialised.TABLE, Materialised.TEMPORARY}:
                kept = str(self.scratch / "models" / model.name)
                frame.write.parquet(kept)
                frame = self.spark.read.parquet(kept)
            frame.createOrReplaceTempView(model.name)
        self.seconds["models on Spark"] = time.monotonic() - started

    def _copy(self, name: str) -> None:
        columns = self.build.query(f"DESCRIBE {name}")
        schema = StructType([StructField(column, _type(kind)) for column, kind, *_ in columns])
        rows = self.build.query(f"SELECT * FROM {name}")
        self.spark.createDataFrame(rows, schema).createOrReplaceTempView(name)


def _session(scratch: Path) -> SparkSession:
    settings = {
        "spark.driver.memory": "3g",
        "spark.sql.session.timeZone": "UTC",
        # The default of 200 is for a cluster.
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(scratch / "spark-warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    builder = SparkSession.builder.master("local[2]").appName("portability")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _type(duckdb_type: str) -> DataType:
    if duckdb_type.startswith("DECIMAL"):
        precision, scale = duckdb_type.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return DecimalType(int(precision), int(scale))
    return _TYPES[duckdb_type]


def _kind(spark_type: str) -> str:
    return "NUMERIC" if spark_type.startswith("decimal") else _KINDS[spark_type]
