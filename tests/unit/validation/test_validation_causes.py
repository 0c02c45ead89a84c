"""Every differing row carries one cause, the most certain first."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fintech_factory.validation.comparison import Cause, LoanPair, Tolerances
from fintech_factory.validation.reconciliation import cause_of

TOLERANCES = Tolerances(
    close_per_loan=Decimal("0.01"), write_off_after_dpd=180, bucket_bounds=(0, 30, 60, 90, 180)
)
AS_OF = date(2025, 12, 31)
AGREED = LoanPair(
    source="loan_par_balances",
    as_of=AS_OF,
    cut_on=AS_OF,
    loan_id="L1",
    in_source=True,
    in_ours=True,
    our_balance=Decimal(100),
    source_balance=Decimal(100),
    our_dpd=45,
    source_dpd=45,
    our_written_off=False,
    source_written_off=False,
    our_at_risk=(Decimal(100), Decimal(100), Decimal(0), Decimal(0)),
    source_at_risk=(Decimal(100), Decimal(100), Decimal(0), Decimal(0)),
)


def cause(**figures: Any) -> Cause:  # noqa: ANN401 - the fields of a pair
    return cause_of(replace(AGREED, **figures), TOLERANCES)


def test_a_balance_of_a_cent_on_one_side_is_dust() -> None:
    assert cause(our_balance=Decimal(0), source_balance=Decimal("0.01")) is Cause.DUST


def test_a_balance_of_more_than_a_cent_is_no_dust() -> None:
    assert cause(our_balance=Decimal(0), source_balance=Decimal("0.0101")) is Cause.UNEXPLAINED


def test_dust_of_opposite_signs_may_be_more_than_a_cent_apart_and_is_none() -> None:
    pair = {"our_balance": Decimal("0.01"), "source_balance": Decimal("-0.01")}
    assert cause(**pair) is Cause.UNEXPLAINED


def test_dust_that_the_source_leaves_out_is_dust_before_it_is_missing() -> None:
    gone = {"in_source": False, "source_balance": None, "our_balance": Decimal("0.004")}
    assert cause(**gone) is Cause.DUST


def test_a_loan_that_the_source_leaves_out_is_missing_there() -> None:
    assert cause(in_source=False, source_balance=None) is Cause.MISSING_IN_SOURCE


def test_a_loan_that_we_leave_out_is_missing_in_ours() -> None:
    assert cause(in_ours=False, our_balance=Decimal(0)) is Cause.MISSING_IN_OURS


def test_a_balance_that_our_earlier_batch_showed_is_restated() -> None:
    pair = {"our_balance": Decimal(90), "earlier_balance": Decimal(100)}
    assert cause(**pair) is Cause.RESTATED


@pytest.mark.parametrize("earlier", [None, Decimal(95), Decimal(90)])
def test_a_balance_that_no_batch_showed_is_unexplained(earlier: Decimal | None) -> None:
    assert cause(our_balance=Decimal(90), earlier_balance=earlier) is Cause.UNEXPLAINED


def test_days_counted_to_a_label_past_the_data_are_an_as_of_matter() -> None:
    """The data end on the 10th, 21 days before the label; the source counts to the label."""
    pair = {"cut_on": date(2025, 12, 10), "our_dpd": 24, "source_dpd": 45}
    assert cause(**pair) is Cause.AS_OF


@pytest.mark.parametrize("source_dpd", [44, 46, 3])
def test_days_off_by_another_number_are_unexplained(source_dpd: int) -> None:
    pair = {"cut_on": date(2025, 12, 10), "our_dpd": 24, "source_dpd": source_dpd}
    assert cause(**pair) is Cause.UNEXPLAINED


def test_days_off_where_the_label_is_not_past_the_data_are_unexplained() -> None:
    assert cause(our_dpd=24, source_dpd=45) is Cause.UNEXPLAINED


@pytest.mark.parametrize("dpd", [7, 30, 60, 90, 180, 181, 0])
def test_a_flag_that_differs_on_an_edge_is_a_boundary_matter(dpd: int) -> None:
    pair = {"our_dpd": dpd, "source_dpd": dpd, "our_written_off": True}
    assert cause(**pair) is Cause.BOUNDARY


@pytest.mark.parametrize("dpd", [6, 8, 29, 31, 89, 91, 179, 182])
def test_a_flag_that_differs_away_from_any_edge_is_unexplained(dpd: int) -> None:
    pair = {"our_dpd": dpd, "source_dpd": dpd, "our_written_off": True}
    assert cause(**pair) is Cause.UNEXPLAINED


def test_edges_are_the_lenders_own() -> None:
    own = replace(TOLERANCES, bucket_bounds=(0, 15), write_off_after_dpd=120)
    on_edge = [
        dpd
        for dpd in range(200)
        if cause_of(replace(AGREED, our_dpd=dpd, source_dpd=dpd, our_written_off=True), own)
        is Cause.BOUNDARY
    ]
    assert on_edge == [0, 7, 15, 30, 60, 90, 120, 121]


def test_a_source_without_days_has_no_as_of_cause() -> None:
    pair = {"source_dpd": None, "our_dpd": 31, "cut_on": date(2025, 12, 10)}
    assert cause(**pair) is Cause.UNEXPLAINED
