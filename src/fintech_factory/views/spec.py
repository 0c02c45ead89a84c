"""What the head of a view's SQL file says of its table."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from fintech_factory.errors import ModelError
from fintech_factory.transform.models import Model

__all__ = ["BOOK", "Drill", "Percent", "TableSpec", "read_spec"]

BOOK = "book"
"""The dimension whose only member is the whole book."""

_NOTE = re.compile(r"(?P<key>title|order|percent|loans|hidden)\b:? ?(?P<text>.*)")
_PERCENT = re.compile(r"(?P<name>\w+) = (?P<part>\w+) / (?P<whole>\w+)")
_DRILL = re.compile(
    r"(?P<model>\w+)(?: on (?P<keys>\w+(?:, \w+)*))?(?P<by> by dimension)?(?: where (?P<where>.+))?"
)
_FIRST_NOTE_LINE = 3


@dataclass(frozen=True, slots=True)
class Percent:
    """A column that is added to the table: part / whole x 100, None where whole is 0 or dust."""

    name: str
    part: str
    whole: str


@dataclass(frozen=True, slots=True)
class Drill:
    """Which loans stand behind a row: those of `model` at its as-of date with the same `keys`.

    `by_dimension`: the row's `dimension` names one more column and its `member` the value.
    `where` narrows all rows alike.
    """

    model: str
    keys: tuple[str, ...] = ()
    by_dimension: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table of a view; `model` is where its rows come from.

    `shown` is False for facts that only a maker reads.
    """

    view: str
    table: str
    model: str
    grain: str
    title_en: str
    title_es: str
    order: tuple[str, ...] = ()
    percents: tuple[Percent, ...] = ()
    drill: Drill | None = None
    shown: bool = True

    def title(self, language: str) -> str:
        """Give the title in English (`en`) or Spanish (`es`)."""
        return self.title_es if language == "es" else self.title_en


def read_spec(view: str, model: Model) -> TableSpec:
    """Read a table's spec from the notes at the head of its file.

    Raises:
        ModelError: a note cannot be read, or a shown table has no title in both languages.
    """
    said = _notes(model)
    shown = not said["hidden"]
    english, spanish = _titles(model, said["title"]) if shown else ("", "")
    return TableSpec(
        view=view,
        table=model.name.removeprefix(f"{view}_"),
        model=model.name,
        grain=model.grain,
        title_en=english,
        title_es=spanish,
        order=tuple(name for note in said["order"] for name in note.text.split(", ")),
        percents=tuple(_percent(model, note) for note in said["percent"]),
        drill=next((_drill(model, note) for note in said["loans"]), None),
        shown=shown,
    )


_KEYS = ("title", "order", "percent", "loans", "hidden")
_LANGUAGES = ("en", "es")


class _Note(NamedTuple):
    line: int
    text: str


def _notes(model: Model) -> dict[str, list[_Note]]:
    """Sort the notes by their key; other comment lines are remarks."""
    said: dict[str, list[_Note]] = {key: [] for key in _KEYS}
    for line, text in enumerate(model.notes, start=_FIRST_NOTE_LINE):
        if found := _NOTE.fullmatch(text):
            said[found["key"]].append(_Note(line, found["text"].strip()))
    return said


def _titles(model: Model, said: list[_Note]) -> list[str]:
    titles = said[0].text.split(" | ") if said else []
    if len(titles) != len(_LANGUAGES):
        line = said[0].line if said else _FIRST_NOTE_LINE
        raise _refused(model, line, "a view's table has two titles", "-- title: English | Spanish")
    return titles


def _percent(model: Model, note: _Note) -> Percent:
    found = _PERCENT.fullmatch(note.text)
    if found is None:
        what = f"'{note.text}' is no percentage"
        raise _refused(model, note.line, what, "-- percent: share = outstanding / total")
    return Percent(found["name"], found["part"], found["whole"])


def _drill(model: Model, note: _Note) -> Drill:
    found = _DRILL.fullmatch(note.text)
    if found is None:
        what = f"'{note.text}' names no loans"
        raise _refused(model, note.line, what, "-- loans: loan_snapshot on bucket, entity")
    keys = tuple(found["keys"].split(", ")) if found["keys"] else ()
    return Drill(found["model"], keys, bool(found["by"]), found["where"] or "")


def _refused(model: Model, line: int, what: str, hint: str) -> ModelError:
    return ModelError(what, where=f"{model.path}:{line}", hint=hint)
