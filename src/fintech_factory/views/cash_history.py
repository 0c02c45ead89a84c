"""The book's months, read for what they say of cash to come."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fintech_factory.analytics.cash import expected_month
from fintech_factory.analytics.experience import (
    DUE,
    LATER,
    SETTLED,
    Experience,
    Roll,
    measure,
)
from fintech_factory.analytics.ratio import is_dust, quotient
from fintech_factory.views.scenarios import Windows
from fintech_factory.views.table import Cells

__all__ = ["History", "Month", "read_history"]

_ZERO = Decimal(0)
_CURRENT = "current"
_NEW = "new"
_ALL = "all"
_BY_DUE_DATE = (DUE, LATER, SETTLED)
"""Classes of what is not past due: their experience is that of the recent months."""


@dataclass(frozen=True, slots=True)
class Month:
    """What became in a month of what was there at its start.

    `principal` and `cash` are by the state of the loan at the start; `all_cash` is the book's.
    """

    as_of: date
    partial: bool
    rolls: tuple[Roll, ...]
    principal: Mapping[str, Decimal]
    cash: Mapping[str, Decimal]
    all_cash: Decimal

    @property
    def opening(self) -> dict[str, Decimal]:
        """What was open at the start, by class."""
        opening: dict[str, Decimal] = defaultdict(Decimal)
        for roll in self.rolls:
            opening[roll.opening] += roll.principal
        return opening

    @property
    def cash_of_opening(self) -> Decimal:
        """Cash from loans that stood at the start, of which alone something was expected."""
        return sum((cash for state, cash in self.cash.items() if state != _NEW), _ZERO)


@dataclass(frozen=True, slots=True)
class History:
    """The months up to a date: full ones, oldest first, and the one in progress if it is one."""

    full: tuple[Month, ...]
    running: Month | None

    def window(self, months: int, before: date | None = None) -> tuple[Month, ...]:
        """Give the last full months that saw something at their start, those before a date."""
        known = [
            each for each in self.full if each.rolls and (before is None or each.as_of < before)
        ]
        return tuple(known[-months:])

    def experience(self, windows: Windows, before: date | None = None) -> Experience | None:
        """Measure what a month does, as known at the start of `before`; None without a full month.

        Paid shares and rolls are weighted by principal over the window: recent months for what
        falls due and is paid early, more months for what is past due or written off. What comes
        beside principal is measured on the loans that were in that state.
        """
        recent, longer = (
            self.window(windows.due_months, before),
            self.window(windows.late_months, before),
        )
        if not recent:
            return None
        shares = _shares(longer, late=True) | _shares(recent, late=False)
        charges = {name: ratio for name in shares if (ratio := _charges(name, recent, longer))}
        return Experience(shares, charges)

    def expected(self, month: Month, windows: Windows) -> tuple[Decimal, Decimal] | None:
        """Give principal and charges that were to be expected of a month at its start."""
        known = self.experience(windows, month.as_of)
        return None if known is None else expected_month(month.opening, known)


def _shares(months: Sequence[Month], *, late: bool) -> dict[str, dict[str, Decimal]]:
    return measure(
        roll
        for month in months
        for roll in month.rolls
        if (roll.opening not in _BY_DUE_DATE) is late
    )


def _charges(name: str, recent: Sequence[Month], longer: Sequence[Month]) -> Decimal | None:
    """Give what came beside one unit of principal; None where none came, or dust."""
    not_late = name in _BY_DUE_DATE
    state, months = (_CURRENT, recent) if not_late else (name, longer)
    principal = sum((month.principal.get(state, _ZERO) for month in months), _ZERO)
    cash = sum((month.cash.get(state, _ZERO) for month in months), _ZERO)
    known = principal > 0 and not is_dust(principal)
    return quotient(cash - principal, principal) if known else None


def read_history(rolls: Iterable[Cells], collected: Iterable[Cells], as_of: date) -> History:
    """Sort the rows of `cash_flow_rolls` and `cash_flow_collected` into months.

    Only full months count as experience; the as-of's own month is `running` when it is not full.
    """
    moved: dict[date, list[Roll]] = defaultdict(list)
    for row in rolls:
        moved[row["as_of"]].append(
            Roll(
                row["opening_class"],
                row["closing_class"],
                row["opening_principal"],
                row["left_principal"],
            )
        )
    came: dict[date, list[Cells]] = defaultdict(list)
    for row in collected:
        came[row["as_of"]].append(row)
    months = [_month(day, moved[day], rows) for day, rows in sorted(came.items())]
    full = tuple(
        month for month in months if came[month.as_of][0]["is_month_end"] and not month.partial
    )
    own = next((month for month in months if month.as_of == as_of and month not in full), None)
    return History(full, own)


def _month(day: date, rolls: Sequence[Roll], rows: Sequence[Cells]) -> Month:
    states = [row for row in rows if row["opening_state"] != _ALL]
    return Month(
        as_of=day,
        partial=rows[0]["partial"],
        rolls=tuple(rolls),
        principal={row["opening_state"]: row["principal_paid"] for row in states},
        cash={row["opening_state"]: row["cash"] for row in states},
        all_cash=sum((row["cash"] for row in rows if row["opening_state"] == _ALL), _ZERO),
    )
