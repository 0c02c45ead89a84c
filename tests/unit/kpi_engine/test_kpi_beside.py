"""KPIs side by side, definitions old and new, and month against month."""

from datetime import date
from decimal import Decimal

import pytest

from fintech_factory.errors import UsageError
from fintech_factory.kpi_engine import Definitions, Reading, Status
from fintech_factory.kpi_engine.definition_diff import DefinitionDiff, months_of
from fintech_factory.kpi_engine.limits import Direction, Limits
from fintech_factory.kpi_engine.month_changes import month_changes
from fintech_factory.kpi_engine.side_by_side import judges_of, side_by_side
from fintech_factory.pipeline.kpi_past import past_dates
from fintech_factory.values import LimitState, Unit
from fintech_factory.views.table import ViewDate

THROUGH = date(2025, 3, 10)
NONE = Limits(Direction.BAD_ABOVE)
THREE = Limits(Direction.BAD_ABOVE, ((LimitState.WARNING, Decimal(3)),))


def reading(
    value: str | None, on: str = "2025-01-31", kpi: str = "a", unit: Unit = Unit.PERCENT
) -> Reading:
    known = Decimal(value) if value is not None else None
    return Reading(
        kpi=kpi,
        definition_version=1,
        as_of=date.fromisoformat(on),
        data_through=THROUGH,
        unit=unit,
        status=Status.UNAVAILABLE if known is None else Status.OK,
        reason="no book" if known is None else "",
        value=known,
        limit_state=None if known is None else THREE.state(known),
    )


def test_a_kpi_without_limits_borrows_those_of_the_first_that_has_some(
    shipped: Definitions,
) -> None:
    kpis = [shipped.get(name) for name in ("par_30", "par_90", "collection_rate", "outstanding")]
    whose = {name: judge and judge.id for name, judge in judges_of(kpis, None).items()}
    assert whose == {
        "par_30": "par_90",
        "par_90": "par_90",
        "collection_rate": "collection_rate",
        "outstanding": None,
    }


def test_limits_are_not_lent_across_units_or_directions(shipped: Definitions) -> None:
    for kpi, judge in (("outstanding", "par_90"), ("collection_rate", "par_90")):
        with pytest.raises(UsageError, match="do not fit"):
            judges_of([shipped.get(kpi)], shipped.get(judge))
    with pytest.raises(UsageError, match="par_30 has no limits"):
        judges_of([shipped.get("par_90")], shipped.get("par_30"))


@pytest.mark.parametrize(
    ("one", "other", "disagree"),
    [("1.17", "5.46", True), ("5.01", "7.99", False), ("3", "3.0000001", True), (None, "9", False)],
)
def test_states_that_differ_are_marked_and_counted(
    shipped: Definitions, one: str | None, other: str, *, disagree: bool
) -> None:
    names = ("par_90", "par_90_incl_writeoff")
    judges = judges_of([shipped.get(name) for name in names], None)
    values = dict(zip(names, (one, other), strict=True))
    found = side_by_side(
        judges, {name: [reading(value, kpi=name)] for name, value in values.items()}
    )
    assert (found.rows[0].disagree, found.disagreements) == (disagree, int(disagree))


def test_a_diff_counts_values_states_and_the_largest_change() -> None:
    old = [reading("1", "2024-11-30"), reading("2", "2024-12-31"), reading("4")]
    new = [reading("1", "2024-11-30"), reading("3.5", "2024-12-31"), reading("1")]
    diff = DefinitionDiff("a", "changed", 1, 2, (), months_of((THREE, old), (THREE, new)))
    assert (diff.values_differ, diff.states_differ) == (2, 2)
    assert diff.largest is not None
    assert (diff.largest.as_of, diff.largest.change) == (date(2025, 1, 31), Decimal(-3))


def test_a_figure_that_is_no_longer_known_differs_and_has_no_change() -> None:
    (month,) = months_of((THREE, [reading("1")]), (THREE, [reading(None)]))
    assert (month.change, month.state_differs) == (None, True)


def test_without_limits_a_month_stands_as_one_within_them() -> None:
    (month,) = months_of((NONE, [reading("1")]), (THREE, [reading("1")]))
    assert (month.old_state, month.new_state) == (None, LimitState.NONE)
    assert not month.state_differs


def test_only_full_months_are_compared() -> None:
    """January 100, February 150 (+50, +50 %), ten days of March 20: compared with nothing."""
    ends = [("100", "2025-01-31"), ("150", "2025-02-28"), ("20", "2025-03-10")]
    first, second, third = month_changes(
        [reading(value, on, unit=Unit.MONEY) for value, on in ends]
    )
    assert (first.change, first.reason) == (None, "no month before to compare with")
    assert (second.change, second.change_percent) == (Decimal(50), Decimal(50))
    assert (third.in_progress, third.change, third.reason) == (True, None, "month in progress")


def test_a_month_end_past_the_data_is_in_progress_however_it_is_labelled() -> None:
    *_, last = month_changes([reading("1", "2025-02-28"), reading("2", "2025-03-31")])
    assert (last.in_progress, last.change) == (True, None)


def test_a_month_without_a_figure_is_compared_with_none() -> None:
    months = [("1", "2024-11-30"), (None, "2024-12-31"), ("3", "2025-01-31")]
    assert [each.change for each in month_changes([reading(*each) for each in months])] == [
        None
    ] * 3


def test_a_share_changes_in_points_only() -> None:
    *_, last = month_changes([reading("2"), reading("3", "2025-02-28")])
    assert (last.change, last.change_percent) == (Decimal(1), None)


def test_the_past_is_full_month_ends_and_the_last_day_once() -> None:
    full, odd, through = date(2025, 1, 31), date(2025, 2, 12), THROUGH
    dates = [
        ViewDate(full, full, partial=False),
        ViewDate(odd, odd, partial=True),
        ViewDate(through, through, partial=True),
        ViewDate(date(2025, 3, 31), through, partial=True),
    ]
    assert past_dates(dates) == [full, through]
    assert past_dates(dates[::2][:1] + dates[3:]) == [full, date(2025, 3, 31)]
