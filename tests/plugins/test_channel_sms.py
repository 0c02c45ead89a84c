"""SMS: what goes over the wire, what it may cost, what it may say, and what answers mean."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError
from stages import NOW, tools
from stages.sms import settings_for
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from fintech_factory.clock import FixedClock
from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Word
from fintech_factory.distribution.channels.sms import SETTINGS, open_channel
from fintech_factory.message import Fact, Occasion, Text
from fintech_factory.values import Severity, Unit
from peers.faults import Answer, FaultServer, fault_server
from peers.messages import alert
from peers.prism import description, mocked
from peers.twilio import ACCOUNT, NUMBER, TOKEN, error, form_of, gateway

PHONE = "+50370001234"
SERVICE = "MG" + "0123456789abcdef" * 2
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with fault_server() as opened:
        opened.otherwise = gateway
        yield opened


def send(url: str, folder: Path, *, days: int = 0, **changed: object) -> Outcome:
    settings = changed.pop("settings", {})
    assert isinstance(settings, dict)
    used = tools(folder, clock=FixedClock(NOW + timedelta(days=days)))
    given: dict[str, object] = {"key": "k1", "message": alert(), "address": PHONE}
    channel = open_channel(settings_for(url, folder, **settings), used)  # type: ignore[arg-type]
    return channel.send(Delivery(**{**given, **changed}))  # type: ignore[arg-type]


def warning(**changed: object) -> dict[str, Any]:
    return {"message": alert(severity=Severity.WARNING, **changed)}


class _Redirected(TwilioHttpClient):
    """Twilio's own client has no base address; this leads it to a test's server."""

    def __init__(self, url: str) -> None:
        super().__init__(pool_connections=False)
        self.url = url

    def request(self, method: str, url: str, *given: Any, **named: Any) -> Any:  # noqa: ANN401
        parts = urlsplit(url)
        assert parts.netloc == "api.twilio.com"
        here = f"{self.url}{parts.path}{'?' + parts.query if parts.query else ''}"
        return super().request(method, here, *given, **named)


def twilio_client(server: FaultServer) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=_Redirected(server.url))


@pytest.mark.parametrize("sender", ["sender", "messaging_service"])
def test_the_wire_is_what_twilios_own_client_sends(
    server: FaultServer, tmp_path: Path, sender: str
) -> None:
    by_service = sender == "messaging_service"
    settings = {"sender": None, "messaging_service": SERVICE} if by_service else {}
    assert send(server.url, tmp_path, settings=settings).word is Word.ACCEPTED
    text = form_of(server.requests[0])["Body"]
    given = {"messaging_service_sid": SERVICE} if by_service else {"from_": NUMBER}
    twilio_client(server).messages.create(to=PHONE, body=text, **given)
    ours, theirs = server.requests
    assert (ours.method, ours.path) == (theirs.method, theirs.path) == ("POST", MESSAGES)
    assert form_of(ours) == form_of(theirs)
    for name in ("Authorization", "Content-Type", "Accept"):
        assert ours.header(name) == theirs.header(name), name


def test_a_probe_asks_what_twilios_own_client_asks(server: FaultServer, tmp_path: Path) -> None:
    probes = open_channel(settings_for(server.url, tmp_path), tools(tmp_path)).probe()
    assert [each.ok for each in probes] == [True, True]
    client = twilio_client(server)
    client.api.v2010.accounts(ACCOUNT).fetch()
    client.incoming_phone_numbers.list(phone_number=NUMBER)
    account, number, their_account, their_number = server.requests
    assert (account.method, account.path) == (their_account.method, their_account.path)
    assert urlsplit(number.path).path == urlsplit(their_number.path).path
    assert urlsplit(number.path).query in urlsplit(their_number.path).query


def test_the_receipt_is_the_messages_id(server: FaultServer, tmp_path: Path) -> None:
    assert send(server.url, tmp_path) == Outcome(Word.ACCEPTED, "SM" + "0123456789abcdef" * 2)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (error(400, 21211, "Invalid 'To' Phone Number"), Word.REFUSED),
        (error(400, 21610, "Attempt to send to unsubscribed recipient"), Word.REFUSED),
        (error(400, 21614, "'To' number is not a valid mobile number"), Word.REFUSED),
        (error(401, 20003, "Authenticate"), Word.REFUSED),
        (error(403, 20005, "Account not active"), Word.REFUSED),
        (error(400, 99999, "A code of next year"), Word.REFUSED),
        (error(429, 20429, "Too Many Requests"), Word.DEFERRED),
        (error(400, 20429, "Too Many Requests"), Word.DEFERRED),
        (error(429, 63038, "Daily messages limit"), Word.DEFERRED),
        (Answer(429, "slow down"), Word.DEFERRED),
        (Answer(500, ""), Word.DEFERRED),
        (Answer(529, "overloaded"), Word.DEFERRED),
        (Answer(504, "upstream timed out"), Word.UNKNOWN),
        (Answer(302, "", {"Location": "https://evil.test/"}), Word.REFUSED),
        (Answer(200, "<html>sign in</html>"), Word.UNKNOWN),
        (Answer(201, {"status": "queued"}), Word.UNKNOWN),
        (Answer(201, {"sid": 7}), Word.UNKNOWN),
        (Answer(201, "[" * 100_000), Word.UNKNOWN),
        (Answer(201, {"sid": "SM1", "status": "failed", "error_code": 30007}), Word.REFUSED),
        (Answer(fault="silent"), Word.UNKNOWN),
    ],
)
def test_an_answer_is_understood(
    server: FaultServer, tmp_path: Path, answer: Answer, word: Word
) -> None:
    server.script = [answer]
    outcome = send(server.url, tmp_path)
    assert outcome.word is word, outcome
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (21211, "correct the number"),
        (21610, "answered STOP"),
        (20003, "check `account` and `token`"),
        (21608, "trial account"),
        (21408, "Geo permissions"),
        (21606, "check `sender`"),
    ],
)
def test_a_refusal_says_its_code_and_what_to_do(
    server: FaultServer, tmp_path: Path, code: int, hint: str
) -> None:
    server.script = [error(400, code, "said")]
    reason = send(server.url, tmp_path).reason
    assert f"{code}: said" in reason
    assert hint in reason


def test_a_wait_that_was_asked_for_is_told(server: FaultServer, tmp_path: Path) -> None:
    server.script = [error(429, 20429, "Too Many Requests", **{"Retry-After": "17"})]
    assert send(server.url, tmp_path).retry_after_s == 17


def test_a_message_is_one_segment_and_its_subject_is_what_is_cut(
    server: FaultServer, tmp_path: Path
) -> None:
    long = alert(subject=Text.same("Ratio " * 60))
    send(server.url, tmp_path, message=long)
    send(server.url, tmp_path, message=long, settings={"max_segments": 2})
    one, two = (form_of(each)["Body"] for each in server.requests)
    assert 150 < len(one) <= 160
    assert "..." in one
    assert 300 < len(two) <= 306


def test_nothing_personal_goes_into_a_message(server: FaultServer, tmp_path: Path) -> None:
    movers = (
        Fact(Text.same("María Pérez"), Decimal(1), Unit.PERCENT, section=Text.same("Moved")),
        Fact(Text.same("Borrower"), "B-0007"),
    )
    send(
        server.url,
        tmp_path,
        message=alert(
            facts=movers,
            summary=Text.same("María Pérez of B-0007 owes most."),
            subject=Text.same("PAR 90 rose: ask maria@lender.test or +503 7000 1234"),
            next_step=Text.same("Call María Pérez."),
            links=(),
            actions=(),
        ),
        settings={"max_segments": 10},
    )
    (request,) = server.requests
    body = form_of(request)["Body"]
    assert "PAR 90 rose" in body
    for personal in ("María", "Maria", "Perez", "B-0007", "lender.test", "7000 1234"):
        assert personal not in body


def test_a_day_ends_at_its_cap_and_the_next_begins(server: FaultServer, tmp_path: Path) -> None:
    cap: dict[str, Any] = {"settings": {"max_segments_a_day": 2}}
    words = [send(server.url, tmp_path, **warning(), **cap) for _ in range(3)]
    assert [each.word for each in words] == [Word.ACCEPTED, Word.ACCEPTED, Word.REFUSED]
    assert "max_segments_a_day" in words[2].reason
    assert len(server.requests) == 2
    assert send(server.url, tmp_path, days=1, **warning(), **cap).word is Word.ACCEPTED


def test_what_is_critical_goes_past_the_cap_and_is_counted(
    server: FaultServer, tmp_path: Path
) -> None:
    cap: dict[str, Any] = {"settings": {"max_segments_a_day": 2}}
    assert [send(server.url, tmp_path, **cap).word for _ in range(3)] == [Word.ACCEPTED] * 3
    assert send(server.url, tmp_path, **warning(), **cap).word is Word.REFUSED
    assert _spent(tmp_path) == 3


def test_segments_are_counted_not_messages(server: FaultServer, tmp_path: Path) -> None:
    long = warning(subject=Text.same("Ratio " * 60))
    cap: dict[str, Any] = {"settings": {"max_segments_a_day": 5, "max_segments": 3}}
    assert send(server.url, tmp_path, **long, **cap).word is Word.ACCEPTED
    assert send(server.url, tmp_path, **long, **cap).word is Word.REFUSED
    assert send(server.url, tmp_path, **warning(), **cap).word is Word.ACCEPTED


@pytest.mark.parametrize(
    ("answer", "spent"),
    [
        (error(400, 21211, "no"), 0),
        (error(429, 20429, "later"), 0),
        (Answer(503, "x"), 0),
        # It may have gone out, and be paid for.
        (Answer(fault="silent"), 1),
    ],
)
def test_what_did_not_go_out_costs_nothing(
    server: FaultServer, tmp_path: Path, answer: Answer, spent: int
) -> None:
    server.script = [answer]
    send(server.url, tmp_path)
    assert _spent(tmp_path) == spent


def _spent(folder: Path) -> int:
    count: int = json.loads((folder / "sms" / "spent.json").read_text())["segments"]
    return count


@pytest.mark.parametrize("content", ["", "[]", '{"segments": "many"}'])
def test_a_count_that_is_lost_stops_warnings_and_not_what_is_critical(
    server: FaultServer, tmp_path: Path, content: str
) -> None:
    (tmp_path / "sms").mkdir()
    (tmp_path / "sms" / "spent.json").write_text(content)
    assert send(server.url, tmp_path, **warning()).word is Word.DEFERRED
    assert not server.requests
    assert send(server.url, tmp_path).word is Word.ACCEPTED


_RESERVE = """
import sys
from datetime import date
from pathlib import Path
from fintech_factory.distribution.sms_spending import Spending

