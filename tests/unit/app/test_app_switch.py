"""Whoever tells people when we fall silent is asked, and says so where that does not work."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fintech_factory.app import switch as module
from fintech_factory.app.switch import Switch, ping
from fintech_factory.config.secret import Secret
from fintech_factory.errors import SwitchSilent, UsageError
from peers.faults import Answer, FaultServer, fault_server


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as made:
        yield made


def address(folder: Path, url: str) -> Secret:
    path = folder / "switch"
    path.write_text(f"{url}\n", encoding="utf-8")
    return Secret(file=path)


def test_it_is_asked_once(server: FaultServer, tmp_path: Path) -> None:
    ping(address(tmp_path, f"{server.url}/ping/secret-uuid"))
    (asked,) = server.requests
    assert (asked.method, asked.path) == ("GET", "/ping/secret-uuid")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_yes_is_told_without_the_address(
    server: FaultServer, tmp_path: Path, status: int
) -> None:
    server.script.append(Answer(status))
    with pytest.raises(SwitchSilent, match=str(status)) as told:
        ping(address(tmp_path, f"{server.url}/ping/secret-uuid"))
    assert "secret-uuid" not in str(told.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret-uuid", "not an address", "ftp://x/y"])
def test_an_address_that_leads_nowhere_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(SwitchSilent) as told:
        ping(address(tmp_path, url))
    assert "secret-uuid" not in str(told.value)


def test_a_secret_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        ping(Secret(file=tmp_path / "none"))


def test_none_is_asked_where_none_is_set() -> None:
    switch = Switch(None)
    switch.hold()
    assert switch.problem == ""


def test_one_that_answers_is_asked_every_five_minutes(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    switch = Switch(address(tmp_path, f"{server.url}/ping"))
    for later in (0.0, 0.0, 299.0, 1.0):
        now += later
        switch.hold()
    assert len(server.requests) == 2
    assert switch.problem == ""


def test_one_that_fails_is_logged_once_and_asked_again_after_a_minute(
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, module.log.name)
    now = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    switch = Switch(address(tmp_path, f"{server.url}/ping"))
    server.script += [Answer(500), Answer(500)]
    problems = []
    for later in (0.0, 59.0, 1.0, 60.0):
        now += later
        switch.hold()
        problems.append(switch.problem)
    assert len(server.requests) == 3
    silent = "the dead man's switch answered 500"
    assert problems == [silent, silent, silent, ""]
    assert [each.message for each in caplog.records] == [
        "dead man's switch fails",
        "dead man's switch answers again",
    ]
