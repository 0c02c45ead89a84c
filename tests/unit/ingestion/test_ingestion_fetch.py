"""An export is fetched patiently, within limits, and without telling its token."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ingestion_book import ARRIVED_ON

from fintech_factory.clock import FixedClock
from fintech_factory.config import Secret
from fintech_factory.errors import SourceUnreadable, UsageError
from fintech_factory.ingestion import Arrival, Place, land
from fintech_factory.ingestion.landing.fetch import Fetch, fetched
from fintech_factory.ingestion.sources.cascade import Download

BODY = b"loan_id,company\nL-1,ACME\n"
TOKEN = "s3cret-token"  # noqa: S105 - made up


@dataclass
class Answer:
    """One answer of the server; a body shorter than `length` is a connection cut short."""

    status: int = 200
    body: bytes = BODY
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass
class Server:
    """A server that gives its answers one after the other, the last one for ever."""

    url: str
    answers: list[Answer]
    asked: list[dict[str, str]]


@pytest.fixture
def server() -> Iterator[Server]:
    answers: list[Answer] = []
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()})
            answer = answers[min(len(asked), len(answers)) - 1]
            self.send_response(answer.status)
            length = len(answer.body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as held:
        threading.Thread(target=held.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield Server(f"http://127.0.0.1:{held.server_port}/loans.csv?key=hidden", answers, asked)
        held.shutdown()


@dataclass
class Waits:
    """Remembers each wait instead of sleeping."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def fetch(server: Server, waits: Waits, **settings: object) -> Fetch:
    return Fetch(server.url, Download.model_validate({"timeout_s": 5, **settings}), waits)


def test_an_export_is_saved_under_its_name(server: Server, tmp_path: Path) -> None:
    server.answers.append(Answer())
    saved = fetch(server, Waits()).into(tmp_path)
    assert (saved.name, saved.read_bytes()) == ("loans.csv", BODY)


def test_the_servers_own_name_wins_and_cannot_leave_the_folder(
    server: Server, tmp_path: Path
) -> None:
    named = {"Content-Disposition": 'attachment; filename="../../evil.zip"'}
    server.answers.append(Answer(headers=named))
    assert fetch(server, Waits()).into(tmp_path) == tmp_path / "evil.zip"


def test_token_and_cookie_are_sent(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPORT_TOKEN", TOKEN)
    monkeypatch.setenv("EXPORT_COOKIE", "session=abc")
    server.answers.append(Answer())
    fetch(
        server, Waits(), bearer=Secret(env="EXPORT_TOKEN"), cookie=Secret(env="EXPORT_COOKIE")
    ).into(tmp_path)
    assert server.asked[0]["authorization"] == f"Bearer {TOKEN}"
    assert server.asked[0]["cookie"] == "session=abc"


@pytest.mark.parametrize("status", [401, 403, 302])
def test_a_server_that_asks_to_sign_in_is_not_asked_again(
    server: Server, tmp_path: Path, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPORT_TOKEN", TOKEN)
    server.answers.append(Answer(status, headers={"Location": "/login"}))
    with pytest.raises(SourceUnreadable) as raised:
        fetch(server, Waits(), bearer=Secret(env="EXPORT_TOKEN")).into(tmp_path)
    assert len(server.asked) == 1
    assert TOKEN not in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_a_busy_server_is_given_the_time_it_asks_for(server: Server, tmp_path: Path) -> None:
    server.answers += [Answer(429, headers={"Retry-After": "7"}), Answer()]
    waits = Waits()
    fetch(server, waits).into(tmp_path)
    assert waits.seconds == [7.0]


def test_a_day_to_come_back_on_is_counted_by_the_servers_clock(
    server: Server, tmp_path: Path
) -> None:
    server.answers += [Answer(503, headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"})]
    with pytest.raises(SourceUnreadable, match="asks to wait"):
        fetch(server, Waits()).into(tmp_path)


def test_a_server_that_keeps_failing_is_asked_three_times_in_all(
    server: Server, tmp_path: Path
) -> None:
    server.answers.append(Answer(500))
    waits = Waits()
    with pytest.raises(SourceUnreadable, match="500, 3 times"):
        fetch(server, waits).into(tmp_path)
    assert len(server.asked) == 3
    assert waits.seconds == [1.0, 2.0]


def test_a_download_cut_short_is_tried_again(server: Server, tmp_path: Path) -> None:
    server.answers += [Answer(length=len(BODY) + 10), Answer()]
    assert fetch(server, Waits()).into(tmp_path).read_bytes() == BODY


def test_a_download_above_its_limit_is_stopped(server: Server, tmp_path: Path) -> None:
    server.answers.append(Answer(body=b"x" * 5000))
    with pytest.raises(SourceUnreadable, match="larger than"):
        fetch(server, Waits(), max_bytes=1000).into(tmp_path)


def test_a_wait_beyond_patience_is_a_failure(server: Server, tmp_path: Path) -> None:
    server.answers.append(Answer(429, headers={"Retry-After": "3600"}))
    with pytest.raises(SourceUnreadable, match="3600 s"):
        fetch(server, Waits()).into(tmp_path)
    assert len(server.asked) == 1


def test_an_address_that_nobody_answers_is_named(tmp_path: Path) -> None:
    nobody = Fetch("http://127.0.0.1:9/loans.csv", Download(), Waits())
    with pytest.raises(SourceUnreadable, match="ConnectError, 3 times"):
        nobody.into(tmp_path)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org/export.zip", "https only"),
        ("https://user:word@example.org/export.zip", "holds a password"),
    ],
)
def test_an_unsafe_address_is_refused(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        Fetch(url, Download(), Waits()).into(tmp_path)
    assert "word@" not in str(raised.value)


def test_a_login_page_in_place_of_an_export_is_refused_by_its_type(
    server: Server, place: Place
) -> None:
    page = b"<!doctype html><title>Sign in</title>"
    server.answers.append(Answer(body=page, headers={"Content-Type": "text/html"}))
    with fetched(server.url, place) as paths:
        landing = land(Arrival(paths), place, FixedClock(ARRIVED_ON))
    assert landing.status == "refused"
    assert "wrong_file_type" in {each.code for each in landing.findings}
    assert not any(path.name.startswith(".fetched") for path in place.raw_root.iterdir())
