"""E-mail: one mail to one address through an SMTP server, over TLS, signed in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools
from fintech_factory.distribution.mail_address import fault_of
from fintech_factory.distribution.mail_writing import Sender, written
from fintech_factory.distribution.outcomes import refused
from fintech_factory.distribution.settings import LOOPBACK, ChannelSettings
from fintech_factory.distribution.smtp import Server, probe_server, send_mail
from fintech_factory.errors import UsageError

__all__ = ["SETTINGS", "EmailSettings", "check_address", "open_channel"]

check_address = fault_of
"""Say what is wrong with an address, None if nothing is."""


def _checked(address: str) -> str:
    if wrong := fault_of(address):
        raise ValueError(wrong)
    return address


def _absolute(path: str) -> str:
    if not Path(path).is_absolute():
        raise ValueError("it is no absolute path\nhint: write it like /etc/ssl/lender.pem")
    return path


Address = Annotated[str, AfterValidator(_checked), Field(examples=["alerts@example.com"])]


class EmailSettings(ChannelSettings):
    """Which server takes our mails, and as whom we send; addresses are mail addresses."""

    kind: Literal["email"] = Field(description="This file is for e-mail.")
    host: str = Field(default="localhost", min_length=1, description="The SMTP server.")
    port: int = Field(default=587, gt=0, lt=65536, description="587 for starttls, 465 for tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is secured; the certificate is checked. none is for a"
        " server on this machine.",
    )
    ca_file: Annotated[str, AfterValidator(_absolute)] | None = Field(
        default=None, description="PEM file of your own certificate authority."
    )
    user: str | None = Field(default=None, description="Signs in as; nobody without.")
    password: Secret | None = Field(default=None, description="Signs in with.")
    sender: Address = Field(description="The From address; its domain names our mails.")
    sender_name: str = Field(default="Fintech Factory", description="The name beside it.")
    reply_to: Address | None = Field(default=None, description="Where answers go.")
    bounces_to: Address | None = Field(
        default=None, description="Where mail servers report failures; else the sender."
    )
    unsubscribe_to: Address | None = Field(
        default=None,
        description="Where a reader of digests asks to be taken off; alerts offer no such thing.",
    )
    pictures: bool = Field(default=True, description="Whether charts go along.")
    largest_bytes: int = Field(
        default=10_000_000,
        ge=200_000,
        description="A mail is no larger; what does not fit is left out, and the mail says so.",
    )

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` go together\nhint: name both, or neither")
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError(
                "`security: none` would send mails in the clear\nhint: write starttls or tls"
            )
        return self


SETTINGS = EmailSettings


def open_channel(settings: EmailSettings, tools: Tools) -> "Email":
    """Give the channel; nothing is connected yet."""
    return Email(settings, tools)


@dataclass(frozen=True, slots=True)
class Email:
    """One mail server. A mail has one recipient: a bad address blocks only itself."""

    settings: EmailSettings
    tools: Tools

    def send(self, delivery: Delivery) -> Outcome:
        """Hand one mail to the server once."""
        if wrong := fault_of(delivery.address):
            return refused(wrong.partition("\n")[0])
        try:
            server = self._server()
            mail = written(delivery, self._sender(), self.tools, server.largest_bytes)
            return send_mail(server, mail)
        except UsageError as error:
            return refused(f"{error.what}; {error.hint}")

    def probe(self) -> tuple[Probe, ...]:
        """Connect, secure, sign in, and name sender and addresses; no mail is sent."""
        try:
            server = self._server()
        except UsageError as error:
            return (Probe("password", ok=False, said=error.what, hint=error.hint),)
        addresses = [(each, fault_of(each)) for each in self.tools.addresses]
        bad = [
            Probe(each, ok=False, said=wrong.partition("\n")[0], hint=wrong.partition("hint: ")[2])
            for each, wrong in addresses
            if wrong
        ]
        good = [each for each, wrong in addresses if not wrong]
        sender = self.settings.bounces_to or self.settings.sender
        return (*probe_server(server, sender, good), *bad)

    def _server(self) -> Server:
        settings = self.settings
        return Server(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            ca_file=settings.ca_file,
            user=settings.user,
            password=settings.password.reveal() if settings.password else "",
            timeout_s=self.tools.timeout_s,
            largest_bytes=settings.largest_bytes,
        )

    def _sender(self) -> Sender:
        settings = self.settings
        return Sender(
            address=settings.sender,
            name=settings.sender_name,
            bounces_to=settings.bounces_to or settings.sender,
            reply_to=settings.reply_to,
            unsubscribe_to=settings.unsubscribe_to,
            pictures=settings.pictures,
        )
