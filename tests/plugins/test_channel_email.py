"""E-mail: what a mail says of itself, what goes along, and no way around the certificate."""

import os
import re
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import ValidationError
from stages import tools
from stages.email import settings_for

from fintech_factory.distribution.channel import Delivery, Outcome, Tools, Word
from fintech_factory.distribution.channels.email import SETTINGS, check_address, open_channel
from fintech_factory.distribution.tls import trusted
from fintech_factory.message import Action, Attachment, Language, Occasion, Text
from peers.certificates import certificates
from peers.messages import alert
from peers.smtp import MailServer, mail_server

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
CHART = "par_90@2025-12-10"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as opened:
        yield opened


def send(
    server: MailServer,
    folder: Path,
    *,
    settings: dict[str, object] | None = None,
    **changed: object,
) -> Outcome:
    given: dict[str, object] = {"key": "k1", "message": alert(), "address": "risk@lender.test"}
    used = changed.pop("tools", tools(folder))
    assert isinstance(used, Tools)
    channel = open_channel(settings_for(server, folder, **(settings or {})), used)
    return channel.send(Delivery(**{**given, **changed}))  # type: ignore[arg-type]


def mail(server: MailServer) -> EmailMessage:
    return server.mails[-1].mail


def test_a_mail_says_who_to_whom_and_that_a_program_wrote_it(
    server: MailServer, tmp_path: Path
) -> None:
    settings = {"sender_name": "Riesgos, Ñandú", "reply_to": "risk@lender.test"}
    bounces = {"bounces_to": "bounces@lender.test"}
    outcome = send(server, tmp_path, settings={**settings, **bounces}, language=Language.ES)
    got = mail(server)
    assert got["From"] == '"Riesgos, Ñandú" <alerts@lender.test>'
    assert got["To"] == "risk@lender.test"
    assert got["Reply-To"] == "risk@lender.test"
    assert got["Subject"] == "[Crítico] PAR 90 es 5.46 %, sobre 5 %"
    assert got["Date"] == "Wed, 10 Dec 2025 06:00:00 +0000"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Message-ID"] == outcome.provider_id
    assert outcome.provider_id.endswith("@lender.test>")
    assert server.mails[0].sender == "bounces@lender.test"
    assert server.mails[0].recipients == ("risk@lender.test",)


def test_a_mail_is_ascii_on_the_wire_in_lines_that_every_server_takes(
    server: MailServer, tmp_path: Path
) -> None:
    long = Text.same("ñ" * 5000)
    send(server, tmp_path, message=alert(summary=long), language=Language.ES)
    content = server.mails[0].content
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"=?utf-8?" in content.lower()


def test_both_forms_say_the_same(server: MailServer, tmp_path: Path) -> None:
    send(server, tmp_path)
    text, html = (mail(server).get_body((form,)) for form in ("plain", "html"))
    assert text is not None
    assert html is not None
    for said in ("5.46 %", "$6,670,123.40", "n/a", "B-0007", "Call the borrowers."):
        assert said in text.get_content()
        assert said in html.get_content()


def test_a_line_that_is_a_dot_ends_nothing(server: MailServer, tmp_path: Path) -> None:
    words = "before\n.\nafter\n..\n.x"
    send(server, tmp_path, message=alert(next_step=Text.same(words)))
    body = mail(server).get_body(("plain",))
    assert body is not None
    assert words in body.get_content().replace("\r\n", "\n")


def test_mails_of_one_alert_stand_together(server: MailServer, tmp_path: Path) -> None:
    first = send(server, tmp_path)
    send(server, tmp_path, key="k2", thread_id=first.provider_id)
    send(server, tmp_path, key="k3", message=alert(thread="alert/other"))
    one, two, other = (each.mail for each in server.mails)
    root = one["References"]
    assert re.fullmatch(r"<thread\.[0-9a-f]{40}@lender\.test>", root)
    assert two["References"].split() == [root, first.provider_id]
    assert two["In-Reply-To"] == first.provider_id
    assert one["In-Reply-To"] is None
    assert other["References"] != root


