"""A pressed button is believed only if Slack says it, and now."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import Clock, SignatureVerifier
from stages import NOW

from fintech_factory.distribution.rendering import lay_out, slack_of
from fintech_factory.distribution.slack_press import NotFromSlack, Press, pressed
from fintech_factory.distribution.slack_signing import is_from_slack
from fintech_factory.errors import UsageError
from fintech_factory.message import Language
from peers.messages import alert


def signed(secret: str, body: bytes, at: int) -> dict[str, str]:
    verifier = SignatureVerifier(secret, Clock())
    signature = verifier.generate_signature(timestamp=str(at), body=body)
    assert signature is not None
    return {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": str(at)}


BODY = b"payload=%7B%22type%22%3A%22block_actions%22%7D"


@pytest.mark.parametrize(
    ("seconds", "holds"), [(0, True), (-300, True), (-301, False), (301, False)]
)
def test_a_press_is_slacks_if_its_signature_and_its_age_are_right(
    seconds: int,
    holds: bool,  # noqa: FBT001
) -> None:
    headers = signed("signing-secret", BODY, int((NOW + timedelta(seconds=seconds)).timestamp()))
    assert is_from_slack("signing-secret", headers, BODY, NOW) is holds


def test_a_forged_press_is_not() -> None:
    headers = signed("signing-secret", BODY, int(NOW.timestamp()))
    lower = {name.lower(): value for name, value in headers.items()}
    assert is_from_slack("signing-secret", lower, BODY, NOW)
    assert not is_from_slack("signing-secret", headers, BODY + b"x", NOW)
    assert not is_from_slack("another", headers, BODY, NOW)
    assert not is_from_slack("", signed("x", BODY, int(NOW.timestamp())), BODY, NOW)
    for name in headers:
        assert not is_from_slack("signing-secret", {**headers, name: ""}, BODY, NOW)
        assert not is_from_slack("signing-secret", {**headers, name: "v0=é١"}, BODY, NOW)


def press(body: dict[str, object], *, by: str = "signing-secret") -> tuple[dict[str, str], bytes]:
    content = urlencode({"payload": json.dumps(body)}).encode()
    return signed(by, content, int(NOW.timestamp())), content


def button() -> dict[str, object]:
    """Press the first button of a message as we send it."""
    blocks = slack_of(lay_out(alert(), Language.EN)).blocks
    (actions,) = [each for each in blocks if each["type"] == "actions"]
    return {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ana", "team_id": "T1"},
        "container": {"type": "message", "message_ts": "1700.1", "channel_id": "C1"},
        "actions": [actions["elements"][0]],
    }


def test_a_press_gives_back_the_token_that_the_button_was_sent_with() -> None:
    headers, body = press(button())
    found = pressed("signing-secret", headers, body, NOW)
    assert found == Press("acknowledge", "tok-1", "U1", "ana", "C1/1700.1")


def test_a_forged_or_old_press_is_no_press() -> None:
    headers, body = press(button(), by="guessed")
    with pytest.raises(NotFromSlack):
        pressed("signing-secret", headers, body, NOW)
    headers, body = press(button())
    with pytest.raises(NotFromSlack):
        pressed("signing-secret", headers, body, NOW + timedelta(minutes=6))


@pytest.mark.parametrize(
    "body",
    [
        {"type": "view_submission"},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": [{"action_id": "x.0"}], "user": {}},
        {},
    ],
)
def test_what_slack_says_of_something_else_is_no_press(body: dict[str, object]) -> None:
    headers, content = press(body)
    with pytest.raises(UsageError, match="no button of ours"):
        pressed("signing-secret", headers, content, NOW)
    raw = b"payload=%FF&other"
    with pytest.raises(UsageError, match="no button of ours"):
        pressed("signing-secret", signed("signing-secret", raw, int(NOW.timestamp())), raw, NOW)
