"""An objective's share, its budget and its burn, by figures worked by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.telemetry.objective import Counted, Objective, Verdict, standing

NOW = datetime(2026, 3, 31, tzinfo=UTC)
MONTH = timedelta(days=30)
OURS = Objective("ours", "It is good.", "events", Decimal("0.99"), MONTH)


def counted(**by_days: tuple[int, int]) -> object:
    """Count by how many days are asked for: d1, d7, d30."""

    def count(since: datetime, until: datetime) -> Counted:
        good, whole = by_days.get(f"d{(until - since).days}", (0, 0))
        return Decimal(good), Decimal(whole)

    return count


def test_of_a_thousand_ten_may_be_bad_so_four_leave_six_tenths() -> None:
    stands = standing(OURS, counted(d30=(996, 1000), d7=(98, 100), d1=(10, 10)), NOW)  # type: ignore[arg-type]
    assert (stands.ratio, stands.budget_left) == (Decimal("0.996"), Decimal("0.6"))
    assert stands.burn == {"1d": Decimal(0), "7d": Decimal(2)}
    assert stands.verdict is Verdict.MET


@pytest.mark.parametrize(
    ("good", "left", "verdict"),
    [
        (1000, "1", Verdict.MET),
        (990, "0", Verdict.MET),
        (989, "-0.1", Verdict.MISSED),
        (0, "-99", Verdict.MISSED),
    ],
)
def test_a_budget_that_is_just_used_up_is_not_missed_yet(
    good: int, left: str, verdict: Verdict
) -> None:
    stands = standing(OURS, counted(d30=(good, 1000)), NOW)  # type: ignore[arg-type]
    assert (stands.budget_left, stands.verdict) == (Decimal(left), verdict)


def test_of_what_has_not_happened_nothing_is_known() -> None:
    stands = standing(OURS, counted(), NOW)  # type: ignore[arg-type]
    assert (stands.ratio, stands.budget_left, stands.verdict) == (None, None, Verdict.UNKNOWN)
    assert stands.burn == {"1d": None, "7d": None}


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_budget_is_left_exactly_as_long_as_the_objective_is_met(bad: int, whole: int) -> None:
    good = max(whole - bad, 0)
    stands = standing(OURS, counted(d30=(good, whole)), NOW)  # type: ignore[arg-type]
    assert stands.budget_left is not None
    assert (stands.budget_left >= 0) is (stands.verdict is Verdict.MET)
    assert stands.budget_left <= 1