@pytest.mark.parametrize("thread", ["<a@b>\r\nBcc: x@y.test", "<a b@c>", "x@y", "<a@b>\x00"])
def test_a_thread_that_is_no_message_id_is_left_out(
    server: MailServer, tmp_path: Path, thread: str
) -> None:
    assert send(server, tmp_path, thread_id=thread).word is Word.ACCEPTED
    assert mail(server)["In-Reply-To"] is None
    assert mail(server)["Bcc"] is None


def test_only_digests_can_be_left(server: MailServer, tmp_path: Path) -> None:
    leave = Action("unsubscribe", Text.same("x"), "https://f.test/leave?t=1")
    settings = {"unsubscribe_to": "off@lender.test"}
    for occasion in (Occasion.ALERT, Occasion.REPORT):
        message = alert(occasion=occasion, actions=(leave,), thread="report/risk")
        send(server, tmp_path, settings=settings, message=message, key=occasion.value)
    told, digest = (each.mail for each in server.mails)
    assert told["List-Unsubscribe"] is None
    assert digest["List-Unsubscribe"] == (
        "<https://f.test/leave?t=1>, <mailto:off@lender.test?subject=unsubscribe%20report/risk>"
    )
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_chart_stands_in_the_mail_itself(server: MailServer, tmp_path: Path) -> None:
    used = tools(tmp_path, picture=lambda name: PNG if name == CHART else None)
    send(server, tmp_path, message=alert(chart=CHART), tools=used)
    html = mail(server).get_body(("html",))
    (image,) = [each for each in mail(server).walk() if each.get_content_type() == "image/png"]
    assert html is not None
    assert image.get_content() == PNG
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in html.get_content()
    assert image.get_content_disposition() == "inline"
    assert "http" not in " ".join(re.findall(r'src="([^"]*)"', html.get_content()))


def attachment(folder: Path, name: str, content: bytes) -> Attachment:
    (folder / name).write_bytes(content)
    return Attachment(name, "application/pdf", name, sha256(content).hexdigest())


