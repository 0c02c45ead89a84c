"""Yields of dated cash flows: by hand, beside pyxirr, and where there is none."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from fintech_factory.analytics.xirr import Flow, NoYield, xirr

FIRST = date(2025, 1, 1)


def flows(*moved: tuple[int, int | str]) -> list[Flow]:
    return [(FIRST + timedelta(days=after), Decimal(amount)) for after, amount in moved]


def test_ten_percent_in_365_days_is_ten_percent() -> None:
    assert xirr(flows((0, -100), (365, 110))).percent == Decimal("10.000000")


def test_half_a_year_compounds() -> None:
    """1.05 in 73 days is a fifth of a year: 1.05 ^ 5 - 1."""
    assert xirr(flows((0, -100), (73, 105))).percent == Decimal("27.628156")


def test_a_loss_is_a_negative_yield_and_money_back_is_none_at_all() -> None:
    assert xirr(flows((0, -100), (365, 40))).percent == Decimal(-60)
    assert xirr(flows((0, -100), (10, 100))).percent == Decimal(0)


@pytest.mark.parametrize(
    ("moved", "reason"),
    [
        ([], NoYield.NO_FLOWS),
        ([(0, 0), (9, 0)], NoYield.NO_FLOWS),
        ([(0, -100), (0, 100)], NoYield.NO_FLOWS),
        ([(0, -100), (30, -50)], NoYield.ONE_SIGN),
        ([(0, -100), (0, 130)], NoYield.ONE_SIGN),
        # -100, +100, -90: the worth is negative whatever the growth.
        ([(0, -100), (365, 100), (730, -90)], NoYield.NO_ROOT),
        # (1 + y) is 1.1 and 1.2: -100 + 230 / g - 132 / g^2.
        ([(0, -100), (365, 230), (730, -132)], NoYield.SEVERAL_ROOTS),
        # A thousandfold in a day is no yearly growth below 10,000.
        ([(0, -1), (1, 1000)], NoYield.NO_ROOT),
    ],
)
def test_flows_without_one_yield_say_why(moved: list[tuple[int, int]], reason: NoYield) -> None:
    found = xirr(flows(*moved))
    assert (found.percent, found.reason) == (None, reason)


LOAN = st.tuples(
    st.integers(0, 400), st.integers(1, 200), st.integers(100, 10**6), st.integers(20, 180)
)


def lent_and_paid(loans: list[tuple[int, int, int, int]]) -> list[Flow]:
    """Make each loan two flows: what goes out, and some share of it that comes back."""
    made = []
    for start, term, amount, share in loans:
        made.append((FIRST + timedelta(days=start), -Decimal(amount) / 100))
        made.append((FIRST + timedelta(days=start + term), Decimal(amount * share) / 10_000))
    return made


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(LOAN, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_yield_is_pyxirrs_and_no_order_moves_it(
    loans: list[tuple[int, int, int, int]], chance: Random
) -> None:
    moved = lent_and_paid(loans)
    found = xirr(moved)
    chance.shuffle(moved)
    assert xirr(moved) == found
    if found.percent is None:
        assert found.reason is not None
        return
    days, amounts = [day for day, _ in moved], [float(amount) for _, amount in moved]
    below, above = (
        pyxirr.xnpv(float(found.percent + step) / 100, days, amounts)
        for step in (Decimal("-2e-6"), Decimal("2e-6"))
    )
    assert below is not None
    assert above is not None
    assert below * above <= 0, "the flows change from gain to loss within the last digit shown"
    theirs = pyxirr.xirr(days, amounts)
    if theirs is not None:
        assert float(found.percent) == pytest.approx(theirs * 100, rel=1e-6, abs=2e-6)
