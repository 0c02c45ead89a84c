"""The as-of dates of a run, and the small parameter tables that models read them from."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fintech_factory.transform.places import place_names
from fintech_factory.values import LedgerRules, annual_factor
from fintech_factory.warehouse.protocol import Build, Row

__all__ = ["DIMENSIONS", "PARAMETERS", "Horizon", "load_parameters", "month_end", "month_ends"]

PARAMETERS = (
    "policy",
    "ageing_bucket",
    "bucket",
    "size_bucket",
    "term_bucket",
    "term",
    "place_name",
    "dimension",
    "snapshot_date",
    "calendar_day",
    "snapshot_window",
)
"""The tables that models read beside the landed ones."""

DIMENSIONS = (
    "book",
    "entity",
    "product",
    "borrower_segment",
    "state",
    "size_bucket",
    "term_bucket",
    "currency",
)
"""How views part the book: each is a column of the loan models, `book` is the whole."""

_DAY = timedelta(days=1)


def month_end(day: date) -> date:
    """Give the last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def month_ends(first: date, data_through: date) -> list[date]:
    """Give every month-end up to the month in progress, and the last day of data."""
    ends = []
    day = month_end(first)
    while day <= month_end(data_through):
        ends.append(day)
        day = month_end(day + _DAY)
    return sorted({*ends, data_through})


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days that a run looks at: its as-of dates, and where the data begin and end.

    `first_day` is the first disbursement's; the landing contract lets no payment come before it.
    `stated` are days on which somebody states what our ledger comes to.
    """

    as_ofs: tuple[date, ...]
    first_day: date
    data_through: date
    stated: tuple[date, ...] = ()

    @property
    def snapshots(self) -> tuple[date, ...]:
        """The as-of dates, every full month-end before the last of them, and the stated days.

        Ascending. Rolls, vintages and growth compare a date with the month-ends before it. A stated
        day is counted whatever dates are asked for; outside the data there is nothing to count.
        """
        last = min(max(self.as_ofs), self.data_through)
        before = (day for day in month_ends(self.first_day, last) if day <= last)
        stated = (day for day in self.stated if self.first_day <= day <= self.data_through)
        return tuple(sorted({*self.as_ofs, *before, *stated}))


def load_parameters(build: Build, horizon: Horizon, rules: LedgerRules) -> None:
    """Make `policy`, the bucket tables and the tables of days.

    - policy: one row. ageing_bucket: one row per day past due up to the first of the last bucket.
    - bucket, size_bucket, term_bucket: one row per bucket, in order, with its bounds.
    - term: one row per term of the landed loans, with its bucket and 365 / term at 8 places.
    - place_name: one row per spelling of a place in the landed loans; NULL where it names none.
    - dimension: one row per way to part the book, `book` being the whole.
    - snapshot_date: one row per snapshot, numbered in order; `cut_on` is where its data ends,
      `opening_seq` the month-end before its month, `quarter_seq` and `year_seq` those 3 and 12
      months before.
    - calendar_day: one row per day, with the first snapshot whose data includes it.
    - snapshot_window: one row per day and snapshot in one of its windows.
    """
    dates = horizon.snapshots
    cuts = [min(day, horizon.data_through) for day in dates]
    build.load("policy", _POLICY, [_policy(horizon, rules)])
    build.load("ageing_bucket", {"dpd": "BIGINT", "bucket": "VARCHAR"}, list(_ageing(rules)))
    build.load("bucket", _BUCKET, list(_buckets(rules)))
    build.load("size_bucket", _SIZE_BUCKET, list(rules.sizes.rows()))
    build.load("term_bucket", _TERM_BUCKET, list(rules.terms.rows()))
    build.load("term", _TERM, list(_terms(build, rules)))
    build.load("place_name", {"spelling": "VARCHAR", "place": "VARCHAR"}, _places(build))
    build.load("dimension", {"dimension": "VARCHAR"}, [(name,) for name in DIMENSIONS])
    build.load("snapshot_date", _SNAPSHOT, list(_snapshots(horizon)))
    build.load(
        "calendar_day",
        {"day_on": "DATE", "seq": "BIGINT"},
        list(_calendar(horizon.first_day, cuts)),
    )
    build.load("snapshot_window", _WINDOW, list(_windows(dates, horizon.data_through, rules)))


_POLICY: Mapping[str, str] = {
    "write_off_after_dpd": "BIGINT",
    "coverage_tolerance": "DECIMAL(18, 6)",
    "reporting_currency": "VARCHAR",
    "last_bucket_from_dpd": "BIGINT",
    "data_through": "DATE",
    "reactivated_after_days": "BIGINT",
    "stage_2_after_dpd": "BIGINT",
    "stage_3_from_dpd": "BIGINT",
}
_BUCKET: Mapping[str, str] = {
    "bucket_no": "BIGINT",
    "bucket": "VARCHAR",
    "from_dpd": "BIGINT",
    "to_dpd": "BIGINT",
}
_SIZE_BUCKET: Mapping[str, str] = {
    "size_no": "BIGINT",
    "size_bucket": "VARCHAR",
    "from_amount": "DECIMAL(18, 6)",
    "to_amount": "DECIMAL(18, 6)",
}
_TERM_BUCKET: Mapping[str, str] = {
    "term_no": "BIGINT",
    "term_bucket": "VARCHAR",
    "from_days": "BIGINT",
    "to_days": "BIGINT",
}
_TERM: Mapping[str, str] = {
    "term_days": "BIGINT",
    "term_bucket": "VARCHAR",
    "annual_factor": "DECIMAL(18, 8)",
}
_SNAPSHOT: Mapping[str, str] = {
    "seq": "BIGINT",
    "as_of": "DATE",
    "cut_on": "DATE",
    "month_start": "DATE",
    "month_end": "DATE",
    "month_no": "BIGINT",
    "is_asked": "BOOLEAN",
    "is_partial": "BOOLEAN",
    "opening_seq": "BIGINT",
    "quarter_seq": "BIGINT",
    "year_seq": "BIGINT",
}
_WINDOW: Mapping[str, str] = {
    "day_on": "DATE",
    "seq": "BIGINT",
    "cut_on": "DATE",
    "in_collection_window": "BOOLEAN",
    "in_month": "BOOLEAN",
    "in_month_to_date": "BOOLEAN",
}
_MONTHS_A_YEAR = 12


def _policy(horizon: Horizon, rules: LedgerRules) -> Row:
    return (
        rules.write_off_after_dpd,
        rules.coverage_tolerance,
        rules.reporting_currency,
        rules.bucket_bounds[-1] + 1,
        horizon.data_through,
        rules.reactivated_after_days,
        rules.stage_2_after_dpd,
        rules.stage_3_from_dpd,
    )


def _ageing(rules: LedgerRules) -> Iterator[Row]:
    """Name the bucket of every day up to the first of the last bucket, which is open."""
    for dpd in range(rules.bucket_bounds[-1] + 2):
        yield dpd, rules.bucket_labels[sum(dpd > bound for bound in rules.bucket_bounds)]


def _buckets(rules: LedgerRules) -> Iterator[Row]:
    starts = (0, *(bound + 1 for bound in rules.bucket_bounds))
    ends = (*rules.bucket_bounds, None)
    for bucket_no, (label, start, end) in enumerate(
        zip(rules.bucket_labels, starts, ends, strict=True)
    ):
        yield bucket_no, label, start, end


def _places(build: Build) -> list[Row]:
    spellings = build.query(
        "SELECT location_state_province, COUNT(*) FROM raw_loans "
        "WHERE location_state_province IS NOT NULL GROUP BY location_state_province"
    )
    return list(place_names((text, rows) for text, rows in spellings).items())


def _terms(build: Build, rules: LedgerRules) -> Iterator[Row]:
    found = build.query(
        "SELECT DISTINCT CASE WHEN maturity_date IS NULL THEN term "
        "ELSE DATE_DIFF('DAY', disburse_date, maturity_date) END FROM raw_loans"
    )
    for (days,) in found:
        if days is not None:
            yield days, rules.terms.label(days), annual_factor(days)


def _snapshots(horizon: Horizon) -> Iterator[Row]:
    dates = horizon.snapshots
    seq_of = {_month_no(day): seq for seq, day in enumerate(dates) if day == month_end(day)}
    for seq, day in enumerate(dates):
        cut, month = min(day, horizon.data_through), _month_no(day)
        yield (
            seq,
            day,
            cut,
            day.replace(day=1),
            month_end(day),
            month,
            day in horizon.as_ofs,
            cut < month_end(day),
            *(seq_of.get(month - back) for back in (1, 3, _MONTHS_A_YEAR)),
        )


def _month_no(day: date) -> int:
    """Number months so that their difference counts them."""
    return day.year * _MONTHS_A_YEAR + day.month


def _calendar(first_day: date, cuts: Sequence[date]) -> Iterator[Row]:
    day = first_day
    for seq, cut in enumerate(cuts):
        while day <= cut:
            yield day, seq
            day += _DAY


def _windows(dates: Sequence[date], data_through: date, rules: LedgerRules) -> Iterator[Row]:
    window = timedelta(days=rules.collection_window_days)
    for seq, as_of in enumerate(dates):
        start, end = as_of.replace(day=1), month_end(as_of)
        cut = min(as_of, data_through)
        day = min(start, as_of - window + _DAY)
        while day <= max(end, as_of):
            collecting = as_of - window < day <= as_of
            in_month = start <= day <= end
            if collecting or in_month:
                yield day, seq, cut, collecting, in_month, in_month and day <= cut
            day += _DAY
