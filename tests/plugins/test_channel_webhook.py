"""Webhook: signed, keyed, never redirected, never into a private network by accident."""

import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from stages import NOW, tools
from stages.webhook import SECRET, settings_for

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.distribution.channels.webhook import SETTINGS, open_channel
from fintech_factory.distribution.http_post import Guarded, NotSent, Target, _refuse_private
from fintech_factory.message import Language
from peers.certificates import certificates
from peers.faults import Answer, FaultServer, fault_server
from peers.messages import alert


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as opened:
        yield opened


def send(server: FaultServer, folder: Path, **changed: object) -> Outcome:
    channel = open_channel(settings_for(server.url, folder, **changed), tools(folder))
    return channel.send(Delivery("k1", alert(), "ops", Language.EN, attempt=3))


def test_a_receiver_can_tell_that_it_is_ours_and_a_repeat(
    server: FaultServer, tmp_path: Path
) -> None:
    send(server, tmp_path)
    (request,) = server.requests
    stamp = request.header("X-Factory-Timestamp") or ""
    assert stamp == str(int(NOW.timestamp()))
    # Computed here by hand, as the page for receivers says.
    wanted = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.body, hashlib.sha256)
    assert request.header("X-Factory-Signature") == f"v1={wanted.hexdigest()}"
    assert request.header("Idempotency-Key") == "k1"
    assert request.header("X-Factory-Attempt") == "3"
    assert request.header("Content-Type") == "application/json"
    assert request.path == "/hidden-path-31?a=b"
    document = json.loads(request.body)
    assert document["key"] == "k1"
    assert document["facts"][0]["value"] == "5.4612"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: FaultServer, tmp_path: Path, status: int) -> None:
    server.script = [Answer(status, "", {"Location": f"{server.url}/elsewhere"})]
    outcome = send(server, tmp_path)
    assert outcome.word is Word.REFUSED
    assert "redirects are not followed" in outcome.reason
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_success_is_a_receipt(server: FaultServer, tmp_path: Path, status: int) -> None:
    server.script = [Answer(status, "", {"X-Request-Id": "r-1"})]
    assert send(server, tmp_path) == Outcome(Word.ACCEPTED, "r-1")


def test_a_receipt_in_words_is_one_even_as_text_html(server: FaultServer, tmp_path: Path) -> None:
    server.script = [Answer(200, "ok", {"Content-Type": "text/html"})]
    assert send(server, tmp_path).word is Word.ACCEPTED


def test_a_private_network_is_closed_unless_it_is_opened(
    server: FaultServer, tmp_path: Path
) -> None:
    outcome = send(server, tmp_path, allow_private=False)
    assert outcome.word is Word.REFUSED
    assert "private network" in outcome.reason
    assert not server.requests


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104
        *("[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "localhost", "2130706433"),
        *("100.64.0.1", "224.0.0.1", "0x7f.1", "[::ffff:100.64.0.1]", "[::ffff:224.0.0.1]"),
        *("[64:ff9b::10.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:0a00:0001::1]"),
    ],
)
def test_no_spelling_of_a_private_address_gets_through(host: str) -> None:
    with pytest.raises(Guarded):
        Target(f"https://{host}/", 0.2).post(b"", {})


def test_a_name_is_judged_by_the_address_that_is_connected_to(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up once: a second answer, into the private network, is never asked for."""
    asked: list[str] = []

    def looked_up(host: str, port: int, **_given: object) -> list[object]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
        assert address[0] == "93.184.216.34"
        raise OSError("not from here")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotSent, match="not from here"):
        Target(f"http://rebinding.test:{server.port}/", 0.2).post(b"{}", {})
    assert asked == ["rebinding.test"]


def test_a_certificate_is_checked(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)
    trusting = ssl.create_default_context(cafile=made.authority)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):
                plain, _address = listener.accept()
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}/"
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            Target(url, 5, allow_private=True).post(b"", {})
        answer = Target(url, 5, allow_private=True, context=trusting).post(b"", {})
        thread.join(5)
    assert answer.status == 204


SECRET_OF = {"secret": {"env": "X_SECRET"}}


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ({"url": "http://ops.test/"}, "https://"),
        ({"url": "https://u:p@ops.test/"}, "no address of a server"),
        ({}, "no address, or two"),
        ({"url": "https://ops.test/", "url_from": {"env": "U"}}, "no address, or two"),
        ({"url": "https://ops.test/", "secret": "in the clear"}, "never stands"),
    ],
)
def test_an_endpoint_that_would_not_do_is_refused(endpoint: dict[str, object], said: str) -> None:
    given = {"kind": "webhook", "endpoints": {"ops": {**SECRET_OF, **endpoint}}}
    with pytest.raises(ValidationError, match=said):
        SETTINGS.model_validate(given)


def test_http_is_taken_where_it_is_allowed() -> None:
    endpoint = {"url": "http://ops.test/", "allow_http": True, **SECRET_OF}
    SETTINGS.model_validate({"kind": "webhook", "endpoints": {"ops": endpoint}})
    with pytest.raises(ValidationError, match="no name"):
        SETTINGS.model_validate({"kind": "webhook", "endpoints": {"O ps": endpoint}})


def test_an_empty_address_is_the_only_endpoint_or_the_default_one(
    server: FaultServer, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    secret = Secret(file=tmp_path / "secret")

    def sent(*names: str) -> Outcome:
        endpoints = {
            name: {"url": f"{server.url}/{name}", "secret": secret, "allow_private": True}
            for name in names
        }
        settings = SETTINGS.model_validate({"kind": "webhook", "endpoints": endpoints})
        used = tools(tmp_path, addresses=("",))
        channel = open_channel(settings, used)
        outcome = channel.send(Delivery("k", alert(), ""))
        assert all(each.ok for each in channel.probe()) == (outcome.word is Word.ACCEPTED)
        return outcome

    assert sent("ops").word is Word.ACCEPTED
    assert sent("ops", "default").word is Word.ACCEPTED
    assert sent("ops", "other").word is Word.REFUSED
    assert [each.path for each in server.requests] == ["/ops", "/default"]


def test_a_public_address_in_the_other_protocols_clothes_is_public() -> None:
    _refuse_private("x.test", ["::ffff:93.184.216.34", "64:ff9b::93.184.216.34", "93.184.216.34"])
    with pytest.raises(Guarded):
        _refuse_private("x.test", ["93.184.216.34", "::ffff:127.0.0.1"])
