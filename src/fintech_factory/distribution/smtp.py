"""Hands one mail to an SMTP server, and says at which step it ended."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from fintech_factory.distribution.channel import Outcome, Probe
from fintech_factory.distribution.mail_writing import Written
from fintech_factory.distribution.outcomes import accepted, deferred, refused, scrubbed, unknown
from fintech_factory.distribution.tls import trusted

__all__ = ["Server", "SmtpFailed", "probe_server", "send_mail"]

_GO_ON = 354
# RFC 5321, 4.2.1: the first digit of an answer that ends a mail, one way or the other.
_FINAL = (2, 4, 5)
_CERTIFICATE = "check `host`, or name your own authority in `ca_file`"
_LINE_LIMIT = 400


@dataclass(frozen=True, slots=True, repr=False)
class Server:
    """Where mails are handed in; it never shows its password."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    ca_file: str | None
    user: str | None
    password: str
    timeout_s: float
    largest_bytes: int


class SmtpFailed(Exception):  # noqa: N818 - named after what happened
    """A step that went wrong: which, and what that means."""

    def __init__(self, step: str, outcome: Outcome, hint: str = "") -> None:
        """Take the step's name, its outcome, and what to do."""
        super().__init__(outcome.reason)
        self.step, self.outcome, self.hint = step, outcome, hint


def send_mail(server: Server, mail: Written) -> Outcome:
    """Hand the mail in once.

    Until the server has been given the end of the mail it does not have it; from then on, only its
    answer says whether it does.
    """
    try:
        with _session(server) as smtp:
            _refuse_too_large(smtp, mail)
            _expect(smtp.mail(mail.sender), "sender", server)
            # A mail to several would be accepted though some are refused: each has its own.
            _expect(smtp.rcpt(mail.recipient), "recipient", server)
            said = _hand_in(smtp, mail, server)
    except SmtpFailed as failed:
        return failed.outcome
    without = f" without {', '.join(mail.left_out)}" if mail.left_out else ""
    return accepted(mail.message_id, f"{said}{without}")


def probe_server(server: Server, sender: str, addresses: Sequence[str]) -> Iterator[Probe]:
    """Go all the way to naming each address, and leave before a mail begins."""
    where = f"{server.host}:{server.port}"
    try:
        with _session(server) as smtp:
            signed_in = f", signed in as {server.user}" if server.user else ""
            yield Probe("server", ok=True, said=f"{where} answers ({server.security}){signed_in}")
            yield from _named(smtp, server, sender, addresses)
    except SmtpFailed as failed:
        said = f"{where}: {failed.outcome.reason}"
        yield Probe(failed.step, ok=False, said=said, hint=failed.hint)


def _named(
    smtp: smtplib.SMTP, server: Server, sender: str, addresses: Sequence[str]
) -> Iterator[Probe]:
    if not addresses:
        yield _asked(smtp, server, sender, None)
    for address in addresses:
        yield _asked(smtp, server, sender, address)


def _asked(smtp: smtplib.SMTP, server: Server, sender: str, address: str | None) -> Probe:
    """Begin a mail as far as its envelope, and take it back."""
    try:
        _expect(smtp.mail(sender), "sender", server)
        if address is None:
            return Probe("sender", ok=True, said=f"the server takes mails from {sender}")
        _expect(smtp.rcpt(address), address, server)
    except SmtpFailed as failed:
        return Probe(failed.step, ok=False, said=failed.outcome.reason, hint=failed.hint)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.rset()
    return Probe(address, ok=True, said="the server takes mails for it")


@contextmanager
def _session(server: Server) -> Iterator[smtplib.SMTP]:
    """Connect, secure and sign in."""
    smtp = _connected(server)
    try:
        try:
            _secure(smtp, server)
            _sign_in(smtp, server)
            yield smtp
        except (smtplib.SMTPException, OSError, ValueError) as error:
            said = _said(error, server)
            raise SmtpFailed("server", deferred(f"the mail server broke off: {said}")) from None
    finally:
        # What was accepted stays accepted, whatever becomes of the goodbye.
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
        smtp.close()


def _connected(server: Server) -> smtplib.SMTP:
    try:
        if server.security == "tls":
            context = _context(server)
            return smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout_s, context=context
            )
        return smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
    except ssl.SSLError as error:
        raise _untrusted(error, server) from None
    except smtplib.SMTPResponseException as error:
        raise _judged((error.smtp_code, error.smtp_error), "server", server) from None
    except (smtplib.SMTPException, OSError) as error:
        said = f"the mail server was not reached: {_said(error, server)}"
        raise SmtpFailed("server", deferred(said), "check `host` and `port`") from None


