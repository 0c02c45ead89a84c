"""Writes a delivery as one mail, byte by byte as it goes to the server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import quote

from fintech_factory.distribution.channel import Delivery, Tools
from fintech_factory.distribution.files import contents
from fintech_factory.distribution.mail_address import domain_of, message_id, thread_id
from fintech_factory.distribution.rendering import Sheet, lay_out, mail_of
from fintech_factory.distribution.rendering.escaping import one_line
from fintech_factory.message import Attachment, Message, Occasion

__all__ = ["Sender", "Written", "written"]

# Not every server passes 8-bit mails on; and no line is longer than RFC 5322 allows.
_POLICY = policy.SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Sender:
    """As whom mails go out."""

    address: str
    name: str
    bounces_to: str
    reply_to: str | None = None
    unsubscribe_to: str | None = None
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """A mail ready to go: its envelope, its bytes, its name, and what had to stay behind."""

    sender: str
    recipient: str
    content: bytes
    message_id: str
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    media_type: str
    content: bytes


def written(delivery: Delivery, sender: Sender, tools: Tools, largest: int) -> Written:
    """Write the mail; attachments that would make it larger than `largest` are left out.

    What is left out, or is not any more what was named, is said in the mail.
    """
    message = delivery.message
    sheet = lay_out(message, delivery.language, may_repeat=delivery.may_repeat)
    picture = _picture(message, sender, tools, largest // 2)
    parts, left_out = _fitting(message.attachments, tools, largest - _encoded(picture or b""))
    domain = domain_of(sender.address)
    name = message_id(delivery.key, domain)
    mail = _headed(delivery, sender, tools, name)
    _fill(mail, sheet, picture, left_out)
    for part in parts:
        kind, _, below = part.media_type.partition("/")
        mail.add_attachment(
            part.content, maintype=kind, subtype=below or "octet-stream", filename=part.name
        )
    return Written(
        sender=sender.bounces_to,
        recipient=delivery.address,
        content=mail.as_bytes(policy=_POLICY),
        message_id=name,
        left_out=tuple(left_out),
    )


def _picture(message: Message, sender: Sender, tools: Tools, largest: int) -> bytes | None:
    drawn = tools.picture(message.chart) if message.chart and sender.pictures else None
    return drawn if drawn is not None and _encoded(drawn) <= largest else None


def _headed(delivery: Delivery, sender: Sender, tools: Tools, name: str) -> EmailMessage:
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(one_line(sender.name), addr_spec=sender.address)
    mail["To"] = Address(addr_spec=delivery.address)
    if sender.reply_to:
        mail["Reply-To"] = Address(addr_spec=sender.reply_to)
    mail["Date"] = format_datetime(tools.clock.now())
    mail["Message-ID"] = name
    root = thread_id(delivery.message.thread, delivery.address, domain_of(sender.address))
    before = delivery.thread_id if _is_message_id(delivery.thread_id) else ""
    # The thread has a name before its first mail: where that one is lost, the rest is together.
    if references := " ".join(each for each in (root, before) if each and each != name):
        mail["References"] = references
    if before and before != name:
        mail["In-Reply-To"] = before
    # https://www.rfc-editor.org/rfc/rfc3834 - no holiday note answers this.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if delivery.message.severity.value == "critical":
        mail["Importance"] = "high"
    for header, value in _unsubscribing(delivery.message, sender):
        mail[header] = value
    return mail


def _is_message_id(text: str) -> bool:
    return (
        text.startswith("<") and text.endswith(">") and text == one_line(text) and " " not in text
    )


def _unsubscribing(message: Message, sender: Sender) -> Iterator[tuple[str, str]]:
    """Give the headers by which a digest is left; nobody leaves alerts (R022)."""
    if message.occasion is not Occasion.REPORT:
        return
    urls = [each.url for each in message.actions if each.verb == "unsubscribe" and each.url]
    safe = [url for url in urls if url.startswith("https://") and not set(url) & set("<> \r\n,")]
    places = [f"<{url}>" for url in safe]
    if sender.unsubscribe_to:
        subject = quote(f"unsubscribe {message.thread}")
        places.append(f"<mailto:{sender.unsubscribe_to}?subject={subject}>")
    if places:
        yield "List-Unsubscribe", ", ".join(places)
    if safe:
        # https://www.rfc-editor.org/rfc/rfc8058 - one press, without a page in between.
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _fill(mail: EmailMessage, sheet: Sheet, picture: bytes | None, left_out: Sequence[str]) -> None:
    cid = "chart@fintech-factory"
    said = mail_of(sheet, picture=cid if picture else "", left_out=left_out)
    mail["Subject"] = said.subject
    mail.set_content(said.text, cte="quoted-printable")
    mail.add_alternative(said.html, subtype="html", cte="quoted-printable")
    if picture is None:
        return
    *_, html = mail.iter_parts()
    html.add_related(
        picture, "image", "png", cid=f"<{cid}>", filename="chart.png", disposition="inline"
    )


# What the words and the envelope of a mail take at most.
_ROOM = 150_000


def _encoded(content: bytes) -> int:
    return len(content) * 4 // 3 + len(content) // 57 * 2 + 500


def _fitting(
    attachments: Sequence[Attachment], tools: Tools, largest: int
) -> tuple[list[_Part], list[str]]:
    room, parts, left_out = largest - _ROOM, [], []
    for each in attachments:
        try:
            content = contents(each, tools.outputs)
        except ValueError as error:
            left_out.append(str(error))
            continue
        if _encoded(content) > room:
            left_out.append(each.name)
            continue
        room -= _encoded(content)
        parts.append(_Part(one_line(each.name), each.media_type, content))
    return parts, left_out
