"""The embedded warehouse: one DuckDB file a published version."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fintech_factory.durable import sync
from fintech_factory.errors import LimitExceeded, ModelError, WarehouseError
from fintech_factory.values import Finding, Severity
from fintech_factory.warehouse.child import DuckDBLimits, cores, evaluate
from fintech_factory.warehouse.protocol import Materialised, Row, RunRecord, Version
from fintech_factory.warehouse.versions import VersionFolder, is_read

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "DuckDBBuild",
    "DuckDBLanded",
    "DuckDBLimits",
    "DuckDBReader",
    "DuckDBWarehouse",
    "in_memory",
]

_CREATE = {
    Materialised.TABLE: "CREATE TABLE",
    Materialised.VIEW: "CREATE VIEW",
    Materialised.TEMPORARY: "CREATE TEMP TABLE",
    Materialised.STAGE: "CREATE TEMP VIEW",
}
_STREAM_ROWS = 20_000


class DuckDBReader:
    """Reads one DuckDB file."""

    dialect = "duckdb"

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        """Take an open connection and own it."""
        self._connection = connection

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Give all rows of a query."""
        return self._connection.execute(sql, list(parameters)).fetchall()

    def table(
        self, sql: str, parameters: Sequence[object] = ()
    ) -> tuple[tuple[str, ...], list[Row]]:
        """Give the names of a query's columns and all its rows; several may be read at a time.

        Raises:
            WarehouseError: the version holds no such table: it is older than the SQL files.
        """
        import duckdb

        cursor = self._connection.cursor()
        try:
            result = cursor.execute(sql, list(parameters))
            return tuple(name for name, *_ in result.description), result.fetchall()
        except duckdb.CatalogException as unknown:
            raise WarehouseError(
                str(unknown).splitlines()[0],
                where="the published version",
                hint="it was made by other models than the workspace has now: `factory run`",
            ) from unknown
        finally:
            cursor.close()

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Give rows one by one; at most a few thousand are held at a time."""
        # A cursor of its own: several streams may be read side by side.
        cursor = self._connection.cursor()
        try:
            result = cursor.execute(sql, list(parameters))
            while rows := result.fetchmany(_STREAM_ROWS):
                yield from rows
        finally:
            cursor.close()

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Read within a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the file go when the block ends."""
        self.close()


@dataclass(frozen=True, slots=True)
class DuckDBLanded:
    """The raw tables of a build, by name and parquet file."""

    raw: Mapping[str, Path]
    limits: DuckDBLimits
    spill: Path

    def open(self) -> DuckDBReader:
        """Open them in memory."""
        import duckdb

        connection = duckdb.connect(
            config={
                # The build works at the same time, and takes all that it may.
                "memory_limit": f"{max(self.limits.memory_mb // 2, 1)}MB",
                "temp_directory": str(self.spill),
                "threads": self.limits.threads or cores(),
            }
        )
        for table, parquet in self.raw.items():
            connection.execute(_raw_view(table, parquet))
        return DuckDBReader(connection)


