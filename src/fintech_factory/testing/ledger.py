"""The ledger and the workspace made of a tiny book."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.testing.book import RULES, Book, Day, as_day
from fintech_factory.values import LedgerRules

if TYPE_CHECKING:
    from fintech_factory.config.workspace import Workspace
    from fintech_factory.transform.models import Model
    from fintech_factory.warehouse.protocol import Reader

__all__ = ["Ledger", "default_models", "make_ledger", "make_workspace"]


class Ledger:
    """Every model of a book at some as-of dates, to be asked by column names."""

    def __init__(self, build: "Reader") -> None:
        """Take a build on which the models were made."""
        self.build = build

    def rows(self, table: str, **where: object) -> list[dict[str, Any]]:
        """Give a table's rows at the as-of dates asked for, those with the given cells.

        The month-ends that the ledger holds besides are in `history`.
        """
        dates = self.build.query("SELECT seq, as_of FROM snapshot_date WHERE is_asked")
        asked = {"seq": {seq for seq, _ in dates}, "as_of": {day for _, day in dates}}
        return [
            row
            for row in self.history(table, **where)
            if all(row[name] in those for name, those in asked.items() if name in row)
        ]

    def history(self, table: str, **where: object) -> list[dict[str, Any]]:
        """Give a table's rows at every snapshot, those with the given cells, as plain mappings."""
        names = [name for name, *_ in self.build.query(f"DESCRIBE {table}")]
        condition = " AND ".join(f"{name} = ?" for name in where) or "TRUE"
        sql = f"SELECT {', '.join(names)} FROM {table} WHERE {condition} ORDER BY ALL"  # noqa: S608 - a test's own names
        wanted = list(where.values())
        return [dict(zip(names, row, strict=True)) for row in self.build.query(sql, wanted)]

    def row(self, table: str, **where: object) -> dict[str, Any]:
        """Give the only row with the given cells."""
        found = self.rows(table, **where)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} rows of {table} with {where}, not one")
        return found[0]


def default_models() -> "dict[str, Model]":
    """Read the SQL models that the product ships."""
    from fintech_factory.config.defaults import default_files
    from fintech_factory.transform.models import read_models

    return read_models(default_files()["sql/v_portfolio_risk.sql"].parent)


@contextmanager
def make_ledger(
    of: Book, as_ofs: Sequence[Day], folder: Path, rules: LedgerRules = RULES
) -> Iterator[Ledger]:
    """Make every shipped model of a book at some as-of dates, on a build in an empty folder.

    Raises:
        ModelError: a model does not run, or a loan has no rate.
    """
    from fintech_factory.transform.dates import Horizon, load_parameters
    from fintech_factory.transform.run import make_models
    from fintech_factory.warehouse.duckdb import DuckDBLimits, DuckDBWarehouse

    build = DuckDBWarehouse(folder, DuckDBLimits(threads=1)).scratch(folder)
    try:
        # One commit instead of thirty: a test's ledger need not survive a power cut.
        build.query("BEGIN")
        of.attach(build)
        dates = tuple(as_day(day) for day in as_ofs)
        load_parameters(build, Horizon(dates, of.first_day, of.data_through), rules)
        make_models(build, default_models())
        build.query("COMMIT")
        yield Ledger(build)
    finally:
        build.discard()


def make_workspace(folder: Path, of: Book | None = None) -> "Workspace":
    """Make a workspace with the shipped settings, and land a book in it."""
    from fintech_factory.app import config_models
    from fintech_factory.config.defaults import initialise

    workspace = initialise(folder, config_models()).workspace
    if of is not None:
        of.land(workspace.raw("cascade"))
    return workspace
