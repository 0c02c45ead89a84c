"""What the floors above ask of a warehouse."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Build", "Landed", "Materialised", "Reader", "Row", "RunRecord", "Version", "Warehouse"]

Row = tuple[Any, ...]


class Materialised(StrEnum):
    """What becomes of a model: kept (`table`, `view`) or gone when the build ends."""

    TABLE = "table"
    VIEW = "view"
    TEMPORARY = "temporary"
    STAGE = "stage"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a version says of the run that made it.

    `inputs` is one hash over everything the run depended on (batch, settings, models, product
    version); the same hash again means that there is nothing to do.
    """

    run_id: str
    inputs: str
    as_ofs: tuple[date, ...]
    first_day: date
    data_through: date
    batch_ids: tuple[str, ...]
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One published, immutable state of all tables."""

    name: str
    path: Path
    run: RunRecord


class Reader(Protocol):
    """Reads one version, or one build; never sees half of either."""

    dialect: str

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Give all rows of a query."""
        ...

    def table(
        self, sql: str, parameters: Sequence[object] = ()
    ) -> tuple[tuple[str, ...], list[Row]]:
        """Give the names of a query's columns and all its rows; several may be read at a time."""
        ...

    def stream(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Row]:
        """Give rows one by one without holding them all."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


class Landed(Protocol):
    """The raw tables of a build; it can be pickled."""

    def open(self) -> Reader:
        """Open them; what is done to the build meanwhile makes no difference."""
        ...


class Build(Reader, Protocol):
    """A version being made; nobody reads it until it is published."""

    def attach_raw(self, table: str, parquet: Path) -> None:
        """Let models read a landed file as `raw_<table>`."""
        ...

    def landed(self) -> Landed:
        """Give the attached raw tables alone, to be read beside the build, by any process."""
        ...

    def load(self, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Make a small table (parameters, readings) of the given SQL types and rows."""
        ...

    def create(self, name: str, sql: str, kind: Materialised) -> None:
        """Make one model from its SELECT statement."""
        ...

    def carry_over(self, table: str, version: Version, where: str) -> None:
        """Append the rows of an older version's table for which a condition holds."""
        ...

    def evaluate(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a user-defined query read-only, within the memory and time limits."""
        ...

    def evaluate_all(self, queries: Sequence[tuple[str, Sequence[object]]]) -> list[list[Row]]:
        """Run several such queries, each with its parameters, within the limits together."""
        ...

    def publish(self, run: RunRecord, commit: Callable[[str], None] = ...) -> Version:
        """Make the build the version that readers see, atomically.

        `commit` is told its name once its file is whole and on disk; readers see it afterwards.
        """
        ...

    def discard(self) -> None:
        """Drop the build; what was published stays."""
        ...


class Warehouse(Protocol):
    """Keeps published versions and makes new ones."""

    def current(self) -> Version | None:
        """Give the published version, or None before the first."""
        ...

    def open(self, version: Version) -> Reader:
        """Open a version to read."""
        ...
