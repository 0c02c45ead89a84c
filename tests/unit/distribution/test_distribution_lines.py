"""What a sender logs: each attempt with what it is part of, and never the address."""

import json
from pathlib import Path
from typing import Any

import pytest
from distribution_desk import Desk, post

from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.telemetry.session import logging_to

LABELS = "logging.googleapis.com/labels"


def lines(desk: Desk, folder: Path) -> list[dict[str, Any]]:
    with logging_to(folder, environ={}):
        desk.dispatcher.drain()
    (file,) = folder.iterdir()
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_channel_that_breaks_is_logged_with_the_delivery_that_it_was_given(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Delivery) -> Outcome:
        raise RuntimeError("a fault of its own")

    monkeypatch.setattr(desk.channel, "send", broken)
    desk.put(post(alert_id="a1"))
    failed, ended = lines(desk, tmp_path / "logs")
    assert (failed["message"], ended["message"]) == ("channel failed", "delivery unknown")
    assert "a fault of its own" in failed["stack_trace"]
    assert failed[LABELS]["delivery"] == ended[LABELS]["delivery"] != ""
    assert {each[LABELS]["alert"] for each in (failed, ended)} == {"a1"}


def test_a_reason_that_repeats_the_address_is_logged_without_it(desk: Desk, tmp_path: Path) -> None:
    desk.channel.script = [Outcome(Word.REFUSED, reason="there is no #risk here")]
    desk.put(post())
    (dead,) = lines(desk, tmp_path / "logs")
    assert (dead["message"], dead["reason"]) == ("delivery dead", "there is no *** here")
    assert "#risk" not in json.dumps(dead)
