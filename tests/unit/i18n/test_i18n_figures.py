"""Figures and dates are written by unit and language; what is absent is never a figure."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from fintech_factory.i18n.figures import day, figure, moment
from fintech_factory.message import Language, Text, Value
from fintech_factory.values import Unit

EN, ES = Language.EN, Language.ES


@pytest.mark.parametrize(
    ("value", "unit", "precision", "said"),
    [
        (Decimal("5.455"), Unit.PERCENT, 2, "5.46 %"),
        (Decimal("5.445"), Unit.PERCENT, 2, "5.44 %"),  # half-even
        (Decimal("5.4550001"), Unit.PERCENT, 1, "5.5 %"),
        (Decimal("-0.004"), Unit.PERCENT, 2, "0.00 %"),
        (Decimal("-0.006"), Unit.PERCENT, 2, "-0.01 %"),
        (Decimal(17688), Unit.COUNT, 2, "17,688"),
        (17688, Unit.COUNT, 2, "17,688"),
        (Decimal("2.5"), Unit.COUNT, 2, "2.50"),
        (Decimal("70.75"), Unit.SCORE, 1, "70.8"),
        (Decimal(1), Unit.DAYS, 2, "1 day"),
        (Decimal(0), Unit.DAYS, 2, "0 days"),
        (Decimal("1.5"), Unit.HOURS, 1, "1.5 hours"),
        (Decimal("2.5"), Unit.TIMES, 2, "2.50x"),
        (Decimal("1234567.5"), None, 2, "1,234,567.50"),
        (2025, None, 2, "2025"),
        ("Norte", None, 2, "Norte"),
        (None, Unit.PERCENT, 2, "n/a"),
        (Decimal("NaN"), Unit.PERCENT, 2, "n/a"),
        (Decimal("1e45"), Unit.MONEY, 2, f"1{',000' * 15}.00"),
        (Decimal("1e300"), Unit.MONEY, 2, f"1{',000' * 100}.00"),
        (Decimal("1e-300"), Unit.MONEY, 2, "0.00"),
    ],
)
def test_a_figure_is_written_by_its_unit(
    value: Value, unit: Unit | None, precision: int, said: str
) -> None:
    assert figure(value, EN, unit=unit, precision=precision) == said


@pytest.mark.parametrize(
    ("currency", "said"),
    [("USD", "-$1,234.50"), ("MXN", "-MXN 1,234.50"), ("", "-1,234.50")],
)
def test_money_names_its_currency_where_it_is_known(currency: str, said: str) -> None:
    value = Decimal("-1234.5")
    assert figure(value, EN, unit=Unit.MONEY, currency=currency) == said


def test_spanish_has_the_same_digits_and_its_own_words() -> None:
    assert figure(Decimal("1234.5"), ES, unit=Unit.MONEY, currency="USD") == "$1,234.50"
    assert figure(Decimal(3), ES, unit=Unit.DAYS) == "3 días"
    assert figure(Decimal(1), ES, unit=Unit.MONTHS) == "1 mes"
    assert figure(None, ES) == "n/d"
    assert figure(Text("Head of risk", "Riesgos"), ES) == "Riesgos"


def test_dates_are_written_in_words_and_moments_in_utc() -> None:
    assert day(date(2025, 12, 10), EN) == "10 Dec 2025"
    assert figure(date(2025, 1, 1), ES) == "1 ene 2025"
    at = datetime(2025, 12, 10, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
    assert moment(at, EN) == "11 Dec 2025 05:30 UTC"
    assert figure(datetime(2025, 8, 3, 6, tzinfo=UTC), ES) == "3 ago 2025 06:00 UTC"
