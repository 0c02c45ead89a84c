"""Distinct counts, top sums and sums of squares: what must see all rows of a key first."""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import add, itemgetter
from typing import Any

from fintech_factory.kpi_engine.closures import Row, Scalar
from fintech_factory.kpi_engine.fold_groups import Cell, Group, groups_of, joined, value_of
from fintech_factory.kpi_engine.models import Model
from fintech_factory.kpi_engine.nodes import Aggregate, AggregateKind
from fintech_factory.kpi_engine.rates import converted

__all__ = ["KEYED", "Keyed", "Keys"]

_ZERO = Decimal(0)
KEYED = frozenset({AggregateKind.COUNT_DISTINCT, AggregateKind.TOP_SUM, AggregateKind.SQUARE_SUM})
"""The kinds of measure that are made here."""

# Keys of which no two borrowers share one: their groups are complete when the borrower is.
_WITHIN_BORROWER = frozenset({"borrower_id", "loan_id", "loan_key"})


@dataclass(frozen=True, slots=True)
class Keyed:
    """One such measure, with what its open keys have gathered so far, by cell."""

    place: int
    measure: Aggregate
    key: Callable[[Row], Any]
    value: Scalar
    sums: "dict[tuple[int, Cell], dict[Any, Any]]"

    def take(self, cell: Cell, record: Row) -> None:
        """Add a record that passes the measure's filter to its key."""
        at = (self.place, cell)
        sums = self.sums.get(at)
        if sums is None:
            sums = self.sums[at] = {}
        key = self.key(record)
        sums[key] = joined(add, sums.get(key), self.value(record))


class Keys:
    """Keys stay open until no row of theirs can come."""

    def __init__(self, model: Model, measures: Sequence[Aggregate]) -> None:
        """Take all measures; those of other kinds are left to others."""
        self._model = model
        self._open: dict[tuple[int, Cell], dict[Any, Any]] = {}
        self._lasting: dict[tuple[int, Cell], dict[Any, Any]] = {}
        self.keyed = {
            place: self._prepared(place, measure)
            for place, measure in enumerate(measures)
            if measure.kind in KEYED
        }
        self._counts: dict[tuple[int, Group], int] = {}
        self._squares: dict[tuple[int, Group], Decimal] = {}
        self._largest: dict[tuple[int, Group], list[Decimal]] = {}

    def _prepared(self, place: int, measure: Aggregate) -> Keyed:
        sums = self._open if measure.key in _WITHIN_BORROWER else self._lasting
        key = itemgetter(list(self._model.columns).index(measure.key))
        return Keyed(place, measure, key, value_of(self._model, measure), sums)

    def end_borrower(self) -> None:
        """Count and rank the keys that end with the borrower."""
        if self._open:
            self._close(self._open)

    def by_group(self) -> dict[tuple[Group, Aggregate], Any]:
        """Give the counts and top sums of every group in which a row passed."""
        self._close(self._open)
        self._close(self._lasting)
        tops = {at: sum(largest, _ZERO) for at, largest in self._largest.items() if largest}
        return {
            (group, self.keyed[place].measure): figure
            for (place, group), figure in {**self._counts, **self._squares, **tops}.items()
        }

    def _close(self, sums: dict[tuple[int, Cell], dict[Any, Any]]) -> None:
        merged: dict[tuple[int, Group], dict[Any, Any]] = {}
        for (place, cell), by_key in sums.items():
            for group in groups_of(self._model, cell):
                known = merged.setdefault((place, group), {})
                for key, given in by_key.items():
                    known[key] = joined(add, known.get(key), given)
        for at, by_key in merged.items():
            self._count_or_rank(at, by_key)
        sums.clear()

    def _count_or_rank(self, at: tuple[int, Group], by_key: dict[Any, Any]) -> None:
        measure = self.keyed[at[0]].measure
        if measure.kind is AggregateKind.COUNT_DISTINCT:
            counted = sum(key is not None for key in by_key)
            self._counts[at] = self._counts.get(at, 0) + counted
            return
        if measure.kind is AggregateKind.SQUARE_SUM:
            self._add_squares(at, by_key.values())
            return
        largest = self._largest.setdefault(at, [])
        for figure in by_key.values():
            if figure is None:
                continue
            heapq.heappush(largest, figure)
            if len(largest) > measure.take:
                heapq.heappop(largest)

    def _add_squares(self, at: tuple[int, Group], figures: Iterable[Any]) -> None:
        for figure in figures:
            if figure is not None:
                # To 6 places, as in SQL: a square is an amount converted at itself.
                square = converted(Decimal(figure), Decimal(figure))
                self._squares[at] = self._squares.get(at, _ZERO) + square
