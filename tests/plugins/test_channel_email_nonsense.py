"""Whatever a mail server says, line by line at random, a send ends in one of the four words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stages import tools

from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.distribution.channels.email import SETTINGS, open_channel
from peers.messages import alert

LINES = [
    *(b"220 hello", b"250 ok", b"250-more\r\n250 AUTH PLAIN LOGIN", b"250-SIZE 10\r\n250 x"),
    *(b"250-\xff\xfe\r\n250 SIZE banana", b"334 ", b"334 \xff", b"334 VXNlcm5hbWU6", b"235 in"),
    *(b"354 go on", b"421 bye", b"451 later", b"550 no", b"535 who?", b"999 what", b"", b"banana"),
    *(b"250", b"2", b"-1 x", b"250-never ends", b"x" * 9000, b"220\r\n220\r\n220"),
]


@contextmanager
def mumbling(lines: list[bytes]) -> Iterator[int]:
    """Say the lines one by one, one for each that is heard; then hang up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def mumble() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as heard:
                try:
                    for line in lines:
                        connection.sendall(line + b"\r\n")
                        _hear(heard, whole=line.startswith(b"354"))
                except OSError:
                    return

        thread = threading.Thread(target=mumble, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def _hear(heard: object, *, whole: bool) -> None:
    while (line := heard.readline()) and whole and line != b".\r\n":  # type: ignore[attr-defined]
        pass


GOOD = [b"220 hello", b"250-me\r\n250 AUTH PLAIN", b"235 in", b"250 ok", b"250 ok", b"354 go on"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mumbling")
    (made / "password").write_text("mail-secret-31")
    return made


def send(port: int, folder: Path) -> Outcome:
    given = {"kind": "email", "host": "127.0.0.1", "port": port, "security": "none"}
    password = {"file": str(folder / "password")}
    named = {"sender": "a@lender.test", "user": "factory", "password": password}
    channel = open_channel(SETTINGS.model_validate({**given, **named}), tools(folder))
    return channel.send(Delivery("k", alert(), "risk@lender.test"))


@settings(max_examples=120, deadline=None)
@given(known=st.integers(0, len(GOOD)), lines=st.lists(st.sampled_from(LINES), max_size=6))
def test_a_random_conversation_is_an_outcome(known: int, lines: list[bytes], folder: Path) -> None:
    with mumbling([*GOOD[:known], *lines]) as port:
        outcome = send(port, folder)
    assert isinstance(outcome, Outcome)
    assert outcome.reason.isprintable()
    assert "mail-secret-31" not in outcome.reason
    if known == len(GOOD) and not lines:
        assert outcome.word is Word.UNKNOWN
    if known < len(GOOD) - 1 and not lines:
        assert outcome.word is Word.DEFERRED


@pytest.mark.parametrize(
    ("last", "word"),
    [
        (b"250 queued", Word.ACCEPTED),
        (b"451 later", Word.DEFERRED),
        (b"554 never", Word.REFUSED),
        (b"banana", Word.UNKNOWN),
        (b"354 more", Word.UNKNOWN),
        (b"999 what", Word.UNKNOWN),
    ],
)
def test_the_last_word_is_the_servers(last: bytes, word: Word, folder: Path) -> None:
    with mumbling([*GOOD, last]) as port:
        assert send(port, folder).word is word
