"""What a provider did is told honestly, and without its secrets."""

from datetime import UTC, datetime, timedelta

import pytest

from fintech_factory.distribution.channel import Delivery, Word
from fintech_factory.distribution.outcomes import of_status, retry_after, scrubbed
from fintech_factory.distribution.settings import checked_url
from fintech_factory.message_json import decode
from fintech_factory.pipeline.inbox_items import keep_item
from fintech_factory.state.store import State
from fintech_factory.state.tables import metadata
from peers.messages import alert

NOW = datetime(2025, 12, 10, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("Wed, 10 Dec 2025 06:01:30 GMT", 90.0),
        ("Wed, 10 Dec 2025 05:00:00 GMT", 0.0),
        ("99999999", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        (None, None),
        ("9" * 400, 86_400.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str | None, seconds: float | None) -> None:
    assert retry_after(said, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "word"),
    [
        *((code, Word.REFUSED) for code in (400, 401, 403, 404, 410, 413, 422, 304)),
        *((code, Word.DEFERRED) for code in (408, 409, 425, 429, 500, 502, 503, 529, 599)),
        (504, Word.UNKNOWN),
    ],
)
def test_a_status_says_whether_another_try_makes_sense(status: int, word: Word) -> None:
    assert of_status(status, "x").word is word


def test_a_gateway_that_gave_up_may_be_asked_again_where_repeats_do_no_harm() -> None:
    assert of_status(504, "", repeatable=True).word is Word.DEFERRED


def test_a_secret_is_blacked_out_however_it_is_written() -> None:
    secret = "xoxb/a+b=c"  # noqa: S105 - made up
    said = f"{secret} xoxb%2Fa%2Bb%3Dc xoxb/a%2Bb%3Dc"
    assert scrubbed(said, [secret]) == "*** *** ***"
    assert scrubbed("a token", ["a"]) == "a token"
    assert scrubbed("ab\r\nc\x1b[0m", []) == "ab c[0m"
    assert len(scrubbed("x" * 5000)) == 300


def test_a_secret_that_holds_another_leaves_nothing_of_itself() -> None:
    assert scrubbed("secret-long", ["secret", "secret-long"]) == "***"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8/x", "http://localhost/x", "https://x.test/y"])
def test_a_good_address_is_taken(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://x.test/",
        "ftp://x.test/",
        "https://u:p@x.test/",
        "https:///x",
        "x.test",
        "https://x.test/#a",
    ],
)
def test_an_address_in_the_clear_or_with_a_password_is_not(url: str) -> None:
    with pytest.raises(ValueError, match="hint"):
        checked_url(url)


def test_the_inbox_keeps_a_message_once_per_key(state: State) -> None:
    for key, minutes in (("a", 0), ("a", 1), ("b", 2)):
        with state.transaction() as connection:
            keep_item(connection, Delivery(key, alert(), "cfo"), NOW + timedelta(minutes=minutes))
    with state.reading() as connection:
        rows = connection.execute(metadata.tables["inbox_item"].select()).all()
    assert [(row.key, row.receiver, row.at.minute) for row in rows] == [
        ("a", "cfo", 0),
        ("b", "cfo", 2),
    ]
    assert decode(rows[0].message) == alert()
