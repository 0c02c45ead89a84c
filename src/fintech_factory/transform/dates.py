"""The as-of dates of a run, and the small parameter tables that models read them from."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fintech_factory.values import LedgerRules
from fintech_factory.warehouse.protocol import Build, Row

__all__ = ["Horizon", "load_parameters", "month_end", "month_ends"]

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
    """

    as_ofs: tuple[date, ...]
    first_day: date
    data_through: date


def load_parameters(build: Build, horizon: Horizon, rules: LedgerRules) -> None:
    """Make `policy`, `ageing_bucket`, `snapshot_date`, `calendar_day` and `snapshot_window`.

    - policy: one row. ageing_bucket: one row per day past due up to the first of the last bucket.
    - snapshot_date: one row per as-of date, numbered in order; `cut_on` is where its data ends.
    - calendar_day: one row per day, with the first as-of date whose data includes it.
    - snapshot_window: one row per day and as-of date in one of its windows.
    """
    dates = sorted(set(horizon.as_ofs))
    cuts = [min(day, horizon.data_through) for day in dates]
    build.load(
        "policy",
        {
            "write_off_after_dpd": "BIGINT",
            "coverage_tolerance": "DECIMAL(18, 6)",
            "reporting_currency": "VARCHAR",
            "last_bucket_from_dpd": "BIGINT",
            "data_through": "DATE",
        },
        [
            (
                rules.write_off_after_dpd,
                rules.coverage_tolerance,
                rules.reporting_currency,
                rules.bucket_bounds[-1] + 1,
                horizon.data_through,
            )
        ],
    )
    build.load("ageing_bucket", {"dpd": "BIGINT", "bucket": "VARCHAR"}, list(_buckets(rules)))
    build.load(
        "snapshot_date",
        {"seq": "BIGINT", "as_of": "DATE", "cut_on": "DATE", "month_start": "DATE"},
        [
            (seq, day, cut, day.replace(day=1))
            for seq, (day, cut) in enumerate(zip(dates, cuts, strict=True))
        ],
    )
    build.load(
        "calendar_day",
        {"day_on": "DATE", "seq": "BIGINT"},
        list(_calendar(horizon.first_day, cuts)),
    )
    build.load("snapshot_window", _WINDOW, list(_windows(dates, horizon.data_through, rules)))


_WINDOW: Mapping[str, str] = {
    "day_on": "DATE",
    "seq": "BIGINT",
    "cut_on": "DATE",
    "in_collection_window": "BOOLEAN",
    "in_month": "BOOLEAN",
    "in_month_to_date": "BOOLEAN",
}


def _buckets(rules: LedgerRules) -> Iterator[Row]:
    """Name the bucket of every day up to the first of the last bucket, which is open."""
    for dpd in range(rules.bucket_bounds[-1] + 2):
        yield dpd, rules.bucket_labels[sum(dpd > bound for bound in rules.bucket_bounds)]


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
