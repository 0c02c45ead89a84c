"""Reads limits that a person gives on the command line, by the rules of the file's."""

import re
from collections.abc import Iterator
from decimal import Decimal

from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.ladder import LEVELS, limit_faults
from fintech_factory.kpi_engine.limits import Limits
from fintech_factory.registry import suggestion
from fintech_factory.values import LimitState

__all__ = ["given_limits"]

_WHERE = "--limits"
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,12})?")
_KEYS = {
    **{state.value: state for state in LEVELS},
    **{f"clear.{state.value}": state for state in LEVELS},
}


def given_limits(kpi: Kpi, text: str, *, confirm_small: bool) -> Limits:
    """Read `warning=3,critical=5`, where `clear.warning=2.5` is a level's clear limit.

    Raises:
        UsageError: the text cannot be read, or the file would refuse such limits for this KPI.
    """
    written = dict(_written(text))
    steps = tuple((level, written[level.value]) for level in LEVELS if level.value in written)
    clear = tuple(
        (level, written[f"clear.{level.value}"])
        for level in LEVELS
        if f"clear.{level.value}" in written
    )
    limits = Limits(kpi.limits.direction, steps, clear)
    confirmed_by = "" if confirm_small else "--confirm-small"
    for keys, message, hint in limit_faults(limits, kpi.unit, confirmed_by):
        place = ".".join((kpi.id, *keys))
        raise UsageError(f"{place}: {message}", where=_WHERE, hint=hint)
    return limits


def _written(text: str) -> Iterator[tuple[str, Decimal]]:
    seen: set[LimitState | str] = set()
    for piece in text.split(","):
        key, _, figure = (part.strip() for part in piece.partition("="))
        if key not in _KEYS:
            raise UsageError(
                f"unknown limit `{key}`", where=_WHERE, hint=suggestion(key, list(_KEYS))
            )
        if key in seen:
            raise UsageError(f"{key} is given twice", where=_WHERE)
        if not _NUMBER.fullmatch(figure):
            raise UsageError(
                f"{key} is no number: `{figure}`", where=_WHERE, hint="write it like warning=3"
            )
        seen.add(key)
        yield key, Decimal(figure)
