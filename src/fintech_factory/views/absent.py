"""Tables that the product has and a workspace lost: their SQL file is not there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from fintech_factory.config.defaults import default_files
from fintech_factory.views.makers import Facts, Maker
from fintech_factory.views.table import Missing, Table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["absent_tables", "with_absent"]

_HIDDEN = "-- hidden"


def absent_tables(models: Iterable[str]) -> Mapping[str, tuple[Missing, ...]]:
    """Give by view the packaged tables that `models` lack, with the file that each needs.

    Hidden models are left out: the maker that reads one refuses the view without it.
    """
    known = set(models)
    absent: dict[str, tuple[Missing, ...]] = {}
    for inside, packaged in default_files().items():
        path = PurePosixPath(inside)
        view, table = path.parent.name, path.stem
        is_view = path.parent.parent == PurePosixPath("sql/views") and path.suffix == ".sql"
        if is_view and f"{view}_{table}" not in known and not _is_hidden(packaged):
            lost = Missing(table, f"{inside} is not in this workspace")
            absent[view] = (*absent.get(view, ()), lost)
    return absent


def _is_hidden(path: "Path") -> bool:
    return _HIDDEN in path.read_text(encoding="utf-8").splitlines()


def with_absent(maker: Maker | None, absent: Sequence[Missing]) -> Maker:
    """Give a maker that makes the same tables, and names the absent ones as missing."""
    base = maker or Maker(tables=(), at=(), up_to=(), make=lambda _: ([], []))

    def make(facts: Facts) -> tuple[Sequence[Table], Sequence[Missing]]:
        tables, missing = base.make(facts)
        return tables, [*absent, *missing]

    return replace(base, tables=(*base.tables, *(each.table for each in absent)), make=make)
