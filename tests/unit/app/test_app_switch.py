"""Whoever tells people when we fall silent is asked, and says so where that does not work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fintech_factory.app.switch import ping
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
