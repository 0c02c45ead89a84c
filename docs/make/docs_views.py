"""Writes the page of views from the heads of their SQL files and from their makers."""

from pathlib import Path

from fintech_factory.transform.models import read_models
from fintech_factory.views.catalogue import Catalogue, View
from fintech_factory.views.spec import Drill, TableSpec

__all__ = ["views_page"]

_INTRO = """\
# Views

Written from `sql/views/` and the makers beside them. `factory views show VIEW` shows all tables of
a view at one date, `--month-ends` at every month-end. Each row says whether it speaks of a month in
progress (`partial`). A table that *opens to* loans does so with
`factory views loans VIEW TABLE --where COLUMN=VALUE`: every sum in it is the sum over those loans.
"""


def views_page(root: Path) -> str:
    """Give the page of the checkout's own views."""
    catalogue = Catalogue.of(read_models(root / "sql"))
    return "\n".join([_INTRO, *(_view(each) for each in catalogue.views.values())])


def _view(view: View) -> str:
    made = () if view.maker is None else view.maker.tables
    rows = [
        *(_row(each) for each in view.specs if each.shown),
        *(f"| {name} | computed | | |" for name in made),
    ]
    return "\n".join(
        [
            f"## {view.name}",
            "",
            f"{view.title_en} · {view.title_es}",
            "",
            "| table | rows | title | opens to |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _row(spec: TableSpec) -> str:
    opens = "" if spec.drill is None else _opens(spec.drill)
    return f"| {spec.table} | {spec.grain} | {spec.title_en} · {spec.title_es} | {opens} |"


def _opens(drill: Drill) -> str:
    keys = [*(["dimension", "member"] if drill.by_dimension else []), *drill.keys]
    return f"`{drill.model}` by {', '.join(keys)}" if keys else f"`{drill.model}`"
