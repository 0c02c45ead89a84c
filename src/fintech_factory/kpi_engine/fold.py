"""Folds loan records into measures by group, holding no more than one borrower's loans."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import add, itemgetter
from typing import Any

from fintech_factory.kpi_engine.closures import Row, Scalar
from fintech_factory.kpi_engine.fold_groups import (
    JOINS,
    NONE_PASSED,
    Cell,
    Group,
    Join,
    closure,
    groups_of,
    joined,
    value_of,
)
from fintech_factory.kpi_engine.fold_keys import KEYED, Keyed, Keys
from fintech_factory.kpi_engine.models import NOT_PROVIDED, Model
from fintech_factory.kpi_engine.nodes import Aggregate, AggregateKind
from fintech_factory.kpi_engine.passing import Passing, is_narrow
from fintech_factory.kpi_engine.readings import GroupKey

__all__ = ["Fold", "fold_records"]

Add = tuple[int, Scalar, Join]
"""A measure's place, what a row adds to it, and how."""


class _Work:
    """What is to be done with a row: measures to add to, those that it fails, keys to take it."""

    __slots__ = ("adds", "fails", "keyed")

    def __init__(self, adds: Sequence[Add], fails: Sequence[int], keyed: Sequence[Keyed]) -> None:
        self.adds, self.fails, self.keyed = tuple(adds), tuple(fails), tuple(keyed)


class _Held:
    """The figures of one cell, and which works were done for it."""

    __slots__ = ("figures", "works")

    def __init__(self, measures: int) -> None:
        self.figures: list[Any] = [None] * measures
        self.works: set[_Work] = set()


class Fold:
    """Measures every group of a model's records, which are given borrower by borrower."""

    def __init__(self, model: Model, measures: Sequence[Aggregate]) -> None:
        """Take the measures to make."""
        self._model, self._measures = model, measures
        self._keys = Keys(model, measures)
        self._members = itemgetter(*(list(model.columns).index(each) for each in model.dimensions))
        self._cells: dict[Cell, _Held] = {}
        self._adds = {
            place: (place, value_of(model, each), JOINS[each.kind])
            for place, each in enumerate(measures)
            if each.kind not in KEYED
        }
        numbered = list(enumerate(measures))
        narrow = [each for each in numbered if is_narrow(model, each[1])]
        self._narrow = [place for place, _ in narrow]
        self._passing = Passing(model, narrow, self._work_of)
        wide = [each for each in numbered if not is_narrow(model, each[1])]
        self._wide_adds = [
            (place, _filtered(model, each), JOINS[each.kind])
            for place, each in wide
            if each.kind not in KEYED
        ]
        self._wide_keyed = [
            (closure(model, each.where), self._keys.keyed[place])
            for place, each in wide
            if each.kind in KEYED and each.where is not None
        ]

    def _work_of(self, passed: frozenset[int]) -> _Work:
        failed = [place for place in self._narrow if place not in passed]
        return _Work(
            [self._adds[place] for place in self._adds if place in passed],
            [place for place in failed if self._measures[place].kind in NONE_PASSED],
            [keyed for place, keyed in self._keys.keyed.items() if place in passed],
        )

    def take(self, records: Iterable[tuple[int, Row]]) -> None:
        """Add (place of the date, record) pairs of one borrower."""
        members, cells, passing = self._members, self._cells, self._passing
        signature, known = passing.signature, passing.known
        for at, record in records:
            cell = (at, tuple([member or NOT_PROVIDED for member in members(record)]))
            held = cells.get(cell)
            if held is None:
                held = cells[cell] = _Held(len(self._measures))
            read = signature(record)
            work = known.get(read)
            if work is None:
                work = passing.judge(read, record)
            held.works.add(work)
            _add(work.adds, record, held.figures)
            _add(self._wide_adds, record, held.figures)
            for keyed in work.keyed:
                keyed.take(cell, record)
            for where, keyed in self._wide_keyed:
                if where(record) is True:
                    keyed.take(cell, record)

    def end_borrower(self) -> None:
        """Count and rank the keys that end with the borrower."""
        self._keys.end_borrower()

    def by_group(
        self, as_ofs: Sequence[date]
    ) -> dict[GroupKey, Mapping[Aggregate, Decimal | None]]:
        """Give the measures of every group in which a record stood."""
        plain, keyed = self._rolled_up(), self._keys.by_group()

        def figure(group: Group, place: int) -> Any:  # noqa: ANN401 - Decimal, int or None
            measure = self._measures[place]
            if measure.kind not in KEYED:
                return plain[group][place]
            # No row passed: nothing was counted, and there is nothing to rank.
            none = 0 if measure.kind is AggregateKind.COUNT_DISTINCT else None
            return keyed.get((group, measure), none)

        return {
            (as_ofs[group[0]], group[1], group[2]): {
                measure: _decimal(figure(group, place))
                for place, measure in enumerate(self._measures)
            }
            for group in plain
        }

    def _rolled_up(self) -> dict[Group, list[Any]]:
        """Roll the cells up to the whole book and every member."""
        groups: dict[Group, list[Any]] = {}
        for cell, held in self._cells.items():
            failed = {place for work in held.works for place in work.fails}
            for place in failed:
                figure = held.figures[place]
                held.figures[place] = (
                    NONE_PASSED[self._measures[place].kind] if figure is None else figure
                )
            for group in groups_of(self._model, cell):
                known = groups.setdefault(group, [None] * len(self._measures))
                for place, (_, _, join) in self._adds.items():
                    known[place] = joined(join, known[place], held.figures[place])
        return groups


def fold_records(
    records: Iterable[tuple[int, Row]],
    model: Model,
    measures: Sequence[Aggregate],
    as_ofs: Sequence[date],
) -> dict[GroupKey, Mapping[Aggregate, Decimal | None]]:
    """Measure every group of (place of the date, record) pairs; a borrower's come together."""
    fold = Fold(model, measures)
    place = list(model.columns).index("borrower_id")
    for _, of_borrower in groupby(records, key=lambda each: each[1][place]):
        fold.take(of_borrower)
        fold.end_borrower()
    return fold.by_group(as_ofs)


def _add(adds: Iterable[Add], record: Row, figures: list[Any]) -> None:
    for place, value, join in adds:
        given = value(record)
        if given is None:
            continue
        known = figures[place]
        if known is None:
            figures[place] = given
        elif given or join is not add:
            figures[place] = join(known, given)


def _decimal(figure: Decimal | int | None) -> Decimal | None:
    return Decimal(figure) if isinstance(figure, int) else figure


def _filtered(model: Model, measure: Aggregate) -> Scalar:
    """Give what a row adds by a filter that reads money; None adds nothing."""
    value = value_of(model, measure)
    if measure.where is None:
        return value
    passes, otherwise = closure(model, measure.where), NONE_PASSED.get(measure.kind)
    return lambda row: value(row) if passes(row) is True else otherwise
