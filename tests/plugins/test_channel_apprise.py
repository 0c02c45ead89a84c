"""Apprise: sent or not sent, once, unheard, and clear where it is not installed."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from stages import tools
from stages.apprise import PASSWORD, PATH, read_plugins, settings_for

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.distribution.channels.apprise import open_channel
from fintech_factory.message import Attachment, Language, Occasion
from peers.faults import Answer, Fault, FaultServer, fault_server, refusing_port
from peers.messages import alert


@pytest.fixture
def server() -> Iterator[FaultServer]:
    read_plugins()
    with fault_server() as opened:
        yield opened


def send(port: int, folder: Path, **changed: object) -> Outcome:
    settings = settings_for(port, folder, **changed.pop("settings", {}))  # type: ignore[arg-type]
    given: dict[str, object] = {"key": "k1", "message": alert(), "address": ""}
    return open_channel(settings, tools(folder)).send(Delivery(**{**given, **changed}))  # type: ignore[arg-type]


def test_there_is_no_receipt(server: FaultServer, tmp_path: Path) -> None:
    assert send(server.port, tmp_path) == Outcome(Word.ACCEPTED)
    (request,) = server.requests
    assert request.path == f"/{PATH}/default"
    said = request.json()
    assert said["title"] == "[Critical] PAR 90 is 5.46 %, above 5 %"
    assert said["type"] == "failure"
    assert "Debt to equity: n/a" in str(said["message"])


@pytest.mark.parametrize(
    ("changed", "kind"),
    [({"occasion": Occasion.RESOLVED}, "success"), ({"occasion": Occasion.TEST}, "failure")],
)
def test_its_kind_follows_the_tone(
    server: FaultServer, tmp_path: Path, changed: dict[str, object], kind: str
) -> None:
    send(server.port, tmp_path, message=alert(**changed))
    assert server.requests[0].json()["type"] == kind


@pytest.mark.parametrize("fault", ["silent", "reset", "closed", "garbage"])
def test_whatever_failed_is_tried_again_later(
    server: FaultServer, tmp_path: Path, fault: Fault
) -> None:
    server.script = [Answer(fault=fault)]
    outcome = send(server.port, tmp_path)
    assert outcome.word is Word.DEFERRED
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_defers(tmp_path: Path) -> None:
    assert send(refusing_port(), tmp_path).word is Word.DEFERRED


def test_the_parts_of_a_long_message_go_without_a_pause(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The suite forbids to sleep, which Apprise does between two requests to most services.
    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.request_rate_per_sec", 5)
    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.body_maxlen", 200)
    (tmp_path / "parts").write_text(f"json://127.0.0.1:{server.port}/?overflow=split")
    urls = {"default": Secret(file=tmp_path / "parts")}
    assert send(server.port, tmp_path, settings={"urls": urls}).word is Word.ACCEPTED
    assert len(server.requests) > 1


def test_where_it_is_not_installed_that_is_said(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = send(server.port, tmp_path)
    assert outcome.word is Word.REFUSED
    assert outcome.reason == ("Apprise is not installed; pip install 'fintech-factory[apprise]'")
    probes = open_channel(settings_for(server.port, tmp_path), tools(tmp_path)).probe()
    assert {each.hint for each in probes} == {"pip install 'fintech-factory[apprise]'"}


@pytest.mark.parametrize("url", ["nonsense", "unknown-service://x", "json://", "://"])
def test_an_address_that_apprise_does_not_know_is_refused(
    server: FaultServer, tmp_path: Path, url: str
) -> None:
    (tmp_path / "odd").write_text(url)
    urls = {"default": Secret(file=tmp_path / "odd")}
    outcome = send(server.port, tmp_path, settings={"urls": urls})
    assert outcome.word is Word.REFUSED
    assert "no address that Apprise knows" in outcome.reason


def test_a_fault_of_a_plug_in_is_a_failure(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> bool:
        raise RuntimeError(f"the password is {PASSWORD}")

    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.notify", broken)
    outcome = send(server.port, tmp_path)
    assert outcome == Outcome(Word.DEFERRED, reason="Apprise failed: RuntimeError")


def test_what_others_log_meanwhile_is_heard(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def answer(_request: object) -> Answer:
        logging.getLogger("apprise").warning("another thread's own")
        return Answer()

    server.otherwise = answer
    before = [list(logging.getLogger(each).filters) for each in ("apprise", "requests")]
    send(server.port, tmp_path)
    assert [each.message for each in caplog.records if each.name == "apprise"] == [
        "another thread's own"
    ]
    assert caplog.records[0].thread != threading.get_ident()
    after = [list(logging.getLogger(each).filters) for each in ("apprise", "requests")]
    assert before == after


def test_what_does_not_go_along_is_said(server: FaultServer, tmp_path: Path) -> None:
    file = Attachment("pack.pdf", "application/pdf", "pack.pdf", "0" * 64)
    message = alert(chart="par_90@2025-12-10", attachments=(file,))
    outcome = send(server.port, tmp_path, message=message, language=Language.ES)
    assert outcome == Outcome(Word.ACCEPTED, reason="without the chart, pack.pdf")
