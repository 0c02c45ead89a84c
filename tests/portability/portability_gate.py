"""The gate: what a query must pass before it is called portable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from portability_book import TABLES
from portability_engine import ReferenceEngine
from portability_table import Table, described
from sqlglot import exp

from fintech_factory.transform.dates import PARAMETERS
from fintech_factory.transform.models import Model, in_order
from fintech_factory.transform.portable import DIALECT, parse, translate
from fintech_factory.transform.portable_lint import lint
from fintech_factory.warehouse.duckdb import DuckDBBuild

__all__ = ["Gate", "NotPortable", "bound", "sql_folder"]


class NotPortable(Exception):  # noqa: N818 - named after the state
    """A query broke a rule of portable SQL."""


@dataclass(slots=True)
class Gate:
    """Runs the models on DuckDB, and each anew in the reference engine.

    In the reference engine a model reads the reference engine's own rows of the models before it.
    """

    build: DuckDBBuild
    engine: ReferenceEngine
    models: Mapping[str, Model]
    _made: dict[str, Table] = field(default_factory=dict)

    def make_ours(self) -> None:
        """Make every model on DuckDB."""
        for model in in_order(self.models):
            self.build.create(model.name, model.sql, model.materialised)

    def ours(self, sql: str, parameters: Sequence[object] = ()) -> Table:
        """Give DuckDB's columns and rows of a query."""
        return described(self.build, sql, parameters)

    def theirs(self, name: str) -> Table:
        """Give the reference engine's rows of a model, and of a landed table what was landed."""
        if name not in self._made:
            model = self.models.get(name)
            self._made[name] = (
                self.ours(f"SELECT * FROM {name}")
                if model is None
                else self.pass_through(model.path.read_text(), str(model.path))
            )
        return self._made[name]

    def pass_through(self, sql: str, where: str) -> Table:
        """Take a query through lint, translation, analysis and execution.

        Raises:
            NotPortable, ModelError, Refused: by the first of these that refuses it.
        """
        problems = lint(sql, where)
        if problems:
            raise NotPortable("\n".join(map(str, problems)))
        known = {
            *self.models,
            *PARAMETERS,
            *(f"raw_{table}" for table in TABLES),
        }
        read = {table.name for table in parse(sql).find_all(exp.Table)} & known
        return self.engine.run(
            translate(sql, "bigquery"), {name: self.theirs(name) for name in sorted(read)}
        )


def bound(sql: str, parameters: Sequence[date]) -> str:
    """Write dates in the place of a query's `?`: the reference service binds none by position."""
    tree = parse(sql)
    marks = sorted(tree.find_all(exp.Placeholder), key=lambda mark: mark.meta.get("start", 0))
    for mark, day in zip(marks, parameters, strict=True):
        mark.replace(exp.cast(exp.Literal.string(day.isoformat()), "DATE"))
    return tree.sql(DIALECT)


def sql_folder() -> Path:
    """Give the repository's own models."""
    return Path(__file__).parents[2] / "sql"
