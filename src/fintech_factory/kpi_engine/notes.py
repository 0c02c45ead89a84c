"""Collects what is wrong in a settings file, each problem with its place."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fintech_factory.kpi_engine.expression import ExpressionRefused
from fintech_factory.values import Problem

if TYPE_CHECKING:
    from fintech_factory.config import LoadedFile

__all__ = ["Notes"]

Key = str | int


@dataclass(frozen=True, slots=True)
class Notes:
    """A notebook open at one place of the file; `below` opens the same book further down.

    `about` names what the place speaks of; else its keys below the first do.
    """

    loaded: "LoadedFile[Any]"
    keys: tuple[Key, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    about: str = ""

    def below(self, *keys: Key) -> "Notes":
        """Give the notebook opened at a key further down."""
        return Notes(self.loaded, (*self.keys, *keys), self.problems, self.about)

    def speaking_of(self, about: str) -> "Notes":
        """Give the notebook with a name for what it is about."""
        return Notes(self.loaded, self.keys, self.problems, about)

    def note(self, message: str, hint: str = "") -> None:
        """Write down a problem at this place, naming what it is about."""
        named = self.about or ".".join(str(key) for key in self.keys[1:])
        said = f"{named}: {message}" if named else message
        self.problems.append(self.loaded.problem(self.keys, said, hint))

    def note_refused(self, text: str, refused: ExpressionRefused) -> None:
        """Write down what an expression may not hold, at its own column where that is known."""
        self.note(refused.message, refused.hint)
        last = self.problems[-1]
        column = last.column + self._lead(text, last) + refused.offset
        if self._lead(text, last) >= 0:
            self.problems[-1] = Problem(last.path, last.line, column, last.message, last.hint)

    def place(self) -> tuple[int, int]:
        """Give the line and column of this place."""
        mark = self.loaded.place(self.keys)
        return mark.line, mark.column

    def _lead(self, text: str, problem: Problem) -> int:
        """Count the quotes before a text that stands on one line as written; -1 if none does."""
        written = self.loaded.path.read_text(encoding="utf-8-sig").split("\n")
        line = written[problem.line - 1][problem.column - 1 :]
        return next((lead for lead in (0, 1) if line[lead:].startswith(text)), -1)
