"""Compiles every KPI of one model into one portable query."""

# Names come from the model's catalogue and literals from a checked tree; dates are bound.
# ruff: noqa: S608

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.models import NOT_PROVIDED, Model
from fintech_factory.kpi_engine.nodes import (
    Aggregate,
    AggregateKind,
    Node,
    columns_of,
)
from fintech_factory.kpi_engine.sqltext import scalar, text

__all__ = ["CompiledQuery", "compile_model", "measures_of", "members_sql"]


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query in DuckDB's dialect, kept to what SQLGlot carries to BigQuery.

    Each row is (as_of, dimension, member, one cell per measure); dimension and member are
    '' for the whole book. `params` are bound to the `?`, in order.
    """

    sql: str
    params: tuple[date, ...]
    measures: tuple[Aggregate, ...]


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The members of one key by size; measures that differ only in n share it."""

    column: str
    value: Node
    where: Node | None
    tops: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Square:
    """The sum of the squares of a key's members; `column` holds a member's own sum."""

    name: str
    column: str
    value: Node
    where: Node | None


@dataclass(frozen=True, slots=True)
class _Keyed:
    """The measures that must see all rows of a key before they can count or rank it."""

    name: str
    key: str
    counts: tuple[tuple[str, Node | None], ...]
    rankings: tuple[_Ranking, ...]
    squares: tuple[_Square, ...]


def measures_of(kpis: Sequence[Kpi]) -> tuple[Aggregate, ...]:
    """Give the distinct measures of some KPIs, in the order of their first use."""
    return tuple(dict.fromkeys(one for kpi in kpis for one in kpi.aggregates))


def compile_model(
    model: Model, kpis: Sequence[Kpi], as_ofs: Sequence[date], relation: str = ""
) -> CompiledQuery:
    """Compile the KPIs that are measured on a model, over every group of the book.

    Rows are read twice at most: once summed to the finest groups, once to the members of each
    key; the groups of the book are made from those sums. Without `as_ofs`, every date that the
    model holds. `relation` is a query that stands in for the model's table (worked examples).
    """
    measures = measures_of(kpis)
    names = {measure: f"m{place}" for place, measure in enumerate(measures, start=1)}
    keyed = _keyed(names)
    parts = [f"{model.name} AS (\n{relation}\n)"] if relation else []
    parts += [
        f"scoped AS (\n{_scoped(model, measures, len(as_ofs))}\n)",
        f"finest AS (\n{_finest(model, names)}\n)",
        f"measured AS (\n{_measured(model, names)}\n)",
        *(part for one in keyed for part in _members(model, one)),
    ]
    sql = "WITH " + ",\n".join(parts) + "\n" + _answer(names, keyed)
    return CompiledQuery(sql, tuple(as_ofs), measures)


def members_sql(dimension: str) -> str:
    """Give the SQL that names the member of a dimension a row belongs to."""
    return f"COALESCE(NULLIF({dimension}, ''), {text(NOT_PROVIDED)})"


def _scoped(model: Model, measures: Sequence[Aggregate], dates: int) -> str:
    # The groups have columns of their own: inside GROUPING SETS a column that is grouped by
    # must not also be what an aggregate reads.
    groups = [f"{members_sql(name)} AS by_{name}" for name in model.dimensions]
    read = dict.fromkeys(name for measure in measures for name in columns_of(measure))
    columns = ["as_of", *groups, *(name for name in read if name != "as_of")]
    within = f"\n  WHERE as_of IN ({', '.join('?' * dates)})" if dates else ""
    return f"  SELECT {_lines(columns)}\n  FROM {model.name}{within}"


def _finest(model: Model, names: Mapping[Aggregate, str]) -> str:
    columns = ["as_of", *(f"by_{name}" for name in model.dimensions)]
    cells = [f"{_aggregate(measure)} AS {name}" for measure, name in _plain(names)]
    grouped = ", ".join(columns)
    return f"  SELECT {_lines([*columns, *cells])}\n  FROM scoped\n  GROUP BY {grouped}"


def _measured(model: Model, names: Mapping[Aggregate, str]) -> str:
    cells = [f"{_joined(measure)}({name}) AS {name}" for measure, name in _plain(names)]
    columns = ["as_of", *_group_columns(model), *cells]
    return f"  SELECT {_lines(columns)}\n  FROM finest\n  GROUP BY {_grouping_sets(model)}"


