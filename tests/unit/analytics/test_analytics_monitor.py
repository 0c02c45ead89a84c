"""The mathematics of the monitor, worked by hand."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from fintech_factory.analytics.borrowing_base import BorrowingBase
from fintech_factory.analytics.breach import Course, Outlook, Trigger, by_path, by_trend
from fintech_factory.analytics.concentration import Cell, Limit, excesses
from fintech_factory.analytics.interest import Span, interest_of, year_days
from fintech_factory.analytics.rolls import NEW, Rolled, average_rolls, project

START = date(2025, 1, 31)


def decimals(*values: str | int) -> list[Decimal]:
    return [Decimal(value) for value in values]


def test_a_straight_way_to_the_trigger_is_cut_to_whole_days() -> None:
    """4 to 6 within the 28 days to 28 February: 5 is reached after 14, 4.6 after 8.4."""
    path = decimals(4, 6, 8)
    assert by_path(path, START, Trigger(Decimal(5), at_most=True)) == Outlook(Course.PROJECTED, 14)
    at = Trigger(Decimal("4.6"), at_most=True)
    assert by_path(path, START, at) == Outlook(Course.PROJECTED, 8)


def test_months_ahead_end_with_the_month() -> None:
    """The second month runs from 28 February to 31 March: 28 + 31 x 1/2 = 43.5 days."""
    at = Trigger(Decimal(7), at_most=True)
    assert by_path(decimals(4, 6, 8), START, at) == Outlook(Course.PROJECTED, 43)


def test_a_figure_that_must_not_fall_is_held_from_below() -> None:
    at = Trigger(Decimal(120), at_most=False)
    assert by_path(decimals(134, 106), START, at) == Outlook(Course.PROJECTED, 14)
    assert by_path(decimals(119, 200), START, at) == Outlook(Course.BREACHED, 0)


def test_on_the_trigger_is_not_past_it() -> None:
    at = Trigger(Decimal(5), at_most=True)
    assert by_path(decimals(5, 5), START, at) == Outlook(Course.BEYOND)
    assert not at.passed_by(Decimal(5))


def test_a_path_that_stops_says_why_unless_it_breaches_before() -> None:
    at = Trigger(Decimal(5), at_most=True)
    assert by_path(decimals(1), START, at, "why") == Outlook(Course.UNKNOWN, reason="why")
    assert by_path(decimals(1, 9), START, at, "why").course is Course.PROJECTED


def points(*values: str | int) -> list[tuple[date, Decimal]]:
    days = (date(2024, 11, 30), date(2024, 12, 30), date(2025, 1, 29))
    return list(zip(days, decimals(*values), strict=False))


def test_a_trend_goes_on_from_todays_value_at_the_slope_of_three_months() -> None:
    """1, 2, 3 every 30 days is 1/30 a day; from 3.5 to 5 it takes 45 days."""
    at = Trigger(Decimal(5), at_most=True)
    today = (START, Decimal("3.5"))
    assert by_trend(points(1, 2, 3), today, at) == Outlook(Course.PROJECTED, 45)
    assert by_trend(points(3, 2, 1), today, at) == Outlook(Course.BEYOND)
    assert by_trend(points(2, 2, 2), today, at) == Outlook(Course.BEYOND)
    assert by_trend(points(1, 2), today, at).course is Course.UNKNOWN
    assert by_trend(points(1, 2, 3), (START, Decimal(6)), at) == Outlook(Course.BREACHED, 0)


def test_a_trend_past_24_months_claims_nothing() -> None:
    at = Trigger(Decimal(50), at_most=True)
    assert by_trend(points(1, "1.01", "1.02"), (START, Decimal(1)), at) == Outlook(Course.BEYOND)


def test_roll_rates_are_weighed_by_balance_and_new_lending_is_a_months() -> None:
    """Of 400 current 100 become late and 200 stay; of 100 late 50 stay; 90 are lent in 3 months."""
    rolls = average_rolls(
        [
            Rolled(3, "current", "current", Decimal(250), Decimal(200)),
            Rolled(3, "current", "late", Decimal(100), Decimal(100)),
            Rolled(3, "current", "repaid", Decimal(50), Decimal(0)),
            Rolled(3, "late", "late", Decimal(100), Decimal(50)),
            Rolled(3, NEW, "current", Decimal(0), Decimal(90)),
        ]
    )
    assert rolls is not None
    assert rolls.shares["current"] == {"current": Decimal("0.5"), "late": Decimal("0.25")}
    assert rolls.new == {"current": 30}
    path, stopped = project({"current": Decimal(80), "late": Decimal(20)}, rolls, 2)
    assert path[1] == {"current": 70, "late": 30}
    assert path[2] == {"current": 65, "late": Decimal("32.5")}
    assert stopped == ""


def test_a_state_of_which_no_roll_is_known_stops_the_projection() -> None:
    rolls = average_rolls([Rolled(2, "current", "late", Decimal(10), Decimal(10))])
    assert rolls is not None
    path, stopped = project({"current": Decimal(5)}, rolls, 24)
    assert len(path) == 2
    assert "`late` in the last 2 months" in stopped
    assert average_rolls([]) is None


def test_the_base_adds_up_and_a_deficiency_is_negative() -> None:
    base = BorrowingBase(*decimals(1000, 100, 50, 80, 900, 750, 20))
    assert (base.net_eligible, base.availability) == (850, 680)
    assert (base.surplus, base.drawable, base.collateral) == (-50, 0, 870)


def test_what_may_be_drawn_stays_within_the_commitment() -> None:
    base = BorrowingBase(*decimals(1000, 0, 0, 80, 500, 450, 0))
    assert (base.surplus, base.drawable) == (350, 50)


def cell(borrower: str | None, place: int | None, counted: int, entity: str = "N") -> Cell:
    return Cell(borrower, place, "p", entity, "s", Decimal(counted))


def test_a_later_limit_sees_what_the_earlier_left() -> None:
    """A 60 of 100: 10 above 50 %. N held A's 60 and B's 20: it has 70 left, 5 above 65 %."""
    cells = [cell("A", 1, 60), cell("B", 2, 20), cell(None, None, 20, "S")]
    limits = [Limit("one", "borrower", Decimal(50)), Limit("entity", "entity", Decimal(65))]
    one, entity = excesses(cells, limits, Decimal(100))
    assert (one.member, one.excess) == ("A", 10)
    assert (entity.member, entity.counted, entity.excess) == ("N", 70, 5)
    (alone,) = excesses(cells, limits[1:], Decimal(100))
    assert alone.excess == 15


def test_a_limit_that_nobody_exceeds_names_its_largest_member() -> None:
    (found,) = excesses(
        [cell("A", 1, 3), cell("B", 2, 2)], [Limit("x", "borrower", Decimal(10))], Decimal(100)
    )
    assert (found.member, found.allowed, found.excess) == ("A", 10, 0)


@pytest.mark.parametrize(
    ("rule", "start", "end", "days", "year"),
    [
        ("actual/360", "2025-01-31", "2025-02-28", 28, 360),
        ("actual/365", "2024-02-28", "2024-03-01", 2, 365),
        ("30/360", "2025-01-31", "2025-02-28", 28, 360),
        ("30/360", "2025-01-15", "2025-07-15", 180, 360),
        ("30/360", "2025-01-30", "2025-03-31", 60, 360),
    ],
)
def test_days_by_each_rule(rule: str, start: str, end: str, days: int, year: int) -> None:
    found = year_days(rule, date.fromisoformat(start), date.fromisoformat(end))
    assert found == (days, year)


def test_interest_is_rounded_once() -> None:
    """1,000 at 10 % for 1 day of 360 is 0.2777...; twice it is 0.56, not 0.28 + 0.28 + ..."""
    days = [date(2025, 1, day) for day in (1, 2, 3, 4)]
    spans = [Span(a, b, Decimal(1000), Decimal(10), "actual/360") for a, b in pairwise(days)]
    assert interest_of(spans) == Decimal("0.83")
    assert sum(interest_of([span]) for span in spans) == Decimal("0.84")
