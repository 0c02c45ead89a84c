"""Which as-of dates a run speaks of, and what its batches can say about each."""

import calendar
from dataclasses import dataclass
from datetime import date

from fintech_factory.kpi_engine.definitions import Kpi

__all__ = ["Scope", "month_end", "month_start"]


def month_start(day: date) -> date:
    """Give the first day of a day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Give the last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run reads: dates, the book's span, and who computed it from what.

    `book_from` is the first disbursement (None for an empty book); `data_through` the last
    day on which the base tables speak. `run_id` is None for a figure computed on demand.
    """

    as_ofs: tuple[date, ...]
    data_through: date
    book_from: date | None
    run_id: str | None = None
    batch_ids: tuple[str, ...] = ()

    def cut_on(self, as_of: date) -> date:
        """Give the day to which an as-of date is counted: never past the data's end."""
        return min(as_of, self.data_through)

    def silence(self, as_of: date) -> str:
        """Say why nothing can be known at a date; empty text where something can."""
        if self.book_from is None:
            return "the book holds no loan"
        if as_of < self.book_from:
            return f"the book begins on {self.book_from}"
        if as_of > month_end(self.data_through):
            return f"the data ends on {self.data_through}; this month has not begun in it"
        return ""

    def answerable(self) -> tuple[date, ...]:
        """Give the distinct dates at which something can be known, ascending."""
        return tuple(sorted({day for day in self.as_ofs if not self.silence(day)}))

    def is_partial(self, kpi: Kpi, as_of: date) -> bool:
        """Say whether a figure may still move: the label or its month lies past the data."""
        if as_of > self.data_through:
            return True
        return kpi.counts_a_month and as_of < month_end(as_of)
