"""Columns, sizes, shares and series are held against what came before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from fintech_factory.validation.baseline import median_deviation, standard_deviation
from fintech_factory.validation.distribution import (
    DistributionLimits,
    Histogram,
    examine_distribution,
    kolmogorov_smirnov,
    psi,
)
from fintech_factory.validation.findings import Examined
from fintech_factory.validation.schema_drift import ColumnShape, TableShape, examine_schema
from fintech_factory.validation.series import Point, SeriesLimits, examine_series
from fintech_factory.validation.volume import (
    BatchVolume,
    TableVolume,
    VolumeLimits,
    examine_volume,
)

DAY = date(2025, 6, 30)
LOANS = TableShape(
    "loans",
    (ColumnShape("loan_id", "loan_id", "text"), ColumnShape("paid_on", "Paid", "date", "iso")),
    ("loan_id", "Paid"),
)


def codes(examined: Sequence[Examined]) -> list[str]:
    return [found.finding.code for check in examined for found in check.found]


def schema(now: TableShape, before: TableShape = LOANS) -> list[str]:
    return codes(examine_schema([now], [before], "technology"))


def test_equal_columns_are_no_drift() -> None:
    assert schema(LOANS) == []


def test_a_column_that_is_gone_is_named_by_both_of_its_names() -> None:
    now = TableShape("loans", LOANS.columns[:1], ("loan_id",))
    (check,) = examine_schema([now], [LOANS], "technology")
    (found,) = check.found
    assert (found.finding.code, found.finding.severity) == ("column_gone", "critical")
    assert found.finding.evidence == ({"column": "paid_on", "header": "Paid"},)


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (ColumnShape("paid_on", "Paid on", "date", "iso"), "header_changed"),
        (ColumnShape("paid_on", "Paid", "text", "iso"), "type_changed"),
        (ColumnShape("paid_on", "Paid", "date", "day first"), "format_changed"),
    ],
)
def test_a_column_that_reads_differently_is_named(column: ColumnShape, code: str) -> None:
    assert schema(replace(LOANS, columns=(LOANS.columns[0], column))) == [code]


def test_a_new_column_another_order_and_a_lost_table_are_named() -> None:
    added = replace(LOANS, columns=(*LOANS.columns, ColumnShape("memo", "memo", "text")))
    assert schema(added) == ["column_added"]
    assert schema(replace(LOANS, order=("Paid", "loan_id"))) == ["column_order_changed"]
    assert codes(examine_schema([], [LOANS], "technology")) == ["table_gone"]
    assert schema(replace(LOANS, absent=("memo",))) == ["column_absent"]


LIMITS = VolumeLimits(batches=10, at_least=3, fall_pct=Decimal(10), rise_pct=Decimal(50))


def batch(rows: int, day: int = 1, accepted: bool = False) -> BatchVolume:  # noqa: FBT001, FBT002
    table = TableVolume("loans", rows, {"principal": Decimal(rows * 10)}, accepted)
    return BatchVolume(f"b{day}", date(2025, 6, day), (table,))


def sizes(now: BatchVolume, *past: BatchVolume, limits: VolumeLimits = LIMITS) -> list[str]:
    return codes(examine_volume(now, past, "technology", limits)[0])


PAST = tuple(batch(100, day) for day in (1, 2, 3))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(90, []), (89, ["volume_drift"]), (150, []), (151, ["volume_drift"])],
)
def test_a_table_is_out_of_the_ordinary_past_its_limits(rows: int, expected: list[str]) -> None:
    assert sizes(batch(rows, 4), *PAST) == expected


def test_less_than_half_of_the_last_export_is_critical_however_short_the_past() -> None:
    (check,) = examine_volume(batch(49, 4), PAST[:1], "technology", LIMITS)[0]
    assert check.found[0].finding.code == "volume_halved"
    assert check.found[0].finding.rows == 51
    assert sizes(batch(50, 4), PAST[0]) == []
    assert sizes(batch(49, 4, accepted=True), PAST[0]) == []


def test_a_past_too_short_judges_nothing_and_says_so() -> None:
    examined, baselines = examine_volume(batch(300, 4), PAST[:2], "technology", LIMITS)
    assert codes(examined) == []
    assert {each.reason for each in baselines} == {"no baseline yet: 2 of at least 3"}


def test_a_reset_leaves_out_what_came_before_it() -> None:
    reset = replace(LIMITS, starts_at=lambda _: date(2025, 6, 2))
    assert sizes(batch(300, 4), *PAST) == ["volume_drift"]
    assert sizes(batch(300, 4), *PAST, limits=reset) == []


def test_psi_and_ks_of_worked_shares() -> None:
    """Half and half against one to three.

    (0.5 - 0.25) ln 2 + (0.5 - 0.75) ln(2/3) = 0.1733 + 0.1014 = 0.2747; KS = 0.25.
    """
    assert round(psi((50, 50), (25, 75)), 4) == Decimal("0.2747")
    assert kolmogorov_smirnov((50, 50), (25, 75)) == Decimal("0.25")
    assert (psi((1, 3), (25, 75)), kolmogorov_smirnov((1, 3), (25, 75))) == (0, 0)


def test_an_empty_bin_counts_half_a_loan() -> None:
    """0.5 and 99 of 99.5 against 50 and 49 of 99: 0.5000 * 4.6102 + 0.5000 * 0.6983 = 2.654."""
    assert round(psi((0, 99), (50, 49)), 3) == Decimal("2.654")


def spread(now: tuple[int, ...], psi_limit: str = "0.25", ks: str = "0.20") -> list[str]:
    past = [(date(2025, month, 28), (50, 50)) for month in (3, 4, 5)]
    histogram = Histogram("dpd", ("<= 0", "> 0"), (*past, (DAY, now)))
    limits = DistributionLimits(6, 3, Decimal(psi_limit), Decimal(ks))
    examined, _ = examine_distribution(histogram, DAY, "risk", limits)
    return codes([examined] if examined else [])


def test_a_spread_is_drift_past_either_limit() -> None:
    assert spread((60, 40)) == []
    # KS exactly at its limit is none.
    assert spread((70, 30)) == []
    assert spread((71, 29)) == ["distribution_drift"]
    assert spread((70, 30), psi_limit="0.1") == ["distribution_drift"]


SERIES = SeriesLimits(
    days=30,
    at_least=5,
    sigmas=Decimal(2),
    changes=24,
    changes_at_least=5,
    months=24,
    months_at_least=5,
    deviations=Decimal("3.5"),
)


def series(values: Sequence[str], now: str, limits: SeriesLimits = SERIES) -> list[str]:
    """Hold a value of 20 June against those of the days before it."""
    today = date(2025, 6, 20)
    past = [
        Point(today - timedelta(days=len(values) - place), Decimal(value))
        for place, value in enumerate(values)
    ]
    return codes(examine_series("par_90", "risk", Point(today, Decimal(now)), past, limits)[0])


STEADY = ["10", "11", "10", "11", "10", "11", "10", "11"]


def test_deviations_of_a_worked_sample() -> None:
    """8 values, mean 10.5, each half away: sd = sqrt(8 * 0.25 / 7); median distance 0.5."""
    figures = [Decimal(each) for each in STEADY]
    deviation = standard_deviation(figures)
    assert deviation is not None
    assert round(deviation, 6) == Decimal("0.534522")
    assert median_deviation(figures) == Decimal("0.5")
    assert standard_deviation(figures[:1]) is None


@pytest.mark.parametrize(("now", "fires"), [("11.56", False), ("11.57", True), ("9.43", True)])
def test_two_sigma_is_the_literal_rule(now: str, *, fires: bool) -> None:
    """Mean 10.5, two standard deviations 1.069: 9.431 to 11.569."""
    assert ("kpi_two_sigma" in series(STEADY, now)) is fires


def test_the_robust_rule_looks_at_the_change_and_not_at_the_level() -> None:
    """Changes of about 1 a day, spread 0.1: the next of 1 is usual, of 2 it is not."""
    rising = ["10", "11", "12.1", "13", "14.1", "15", "16", "17.1"]
    assert "kpi_drift" not in series(rising, "18.1")
    assert "kpi_drift" in series(rising, "19.1")


def test_what_has_happened_within_the_baseline_is_no_drift() -> None:
    """Changes of a cent, and one of 4: another as far is no news, one a cent further is."""
    quiet = ["10", "10.01", "10", "10.01", "14.01", "14", "14.01", "14"]
    assert "kpi_drift" not in series(quiet, "18")
    assert "kpi_drift" in series(quiet, "18.01")
    assert "kpi_drift" not in series(quiet, "10.02")
    assert "kpi_drift" in series(quiet, "10.01")


def test_a_days_flow_in_a_month_in_progress_is_noted_and_warns_of_nothing() -> None:
    today = date(2025, 6, 20)
    past = [
        Point(today - timedelta(days=back), Decimal(20 - back), is_partial=True)
        for back in range(1, 15)
    ]
    now = Point(today, Decimal(100), is_partial=True)
    examined, _ = examine_series("new_volume", "growth", now, past, SERIES)
    said = [found.finding for check in examined for found in check.found]
    assert [(each.code, each.severity) for each in said if each.code != "kpi_two_sigma"] == [
        ("kpi_step", "info")
    ]


def test_days_and_months_have_baselines_of_their_own_length() -> None:
    months = [Point(day, Decimal(100 + place % 3)) for place, day in enumerate(month_ends(7))]
    now = Point(date(2023, 8, 31), Decimal(30))
    wide = replace(SERIES, changes_at_least=20)
    assert codes(examine_series("volume", "growth", now, months, wide)[0]) == ["kpi_step"]
    assert (
        codes(
            examine_series("volume", "growth", now, months, replace(SERIES, months_at_least=7))[0]
        )
        == []
    )
    assert "kpi_drift" not in series(STEADY, "20", replace(wide, months_at_least=2))


def test_a_past_that_never_moved_makes_any_move_a_drift() -> None:
    assert "kpi_drift" in series(["5"] * 8, "5.01")
    assert series(["5"] * 8, "5") == []


def test_two_sigma_is_shown_and_the_robust_rule_notifies() -> None:
    checks = examine_series(
        "par_90",
        "risk",
        Point(DAY, Decimal(90)),
        [Point(DAY - timedelta(days=back), Decimal(back % 2)) for back in range(1, 20)],
        SERIES,
    )[0]
    severity = {each.finding.code: each.finding.severity for one in checks for each in one.found}
    assert severity == {"kpi_two_sigma": "info"}


def month_ends(count: int) -> list[date]:
    first = [date(2023 + (month // 12), month % 12 + 1, 1) for month in range(count + 1)]
    return [later - timedelta(days=1) for _, later in pairwise(first)]


def test_a_month_in_progress_is_never_held_against_full_months() -> None:
    """A flow of 100 a month stands at 30 on the tenth: that is no fall."""
    past = [Point(day, Decimal(100 + place % 3)) for place, day in enumerate(month_ends(20))]
    tenth = Point(date(2024, 9, 10), Decimal(30), is_partial=True)
    examined, baselines = examine_series("volume", "growth", tenth, past, SERIES)
    assert codes(examined) == []
    assert {each.n for each in baselines} == {0}


def test_a_full_month_is_held_against_the_full_months_before() -> None:
    past = [Point(day, Decimal(100 + place % 3)) for place, day in enumerate(month_ends(20))]
    partial = Point(date(2024, 9, 10), Decimal(30), is_partial=True)
    fallen = Point(date(2024, 9, 30), Decimal(30))
    examined, _ = examine_series("volume", "growth", fallen, [*past, partial], SERIES)
    assert codes(examined) == ["kpi_step"]
    assert [found.finding.severity for check in examined for found in check.found] == ["info"]
