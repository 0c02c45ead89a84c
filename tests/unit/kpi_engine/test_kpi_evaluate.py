"""Readings: the division, what is unavailable, what is clamped, what is partial."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from fintech_factory.errors import WarehouseError
from fintech_factory.kpi_engine import (
    Definitions,
    Reading,
    RunQuery,
    Scope,
    Status,
    evaluate,
    history_json,
    of_kpi,
    shown,
)
from fintech_factory.values import LimitState

MARCH = date(2025, 3, 31)
SCOPE = Scope((MARCH,), date(2025, 6, 15), date(2024, 1, 10), "run-1", ("batch-1",))

SnapshotOf = Callable[..., RunQuery]
Define = Callable[..., Definitions]


def read(definitions: Definitions, run_query: RunQuery, scope: Scope = SCOPE) -> dict[str, Reading]:
    return {
        each.kpi: each for each in evaluate(definitions, scope, run_query) if not each.dimension
    }


def test_a_reading_carries_its_part_whole_and_lineage(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    rows = [{"outstanding": 300, "dpd": 90}, {"outstanding": 100, "dpd": 91}]
    reading = read(shipped, snapshot_of(rows))["par_90"]
    assert reading.as_json() == {
        "kpi": "par_90",
        "as_of": "2025-03-31",
        "data_through": "2025-06-15",
        "status": "ok",
        "reason": None,
        "value": "25",
        "raw_value": "25",
        "unit": "percent",
        "part": "100.000000",
        "whole": "400.000000",
        "limit_state": "executive",
        "partial": False,
        "definition_version": 1,
        "run_id": "run-1",
        "batch_ids": ["batch-1"],
        "check": "not_run",
    }


def test_a_member_of_a_dimension_is_named_in_its_reading(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    readings = evaluate(shipped, SCOPE, snapshot_of([{"outstanding": 1, "entity": "North"}]))
    found = [each.as_json() for each in readings if each.dimension == "entity"]
    assert {(each["dimension"], each["member"]) for each in found} == {("entity", "North")}


@pytest.mark.parametrize(
    ("part", "state"),
    [
        ("3", LimitState.NONE),
        ("3.000001", LimitState.WARNING),
        ("5", LimitState.WARNING),
        ("5.000001", LimitState.CRITICAL),
        ("8", LimitState.CRITICAL),
        ("8.000001", LimitState.EXECUTIVE),
    ],
)
def test_the_limit_is_compared_with_the_unrounded_value(
    shipped: Definitions, snapshot_of: SnapshotOf, part: str, state: LimitState
) -> None:
    rest = Decimal(100) - Decimal(part)
    rows = [{"outstanding": Decimal(part), "dpd": 91}, {"outstanding": rest}]
    reading = read(shipped, snapshot_of(rows))["par_90"]
    assert reading.value == Decimal(part)
    assert reading.limit_state is state


def test_a_third_is_divided_to_34_digits(shipped: Definitions, snapshot_of: SnapshotOf) -> None:
    rows = [{"outstanding": 1, "dpd": 91}, {"outstanding": 2}]
    value = read(shipped, snapshot_of(rows))["par_90"].value
    assert value == Decimal("33." + "3" * 32)
    assert shown(value, 2) == Decimal("33.33")
    assert shown(Decimal("0.125"), 2) == Decimal("0.12")


def test_a_whole_of_zero_is_unavailable_and_never_zero(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    reading = read(shipped, snapshot_of([{"outstanding": 0}]))["par_90"]
    assert reading.status is Status.UNAVAILABLE
    assert reading.value is None
    assert reading.limit_state is None
    assert "0" in reading.reason


def test_a_whole_below_zero_is_unavailable(shipped: Definitions, snapshot_of: SnapshotOf) -> None:
    reading = read(shipped, snapshot_of([{"outstanding": -5, "cash_30d": 5}]))["collection_rate"]
    assert (reading.status, reading.value) == (Status.UNAVAILABLE, None)


def test_a_column_that_is_empty_throughout_is_unavailable(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    readings = read(shipped, snapshot_of([{"outstanding": 100, "cash_30d": None}]))
    assert readings["collection_rate"].status is Status.UNAVAILABLE
    assert "not known" in readings["collection_rate"].reason
    assert readings["par_90"].value == 0


def test_an_unknown_whole_is_unavailable(shipped: Definitions, snapshot_of: SnapshotOf) -> None:
    readings = read(shipped, snapshot_of([{"outstanding": None, "dpd": 91}]))
    assert readings["par_90"].status is Status.UNAVAILABLE
    assert readings["outstanding"].status is Status.UNAVAILABLE


def test_what_is_made_of_an_unavailable_kpi_is_unavailable(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    health = read(shipped, snapshot_of([{"outstanding": 0}]))["portfolio_health"]
    assert health.status is Status.UNAVAILABLE
    assert health.reason.startswith("par_90 is unavailable: ")


def test_a_score_above_100_is_shown_as_100_and_kept_raw(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    health = read(shipped, snapshot_of([{"outstanding": 100, "cash_30d": 300}]))["portfolio_health"]
    assert (health.value, health.raw_value) == (100, 180)


def test_the_score_is_made_of_unrounded_inputs(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    rows = [{"outstanding": 1, "dpd": 91}, {"outstanding": 2, "cash_30d": Decimal("0.01")}]
    health = read(shipped, snapshot_of(rows))["portfolio_health"].value
    exactly = (100 - Fraction(100, 3)) * Fraction(6, 10) + Fraction(1, 3) * Fraction(4, 10)
    assert health is not None
    assert abs(Fraction(health) - exactly) < Fraction(1, 10**30)


def test_a_book_without_rows_at_a_date_has_true_zeros_and_no_ratios(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    readings = read(shipped, snapshot_of([]))
    zeros = {name for name, reading in readings.items() if reading.value == 0}
    assert zeros == {
        "active_borrowers",
        "active_loans",
        "balance_incl_writeoff",
        "borrowers_disbursed",
        "borrowers_past_due",
        "cash_collected",
        "disbursed_12m",
        "disbursed_volume",
        "due_in_month",
        "fee_income",
        "interest_income",
        "loans_disbursed",
        "new_borrowers",
        "new_volume",
        "outstanding",
        "reactivated_borrowers",
        "reactivated_volume",
        "recovered_month",
        "repeat_borrowers",
        "repeat_volume",
        "write_off_returned",
        "written_off",
        "written_off_month",
    }
    assert all(
        each.status is Status.UNAVAILABLE for each in readings.values() if each.value is None
    )


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        (Scope((date(2024, 1, 9),), date(2025, 6, 15), date(2024, 1, 10)), "begins on 2024-01-10"),
        (Scope((date(2025, 7, 1),), date(2025, 6, 15), date(2024, 1, 10)), "ends on 2025-06-15"),
        (Scope((MARCH,), date(2025, 6, 15), None), "no loan"),
    ],
)
def test_a_date_of_which_nothing_is_known_asks_no_query(
    shipped: Definitions, scope: Scope, reason: str
) -> None:
    def refuse(_sql: str, _params: Sequence[Any]) -> list[Any]:
        raise AssertionError("no query is needed")

    readings = read(shipped, refuse, scope)
    assert {each.status for each in readings.values()} == {Status.UNAVAILABLE}
    assert {each.value for each in readings.values()} == {None}
    assert reason in readings["disbursed_volume"].reason


@pytest.mark.parametrize(
    ("as_of", "partial"),
    [
        (date(2025, 5, 31), set()),
        (date(2025, 5, 30), {"flow"}),
        (date(2025, 6, 15), {"flow"}),
        (date(2025, 6, 30), {"flow", "stock", "derived"}),
    ],
)
def test_what_may_still_move_is_partial(
    shipped: Definitions, snapshot_of: SnapshotOf, as_of: date, partial: set[str]
) -> None:
    scope = Scope((as_of,), date(2025, 6, 15), date(2024, 1, 10))
    readings = read(shipped, snapshot_of([{"as_of": as_of, "outstanding": 1}]), scope)
    names = {"flow": "disbursed_volume", "stock": "par_90", "derived": "portfolio_health"}
    assert {name for name, kpi in names.items() if readings[kpi].partial} == partial


def test_a_float_from_the_warehouse_is_refused(shipped: Definitions) -> None:
    def floats(_sql: str, _params: Sequence[Any]) -> list[tuple[Any, ...]]:
        return [(MARCH, "", "", *[1.5] * 21)]

    with pytest.raises(WarehouseError, match="float"):
        evaluate(shipped, SCOPE, floats)


def test_every_model_is_asked_once_for_all_dates(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    asked = []
    rows = snapshot_of([{"as_of": MARCH, "outstanding": 1}, {"as_of": date(2025, 4, 30)}])

    def counting(sql: str, params: Sequence[Any]) -> Iterable[Sequence[Any]]:
        asked.append(params)
        return rows(sql, params)

    scope = Scope((date(2025, 4, 30), MARCH, date(2023, 1, 1)), date(2025, 6, 15), date(2024, 1, 1))
    readings = evaluate(shipped, scope, counting)
    assert asked == [(MARCH, date(2025, 4, 30))] * len(shipped.models())
    assert [each.as_of for each in of_kpi(readings, "par_90")] == sorted(scope.as_ofs)


def test_a_history_is_one_json_document(shipped: Definitions, snapshot_of: SnapshotOf) -> None:
    readings = evaluate(shipped, SCOPE, snapshot_of([{"outstanding": 5, "dpd": 0}]))
    assert history_json(shipped.get("outstanding"), of_kpi(readings, "outstanding")) == {
        "kpi": "outstanding",
        "unit": "money",
        "readings": [{"as_of": "2025-03-31", "value": "5.000000", "status": "ok"}],
    }


def test_a_formula_takes_its_inputs_unclamped(
    define: Define, formula: Callable[..., Any], snapshot_of: SnapshotOf
) -> None:
    definitions = define(
        base={"part": "sum(cash_30d)", "clamp": "{low: 0, high: 100}"},
        twice=formula(formula="base * 2"),
    )
    readings = read(definitions, snapshot_of([{"outstanding": 10, "cash_30d": 30}]))
    assert (readings["base"].value, readings["base"].raw_value) == (100, 300)
    assert readings["twice"].value == 600


def test_what_is_made_of_a_partial_kpi_is_partial(
    define: Define, formula: Callable[..., Any], snapshot_of: SnapshotOf
) -> None:
    definitions = define(
        base={"part": "sum(cash_month)", "whole": "sum(due_month)"},
        twice=formula(formula="base * 2"),
    )
    day = date(2025, 5, 30)
    scope = Scope((day,), date(2025, 6, 15), date(2024, 1, 10))
    rows = [{"as_of": day, "cash_month": 1, "due_month": 2}]
    assert read(definitions, snapshot_of(rows), scope)["twice"].partial


def test_an_amount_is_unavailable_without_rows_unless_its_policy_says_zero(
    define: Define, amount: Callable[..., Any], snapshot_of: SnapshotOf
) -> None:
    readings = read(define(a=amount(), b=amount(empty="zero")), snapshot_of([]))
    assert (readings["a"].status, readings["a"].value) == (Status.UNAVAILABLE, None)
    assert (readings["b"].status, readings["b"].value) == (Status.OK, 0)


def test_a_formula_that_divides_by_zero_is_unavailable(
    define: Define, formula: Callable[..., Any], snapshot_of: SnapshotOf
) -> None:
    definitions = define(base={}, inverse=formula(formula="1 / base"))
    inverse = read(definitions, snapshot_of([{"outstanding": 1}]))["inverse"]
    assert (inverse.status, inverse.reason) == (Status.UNAVAILABLE, "the formula divides by 0")


def test_a_year_is_never_made_of_a_part_of_a_month(
    shipped: Definitions, snapshot_of: SnapshotOf
) -> None:
    """Ten days' cash over the whole month's dues, or twelve times ten days, is no figure."""
    rows = [{"as_of": MARCH, "cash_month": 30, "due_month": 100, "due_to_date": 40}]
    over = read(shipped, snapshot_of(rows))
    assert over["collection_efficiency"].value == 30
    in_progress = Scope((MARCH,), date(2025, 3, 10), date(2024, 1, 10))
    told = read(shipped, snapshot_of(rows), in_progress)
    for name in ("cdr", "cdr_simple", "cpr", "portfolio_yield", "collection_efficiency"):
        assert told[name].value is None
        assert told[name].reason.startswith("the month is in progress")
    assert told["collection_efficiency_mtd"].value == 75