class DuckDBBuild(DuckDBReader):
    """A version being made in a file of its own, invisible until it is published."""

    def __init__(self, folder: VersionFolder, name: str, limits: DuckDBLimits) -> None:
        """Start an empty build under a hidden name."""
        self._folder = folder
        self._name = name
        self._limits = limits
        self._raw: dict[str, Path] = {}
        self.path = folder.folder / f".{name}.duckdb"
        self._spill = folder.root / "spill"
        folder.folder.mkdir(parents=True, exist_ok=True)
        super().__init__(self._connect())

    def _connect(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        config: dict[str, Any] = {
            "memory_limit": f"{self._limits.memory_mb}MB",
            "temp_directory": str(self._spill),
            # Nobody reads a build before `publish` has synced its file as a whole; a commit of
            # its own for every model would wait for the disk a hundred times.
            "fsync_mode": "NONE",
            # Rows carry their own keys; keeping file order would cost memory for nothing.
            "preserve_insertion_order": False,
        }
        if self._limits.threads:
            config["threads"] = self._limits.threads
        return duckdb.connect(str(self.path), config=config)

    def attach_raw(self, table: str, parquet: Path) -> None:
        """Let models read a landed file as `raw_<table>`."""
        self._raw[table] = parquet
        # Not temporary, which streams would not see; dropped before anyone reads the version.
        self._connection.execute(_raw_view(table, parquet))

    def landed(self) -> "DuckDBLanded":
        """Give the attached raw tables alone, to be read beside the build, by any process."""
        return DuckDBLanded(dict(self._raw), self._limits, self._spill.with_name("spill-landed"))

    def load(self, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Make a small table of the given SQL types and rows."""
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._connection.execute(f"CREATE TABLE {table} ({declared})")
        # A list of texts a column, cast at the end: exact for decimals, and a hundred times as
        # fast as a row at a time.
        cells = ", ".join(f"CAST(UNNEST(?::VARCHAR[]) AS {kind})" for kind in columns.values())
        lists = [
            [None if cell is None else str(cell) for cell in column]
            for column in zip(*rows, strict=True)
        ]
        if lists:
            self._connection.execute(f"INSERT INTO {table} SELECT {cells}", lists)

    def carry_over(self, table: str, version: Version, where: str) -> None:
        """Append the rows of an older version's table for which a condition holds."""
        self._connection.execute(f"ATTACH '{_quoted(version.path)}' AS older (READ_ONLY)")
        try:
            self._connection.execute(
                f"INSERT INTO {table} BY NAME SELECT * FROM older.{table} WHERE {where}"  # noqa: S608
            )
        finally:
            self._connection.execute("DETACH older")

    def create(self, name: str, sql: str, kind: Materialised) -> None:
        """Make one model from its SELECT statement.

        Raises:
            ModelError: the statement does not run; the message is the engine's own.
        """
        import duckdb

        try:
            self._connection.execute(f"{_CREATE[kind]} {name} AS {sql}")
        except duckdb.OutOfMemoryException as full:
            raise LimitExceeded(
                f"the model {name} needs more than {self._limits.memory_mb} MB",
                where=f"model {name}",
                hint="raise warehouse.memory_limit in config/factory.yaml",
            ) from full
        except duckdb.Error as wrong:
            # DuckDB gives no code of the system, only its words.
            is_full = "No space left on device" in str(wrong)
            hint = "make room, then run the same command again" if is_full else "see sql/models"
            raise ModelError(str(wrong), where=f"model {name}", hint=hint) from wrong

    def evaluate(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a user-defined query in a limited child process; as `evaluate_all`."""
        return self.evaluate_all([(sql, parameters)])[0]

    def evaluate_all(self, queries: Sequence[tuple[str, Sequence[object]]]) -> list[list[Row]]:
        """Run user-defined queries one after the other in one limited child process, read-only.

        The build's own connection is closed meanwhile: DuckDB lets one process at a file.

        Raises:
            LimitExceeded: one took more memory, or all of them more time, than allowed.
            WarehouseError: one failed otherwise.
        """
        self._connection.close()
        try:
            return evaluate(self.path, queries, self._limits)
        finally:
            self._connection = self._connect()

    def publish(self, run: RunRecord, commit: Callable[[str], None] = lambda _: None) -> Version:
        """Make the build the version that readers see, atomically; older ones are pruned.

        If `commit` fails, the file stays beside the published one: whether it was committed all
        the same is found out by whoever repairs.
        """
        for table in self._raw:
            self._connection.execute(f"DROP VIEW raw_{table}")
        self._connection.close()
        target = self._folder.path_of(self._name)
        sync(self.path)
        self.path.rename(target)
        sync(target.parent)
        commit(self._name)
        version = self._folder.point_to(self._name, run)
        self._folder.prune(self._limits.keep_versions, is_read)
        return version

    def discard(self) -> None:
        """Drop the build; what was published stays."""
        self._connection.close()
        for leftover in (self.path, self.path.with_name(self.path.name + ".wal")):
            leftover.unlink(missing_ok=True)


class DuckDBWarehouse:
    """The workspace's `warehouse/` folder."""

    def __init__(self, root: Path, limits: DuckDBLimits) -> None:
        """Take the folder; it is made when something is first written."""
        self.versions = VersionFolder(root)
        self.limits = limits

    def current(self) -> Version | None:
        """Give the published version, or None before the first."""
        return self.versions.current()

    def open(self, version: Version) -> DuckDBReader:
        """Open a version to read; readers never block, and keep it from being pruned."""
        import duckdb

        try:
            return DuckDBReader(
                duckdb.connect(
                    str(version.path),
                    read_only=True,
                    config={
                        "memory_limit": f"{self.limits.memory_mb}MB",
                        "temp_directory": str(self.versions.root / "spill"),
                    },
                )
            )
        except duckdb.Error as wrong:
            raise WarehouseError(
                f"the published version {version.name} cannot be opened ({wrong})",
                where=str(version.path),
                hint="`factory warehouse check`; `factory run --force` publishes anew",
            ) from wrong

    def evaluate(self, version: Version, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a user-defined query on a version as a build would: read-only and limited.

        Raises:
            LimitExceeded: it took more memory or time than allowed.
            WarehouseError: it failed otherwise.
        """
        return evaluate(version.path, [(sql, parameters)], self.limits)[0]

    def build(self, name: str) -> DuckDBBuild:
        """Start a build; leftovers of builds that never finished are removed first.

        The caller holds the writer's lock.
        """
        for leftover in self.versions.folder.glob(".*.duckdb*"):
            leftover.unlink()
        return DuckDBBuild(self.versions, name, self.limits)

    def scratch(self, folder: Path) -> DuckDBBuild:
        """Start a build elsewhere that will never be published; needs no lock."""
        return DuckDBBuild(VersionFolder(folder), "scratch", self.limits)

    def check(self) -> list[Finding]:
        """Open what is published, read every table, and say what is wrong (R016)."""
        findings = self.versions.findings()
        version = self.current()
        if version is None:
            return findings
        with self.open(version) as reader:
            for (table,) in reader.query(
                "SELECT table_name FROM information_schema.tables ORDER BY table_name"
            ):
                findings += _unreadable(reader, table)
        return findings


def _raw_view(table: str, parquet: Path) -> str:
    return (
        f"CREATE OR REPLACE VIEW raw_{table} AS "  # noqa: S608 - our own name and path
        f"SELECT * FROM read_parquet('{_quoted(parquet)}')"
    )


def in_memory() -> DuckDBReader:
    """Give an empty, locked engine that keeps nothing, for queries that bring their own rows."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "500MB", "threads": 1})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return DuckDBReader(connection)


def _unreadable(reader: DuckDBReader, table: str) -> list[Finding]:
    import duckdb

    try:
        # Every block is read and its checksum held against it; a count asks the file's header only.
        reader.query(f'SELECT BIT_XOR(HASH(t)) FROM "{table}" AS t')  # noqa: S608 - of the catalogue
    except duckdb.Error as wrong:
        return [
            Finding(
                code="table_unreadable",
                severity=Severity.CRITICAL,
                message=str(wrong),
                where=table,
                hint="`factory run --force` publishes anew",
            )
        ]
    return []


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