spending = Spending(Path(sys.argv[1]), most=100)
print(sum(spending.reserve(date(2026, 11, 25), 1) for _ in range(60)))
"""


def test_two_processes_share_one_count(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _RESERVE, str(tmp_path / "sms")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(each.communicate()[0]) for each in both) == 100


def probed(server: FaultServer, folder: Path, *script: Answer, **changed: object) -> list[Any]:
    server.script = list(script)
    settings = settings_for(server.url, folder, **changed)
    return list(open_channel(settings, tools(folder)).probe())


def test_a_probe_says_what_is_wrong_with_the_account(server: FaultServer, tmp_path: Path) -> None:
    (refused,) = probed(server, tmp_path, error(401, 20003, "Authenticate"))
    assert refused.said == "HTTP 401: Authenticate"
    assert "check `account` and `token`" in refused.hint
    (suspended,) = probed(server, tmp_path, Answer(body={"status": "suspended"}))
    assert (suspended.ok, suspended.said) == (False, "the account is suspended")
    (page,) = probed(server, tmp_path, Answer(body="<html>sign in</html>"))
    assert (page.ok, page.said) == (False, "HTTP 200: no answer that can be read")
    trial, _ = probed(server, tmp_path, Answer(body={"status": "active", "type": "Trial"}))
    assert trial.ok
    assert "verified numbers only" in trial.said


def test_a_probe_says_what_is_wrong_with_the_sender(server: FaultServer, tmp_path: Path) -> None:
    _, absent = probed(server, tmp_path, sender="+15005550001")
    assert absent.said == "the account has no such number"
    voice = {"phone_number": NUMBER, "capabilities": {"sms": False}}
    _, mute = probed(
        server,
        tmp_path,
        Answer(body={"status": "active"}),
        Answer(body={"incoming_phone_numbers": [voice]}),
    )
    assert mute.said == "the number cannot send text messages"
    _, odd = probed(server, tmp_path, Answer(body={"status": "active"}), Answer(body={"x": None}))
    assert not odd.ok
    assert not server.of("Messages.json")


@pytest.mark.parametrize(
    "sender", ["+0", "15005550006x9999", "a name too long", "", "+15005550006\n"]
)
def test_a_sender_that_is_none_is_refused_when_settings_are_read(sender: str) -> None:
    with pytest.raises(ValidationError):
        SETTINGS.model_validate({"kind": "sms", "sender": sender})


@pytest.fixture(scope="module")
def twilio_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    whole = description("twilio/twilio_api_v2010.json")
    base = "/2010-04-01/Accounts/"
    used = ("{AccountSid}/Messages.json", "{Sid}.json", "{AccountSid}/IncomingPhoneNumbers.json")
    # Reading all of the API takes Prism half a minute; three resources of it are used.
    paths = {f"{base}{each}": whole["paths"][f"{base}{each}"] for each in used}
    with mocked({**whole, "paths": paths}, tmp_path_factory.mktemp("twilio")) as url:
        yield url


def test_twilios_own_description_takes_the_message(twilio_mock: str, tmp_path: Path) -> None:
    outcome = send(twilio_mock, tmp_path, message=alert(occasion=Occasion.ESCALATION))
    assert outcome.word is Word.ACCEPTED, outcome
    assert outcome.provider_id.startswith("SM")


def test_twilios_own_description_refuses_what_it_does_not_know(
    twilio_mock: str, tmp_path: Path
) -> None:
    (tmp_path / "odd").write_text("no-account-of-twilios")
    outcome = send(twilio_mock, tmp_path, settings={"account": Secret(file=tmp_path / "odd")})
    assert outcome.word is Word.REFUSED
    assert "422" in outcome.reason
