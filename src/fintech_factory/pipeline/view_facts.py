"""Reads what views show from a version or a build."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

from fintech_factory.errors import ModelError, UsageError
from fintech_factory.pipeline.portions import view_dates
from fintech_factory.values import LedgerRules
from fintech_factory.views.catalogue import View
from fintech_factory.views.makers import Facts
from fintech_factory.views.spec import BOOK, Drill, TableSpec
from fintech_factory.views.table import Cells, Missing, Shown, Table, ViewDate, shape
from fintech_factory.warehouse.protocol import Reader, Row

__all__ = [
    "Asked",
    "Loans",
    "loans_behind",
    "read_facts",
    "show_view",
    "snapshot_dates",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a view is asked for: its dates, and what the workspace says for its maker."""

    dates: tuple[ViewDate, ...]
    data_through: date
    rules: LedgerRules
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loans:
    """The loans behind a row of a view's table."""

    columns: tuple[str, ...]
    rows: tuple[Cells, ...]


def snapshot_dates(reader: Reader) -> dict[date, ViewDate]:
    """Give every date that a version holds the ledger of."""
    rows = reader.query("SELECT as_of, cut_on, is_partial FROM snapshot_date ORDER BY as_of")
    return {row[0]: ViewDate(*row) for row in rows}


def show_view(reader: Reader, view: View, asked: Asked) -> list[Shown]:
    """Make a view at each date: one query a model, however many dates.

    Shapes: one `Shown` per date, in the order of `asked.dates`, each with all of its tables.
    """
    shown = [spec for spec in view.specs if spec.shown]
    maker = view.maker
    reads = ((), ()) if maker is None else (maker.at, maker.up_to)
    read = _read(reader, view, ({*reads[0], *(spec.model for spec in shown)}, reads[1]), asked)
    tables: dict[date, list[Table]] = defaultdict(list)
    for spec in shown:
        columns, by_day = read.at[spec.model]
        for on in asked.dates:
            tables[on.as_of].append(shape(spec, columns, by_day.get(on.as_of, ()), on))
    missing: dict[date, Sequence[Missing]] = {}
    if maker is not None:
        for facts in _facts(read, reads, asked):
            made, lacking = maker.make(facts)
            tables[facts.date.as_of] += made
            missing[facts.date.as_of] = lacking
    return [
        Shown(
            view.name,
            on,
            asked.data_through,
            tuple(tables[on.as_of]),
            tuple(missing.get(on.as_of, ())),
        )
        for on in asked.dates
    ]


def loans_behind(reader: Reader, spec: TableSpec, as_of: date, where: Mapping[str, str]) -> Loans:
    """Give the loans behind the rows of a table that have the given cells.

    Raises:
        UsageError: the table does not open to loans, or not by that column.
    """
    drill = _drill_of(spec)
    if drill.by_dimension:
        _check_dimension(reader, spec, where)
    conditions, values = ["as_of = ?"], [as_of.isoformat()]
    for column, value in _columns_of(drill, spec, where).items():
        # An empty value asks for what has none: a borrower that the export does not name.
        conditions.append(f"COALESCE(CAST({column} AS VARCHAR), '') = ?")
        values.append(value)
    if drill.where:
        conditions.append(f"({drill.where})")
    columns, rows = reader.table(
        f"SELECT * FROM {drill.model} "  # noqa: S608 - names from our own SQL files
        f"WHERE {' AND '.join(conditions)} ORDER BY loan_id",
        values,
    )
    if where and not rows:
        _row_is_there(reader, spec, as_of, where)
    return Loans(columns, tuple(dict(zip(columns, row, strict=True)) for row in rows))


def _drill_of(spec: TableSpec) -> Drill:
    if spec.drill is None:
        raise UsageError(
            f"{spec.view}.{spec.table} does not open to loans",
            hint="its rows are not sums of loans; see the tables it is made of",
        )
    return spec.drill


def _columns_of(drill: Drill, spec: TableSpec, where: Mapping[str, str]) -> dict[str, str]:
    """Give the loan columns that a row's cells select by."""
    wanted = dict(where)
    columns = {}
    if drill.by_dimension:
        dimension, member = wanted.pop("dimension", BOOK), wanted.pop("member", "")
        if dimension != BOOK:
            columns[dimension] = member
    unknown = [name for name in wanted if name not in drill.keys]
    if unknown:
        said = ", ".join((*(["dimension", "member"] if drill.by_dimension else []), *drill.keys))
        raise UsageError(
            f"{spec.view}.{spec.table} does not open by {unknown[0]}",
            where="--where",
            hint=f"by {said}" if said else "it opens as a whole; leave --where out",
        )
    return columns | wanted