def _plain(names: Mapping[Aggregate, str]) -> Iterator[tuple[Aggregate, str]]:
    """Give the measures that two parts of the book give separately and then join."""
    return ((measure, name) for measure, name in names.items() if measure.kind not in _NEED_KEYS)


_NEED_KEYS = frozenset(
    {AggregateKind.COUNT_DISTINCT, AggregateKind.TOP_SUM, AggregateKind.SQUARE_SUM}
)


def _joined(measure: Aggregate) -> str:
    """Name the aggregate that joins the measure's parts: counts and sums add up."""
    adds_up = measure.kind in {AggregateKind.COUNT, AggregateKind.SUM}
    return "SUM" if adds_up else measure.kind.value.upper()


def _group_columns(model: Model) -> Iterator[str]:
    whens = [(f"GROUPING(by_{name}) = 0", name) for name in model.dimensions]
    dimensions = "".join(f" WHEN {when} THEN {text(name)}" for when, name in whens)
    members = "".join(f" WHEN {when} THEN by_{name}" for when, name in whens)
    yield f"CASE{dimensions} ELSE '' END AS dimension"
    yield f"CASE{members} ELSE '' END AS member"


def _grouping_sets(model: Model, key: str = "") -> str:
    last = f", {key}" if key else ""
    sets = [f"(as_of{last})", *(f"(as_of, by_{name}{last})" for name in model.dimensions)]
    return f"GROUPING SETS ({', '.join(sets)})"


def _aggregate(measure: Aggregate) -> str:
    where = None if measure.where is None else scalar(measure.where)
    if measure.kind is AggregateKind.COUNT:
        return "COUNT(*)" if where is None else f"COUNT(CASE WHEN {where} THEN 1 END)"
    if measure.kind is AggregateKind.SUM:
        return _sum(measure.value, where)
    value = "" if measure.value is None else scalar(measure.value)
    if where is not None:
        value = f"CASE WHEN {where} THEN {value} END"
    return f"{measure.kind.value.upper()}({value})"


def _sum(value: Node | None, where: str | None) -> str:
    # Rows that fail the filter count as 0, so that "none passes" is 0 and "nothing is known"
    # stays NULL.
    amount = "" if value is None else scalar(value)
    return f"SUM({amount})" if where is None else f"SUM(CASE WHEN {where} THEN {amount} ELSE 0 END)"


def _keyed(names: Mapping[Aggregate, str]) -> tuple[_Keyed, ...]:
    """Sort the measures that need them by their keys."""
    of_key: dict[str, dict[Aggregate, str]] = {}
    for measure, name in names.items():
        if measure.kind in _NEED_KEYS:
            of_key.setdefault(measure.key, {})[measure] = name
    return tuple(
        _Keyed(f"keyed{place}", key, _counts(measures), _rankings(measures), _squares(measures))
        for place, (key, measures) in enumerate(of_key.items(), start=1)
    )


def _counts(names: Mapping[Aggregate, str]) -> tuple[tuple[str, Node | None], ...]:
    return tuple(
        (name, measure.where)
        for measure, name in names.items()
        if measure.kind is AggregateKind.COUNT_DISTINCT
    )


def _rankings(names: Mapping[Aggregate, str]) -> tuple[_Ranking, ...]:
    shared: dict[tuple[Node, Node | None], list[tuple[str, int]]] = {}
    for measure, name in names.items():
        if measure.kind is AggregateKind.TOP_SUM and measure.value is not None:
            shared.setdefault((measure.value, measure.where), []).append((name, measure.take))
    return tuple(
        _Ranking(f"value{place}", *same, tuple(tops))
        for place, (same, tops) in enumerate(shared.items(), start=1)
    )


def _squares(names: Mapping[Aggregate, str]) -> tuple[_Square, ...]:
    return tuple(
        _Square(name, f"sum_{name}", measure.value, measure.where)
        for measure, name in names.items()
        if measure.kind is AggregateKind.SQUARE_SUM and measure.value is not None
    )


