"""One value, one text."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.state.canonical import canonical, sound

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ((), "[]"),
        (Decimal("5.460"), '"5.460"'),
        (Decimal("5.68e-14"), '"0.0000000000000568"'),
        (2**53 - 1, "9007199254740991"),
        (2**53, '"9007199254740992"'),
        (-(2**53), '"-9007199254740992"'),
        (date(2025, 12, 10), '"2025-12-10"'),
        (datetime(2025, 12, 10, 3, tzinfo=UTC), '"2025-12-10T03:00:00.000000+00:00"'),
        (
            datetime(2025, 12, 10, 3, tzinfo=timezone(timedelta(hours=-6))),
            '"2025-12-10T09:00:00.000000+00:00"',
        ),
        (Colour.RED, '"red"'),
        (Path("config/factory.yaml"), '"config/factory.yaml"'),
        # RFC 8785, 3.2.2.2: the two-letter escapes, lower-case \\u, and nothing else.
        ('\b\t\n\f\r"\\/\x0f\x7fñ€', '"\\b\\t\\n\\f\\r\\"\\\\/\\u000f\x7fñ€"'),
        ("a\0b", '"a\\u0000b"'),
        ("\ud800", '"\ufffd"'),
    ],
)
def test_each_kind_of_value_has_one_form(value: object, text: str) -> None:
    assert canonical(value) == text


def test_keys_are_sorted_by_utf_16_units() -> None:
    """The example of RFC 8785, 3.2.3."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\u00f6"]
    given_order = json.loads(canonical(dict.fromkeys(keys, 0)), object_pairs_hook=list)
    assert [key for key, _ in given_order] == [
        "\r",
        "1",
        "\x80",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


@pytest.mark.parametrize("value", [0.1, {"a": 1.0}, b"x", {1: 2}, {1}])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), datetime(2025, 1, 1)])  # noqa: DTZ001
def test_what_is_no_moment_and_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"no number|time zone"):
        canonical(value)


@given(_json)
def test_json_comes_back_as_it_was_but_for_lone_surrogates(value: object) -> None:
    text = canonical(value)
    assert canonical(json.loads(text)) == text
    text.encode()


@given(st.text())
def test_a_sound_text_can_be_kept_anywhere(text: str) -> None:
    assert "\0" not in sound(text)
    sound(text).encode()
    if text.isprintable():
        assert sound(text) == text
