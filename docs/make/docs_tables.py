"""Writes the page of tables from the SQL models' headers and the contract."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlglot

from fintech_factory.config import load
from fintech_factory.ingestion.landing.statements import TYPES
from fintech_factory.ingestion.sources.cascade import CascadeSettings
from fintech_factory.pipeline import reading_table
from fintech_factory.transform.dates import PARAMETERS
from fintech_factory.transform.models import Model, in_order, read_models
from fintech_factory.warehouse.protocol import Materialised

__all__ = ["tables_page"]

_INTRO = """\
# Tables

Written from `sql/` and from the contract in `config/integrations/cascade.yaml`. The models stand in
the order in which a run makes them. Money is `DECIMAL`, never a floating-point number.

## Landed

One Parquet file a table, in `warehouse/raw/cascade/<batch>/landed/`; models read it as
`raw_<table>`. Each has `line_no`, the row's line in the file as received (the header is line 1).
A column that the export does not have is NULL in every row.
"""

_RATES = """\
### fx_rates

What one unit of a currency is worth in the reporting currency, by day: from the export's own rates
and from `currency.rates` in `config/factory.yaml`, which win.

| column | type |
|---|---|
| currency | VARCHAR |
| rate_on | DATE |
| rate | DECIMAL(18,8) |
"""

_KEPT = {
    Materialised.TABLE: "a table of the published version",
    Materialised.VIEW: "a view of the published version",
    Materialised.TEMPORARY: "made for the run, gone when it has published",
    Materialised.STAGE: "made for the run, gone when it has published",
}


def tables_page(root: Path) -> str:
    """Give the page of the checkout's own models and contract."""
    contract = load(root / "config" / "integrations" / "cascade.yaml", CascadeSettings).value
    landed = [_landed(name, _landed_columns(contract, name)) for name in contract.tables]
    models = read_models(root / "sql")
    made = [_model(each) for each in in_order(models) if each.path.parent.parent.name != "views"]
    return "\n".join([_INTRO, *landed, _RATES, _models_intro(root), *made, _readings()])


def _models_intro(root: Path) -> str:
    folder = root / "sql"
    count = len([*folder.glob("models/*.sql"), *folder.glob("*.sql")])
    small = ", ".join(f"`{name}`" for name in PARAMETERS)
    return f"""\
## Models

{count} statements in `sql/` besides the [views](views.md)' own, one a file. *Grain* is the file's
first line. A run first makes these small tables of parameters, from `config/factory.yaml`, the
as-of dates asked for and the month-ends before them:
{small}.
"""


def _landed_columns(contract: CascadeSettings, name: str) -> dict[str, str]:
    table = contract.tables[name]
    keys = {each.carries: "BIGINT" for each in table.references if each.carries}
    columns = {column: TYPES[each.type] for column, each in table.columns.items()}
    return {"line_no": "BIGINT", **keys, **columns}


def _landed(name: str, columns: Mapping[str, str]) -> str:
    rows = "".join(f"| {column} | {kind} |\n" for column, kind in columns.items())
    return f"### {name}\n\n| column | type |\n|---|---|\n{rows}"


def _model(model: Model) -> str:
    reads = ", ".join(f"`{each}`" for each in sorted(_tables_in(model.sql)))
    grain = model.grain.removesuffix(".")
    return (
        f"### {model.name}\n\nGrain: {grain}.\n\n"
        f"{_KEPT[model.materialised][0].upper()}{_KEPT[model.materialised][1:]}. Reads {reads}.\n\n"
        f"Columns: {', '.join(_columns(model))}.\n"
    )


def _columns(model: Model) -> list[str]:
    return [f"`{name}`" for name in sqlglot.parse_one(model.sql, dialect="duckdb").named_selects]


def _tables_in(sql: str) -> Iterable[str]:
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    inside = {each.alias for each in tree.find_all(sqlglot.exp.CTE)}
    return {each.name for each in tree.find_all(sqlglot.exp.Table)} - inside


def _readings() -> str:
    columns = ", ".join(f"`{name}`" for name in reading_table._COLUMNS)  # noqa: SLF001
    return f"""\
## reading

Grain: one row per KPI, as-of date and group: the whole book (`dimension` and `member` empty), and
each entity, product and borrower segment. A run carries over the readings of dates that it did not
compute, with the run and batch that they came from. Figures are text, unrounded.

Columns: {columns}.
"""
