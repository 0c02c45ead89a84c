"""Measures, and how Prometheus reads them.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
https://prometheus.io/docs/concepts/data_model/
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isinf, isnan
from typing import Any

__all__ = ["CONTENT_TYPE", "Family", "Kind", "Sample", "families_json", "text_of"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""What an HTTP server says that the text is."""
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


class Kind(StrEnum):
    """What may be done with a measure: a counter never falls, a gauge may."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure under its labels; what is not known has no sample, for absent is not zero."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name.

    A counter's name ends in `_total`, one of seconds in `_seconds`. No two samples bear the same
    labels.
    """

    name: str
    kind: Kind
    says: str
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what Prometheus would refuse, and with it every other measure of the answer.

        Raises:
            ValueError: a name cannot be one, a counter is not called so, or labels stand twice.
        """
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name} is no name of a measure")
        if self.name.endswith("_total") is not (self.kind is Kind.COUNTER):
            raise ValueError(f"{self.name}: a counter, and nothing else, ends in _total")
        labels = [frozenset(each.labels.items()) for each in self.samples]
        if len(set(labels)) < len(labels):
            raise ValueError(f"{self.name}: two samples bear the same labels")
        for name in {name for each in self.samples for name in each.labels}:
            if not _LABEL.fullmatch(name):
                raise ValueError(f"{self.name}: {name} is no name of a label")


def text_of(families: Iterable[Family]) -> str:
    """Write measures in the text format 0.0.4; one without samples is left out.

    Raises:
        ValueError: two have the same name.
    """
    lines: list[str] = []
    known: set[str] = set()
    for each in families:
        if each.name in known:
            raise ValueError(f"{each.name} stands twice")
        known.add(each.name)
        if each.samples:
            lines += (
                f"# HELP {each.name} {_help(each.says)}",
                f"# TYPE {each.name} {each.kind.value}",
                *(_line(each.name, sample) for sample in each.samples),
            )
    # The last line must end as well.
    return "".join(f"{line}\n" for line in lines)


def families_json(families: Iterable[Family]) -> list[dict[str, Any]]:
    """Give measures as JSON can hold them; what is no finite number is None."""
    return [
        {
            "name": each.name,
            "kind": each.kind.value,
            "help": each.says,
            "samples": [
                {"labels": dict(sample.labels), "value": _finite(sample.value)}
                for sample in each.samples
            ],
        }
        for each in families
        if each.samples
    ]


def _line(name: str, sample: Sample) -> str:
    labels = ",".join(f'{label}="{_value(value)}"' for label, value in sample.labels.items())
    return f"{name}{{{labels}}} {_number(sample.value)}" if labels else (
        f"{name} {_number(sample.value)}"
    )  # fmt: skip


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _value(text: str) -> str:
    return _help(text).replace('"', r"\"")


def _number(value: float) -> str:
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))


def _finite(value: float) -> float | None:
    return None if isnan(value) or isinf(value) else value
