"""A facility's terms, checked: what its file says, and its conditions as syntax trees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeVar

from fintech_factory.kpi_engine.models import Column, Kind, Model
from fintech_factory.kpi_engine.nodes import ColumnRef, Node

if TYPE_CHECKING:
    from fintech_factory.views.facilities.settings import FacilitySettings, RuleSettings

__all__ = ["MONITOR_LOAN", "WRITTEN_OFF", "Facility", "Rule", "amount_at", "in_force"]

_TEXT = Column(Kind.TEXT)
_DATE = Column(Kind.DATE)
_NUMBER = Column(Kind.NUMBER)
_COUNT = Column(Kind.NUMBER, whole_number=True)

MONITOR_LOAN = Model(
    name="monitor_loan",
    row_key="loan_key",
    columns=MappingProxyType(
        {
            "loan_id": _TEXT,
            "borrower_id": _TEXT,
            "entity": _TEXT,
            "product": _TEXT,
            "borrower_segment": _TEXT,
            "state": _TEXT,
            "size_bucket": _TEXT,
            "term_bucket": _TEXT,
            "currency": _TEXT,
            "disbursed_on": _DATE,
            "matures_on": _DATE,
            "term_days": _COUNT,
            "days_to_maturity": _COUNT,
            "days_on_book": _COUNT,
            "borrower_kind": _TEXT,
            "apr": _NUMBER,
            "principal": _NUMBER,
            "balance": _NUMBER,
            "outstanding": _NUMBER,
            "written_off": _NUMBER,
            "dpd": _COUNT,
            "bucket": _TEXT,
            "is_written_off": Column(Kind.BOOLEAN),
        }
    ),
    dimensions=(),
    describes=(),
)
"""What a facility's conditions may read: the hidden model of sql/views/monitor/loan.sql."""

WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that excludes loans, from and until a day if it says so."""

    id: str
    reason_en: str
    reason_es: str
    when: Node
    from_on: date | None = None
    until_on: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the rule is in force on a day."""
        return (self.from_on is None or self.from_on <= day) and (
            self.until_on is None or day <= self.until_on
        )

    @staticmethod
    def of(settings: "RuleSettings", when: Node) -> "Rule":
        """Take a rule as its file writes it, with its condition read."""
        reason = settings.reason
        return Rule(settings.id, reason.en, reason.es, when, settings.from_, settings.until)


_ALWAYS = Rule(
    WRITTEN_OFF, "written off by policy", "castigado por política", ColumnRef("is_written_off")
)


@dataclass(frozen=True, slots=True)
class Facility:
    """One facility; `id` is its file's name and `place` the file as it is shown."""

    id: str
    place: str
    path: Path
    terms: "FacilitySettings"
    pool: Node | None
    own_rules: tuple[Rule, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule in order: written-off loans are excluded before any other."""
        return (_ALWAYS, *self.own_rules)

    def in_force(self, day: date) -> bool:
        """Whether the agreement holds on a day."""
        ends = self.terms.ends_on
        return self.terms.begins_on <= day and (ends is None or day <= ends)


class _Dated(Protocol):
    @property
    def from_(self) -> date: ...


class _Amount(_Dated, Protocol):
    @property
    def amount(self) -> Decimal: ...


D = TypeVar("D", bound=_Dated)


def in_force(entries: Sequence[D], day: date) -> D | None:
    """Give the entry that holds on a day: the last that begins by then; None before the first."""
    return next((each for each in reversed(entries) if each.from_ <= day), None)


def amount_at(entries: Sequence[_Amount], day: date) -> Decimal | None:
    """Give a dated amount on a day; None before the first."""
    found = in_force(entries, day)
    return None if found is None else found.amount
