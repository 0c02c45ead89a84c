"""What the head of a view's SQL file says of its table."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from fintech_factory.errors import ModelError
from fintech_factory.transform.models import Model

__all__ = ["BOOK", "Drill", "Percent", "TableSpec", "read_spec"]

BOOK = "book"
"""The dimension whose only member is the whole book."""

_NOTE = re.compile(r"(?P<key>title|order|percent|loans|needs|hidden)\b:? ?(?P<text>.*)")
_PERCENT = re.compile(r"(?P<name>\w+) = (?P<part>\w+) / (?P<whole>\w+)")
_DRILL = re.compile(
    r"(?P<model>\w+)(?: on (?P<keys>\w+(?:, \w+)*))?(?P<by> by dimension)?(?: where (?P<where>.+))?"
)
_FIRST_NOTE_LINE = 3


@dataclass(frozen=True, slots=True)
class Percent:
    """A column that is added to the table: part / whole x 100, None where whole is 0."""

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

    `shown` is False for facts that only a maker reads; `needs` names a source it cannot do without.
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
    needs: str = ""
    shown: bool = True

    def title(self, language: str) -> str:
        """Give the title in English (`en`) or Spanish (`es`)."""
        return self.title_es if language == "es" else self.title_en


def read_spec(view: str, model: Model) -> TableSpec:
    """Read a table's spec from the notes at the head of its file.

    Raises:
        ModelError: a note cannot be read, or a shown table has no title in both languages.
    """
    notes = dict(_notes(model))
    said: Mapping[str, list[str]] = {
        key: [text for k, text in notes.values() if k == key] for key in _KEYS
    }
    titles = said["title"][0].split(" | ") if said["title"] else []
    shown = not said["hidden"]
    if shown and len(titles) != len(_LANGUAGES):
        _refuse(
            model,
            0,
            "a view's table has a title in both languages",
            "-- title: Ageing | Antigüedad",
        )
    english, spanish = titles if shown else ("", "")
    return TableSpec(
        view=view,
        table=model.name.removeprefix(f"{view}_"),
        model=model.name,
        grain=model.grain,
        title_en=english,
        title_es=spanish,
        order=tuple(said["order"][0].split(", ")) if said["order"] else (),
        percents=tuple(_percent(model, text) for text in said["percent"]),
        drill=_drill(model, said["loans"][0]) if said["loans"] else None,
        needs=said["needs"][0] if said["needs"] else "",
        shown=shown,
    )


_KEYS = ("title", "order", "percent", "loans", "needs", "hidden")
_LANGUAGES = ("en", "es")


def _notes(model: Model) -> Iterator[tuple[int, tuple[str, str]]]:
    for place, line in enumerate(model.notes):
        found = _NOTE.fullmatch(line)
        if found:
            yield place, (found["key"], found["text"].strip())


def _percent(model: Model, text: str) -> Percent:
    found = _PERCENT.fullmatch(text)
    if found is None:
        _refuse(model, 0, f"'{text}' is no percentage", "-- percent: share = outstanding / total")
    return Percent(found["name"], found["part"], found["whole"])


def _drill(model: Model, text: str) -> Drill:
    found = _DRILL.fullmatch(text)
    if found is None:
        _refuse(model, 0, f"'{text}' names no loans", "-- loans: loan_snapshot on bucket, entity")
    keys = tuple(found["keys"].split(", ")) if found["keys"] else ()
    return Drill(found["model"], keys, bool(found["by"]), found["where"] or "")


def _refuse(model: Model, place: int, what: str, hint: str) -> NoReturn:
    raise ModelError(what, where=f"{model.path}:{_FIRST_NOTE_LINE + place}", hint=hint)
