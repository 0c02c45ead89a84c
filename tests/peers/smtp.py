"""A real SMTP server with STARTTLS and AUTH on the loopback, with faults where asked for."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from peers.certificates import Certificates, certificates

__all__ = ["PASSWORD", "USER", "MailServer", "Mailbox", "mail_server"]

USER, PASSWORD = "factory", "mail-secret-9f3c"
_SILENCE_S = 30


@dataclass(frozen=True)
class Mailbox:
    """One mail as it was taken."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """`answers` replaces what is said to MAIL, RCPT (or one address), DATA; or is silent, drop."""

    certificates: Certificates
    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    mails: list[Mailbox] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.commands.append("RCPT")
        said = self.answers.get(address, self.answers.get("RCPT", ""))
        if said == "drop":
            _drop(server)
            return "421 gone"
        if said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.commands.append("DATA")
        said = self.answers.get("DATA", "")
        if said.startswith(("4", "5")):
            return said
        assert isinstance(envelope.content, bytes)
        taken = Mailbox(str(envelope.mail_from), tuple(envelope.rcpt_tos), envelope.content)
        self.mails.append(taken)
        if said == "silent":
            await asyncio.sleep(_SILENCE_S)
        if said == "drop":
            _drop(server)
        return said or "250 queued as 1"


def _drop(server: SMTP) -> None:
    assert server.transport is not None
    server.transport.abort()


def _signs_in(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
) -> AuthResult:
    good = isinstance(given, LoginPassword) and (given.login, given.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(folder: Path, *, starttls: bool = True, **settings: object) -> Iterator[MailServer]:
    """Serve on a free port; nothing is taken before TLS and a sign-in."""
    made = MailServer(certificates(folder))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificates.chain, made.certificates.key)
    secured = (
        {"tls_context": context, "require_starttls": True, "auth_required": True}
        if starttls
        else {}
    )

    def factory() -> SMTP:
        return SMTP(
            made,
            authenticator=_signs_in,
            decode_data=False,
            hostname="localhost",
            **secured,
            **settings,
        )

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(factory, "127.0.0.1", 0))
    made.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_ended(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _ended() -> None:
    others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