def test_attachments_go_along_as_far_as_they_fit_and_are_what_was_named(
    server: MailServer, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    files = (
        attachment(outputs, "päck.pdf", b"%PDF small"),
        attachment(outputs, "huge.pdf", b"x" * 400_000),
        Attachment("gone.pdf", "application/pdf", "gone.pdf", "0" * 64),
        Attachment("key", "text/plain", "../password", "0" * 64),
    )
    (tmp_path / "password").write_text("secret")
    outcome = send(
        server,
        tmp_path,
        settings={"largest_bytes": 300_000},
        message=alert(attachments=files),
        tools=tools(outputs),
    )
    got = list(mail(server).iter_attachments())
    assert [(each.get_filename(), each.get_content()) for each in got] == [
        ("päck.pdf", b"%PDF small")
    ]
    text = mail(server).get_body(("plain",))
    assert text is not None
    for name in ("huge.pdf", "gone.pdf", "key lies outside"):
        assert name in text.get_content()
        assert name in outcome.reason
    assert len(server.mails[0].content) < 300_000


def test_a_mail_larger_than_the_server_takes_is_refused_before_it_goes_out(tmp_path: Path) -> None:
    with mail_server(tmp_path, data_size_limit=5000) as server:
        outcome = send(server, tmp_path)
    assert outcome.word is Word.REFUSED
    assert "largest_bytes" not in outcome.reason
    assert "server takes 5000" in outcome.reason
    assert not server.mails


def test_a_server_with_a_stranger_s_certificate_gets_no_password(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with mail_server(tmp_path) as server:
        outcome = send(server, tmp_path, settings={"ca_file": str(certificates(other).authority)})
    assert outcome.word is Word.REFUSED
    assert "certificate is not trusted" in outcome.reason
    assert not server.commands


def test_a_server_of_another_name_gets_no_password(tmp_path: Path) -> None:
    with mail_server(tmp_path) as server:
        outcome = send(server, tmp_path, settings={"host": "127.0.0.2"})
    assert outcome.word in {Word.REFUSED, Word.DEFERRED}
    assert not server.commands


def test_a_server_that_offers_no_starttls_is_not_spoken_to_in_the_clear(tmp_path: Path) -> None:
    with mail_server(tmp_path, starttls=False) as server:
        outcome = send(server, tmp_path)
    assert outcome.word is Word.REFUSED
    assert "no STARTTLS" in outcome.reason
    assert not server.commands


def test_tls_is_at_least_1_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ssl.TLSVersion] = []
    wrap = ssl.SSLContext.wrap_socket

    def spy(context: ssl.SSLContext, *given: object, **more: object) -> ssl.SSLSocket:
        seen.append(context.minimum_version)
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED
        return wrap(context, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", spy)
    with mail_server(tmp_path) as server:
        assert send(server, tmp_path).word is Word.ACCEPTED
    assert seen == [ssl.TLSVersion.TLSv1_2]


@pytest.mark.parametrize(
    ("step", "said", "word"),
    [
        ("MAIL", "550 sender not allowed", Word.REFUSED),
        ("MAIL", "452 4.3.1 full", Word.DEFERRED),
        ("RCPT", "drop", Word.DEFERRED),
        ("DATA", "554 5.7.1 spam", Word.REFUSED),
        ("DATA", "drop", Word.UNKNOWN),
        ("DATA", "354 go on", Word.UNKNOWN),
    ],
)
def test_each_step_has_its_meaning(
    server: MailServer, tmp_path: Path, step: str, said: str, word: Word
) -> None:
    server.answers[step] = said
    outcome = send(server, tmp_path)
    assert outcome.word is word, outcome


@pytest.mark.parametrize(
    "address",
    ["a@b.test", "first.last+tag@sub.lender.test", "o'neil@lender.test", "root@localhost"],
)
def test_a_mail_address_is_taken(address: str) -> None:
    assert check_address(address) is None


@pytest.mark.parametrize(
    "address",
    [
        *("", "a", "@b.test", "a@", "a@@b.test", "a b@c.test", ".a@b.test", "a..b@c.test"),
        *("a@b.test\n", "a@b.test\r\nBcc: x@y", "a@-b.test", "a@b.test,c@d.test", "<a@b.test>"),
        *("é@b.test", f"{'a' * 65}@b.test", f"a@{'b' * 250}.test", "a@b.test\x00", "-- @b"),
    ],
)
def test_what_is_no_mail_address_is_not(address: str) -> None:
    assert check_address(address)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"security": "none"}, "in the clear"),
        ({"user": "x"}, "go together"),
        ({"sender": "Alerts <a@b.test>"}, "no mail address"),
        ({"ca_file": "relative.pem"}, "no absolute path"),
        ({"passwort": "x"}, "Extra inputs"),
        ({"port": "587"}, "valid integer"),
    ],
)
def test_settings_that_would_not_do_are_refused(changed: dict[str, object], said: str) -> None:
    given = {"kind": "email", "host": "smtp.lender.test", "sender": "a@b.test"}
    with pytest.raises(ValidationError, match=said):
        SETTINGS.model_validate({**given, **changed})


def test_an_authority_is_read_once_and_again_when_its_file_changes(tmp_path: Path) -> None:
    path = str(certificates(tmp_path).authority)
    first = trusted(path)
    assert trusted(path) is first
    os.utime(certificates(tmp_path).authority, ns=(1, 1))
    assert trusted(path) is not first
    assert trusted() is not first


def test_an_authority_that_is_none_is_refused_by_its_path(
    server: MailServer, tmp_path: Path
) -> None:
    for content in (None, "no certificate"):
        path = tmp_path / f"ca-{content}.pem"
        if content:
            path.write_text(content)
        outcome = send(server, tmp_path, settings={"ca_file": str(path)})
        assert outcome.word is Word.REFUSED
        assert "cannot be read as certificates" in outcome.reason
