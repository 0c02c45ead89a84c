"""E-mail before a real SMTP server with STARTTLS and AUTH."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Channel
from fintech_factory.distribution.channels.email import SETTINGS, open_channel
from fintech_factory.distribution.settings import ChannelSettings
from peers.faults import refusing_port, stalled_port
from peers.smtp import PASSWORD, USER, MailServer, mail_server
from stages import Seen, Stage, tools

KNOWS = frozenset(
    [
        "refuse",
        "later",
        "nonsense",
        "silent",
        "reset",
        "unavailable",
        "overloaded",
        "echo",
        "bad_secret",
        "no_secret",
        "stalled",
        "no_server",
        "bad_address",
        "threads",
    ]
)


def settings_for(server: MailServer, folder: Path, **changed: object) -> ChannelSettings:
    """Give settings whose secrets lie in files."""
    (folder / "password").write_text(PASSWORD)
    (folder / "bad").write_text("wrong-password-55")
    given = {
        "kind": "email",
        "enabled": True,
        "host": "localhost",
        "port": server.port,
        "ca_file": str(server.certificates.authority),
        "user": USER,
        "password": Secret(file=folder / "password"),
        "sender": "alerts@lender.test",
    }
    return SETTINGS.model_validate({**given, **changed})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    with mail_server(folder) as server, stalled_port() as stalled:

        def opened(addresses: tuple[str, ...] = (), **changed: object) -> Channel:
            return open_channel(
                settings_for(server, folder, **changed), tools(folder, addresses=addresses)
            )

        def answer(step: str, said: str) -> None:
            server.answers[step] = said

        yield Stage(
            channel=opened(addresses=("risk@lender.test",)),
            address="risk@lender.test",
            other_address="cfo@lender.test",
            bad_address="Risk <risk@lender.test>, all@lender.test",
            seen=lambda: _seen(server),
            secrets=(PASSWORD, "wrong-password-55"),
            tricks={
                "refuse": lambda: answer("RCPT", "550 5.1.1 no such user"),
                "later": lambda _wait: answer("RCPT", "451 4.7.1 greylisted"),
                "nonsense": lambda: answer("DATA", "banana"),
                "silent": lambda: answer("DATA", "silent"),
                "reset": lambda: answer("DATA", "drop"),
                "unavailable": lambda: answer("MAIL", "421 4.3.2 shutting down"),
                "overloaded": lambda: answer("DATA", "452 4.3.1 no space"),
                "echo": lambda: answer("RCPT", f"550 your password is {PASSWORD}"),
            },
            broken={
                "bad_secret": lambda: opened(password=Secret(file=folder / "bad")),
                "no_secret": lambda: opened(password=Secret(env="FACTORY_TEST_ABSENT")),
                "stalled": lambda: opened(port=stalled),
                "no_server": lambda: opened(port=refusing_port()),
                "bad_address": lambda: _with_bad_address(server, opened),
            },
        )


def _with_bad_address(server: MailServer, opened: Callable[..., Channel]) -> Channel:
    server.answers["nobody@lender.test"] = "550 5.1.1 no such user"
    return opened(addresses=("risk@lender.test", "nobody@lender.test"))


def _seen(server: MailServer) -> list[Seen]:
    return [
        Seen(
            text="\n".join([each.mail["Subject"], *_texts(each.mail)]),
            key=each.mail["Message-ID"],
            thread=each.mail["In-Reply-To"] or "",
        )
        for each in server.mails
    ]


def _texts(mail: EmailMessage) -> Iterator[str]:
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            yield part.get_content()
