"""Monthly rates made years, by hand and by their laws."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.analytics.curves import annual_rate, compounded_rate, monthly_rate

SHARE = st.fractions(min_value=0, max_value=1, max_denominator=10**6)


def test_one_percent_a_month_is_11_36_percent_a_year() -> None:
    """1 - 0.99 ^ 12 = 0.113615128283..."""
    assert annual_rate(monthly_rate(Decimal(1), Decimal(100))) == Decimal("11.36151283")


def test_all_or_nothing_stays_what_it_is() -> None:
    assert annual_rate(Fraction(0)) == 0
    assert annual_rate(Fraction(1)) == 100


@pytest.mark.parametrize(("part", "whole"), [(None, 1), (1, None), (1, 0)])
def test_a_month_without_a_balance_has_no_rate(part: int | None, whole: int | None) -> None:
    amounts = [None if each is None else Decimal(each) for each in (part, whole)]
    assert monthly_rate(*amounts) is None
    assert annual_rate(None) is None


@pytest.mark.parametrize("rate", [Fraction(-1, 100), Fraction(101, 100)])
def test_what_is_no_share_is_not_compounded(rate: Fraction) -> None:
    assert annual_rate(rate) is None
    assert compounded_rate([Fraction(0), rate, Fraction(0)]) is None


def test_three_months_are_compounded_four_times_and_twelve_once() -> None:
    """0.9 x 1 x 1 survives a quarter: 1 - 0.9 ^ 4 = 34.39 %; in a year of such a month, 10 %."""
    assert compounded_rate([Fraction(1, 10), Fraction(0), Fraction(0)]) == Decimal("34.39000000")
    assert compounded_rate([Fraction(1, 10), *[Fraction(0)] * 11]) == Decimal(10)


def test_a_month_that_is_not_known_makes_no_year() -> None:
    assert compounded_rate([Fraction(0), None, Fraction(0)]) is None


def test_five_months_are_no_even_part_of_a_year() -> None:
    with pytest.raises(ValueError, match="5 months"):
        compounded_rate([Fraction(0)] * 5)


@given(st.lists(SHARE, min_size=2, max_size=6))
def test_a_worse_month_never_makes_a_better_year(rates: list[Fraction]) -> None:
    years = [annual_rate(rate) for rate in sorted(rates)]
    known = [year for year in years if year is not None]
    assert len(known) == len(rates)
    assert all(better <= worse for better, worse in pairwise(known))
    assert all(0 <= year <= 100 for year in known)


@given(SHARE)
def test_twelve_equal_months_make_the_year_of_one(rate: Fraction) -> None:
    assert compounded_rate([rate] * 12) == compounded_rate([rate] * 3) == annual_rate(rate)
