"""Compares the two engines' readings and withholds what they do not agree on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from fintech_factory.kpi_engine.definitions import Definitions, Formula, is_measured
from fintech_factory.kpi_engine.readings import Check, GroupKey, Reading, Status

__all__ = ["compare"]

_Key = tuple[str, GroupKey]


def compare(
    definitions: Definitions, primary: Sequence[Reading], second: Iterable[Reading]
) -> tuple[Reading, ...]:
    """Give the primary readings with the second engine's verdict.

    Equal means exactly equal: status, part, whole and unrounded value. A reading that does
    not match is withheld with both engines' figures in its reason, and so is what is made
    of it. A group that only the second engine knows comes back withheld as well. What is
    observed, or needs a source, is given back as it is: no engine can check it.
    """
    others = {(reading.kpi, reading.group): reading for reading in second}
    judged: dict[_Key, Reading] = {}
    for reading in primary:
        key = (reading.kpi, reading.group)
        if not is_measured(definitions.get(reading.kpi)):
            judged[key] = reading
        else:
            judged[key] = _judged(reading, others.pop(key, None))
    for key, other in others.items():
        if _says_something(other):
            judged[key] = _withheld(other, "the first engine does not know this group")
    return tuple(_with_inputs(definitions, reading, judged) for reading in judged.values())


def _judged(primary: Reading, second: Reading | None) -> Reading:
    if second is None:
        if _says_something(primary):
            return _withheld(primary, "the second engine does not know this group")
        return replace(primary, check=Check.MATCHED)
    if _figures(primary) == _figures(second):
        return replace(primary, check=Check.MATCHED)
    return _withheld(primary, f"the engines disagree: {_said(primary)}; second {_said(second)}")


def _figures(reading: Reading) -> tuple[object, ...]:
    return (
        reading.status,
        reading.value,
        reading.raw_value,
        reading.part or None,
        reading.whole or None,
    )


def _says_something(reading: Reading) -> bool:
    """Say whether a group's reading holds any figure; a group of nothing but 0 may be absent."""
    return any((reading.value, reading.part, reading.whole))


def _withheld(reading: Reading, reason: str) -> Reading:
    return replace(
        reading,
        status=Status.WITHHELD,
        reason=reason,
        value=None,
        raw_value=None,
        part=None,
        whole=None,
        limit_state=None,
        check=Check.MISMATCHED,
    )


def _said(reading: Reading) -> str:
    figures = {"value": reading.raw_value, "part": reading.part, "whole": reading.whole}
    said = ", ".join(
        f"{name} {_text(figure)}" for name, figure in figures.items() if figure is not None
    )
    return said or f"{reading.status.value} ({reading.reason})"


def _text(figure: Decimal) -> str:
    return format(figure, "f")


def _with_inputs(
    definitions: Definitions, reading: Reading, judged: dict[_Key, Reading]
) -> Reading:
    """Withhold what is made of a withheld reading, however far down."""
    measure = definitions.get(reading.kpi).measure
    if reading.status is Status.WITHHELD or not isinstance(measure, Formula):
        return reading
    for name in measure.inputs:
        of_input = judged.get((name, reading.group))
        if of_input is None:
            continue
        if _with_inputs(definitions, of_input, judged).status is Status.WITHHELD:
            return _withheld(reading, f"{name} is withheld: {of_input.reason}")
    return reading
