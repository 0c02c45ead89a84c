"""Two engines: what both say is matched, what they do not agree on is withheld."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fintech_factory.kpi_engine import (
    Check,
    Definitions,
    Reading,
    RunQuery,
    Scope,
    Status,
    compare,
    evaluate,
    is_measured,
)

SCOPE = Scope((date(2025, 3, 31),), date(2025, 6, 15), date(2024, 1, 10))
ROWS = [
    {"outstanding": 100, "dpd": 91, "cash_30d": 5},
    {"outstanding": 300, "entity": "South"},
]

Readings = tuple[Reading, ...]


@pytest.fixture
def readings(shipped: Definitions, snapshot_of: Callable[..., RunQuery]) -> Readings:
    return evaluate(shipped, SCOPE, snapshot_of(ROWS))


def changed(readings: Readings, kpi: str, **fields: object) -> Readings:
    """Change one KPI's reading of the whole book."""
    return tuple(
        replace(each, **fields) if each.kpi == kpi and not each.dimension else each
        for each in readings
    )


def whole_book(readings: Readings) -> dict[str, Reading]:
    return {each.kpi: each for each in readings if not each.dimension}


def checks(shipped: Definitions, judged: Readings) -> dict[bool, set[Check]]:
    """Give the checks of what is measured on the book (True) and of what is not."""
    found: dict[bool, set[Check]] = {True: set(), False: set()}
    for each in judged:
        found[is_measured(shipped.get(each.kpi))].add(each.check)
    return found


def test_equal_readings_are_matched(shipped: Definitions, readings: Readings) -> None:
    judged = compare(shipped, readings, readings)
    assert checks(shipped, judged) == {True: {Check.MATCHED}, False: {Check.NOT_RUN}}
    assert [replace(each, check=Check.NOT_RUN) for each in judged] == list(readings)


def test_a_mismatch_withholds_the_reading_and_says_both_figures(
    shipped: Definitions, readings: Readings
) -> None:
    second = changed(readings, "par_90", part=Decimal(99), value=Decimal("24.75"))
    par_90 = whole_book(compare(shipped, readings, second))["par_90"]
    assert par_90.status is Status.WITHHELD
    assert par_90.check is Check.MISMATCHED
    assert (par_90.value, par_90.part, par_90.whole, par_90.limit_state) == (None,) * 4
    assert "part 100.000000" in par_90.reason
    assert "part 99" in par_90.reason


@pytest.mark.parametrize("field", ["value", "raw_value", "part", "whole"])
def test_the_last_digit_counts(shipped: Definitions, readings: Readings, field: str) -> None:
    was = getattr(whole_book(readings)["par_90"], field)
    second = changed(readings, "par_90", **{field: was + Decimal("0.000001")})
    assert whole_book(compare(shipped, readings, second))["par_90"].status is Status.WITHHELD


def test_digits_that_mean_the_same_are_equal(shipped: Definitions, readings: Readings) -> None:
    second = changed(readings, "par_90", part=Decimal(100))
    assert whole_book(compare(shipped, readings, second))["par_90"].check is Check.MATCHED


def test_what_is_made_of_a_withheld_reading_is_withheld(
    shipped: Definitions, readings: Readings
) -> None:
    second = changed(readings, "par_90", whole=Decimal(1))
    judged = whole_book(compare(shipped, readings, second))
    assert judged["portfolio_health"].status is Status.WITHHELD
    assert "par_90 is withheld" in judged["portfolio_health"].reason
    assert judged["collection_rate"].status is Status.OK


def test_one_group_is_withheld_and_the_others_stand(
    shipped: Definitions, readings: Readings
) -> None:
    second = changed(readings, "outstanding", value=Decimal(1), raw_value=Decimal(1))
    judged = compare(shipped, readings, second)
    assert [each.group for each in judged if each.status is Status.WITHHELD] == [
        (date(2025, 3, 31), "", "")
    ]


def test_a_group_that_one_engine_does_not_know_is_withheld(
    shipped: Definitions, readings: Readings
) -> None:
    without = tuple(each for each in readings if each.member != "South")
    for primary, second in ((readings, without), (without, readings)):
        judged = compare(shipped, primary, second)
        of_south = {each.kpi: each for each in judged if each.member == "South"}
        assert of_south["outstanding"].status is Status.WITHHELD
        assert "does not know" in of_south["outstanding"].reason


def test_a_group_of_nothing_but_zeros_may_be_absent(
    shipped: Definitions, snapshot_of: Callable[..., RunQuery]
) -> None:
    primary = evaluate(shipped, SCOPE, snapshot_of([*ROWS, {"entity": "Old"}]))
    second = tuple(each for each in primary if each.member != "Old")
    judged = compare(shipped, primary, second)
    assert checks(shipped, judged) == {True: {Check.MATCHED}, False: {Check.NOT_RUN}}


def test_unavailable_against_a_figure_is_withheld(shipped: Definitions, readings: Readings) -> None:
    second = changed(
        readings, "par_90", status=Status.UNAVAILABLE, value=None, raw_value=None, reason="so"
    )
    par_90 = whole_book(compare(shipped, readings, second))["par_90"]
    assert par_90.status is Status.WITHHELD
