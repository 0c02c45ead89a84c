"""Which measures a row passes, looked at once per combination of what their filters read."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Generic, TypeVar

from fintech_factory.kpi_engine.closures import Row
from fintech_factory.kpi_engine.fold_groups import closure
from fintech_factory.kpi_engine.models import Kind, Model
from fintech_factory.kpi_engine.nodes import Aggregate, columns_of

__all__ = ["Passing", "is_narrow"]

_MOST_KNOWN = 100_000
Work = TypeVar("Work")


class Passing(Generic[Work]):
    """Gives the work that a row asks for; rows alike in what filters read ask for the same.

    A book has a million rows and few combinations of a bucket, a kind and some days. Filters
    that read money are not `is_narrow` and do not belong here.
    """

    def __init__(
        self,
        model: Model,
        measures: Sequence[tuple[int, Aggregate]],
        work_of: Callable[[frozenset[int]], Work],
    ) -> None:
        """Take numbered measures, and what is to be done where some of them pass."""
        self._always = [place for place, measure in measures if measure.where is None]
        self._filters = [
            (place, closure(model, measure.where))
            for place, measure in measures
            if measure.where is not None
        ]
        read = {name for _, each in measures if each.where for name in columns_of(each.where)}
        places = [place for place, name in enumerate(model.columns) if name in read]
        self.signature: Callable[[Row], object] = itemgetter(*places) if places else _alike
        self.known: dict[object, Work] = {}
        self._works: dict[frozenset[int], Work] = {}
        self._work_of = work_of

    def judge(self, signature: object, record: Row) -> Work:
        """Give the work of a row whose signature is not `known`, and know it from now on."""
        passed = frozenset(
            [*self._always, *(place for place, where in self._filters if where(record) is True)]
        )
        work = self._works.get(passed)
        if work is None:
            work = self._works[passed] = self._work_of(passed)
        if len(self.known) < _MOST_KNOWN:
            self.known[signature] = work
        return work


def _alike(_: Row) -> object:
    return None


def is_narrow(model: Model, measure: Aggregate) -> bool:
    """Say whether a measure's filter reads nothing that differs from loan to loan."""
    names = () if measure.where is None else columns_of(measure.where)
    columns = [model.columns[name] for name in names]
    return all(column.kind is not Kind.NUMBER or column.whole_number for column in columns)
