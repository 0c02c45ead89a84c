"""A column's format is told from its values; two that fit are none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.ingestion.landing.formats import (
    Ambiguous,
    DateReading,
    NumberReading,
    declared_date,
    declared_number,
    read_dates,
    read_numbers,
)


@pytest.mark.parametrize(
    ("texts", "decimal", "group"),
    [
        (["1.5", "2"], ".", ""),
        (["0.451", "1.004"], ".", ""),
        (["1234.567"], ".", ""),
        (["5.68e-14"], ".", ""),
        (["1,5"], ",", ""),
        (["1,234.50", "3"], ".", ","),
        (["1.234,50", "3"], ",", "."),
        (["1.234.567"], ",", "."),
        (["1 234,5"], ",", " "),
        (["1\u00a0234,5"], ",", " "),
        (["1'234.5"], ".", "'"),
    ],
)
def test_a_sign_that_fits_one_format_settles_it(texts: list[str], decimal: str, group: str) -> None:
    assert read_numbers(texts) == NumberReading(decimal, group)


@pytest.mark.parametrize("text", ["1.234", "1,234", "12.345", "-1,234"])
def test_a_number_that_reads_two_ways_is_ambiguous(text: str) -> None:
    found = read_numbers([text, "7"])
    assert isinstance(found, Ambiguous)
    assert found.example == text
    assert len(set(found.readings)) == 2


def test_whole_numbers_show_no_sign() -> None:
    assert read_numbers(["1", "20", "300"]) == NumberReading(proven=False)


def test_a_reading_outside_the_columns_bounds_is_none() -> None:
    assert read_numbers(["17.123"], (None, Decimal(1000))) == NumberReading(".")


def test_two_formats_in_one_column_are_ambiguous() -> None:
    assert isinstance(read_numbers(["1.234", "0.5", "7,25"]), NumberReading | Ambiguous)
    assert isinstance(read_numbers(["0.5", "7,25"]), Ambiguous)


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["2025-01-31"], "iso"),
        (["2025-1-5"], "iso"),
        (["2025/01/31"], "%Y/%m/%d"),
        (["20250131"], "%Y%m%d"),
        (["03/04/2025", "31/01/2025"], "%d/%m/%Y"),
        (["03/04/2025", "01/31/2025"], "%m/%d/%Y"),
        (["03-04-2025", "31-01-2025"], "%d-%m-%Y"),
        (["03.04.2025"], "%d.%m.%Y"),
        (["31/01/25"], "%d/%m/%y"),
        (["31/01/2025 10:30"], "%d/%m/%Y"),
        (["05/05/2025"], "%d/%m/%Y"),
    ],
)
def test_a_day_that_fits_one_order_settles_it(texts: list[str], name: str) -> None:
    assert read_dates(texts) == DateReading(name)


def test_a_date_that_reads_two_ways_is_ambiguous_by_its_own_example() -> None:
    found = read_dates(["05/05/2025", "03/04/2025"])
    assert found == Ambiguous("03/04/2025", ("2025-04-03", "2025-03-04"))


def test_evidence_for_both_orders_settles_nothing() -> None:
    assert isinstance(read_dates(["31/01/2025", "01/31/2025", "03/04/2025"]), Ambiguous)


def test_no_date_at_all_shows_no_order() -> None:
    assert read_dates([]) == DateReading(proven=False)
    assert read_dates(["never"]) == DateReading(proven=False)


def test_declared_formats_are_known_or_refused() -> None:
    assert declared_date("%d/%m/%Y") == DateReading("%d/%m/%Y")
    assert declared_number("1.234,56") == NumberReading(",", ".")
    assert declared_date("dd/mm") is None
    assert declared_number("12") is None


@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1), st.sampled_from(",."))
def test_amounts_of_two_places_are_never_misread(amounts: list[Decimal], decimal: str) -> None:
    texts = {str(each).replace(".", decimal): each for each in amounts}
    reading = read_numbers(texts)
    assert isinstance(reading, NumberReading)
    assert all(reading.value(text) == amount for text, amount in texts.items())


@given(st.lists(st.dates(), min_size=1), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_dates_are_read_right_or_not_at_all(days: list[object], order: str) -> None:
    from datetime import date

    texts = [f"{each:{order}}" for each in days if isinstance(each, date) and each.year > 999]
    reading = read_dates(texts)
    if isinstance(reading, DateReading) and texts and reading.format != order:
        # Only where both orders give the same days may the other one be named.
        assert all(each[:2] == each[3:5] for each in texts)
