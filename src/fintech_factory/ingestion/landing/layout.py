"""Which header of a file is which column of its table, and how each column is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.formats import (
    Ambiguous,
    DateReading,
    NumberReading,
    declared_date,
    declared_number,
    read_dates,
    read_numbers,
)
from fintech_factory.ingestion.landing.naming import folded
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    from fintech_factory.ingestion.sources.cascade import Column, Table

__all__ = ["Field", "Layout", "Reading", "ambiguous", "map_header", "read_column"]

Reading = DateReading | NumberReading | None


@dataclass(frozen=True, slots=True)
class Field:
    """One landed column: its place in the file (None if the file lacks it) and its format."""

    name: str
    column: "Column"
    place: int | None = None
    header: str = ""
    reading: Reading = None

    @property
    def is_open(self) -> bool:
        """Tell whether the sample showed no sign that settles the format."""
        return self.reading is not None and not self.reading.proven


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is laid out."""

    header: tuple[str, ...]
    delimiter: str
    fields: tuple[Field, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Name the headers that no column claims."""
        taken = {field.place for field in self.fields}
        return tuple(name for place, name in enumerate(self.header) if place not in taken)

    def with_readings(self, readings: Mapping[str, Reading]) -> "Layout":
        """Give the layout with some columns' formats replaced."""
        fields = tuple(
            replace(each, reading=readings.get(each.name, each.reading)) for each in self.fields
        )
        return replace(self, fields=fields)


def map_header(
    header: Sequence[str], table: "Table", where: str
) -> tuple[dict[str, int], list[Finding]]:
    """Find each column's place in the header; findings name what is missing or claimed twice."""
    names = [folded(each) for each in header]
    places: dict[str, int] = {}
    findings: list[Finding] = []
    for name, column in table.columns.items():
        known = {folded(each) for each in (name, *column.aliases)}
        found = [place for place, each in enumerate(names) if each in known]
        if len(found) > 1:
            findings.append(_clash(name, [header[place] for place in found], where))
        elif found:
            places[name] = found[0]
    taken = set(places.values())
    spare = [name for place, name in enumerate(header) if place not in taken]
    for name, column in table.columns.items():
        clashed = any(
            each.code == "alias_clash" and f"`{name}`" in each.message for each in findings
        )
        if column.required and name not in places and not clashed:
            findings.append(_missing(name, column, spare, where))
    return places, findings


def _clash(name: str, headers: Sequence[str], where: str) -> Finding:
    both = " and ".join(f"`{each}`" for each in headers)
    return Finding(
        code="alias_clash",
        severity=Severity.CRITICAL,
        message=f"{both} are both read as the column `{name}`",
        where=where,
        hint="remove one of the aliases in config/integrations/cascade.yaml",
    )


def _missing(name: str, column: "Column", spare: Sequence[str], where: str) -> Finding:
    from difflib import SequenceMatcher

    known = [folded(each) for each in (name, *column.aliases)]
    scores = [
        (max(SequenceMatcher(None, folded(each), one).ratio() for one in known), each)
        for each in spare
    ]
    likeness, nearest = max(scores, default=(0.0, ""))
    if likeness >= 0.6:  # noqa: PLR2004 - difflib's own threshold for a close match
        hint = f"was it renamed to `{nearest}`? then add that to its aliases"
    else:
        hint = "add the header it now has to its aliases in config/integrations/cascade.yaml"
        hint += f"; headers nobody claims: {', '.join(spare)}" if spare else ""
    return Finding(
        code="missing_column",
        severity=Severity.CRITICAL,
        message=f"the required column `{name}` is missing",
        where=where,
        hint=hint,
    )


def read_column(column: "Column", texts: Iterable[str]) -> Reading | Ambiguous:
    """Tell a column's format from some of its values; text and booleans have none."""
    if column.type == "date":
        return declared_date(column.format) if column.format else read_dates(texts)
    if column.type in ("money", "rate", "integer"):
        bounds = (column.min, column.max)
        return declared_number(column.format) if column.format else read_numbers(texts, bounds)
    return None


def ambiguous(name: str, found: Ambiguous, where: str) -> Finding:
    """Say which two readings a column has, by one of its own values."""
    one, other = found.readings
    return Finding(
        code="ambiguous_format",
        severity=Severity.CRITICAL,
        message=f"the column `{name}` reads two ways: `{found.example}` is {one} or {other}",
        where=where,
        hint=f"say which: give `{name}` a format in config/integrations/cascade.yaml",
        evidence=({"column": name, "example": found.example, "readings": [one, other]},),
    )
