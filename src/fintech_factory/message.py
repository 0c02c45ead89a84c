"""The thing to say: alerts and reports end in a `Message`, channels begin with one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from fintech_factory.values import LimitState, Severity, Unit

__all__ = [
    "Action",
    "Attachment",
    "Fact",
    "Language",
    "Link",
    "Message",
    "Occasion",
    "Text",
    "Value",
]


class Language(StrEnum):
    """A language that people are told things in; a recipient has one."""

    EN = "en"
    ES = "es"


class Occasion(StrEnum):
    """Why something is said; `update` is more of an alert that was told before."""

    ALERT = "alert"
    UPDATE = "update"
    ESCALATION = "escalation"
    REPEAT = "repeat"
    RESOLVED = "resolved"
    OPERATIONS = "operations"
    REPORT = "report"
    ANCHOR = "anchor"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Text:
    """Words in both languages; neither is ever empty where the other is not."""

    en: str
    es: str

    @classmethod
    def same(cls, words: str) -> "Text":
        """Take what reads alike in both: a name, an id, what a person wrote."""
        return cls(words, words)

    def within(self, language: Language) -> str:
        """Give the words of one language."""
        return self.es if language is Language.ES else self.en


Value: TypeAlias = Decimal | int | date | datetime | str | Text | None


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure or a word with its name; None is shown as n/a, never as 0.

    A Decimal is exact and comes with its `unit`; it is rounded half-even to `precision` places
    only where it is shown. `as_of` is the date it speaks of, `currency` that of money, by its code.

    `note` is a few words beside it (`Limits 3 · 5 %`), `state` where it stands on its KPI's ladder.
    Facts of one `section` stand together under that heading (what moved the figure); those without
    come first.
    """

    label: Text
    value: Value
    unit: Unit | None = None
    precision: int = 2
    as_of: date | None = None
    currency: str = ""
    note: Text | None = None
    state: LimitState | None = None
    section: Text | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read more; an address of this installation, or a runbook's."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True)
class Action:
    """What a recipient can do at once: `verb` is acknowledge, snooze or open.

    `token` is signed and says what it acts on, for buttons; `url` carries the same token, for
    links. A channel shows whichever it can.
    """

    verb: str
    label: Text
    url: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along: `path` lies in the workspace's outputs/; `sha256` is of its bytes."""

    name: str
    media_type: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, in both languages, before any channel has dressed it.

    `subject` names no person: it goes into text messages and onto locked screens.

    `thread` names what it is about for good (an alert, a report): messages of one thread are
    shown together, and a page that is kept up to date is found by it. `chart` names the picture
    that goes with it (`par_90@2025-12-10`), empty for none. `as_of` and `data_through` are the
    dates that its figures speak of, None where it has none. `marks` are what channels that keep
    pages show as properties: rule, level, state, owner.
    """

    thread: str
    occasion: Occasion
    severity: Severity
    subject: Text
    summary: Text
    facts: tuple[Fact, ...] = ()
    next_step: Text | None = None
    runbook: Link | None = None
    links: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    chart: str = ""
    as_of: date | None = None
    data_through: date | None = None
    marks: Mapping[str, str] | None = None
