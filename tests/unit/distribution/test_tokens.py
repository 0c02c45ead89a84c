"""A token does one thing, for one person, until its moment, and nobody else can make one."""

import base64
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintech_factory.distribution.tokens import Claim, TokenRefused, action_key, sign, verify
from fintech_factory.errors import UsageError

KEY = bytes(range(32))
END = datetime(2025, 12, 10, 10, tzinfo=UTC)
CLAIM = Claim("acknowledge", "alert-1", "cfo@lender.test", END)
BEFORE = END - timedelta(seconds=1)


def test_a_token_gives_back_what_it_was_made_for() -> None:
    assert verify(sign(CLAIM, KEY), "acknowledge", KEY, BEFORE) == CLAIM


def test_a_token_ends_at_its_moment() -> None:
    with pytest.raises(TokenRefused, match="ended at 2025-12-10 10:00"):
        verify(sign(CLAIM, KEY), "acknowledge", KEY, END)


def test_a_token_does_one_thing() -> None:
    with pytest.raises(TokenRefused, match="does not close"):
        verify(sign(CLAIM, KEY), "close", KEY, BEFORE)


def test_a_token_of_another_key_is_none() -> None:
    with pytest.raises(TokenRefused, match="not made here"):
        verify(sign(CLAIM, KEY[::-1]), "acknowledge", KEY, BEFORE)


@pytest.mark.parametrize("change", [{"alert_id": "alert-2"}, {"recipient": "x"}, {"verb": "close"}])
def test_a_signature_belongs_to_its_own_claim(change: dict[str, str]) -> None:
    other = sign(replace(CLAIM, **change), KEY)
    forged = f"{other.partition('.')[0]}.{sign(CLAIM, KEY).partition('.')[2]}"
    with pytest.raises(TokenRefused, match="not made here"):
        verify(forged, "close" if "verb" in change else "acknowledge", KEY, BEFORE)


@given(st.text())
def test_whatever_else_is_given_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        verify(text, "acknowledge", KEY, BEFORE)
    assert len(text) < 20 or text not in str(refused.value)


@given(st.integers(0, 200), st.sampled_from("Aa0-_.é"))
def test_a_token_with_one_sign_changed_is_refused_or_the_same(position: int, sign_: str) -> None:
    token = sign(CLAIM, KEY)
    place = position % len(token)
    changed = token[:place] + sign_ + token[place + 1 :]
    try:
        assert verify(changed, "acknowledge", KEY, BEFORE) == CLAIM
    except TokenRefused:
        return

    # Only what base64 reads as the very same bytes may pass.
    def read(text: str) -> list[bytes]:
        return [base64.urlsafe_b64decode(each + "==") for each in text.split(".")]

    assert read(changed) == read(token)


def test_a_moment_without_a_zone_and_a_short_key_are_mistakes() -> None:
    with pytest.raises(ValueError, match="time zone"):
        sign(replace(CLAIM, expires=END.replace(tzinfo=None)), KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        sign(CLAIM, b"short")


def test_the_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "action.key"
    key = action_key(path)
    assert action_key(path) == key
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["action.key"]


def test_a_key_that_others_may_read_or_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "action.key"
    action_key(path)
    path.chmod(0o640)
    with pytest.raises(UsageError, match="others than its owner"):
        action_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(UsageError, match="cut short"):
        action_key(path)
