"""What one check has come to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Diagnosis", "Grade", "Unseen", "critical", "note", "ok", "unchecked", "warning"]


class Grade(StrEnum):
    """How much it matters.

    `note` is worth knowing and asks for nothing; `unchecked` is what nobody could look at, and is
    never taken for `ok`.
    """

    OK = "ok"
    NOTE = "note"
    UNCHECKED = "unchecked"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def is_finding(self) -> bool:
        """Whether somebody has to do something."""
        return self in {Grade.UNCHECKED, Grade.WARNING, Grade.CRITICAL}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was seen.

    `code` is a stable snake_case name, `where` a `file:line`, a row or an address without secrets,
    `then` what to do next, with a command in backticks. `area` and `check` are filled in by whoever
    called the check.
    """

    code: str
    grade: Grade
    what: str
    where: str = ""
    then: str = ""
    area: str = ""
    check: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it as one JSON object."""
        return {
            "area": self.area,
            "check": self.check,
            "code": self.code,
            "severity": self.grade.value,
            "what": self.what,
            "where": self.where or None,
            "next": self.then or None,
        }


class Unseen(Exception):  # noqa: N818 - named after the state of what was to be looked at
    """A check cannot be made: `why`, in words, and what to do about that."""

    def __init__(self, why: str, then: str = "") -> None:
        """Take the reason, as it follows "not checked, because"."""
        super().__init__(why)
        self.why, self.then = why, then


def ok(code: str, what: str, where: str = "") -> Diagnosis:
    """Say that something is as it should be."""
    return Diagnosis(code, Grade.OK, what, where)


def note(code: str, what: str, *, where: str = "", then: str) -> Diagnosis:
    """Say what is worth knowing."""
    return Diagnosis(code, Grade.NOTE, what, where, then)


def warning(code: str, what: str, *, where: str = "", then: str) -> Diagnosis:
    """Say what will do harm if nobody sees to it."""
    return Diagnosis(code, Grade.WARNING, what, where, then)


def critical(code: str, what: str, *, where: str = "", then: str) -> Diagnosis:
    """Say what does harm now: figures are not made, or people are not told."""
    return Diagnosis(code, Grade.CRITICAL, what, where, then)


def unchecked(why: str, then: str, *, where: str = "") -> Diagnosis:
    """Say that a check was not made, and why."""
    return Diagnosis("not_checked", Grade.UNCHECKED, f"not checked, because {why}", where, then)
