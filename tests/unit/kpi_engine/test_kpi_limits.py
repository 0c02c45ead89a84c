"""Limits and targets: strict on every step."""

from decimal import Decimal

import pytest

from fintech_factory.kpi_engine import Definitions
from fintech_factory.kpi_engine.limits import Target


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("2.9999999", "none"),
        ("3.0", "none"),
        ("3.0000001", "warning"),
        ("5.0", "warning"),
        ("5.0000001", "critical"),
        ("8.0", "critical"),
        ("8.0000001", "executive"),
        ("100", "executive"),
    ],
)
def test_par_90_lies_past_a_limit_only_beyond_it(
    shipped: Definitions, value: str, state: str
) -> None:
    assert shipped.get("par_90").limits.state(Decimal(value)).value == state


@pytest.mark.parametrize(
    ("kpi", "value", "state"),
    [
        ("portfolio_health", "50", "none"),
        ("portfolio_health", "49.99", "warning"),
        ("portfolio_health", "49.9999999999999999999999999", "warning"),
        ("collection_rate", "0.5", "none"),
        ("collection_rate", "0.4999999", "warning"),
        ("outstanding", "0", "none"),
        ("par_30", "100", "none"),
    ],
)
def test_kpis_that_are_bad_below_or_without_limits(
    shipped: Definitions, kpi: str, value: str, state: str
) -> None:
    assert shipped.get(kpi).limits.state(Decimal(value)).value == state


def test_the_collection_target_is_met_only_beyond_it(shipped: Definitions) -> None:
    target = shipped.get("collection_rate").target
    assert target is not None
    assert target.period == "month"
    assert [target.met(Decimal(value)) for value in ("2.4999", "2.5", "2.50001")] == [
        False,
        False,
        True,
    ]


def test_a_target_may_be_a_band() -> None:
    band = Target(above=Decimal(1), below=Decimal(2), period="day")
    assert [band.met(Decimal(value)) for value in ("1", "1.5", "2")] == [False, True, False]