def _check_dimension(reader: Reader, spec: TableSpec, where: Mapping[str, str]) -> None:
    """Refuse a dimension that the table does not have: its name becomes a column's."""
    dimension = where.get("dimension", BOOK)
    if dimension == BOOK:
        return
    found = reader.query(f"SELECT DISTINCT dimension FROM {spec.model} ORDER BY dimension")  # noqa: S608 - a name from our own SQL files
    known = [name for (name,) in found]
    if dimension not in known:
        raise UsageError(
            f"'{dimension}' is no dimension of {spec.view}.{spec.table}",
            where="--where",
            hint="one of " + ", ".join(known),
        )
    if "member" not in where:
        raise UsageError(
            f"it is not said which {dimension}", where="--where", hint="add --where member=VALUE"
        )


def _row_is_there(reader: Reader, spec: TableSpec, as_of: date, where: Mapping[str, str]) -> None:
    """Refuse cells that no row of the table has: no loans behind a misspelling is no answer."""
    matching = " AND ".join(f"COALESCE(CAST({name} AS VARCHAR), '') = ?" for name in where)
    ((rows,),) = reader.query(
        f"SELECT COUNT(*) FROM {spec.model} WHERE as_of = ? AND {matching}",  # noqa: S608 - checked names
        [as_of.isoformat(), *where.values()],
    )
    if not rows:
        said = ", ".join(f"{name}={value}" for name, value in where.items())
        raise UsageError(
            f"no row of {spec.view}.{spec.table} has {said} at {as_of}",
            where="--where",
            hint=f"`factory views show {spec.view} --table {spec.table}` shows the rows there are",
        )


def read_facts(
    reader: Reader, view: View, models: tuple[Sequence[str], Sequence[str]], asked: Asked
) -> list[Facts]:
    """Read a view's models, once for all dates: the first of each date, the second up to it."""
    return _facts(_read(reader, view, models, asked), models, asked)


_Rows = tuple[tuple[str, ...], dict[date, list[Row]]]
"""A model's columns, and its rows by as-of date in the spec's order."""
Portions = Sequence[Sequence[date] | None]
"""The dates of each question; None asks for every date."""
_EVERY_DATE: Portions = (None,)
_AT_A_TIME = 2


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of each model: at the dates asked for, or of every snapshot."""

    at: Mapping[str, _Rows]
    up_to: Mapping[str, _Rows]


def _read(
    reader: Reader, view: View, models: tuple[Iterable[str], Iterable[str]], asked: Asked
) -> _Read:
    """Read each model once, two at a time: an engine plans longer than it reads."""
    portions = _portions(reader, [each.as_of for each in asked.dates])
    wanted = [(_spec(view, name), portions) for name in models[0]]
    history = [(_spec(view, name), _EVERY_DATE) for name in models[1]]
    with ThreadPoolExecutor(max_workers=_AT_A_TIME) as pool:
        at = pool.map(lambda each: _rows(reader, *each), wanted)
        up_to = pool.map(lambda each: _rows(reader, *each), history)
        return _Read(
            {spec.model: rows for (spec, _), rows in zip(wanted, at, strict=True)},
            {spec.model: rows for (spec, _), rows in zip(history, up_to, strict=True)},
        )


def _spec(view: View, model: str) -> TableSpec:
    for spec in view.specs:
        if spec.model == model:
            return spec
    file = model.removeprefix(f"{view.name}_")
    raise ModelError(
        f"the view {view.name} needs a model that the workspace does not have",
        where=f"sql/views/{view.name}/{file}.sql",
        hint="copy it from a workspace that `factory init` makes anew, then `factory run`",
    )


def _facts(read: _Read, models: tuple[Sequence[str], Sequence[str]], asked: Asked) -> list[Facts]:
    at = {name: _cells(read.at[name]) for name in models[0]}
    history = {name: _cells(read.up_to[name]) for name in models[1]}
    return [
        Facts(
            date=on,
            tables={name: by_day.get(on.as_of, []) for name, by_day in at.items()}
            | {
                name: [row for day, rows in by_day.items() if day <= on.as_of for row in rows]
                for name, by_day in history.items()
            },
            rules=asked.rules,
            settings=asked.settings,
        )
        for on in asked.dates
    ]


def _cells(rows: _Rows) -> dict[date, list[Cells]]:
    columns, by_day = rows
    return {
        day: [dict(zip(columns, row, strict=True)) for row in found]
        for day, found in by_day.items()
    }


def _rows(reader: Reader, spec: TableSpec, portions: Portions) -> _Rows:
    order = ", ".join(("as_of", *spec.order))
    columns: tuple[str, ...] = ()
    by_day: dict[date, list[Row]] = defaultdict(list)
    for days in portions:
        marks = ", ".join("?" for _ in days or ())
        condition = "" if days is None else f"WHERE as_of IN ({marks}) "
        columns, rows = reader.table(
            f"SELECT * FROM {spec.model} {condition}ORDER BY {order}",  # noqa: S608 - names from our own SQL files
            list(days or ()),
        )
        place = columns.index("as_of")
        for row in rows:
            by_day[row[place]].append(row)
    return columns, by_day


def _portions(reader: Reader, days: Sequence[date]) -> Portions:
    """Part the dates so that one question looks at no more loans than fit in memory."""
    at_a_time = view_dates(reader)
    return [days[start : start + at_a_time] for start in range(0, len(days), at_a_time)]
