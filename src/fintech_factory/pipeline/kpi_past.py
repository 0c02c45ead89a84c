"""Reads KPIs at every date that a published version holds the ledger of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine import Definitions, Reading, RunQuery, Scope, Status, evaluate
from fintech_factory.kpi_engine.definitions import Kpi
from fintech_factory.kpi_engine.scope import month_end
from fintech_factory.pipeline.reading_table import history
from fintech_factory.registry import suggestion
from fintech_factory.views.table import ViewDate
from fintech_factory.warehouse.protocol import Reader, Version

__all__ = [
    "BOOK",
    "Part",
    "Past",
    "full_month_ends",
    "known_part",
    "past_dates",
    "published_past",
]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the book: a member of a dimension; both '' for the whole."""

    dimension: str = ""
    member: str = ""


BOOK = Part()


def past_dates(snapshots: Iterable[ViewDate]) -> list[date]:
    """Give the full month-ends and the last day of the data, oldest first.

    A month in progress that is also held under its own end is the same day twice: it counts once,
    as the day on which its data end.
    """
    by_cut: dict[date, date] = {}
    for each in snapshots:
        by_cut[each.cut_on] = min(each.as_of, by_cut.get(each.cut_on, each.as_of))
    last = max(by_cut, default=None)
    return sorted(by_cut[day] for day in by_cut if day == month_end(day) or day == last)


def full_month_ends(snapshots: Iterable[ViewDate]) -> list[date]:
    """Give the month-ends whose month the data cover to its end, oldest first."""
    return sorted(
        each.as_of
        for each in snapshots
        if each.as_of == each.cut_on and each.as_of == month_end(each.as_of)
    )


def known_part(reader: Reader, part: Part) -> None:
    """Refuse a part of the book that no published reading speaks of.

    Raises:
        UsageError: no such dimension, or no such member of it; the nearest is named.
    """
    if part == BOOK:
        return
    rows = reader.query("SELECT DISTINCT dimension, member FROM reading WHERE dimension <> ''")
    dimensions = sorted({dimension for dimension, _ in rows})
    if part.dimension not in dimensions:
        raise UsageError(
            f"the book is not divided by `{part.dimension}`",
            where="--member",
            hint=suggestion(part.dimension, dimensions),
        )
    members = sorted(member for dimension, member in rows if dimension == part.dimension)
    if part.member not in members:
        raise UsageError(
            f"no {part.dimension} is called `{part.member}`",
            hint=suggestion(part.member, members),
        )


def published_past(
    reader: Reader, kpis: Iterable[str], part: Part
) -> dict[tuple[str, date], Reading]:
    """Give the published readings of some KPIs for a part of the book."""
    return {
        (kpi, each.as_of): each
        for kpi in kpis
        for each in history(reader, kpi, part.dimension, part.member)
    }


@dataclass(frozen=True, slots=True)
class Past:
    """A version's ledger, from which readings are made that no run published."""

    version: Version
    run_query: RunQuery

    def read(
        self, definitions: Definitions, dates: Sequence[date], part: Part
    ) -> Mapping[tuple[str, date], Reading]:
        """Read definitions at some dates by the SQL engine alone; nothing is published.

        What cannot be read from the ledger comes back unavailable, with a reason.
        """
        run = self.version.run
        scope = Scope(
            as_ofs=tuple(dates),
            data_through=run.data_through,
            book_from=run.first_day,
            run_id=None,
            batch_ids=run.batch_ids,
        )
        group = (part.dimension, part.member)
        made = {
            (each.kpi, each.as_of): each
            for each in evaluate(definitions, scope, self.run_query)
            if (each.dimension, each.member) == group
        }
        return {
            (kpi.id, day): made.get((kpi.id, day)) or _absent(kpi, day, part, scope)
            for kpi in definitions.kpis.values()
            for day in dates
        }


def _absent(kpi: Kpi, day: date, part: Part, scope: Scope) -> Reading:
    reason = "it cannot be read from the ledger, and no run published it"
    if part != BOOK:
        reason = f"the book holds no loan of {part.dimension} {part.member} at this date"
    return Reading(
        kpi=kpi.id,
        definition_version=kpi.version,
        as_of=day,
        data_through=scope.data_through,
        unit=kpi.unit,
        dimension=part.dimension,
        member=part.member,
        status=Status.UNAVAILABLE,
        reason=reason,
    )
