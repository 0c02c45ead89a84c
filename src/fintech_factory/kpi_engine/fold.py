"""Folds loan records into measures by group, holding no more than one borrower's loans."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import add, itemgetter
from typing import Any

from fintech_factory.kpi_engine.closures import Row, Scalar, compile_scalar
from fintech_factory.kpi_engine.models import NOT_PROVIDED, Model
from fintech_factory.kpi_engine.nodes import Aggregate, AggregateKind
from fintech_factory.kpi_engine.readings import GroupKey

__all__ = ["fold_records"]

_ZERO = Decimal(0)
_KEYED = frozenset({AggregateKind.COUNT_DISTINCT, AggregateKind.TOP_SUM})
# Keys of which no two borrowers share one: their groups are complete when the borrower is.
_WITHIN_BORROWER = frozenset({"borrower_id", "loan_id", "loan_key"})

_Cell = tuple[int, tuple[str, ...]]
"""A date's place and one member per dimension: the finest group."""

_Group = tuple[int, str, str]
"""A date's place, dimension and member."""

_Join = Callable[[Any, Any], Any]


def fold_records(
    records: Iterable[tuple[int, Row]],
    model: Model,
    measures: Sequence[Aggregate],
    as_ofs: Sequence[date],
) -> dict[GroupKey, Mapping[Aggregate, Decimal | None]]:
    """Measure every group of (place of the date, record) pairs; a borrower's come together."""
    folds = (_Cells(model, measures), _Keys(model, measures))
    members = itemgetter(*(_place(model, name) for name in model.dimensions))
    borrower_of = itemgetter(_place(model, "borrower_id"))
    now: object = None
    for at, record in records:
        borrower = borrower_of(record)
        if borrower != now:
            folds[1].end_borrower()
            now = borrower
        cell = (at, tuple([member or NOT_PROVIDED for member in members(record)]))
        folds[0].take(cell, record)
        folds[1].take(cell, record)
    return _answer(folds, measures, as_ofs)


def _answer(
    folds: "tuple[_Cells, _Keys]", measures: Sequence[Aggregate], as_ofs: Sequence[date]
) -> dict[GroupKey, Mapping[Aggregate, Decimal | None]]:
    plain, keyed = folds[0].by_group(), folds[1].by_group()

    def figure(group: _Group, measure: Aggregate) -> Any:  # noqa: ANN401 - Decimal, int or None
        if measure.kind not in _KEYED:
            return plain[group][measure]
        # No row passed: nothing was counted, and there is nothing to rank.
        none = 0 if measure.kind is AggregateKind.COUNT_DISTINCT else None
        return keyed.get((group, measure), none)

    return {
        (as_ofs[group[0]], group[1], group[2]): {
            measure: _decimal(figure(group, measure)) for measure in measures
        }
        for group in plain
    }


def _decimal(figure: Decimal | int | None) -> Decimal | None:
    return Decimal(figure) if isinstance(figure, int) else figure


def _place(model: Model, column: str) -> int:
    return list(model.columns).index(column)


def _groups(model: Model, cell: _Cell) -> Iterator[_Group]:
    at, members = cell
    yield (at, "", "")
    for dimension, member in zip(model.dimensions, members, strict=True):
        yield (at, dimension, member)


def _closure(model: Model, measure: Aggregate) -> tuple[Scalar, Scalar | None]:
    """Give the functions of a row for a measure's value and filter."""
    places = {name: place for place, name in enumerate(model.columns)}
    value = (lambda _: 1) if measure.value is None else compile_scalar(measure.value, places)
    return value, None if measure.where is None else compile_scalar(measure.where, places)


class _Cells:
    """Measures that parts of the book give separately and then join: sums, counts, extremes."""

    def __init__(self, model: Model, measures: Sequence[Aggregate]) -> None:
        self._model = model
        self._measures = [each for each in measures if each.kind not in _KEYED]
        self._joins = [_JOINS[each.kind] for each in self._measures]
        self._parts = [
            (place, _contribution(model, each), _JOINS[each.kind])
            for place, each in enumerate(self._measures)
        ]
        self._cells: dict[_Cell, list[Any]] = {}

    def take(self, cell: _Cell, record: Row) -> None:
        """Add a record to its cell."""
        figures = self._cells.get(cell)
        if figures is None:
            figures = self._cells[cell] = [None] * len(self._parts)
        for place, contribution, join in self._parts:
            given = contribution(record)
            if given is None:
                continue
            known = figures[place]
            if known is None:
                figures[place] = given
            elif given or join is not add:
                figures[place] = join(known, given)

    def by_group(self) -> dict[_Group, dict[Aggregate, Any]]:
        """Roll the cells up to the whole book and every member."""
        groups: dict[_Group, dict[Aggregate, Any]] = {}
        for cell, figures in self._cells.items():
            for group in _groups(self._model, cell):
                known = groups.setdefault(group, dict.fromkeys(self._measures))
                for measure, join, given in zip(self._measures, self._joins, figures, strict=True):
                    known[measure] = _joined(join, known[measure], given)
        return groups