def _members(model: Model, keyed: _Keyed) -> Iterator[str]:
    """Sum to the members of a key, then to its members in every group; count and rank those."""
    dimensions = [f"by_{name}" for name in model.dimensions]
    summed: tuple[_Ranking | _Square, ...] = (*keyed.rankings, *keyed.squares)
    sums = [
        *(f"SUM({_only(one.value, one.where)}) AS {one.column}" for one in summed),
        *(f"COUNT({_one_if(where)}) AS {name}" for name, where in keyed.counts),
    ]
    grouped = ", ".join(["as_of", *dimensions, keyed.key])
    yield (
        f"{keyed.name}_finest AS (\n"
        f"  SELECT {_lines(['as_of', *dimensions, keyed.key, *sums])}\n"
        f"  FROM scoped\n  GROUP BY {grouped}\n)"
    )
    added = [one.column for one in summed]
    added += [name for name, _ in keyed.counts]
    columns = [
        "as_of",
        *_group_columns(model),
        f"{keyed.key} AS group_key",
        *(f"SUM({column}) AS {column}" for column in added),
    ]
    yield (
        f"{keyed.name} AS (\n  SELECT {_lines(columns)}\n"
        f"  FROM {keyed.name}_finest\n  GROUP BY {_grouping_sets(model, keyed.key)}\n)"
    )
    if keyed.counts or keyed.squares:
        yield _counted(keyed)
    for ranking in keyed.rankings:
        yield from _ranked(keyed, ranking)


def _only(value: Node, where: Node | None) -> str:
    # A member of which no row passes has no size; it must not rank as 0.
    return scalar(value) if where is None else f"CASE WHEN {scalar(where)} THEN {scalar(value)} END"


def _one_if(where: Node | None) -> str:
    return "*" if where is None else f"CASE WHEN {scalar(where)} THEN 1 END"


def _counted(keyed: _Keyed) -> str:
    cells = [
        f"COUNT(CASE WHEN {name} > 0 THEN group_key END) AS {name}" for name, _ in keyed.counts
    ] + [f"SUM({_squared(one.column)}) AS {one.name}" for one in keyed.squares]
    return (
        f"{keyed.name}_counts AS (\n  SELECT {_lines([*_GROUP, *cells])}\n"
        f"  FROM {keyed.name}\n  GROUP BY {', '.join(_GROUP)}\n)"
    )


def _squared(column: str) -> str:
    # To 6 places: a product of two wide decimals has more digits than every engine keeps.
    return f"ROUND(CAST({column} AS DECIMAL(35, 6)) * CAST({column} AS DECIMAL(18, 6)), 6)"


_GROUP = ("as_of", "dimension", "member")


def _ranked(keyed: _Keyed, ranking: _Ranking) -> Iterator[str]:
    name, column = f"{keyed.name}_{ranking.column}", ranking.column
    place = (
        f"ROW_NUMBER() OVER (PARTITION BY {', '.join(_GROUP)}"
        f" ORDER BY {column} DESC NULLS LAST, group_key ASC NULLS LAST) AS place"
    )
    yield (
        f"{name}_places AS (\n  SELECT {', '.join(_GROUP)}, {column}, {place}\n"
        f"  FROM {keyed.name}\n)"
    )
    cells = [
        f"SUM(CASE WHEN place <= {take} THEN {column} END) AS {top}" for top, take in ranking.tops
    ]
    # The condition says nothing new; with it an engine keeps the leaders and sorts nothing.
    last = max(take for _, take in ranking.tops)
    yield (
        f"{name} AS (\n  SELECT {_lines([*_GROUP, *cells])}\n"
        f"  FROM {name}_places\n  WHERE place <= {last}\n  GROUP BY {', '.join(_GROUP)}\n)"
    )


def _answer(names: Mapping[Aggregate, str], keyed: Sequence[_Keyed]) -> str:
    homes: dict[str, str] = {}
    for one in keyed:
        counted = [*(name for name, _ in one.counts), *(each.name for each in one.squares)]
        homes |= dict.fromkeys(counted, f"{one.name}_counts")
        for ranking in one.rankings:
            homes |= {top: f"{one.name}_{ranking.column}" for top, _ in ranking.tops}
    cells = [f"{homes.get(name, 'measured')}.{name} AS {name}" for name in names.values()]
    columns = [*(f"measured.{column} AS {column}" for column in _GROUP), *cells]
    joins = "".join(
        f"\nLEFT JOIN {home} ON "
        + " AND ".join(f"measured.{column} = {home}.{column}" for column in _GROUP)
        for home in dict.fromkeys(homes.values())
    )
    ordered = ", ".join(f"measured.{column}" for column in _GROUP)
    return f"SELECT {_lines(columns)}\nFROM measured{joins}\nORDER BY {ordered}"


def _lines(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)
