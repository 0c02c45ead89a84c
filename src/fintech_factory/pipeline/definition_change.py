"""Reads the months gone by, by the definitions that runs used last and by those of the file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from fintech_factory.errors import DefinitionError, UsageError
from fintech_factory.kpi_engine.definition_diff import DefinitionDiff, months_of
from fintech_factory.kpi_engine.definitions import Definitions, Formula
from fintech_factory.kpi_engine.limits import Limits
from fintech_factory.kpi_engine.meaning import differences, judgement_only
from fintech_factory.kpi_engine.readings import Reading
from fintech_factory.kpi_engine.rebuild import rebuild
from fintech_factory.kpi_engine.versions import LoggedVersion
from fintech_factory.pipeline.kpi_past import BOOK, Past
from fintech_factory.registry import suggestion

__all__ = ["Sides", "diff_definitions"]

_WORD = re.compile(r"[a-z]\w*")
_Read = Mapping[tuple[str, date], Reading]


@dataclass(frozen=True, slots=True)
class Sides:
    """The file's definitions, and the newest logged version of each KPI with the log's path."""

    file: Definitions
    logged: Mapping[str, LoggedVersion]
    log: Path

    def names(self) -> list[str]:
        """Give every KPI that either side knows, in the file's order."""
        return list(dict.fromkeys([*self.file.kpis, *self.logged]))


def diff_definitions(
    sides: Sides, past: Past, months: Sequence[date], only: Sequence[str] = ()
) -> list[DefinitionDiff]:
    """Give a diff of each KPI that differs, with both figures at the given month-ends.

    Raises:
        UsageError: neither side knows a KPI that is asked for.
    """
    for kpi in only:
        if kpi not in sides.names():
            raise UsageError(f"unknown KPI `{kpi}`", hint=suggestion(kpi, sides.names()))
    diffs = [diff for diff in _diffs(sides) if not only or diff.kpi in only]
    both = [diff.kpi for diff in diffs if diff.kind in {"changed", "through inputs"}]
    if not both or not months:
        return diffs
    file = sides.file.only(*both)
    try:
        logged = _as_logged(sides, both)
    except DefinitionError as unreadable:
        reason = f"this release cannot read what was logged: {unreadable.problems[0].message}"
        return [replace(diff, reason=diff.reason or reason) for diff in diffs]
    old, new = past.read(logged, months, BOOK), past.read(file, months, BOOK)

    def side(definitions: Definitions, read: _Read, kpi: str) -> tuple[Limits, list[Reading]]:
        return definitions.kpis[kpi].limits, [read[kpi, day] for day in months]

    return [
        replace(diff, months=months_of(side(logged, old, diff.kpi), side(file, new, diff.kpi)))
        if diff.kpi in both
        else diff
        for diff in diffs
    ]


def _diffs(sides: Sides) -> Iterator[DefinitionDiff]:
    moved = _moved(sides)
    for name in sides.names():
        kpi, logged = sides.file.kpis.get(name), sides.logged.get(name)
        old_version = logged.version if logged else None
        new_version = kpi.version if kpi else None
        fields = differences(logged.meaning if logged else {}, kpi.meaning if kpi else {})
        if logged is None:
            yield DefinitionDiff(name, "new", None, new_version, fields, reason=_NEW)
        elif kpi is None:
            yield DefinitionDiff(name, "removed", old_version, None, fields, reason=_REMOVED)
        elif fields or old_version != new_version:
            yield DefinitionDiff(name, "changed", old_version, new_version, fields)
        elif name in moved:
            yield DefinitionDiff(name, "through inputs", old_version, new_version, ())


_NEW = "no run has used it yet: there is nothing to compare it with"
_REMOVED = "the file defines it no more: there is nothing to compare it with"


def _moved(sides: Sides) -> frozenset[str]:
    """Name the KPIs whose figure, or one that it is made of, is defined otherwise."""
    moved: set[str] = set()
    for name in sides.file.order:
        kpi, logged = sides.file.kpis[name], sides.logged.get(name)
        changes = differences(logged.meaning, kpi.meaning) if logged else ()
        inputs = kpi.measure.inputs if isinstance(kpi.measure, Formula) else ()
        if not judgement_only(changes) or moved.intersection(inputs):
            moved.add(name)
    return frozenset(moved)


def _as_logged(sides: Sides, kpis: Sequence[str]) -> Definitions:
    """Rebuild the logged versions of some KPIs, and of all that they are made of."""
    wanted: set[str] = set()
    waiting = list(kpis)
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        words = set(_WORD.findall(sides.logged[name].meaning.get("formula", "")))
        waiting.extend((words & sides.logged.keys()) - wanted)
    return rebuild([sides.logged[name] for name in sides.logged if name in wanted], sides.log)