_JOINS: dict[AggregateKind, _Join] = {
    AggregateKind.SUM: add,
    AggregateKind.COUNT: add,
    AggregateKind.MIN: min,
    AggregateKind.MAX: max,
}


def _joined(join: _Join, known: Any, given: Any) -> Any:  # noqa: ANN401 - Decimal, int or None
    if known is None or given is None:
        return given if known is None else known
    return join(known, given)


def _contribution(model: Model, measure: Aggregate) -> Scalar:
    """Give what a row adds; None adds nothing, and a row that fails a sum's filter adds 0."""
    value, where = _closure(model, measure)
    if where is None:
        return value
    otherwise = {AggregateKind.SUM: _ZERO, AggregateKind.COUNT: 0}.get(measure.kind)
    passes = where
    return lambda row: value(row) if passes(row) is True else otherwise


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A measure that must see all rows of a key before it can count or rank it."""

    place: int
    measure: Aggregate
    key: Callable[[Row], Any]
    value: Scalar
    where: Scalar | None
    sums: "dict[tuple[int, _Cell], dict[Any, Any]]"


class _Keys:
    """Distinct counts and top sums: keys stay open until no row of theirs can come."""

    def __init__(self, model: Model, measures: Sequence[Aggregate]) -> None:
        self._model = model
        # By (place of the measure, cell): what each open key has gathered so far.
        self._open: dict[tuple[int, _Cell], dict[Any, Any]] = {}
        self._lasting: dict[tuple[int, _Cell], dict[Any, Any]] = {}
        self._keyed = [
            self._prepared(place, measure)
            for place, measure in enumerate(each for each in measures if each.kind in _KEYED)
        ]
        self._counts: dict[tuple[int, _Group], int] = {}
        self._largest: dict[tuple[int, _Group], list[Decimal]] = {}

    def _prepared(self, place: int, measure: Aggregate) -> _Keyed:
        ends = measure.key in _WITHIN_BORROWER
        key = itemgetter(_place(self._model, measure.key))
        value, where = _closure(self._model, measure)
        return _Keyed(place, measure, key, value, where, self._open if ends else self._lasting)

    def take(self, cell: _Cell, record: Row) -> None:
        """Add a record to its keys."""
        for keyed in self._keyed:
            if keyed.where is not None and keyed.where(record) is not True:
                continue
            at = (keyed.place, cell)
            sums = keyed.sums.get(at)
            if sums is None:
                sums = keyed.sums[at] = {}
            key = keyed.key(record)
            sums[key] = _joined(add, sums.get(key), keyed.value(record))

    def end_borrower(self) -> None:
        """Count and rank the keys that end with the borrower."""
        self._close(self._open)

    def by_group(self) -> dict[tuple[_Group, Aggregate], Any]:
        """Give the counts and top sums of every group in which a row passed."""
        self._close(self._open)
        self._close(self._lasting)
        tops = {at: sum(largest, _ZERO) for at, largest in self._largest.items() if largest}
        return {
            (group, self._keyed[place].measure): figure
            for (place, group), figure in {**self._counts, **tops}.items()
        }

    def _close(self, sums: dict[tuple[int, _Cell], dict[Any, Any]]) -> None:
        merged: dict[tuple[int, _Group], dict[Any, Any]] = {}
        for (place, cell), by_key in sums.items():
            for group in _groups(self._model, cell):
                known = merged.setdefault((place, group), {})
                for key, given in by_key.items():
                    known[key] = _joined(add, known.get(key), given)
        for at, by_key in merged.items():
            self._count_or_rank(at, by_key)
        sums.clear()

    def _count_or_rank(self, at: tuple[int, _Group], by_key: dict[Any, Any]) -> None:
        measure = self._keyed[at[0]].measure
        if measure.kind is AggregateKind.COUNT_DISTINCT:
            counted = sum(key is not None for key in by_key)
            self._counts[at] = self._counts.get(at, 0) + counted
            return
        largest = self._largest.setdefault(at, [])
        for figure in by_key.values():
            if figure is None:
                continue
            heapq.heappush(largest, figure)
            if len(largest) > measure.take:
                heapq.heappop(largest)