def _context(server: Server) -> ssl.SSLContext:
    try:
        return trusted(server.ca_file)
    except OSError as error:
        said = f"{server.ca_file} cannot be read as certificates: {_said(error, server)}"
        raise SmtpFailed("ca_file", refused(said), "name a PEM file") from None


def _secure(smtp: smtplib.SMTP, server: Server) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.security != "starttls":
        return
    if not smtp.has_extn("starttls"):
        # Whoever sits in between can take the offer out of the answer: never go on in the clear.
        hint = "is it the right port? 587 has starttls, 465 has tls"
        raise SmtpFailed("security", refused("the mail server offers no STARTTLS"), hint)
    try:
        _expect(smtp.starttls(context=_context(server)), "security", server)
    except ssl.SSLError as error:
        raise _untrusted(error, server) from None
    smtp.ehlo()


def _sign_in(smtp: smtplib.SMTP, server: Server) -> None:
    if server.user is None:
        return
    try:
        smtp.login(server.user, server.password)
    except smtplib.SMTPNotSupportedError as error:
        said = f"the mail server takes no sign-in: {_said(error, server)}"
        raise SmtpFailed("user", refused(said), "leave `user` and `password` out") from None
    except smtplib.SMTPResponseException as error:
        hint = "is `password` that of `user`? some servers want an app password"
        raise _judged((error.smtp_code, error.smtp_error), "user", server, hint) from None


def _refuse_too_large(smtp: smtplib.SMTP, mail: Written) -> None:
    limit = smtp.esmtp_features.get("size", "")
    if limit.isdigit() and 0 < int(limit) < len(mail.content):
        said = f"the mail has {len(mail.content)} bytes, the server takes {limit}"
        raise SmtpFailed("size", refused(said), f"set `largest_bytes` below {limit}")


def _hand_in(smtp: smtplib.SMTP, mail: Written, server: Server) -> str:
    answer = smtp.docmd("DATA")
    if answer[0] != _GO_ON:
        raise _judged(answer, "mail", server)
    # Lines end in CRLF and the content has no lone dot left at a line's start (RFC 5321, 4.5.2).
    smtp.send(_stuffed(mail.content))
    try:
        answer = smtp.getreply()
    except (smtplib.SMTPException, OSError) as error:
        said = f"the mail server did not say whether it took the mail: {_said(error, server)}"
        raise SmtpFailed("mail", unknown(said)) from None
    if answer[0] // 100 not in _FINAL:
        said = f"the mail server's answer to the mail is no SMTP: {_text(answer[1], server)}"
        raise SmtpFailed("mail", unknown(said))
    _expect(answer, "mail", server)
    return _text(answer[1], server)


def _stuffed(content: bytes) -> bytes:
    lines = content.removesuffix(b"\r\n").split(b"\r\n")
    stuffed = (b"." + line if line.startswith(b".") else line for line in lines)
    return b"\r\n".join(stuffed) + b"\r\n.\r\n"


def _expect(answer: tuple[int, bytes], step: str, server: Server) -> None:
    if not 200 <= answer[0] < 300:  # noqa: PLR2004 - RFC 5321, 4.2.1: 2yz is done
        raise _judged(answer, step, server)


def _judged(
    answer: tuple[int, bytes | str], step: str, server: Server, hint: str = ""
) -> SmtpFailed:
    code, said = answer[0], _text(answer[1], server)
    reason = f"{step}: {code} {said}" if code > 0 else f"{step}: an answer that is no SMTP: {said}"
    # RFC 5321, 4.2.1: 5yz is for good; 4yz, and what is none of its codes, may pass.
    permanent = 500 <= code < 600  # noqa: PLR2004
    return SmtpFailed(step, refused(reason) if permanent else deferred(reason), hint)


def _untrusted(error: ssl.SSLError, server: Server) -> SmtpFailed:
    said = f"the mail server's certificate is not trusted: {_said(error, server)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return SmtpFailed("security", refused(said), _CERTIFICATE)
    said = f"no secure connection came about: {_said(error, server)}"
    return SmtpFailed("security", deferred(said), "is it the right port? 465 has tls")


def _text(said: bytes | str, server: Server) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return scrubbed(text[:_LINE_LIMIT], [server.password])


def _said(error: BaseException, server: Server) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return scrubbed(f"{type(error).__name__}: {error}", [server.password])
