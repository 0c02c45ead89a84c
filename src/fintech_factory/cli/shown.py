"""Writes a view's tables for people, in their language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.cli import output

if TYPE_CHECKING:
    from fintech_factory.i18n import Language, Words
    from fintech_factory.views.table import Cells, Shown, Table

__all__ = ["SHOWN_ROWS", "print_shown", "rounded"]

SHOWN_ROWS = 40

_WORDS = frozenset(
    (
        *("borrower_kind", "bucket", "case", "basis", "change", "change_unit", "closing_class"),
        *("course", "dimension", "direction", "due", "indicator", "kind", "opening_class"),
        *("opening_stage", "opening_state", "outcome", "per", "scope", "stage", "state"),
        *("state_now", "state_then", "unit", "verdict"),
    )
)
_SENTENCES = frozenset({"method", "reason", "reason_with_outstanding", "reason_without"})
"""The columns in which the product's own words stand; every other text is the lender's."""
_IN_THE_OTHER: "Mapping[str, frozenset[str]]" = {
    "en": frozenset({"title_es", "reason_es", "reasons_es"}),
    "es": frozenset({"title_en", "reason_en", "reasons"}),
}
"""What the lender's terms say twice is shown once."""
_NOT_PROVIDED = "not provided"
_OUR_MEMBERS = frozenset({"book", "size_bucket", "term_bucket", "apr_band"})


def print_shown(shown: "Sequence[Shown]", title: str, language: "Language") -> None:
    """Print a view at some dates; what a language has no word for is told on stderr."""
    from fintech_factory.i18n import words

    page = _Page(words(language))
    for each in shown:
        page.print(each, title)
    if page.unknown:
        output.note(f"no word in `{language}` for: {', '.join(sorted(page.unknown))}")


def rounded(value: object) -> object:
    """Round what people read to cents; --json and --csv keep every digit."""
    return round(value, 2) if isinstance(value, Decimal) else value


@dataclass(frozen=True, slots=True)
class _Page:
    """Tables in one language; `unknown` gathers what it has no word for."""

    words: "Words"
    unknown: set[str] = field(default_factory=set)

    def print(self, shown: "Shown", title: str) -> None:
        """Print a view at one date, and what its missing tables need."""
        heading = "at_partial" if shown.on.partial else "at"
        day = {"as_of": shown.on.as_of, "cut_on": shown.on.cut_on}
        output.say(self.words.say(heading, title=title, **day))
        for table in shown.tables:
            output.say()
            self.table(table)
        for lacking in shown.missing:
            output.say()
            output.say(f"{lacking.table}: {self.words.sentence(lacking.needs)}")

    def table(self, table: "Table") -> None:
        """Print a table without the columns that the heading has said."""
        hidden = {"as_of", "partial", *_IN_THE_OTHER[self.words.language]}
        columns = [name for name in table.columns if name not in hidden]
        if any(row["partial"] != table.rows[0]["partial"] for row in table.rows):
            columns.append("partial")
        rows = [[self.cell(row, name) for name in columns] for row in table.rows[:SHOWN_ROWS]]
        title = table.title(self.words.language)
        if len(table.rows) > SHOWN_ROWS:
            some = self.words.say("some_rows", shown=SHOWN_ROWS, all=len(table.rows))
            title = f"{title} ({some})"
        labels = [self.label(name) for name in columns]
        output.print_table(labels, rows, title=title, cell_of=self.text)
        if not table.rows:
            output.say(f"  {self.words.say('no_rows')}")

    def label(self, name: str) -> str:
        """Give what stands over a column; a workspace's own has only its name."""
        found = self.words.column(name)
        if found is None:
            self.unknown.add(name)
        return found or name

    def cell(self, row: "Cells", name: str) -> object:
        """Give a cell, the product's words in the language and the lender's as they are."""
        value = rounded(row[name])
        if not isinstance(value, str):
            return value
        if name in _SENTENCES:
            return self.words.sentence(value)
        ours = name in _WORDS or value == _NOT_PROVIDED
        if ours or (name == "member" and row.get("dimension") in _OUR_MEMBERS):
            return self.word(value)
        return value

    def word(self, value: str) -> str:
        """Give a word of the product's."""
        found = self.words.cell(value)
        if found is None:
            self.unknown.add(value)
        return found or value

    def text(self, value: object) -> str:
        """Write a value; absent, yes and no are words."""
        match value:
            case None:
                return self.words.say("absent")
            case bool():
                return self.words.say("yes" if value else "no")
        return output.cell(value)
