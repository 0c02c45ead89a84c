"""Apprise: whatever has no channel of its own, told that it was sent or was not, and no more."""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools
from fintech_factory.distribution.outcomes import accepted, deferred, refused, scrubbed
from fintech_factory.distribution.rendering import lay_out, text_of
from fintech_factory.distribution.settings import ChannelSettings
from fintech_factory.errors import UsageError
from fintech_factory.registry import suggestion

if TYPE_CHECKING:
    from apprise import NotifyBase

__all__ = ["SETTINGS", "AppriseSettings", "check_address", "open_channel"]

_DEFAULT = "default"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_TYPES = {"critical": "failure", "warning": "warning", "info": "info", "ok": "success"}
_INSTALL = "pip install 'fintech-factory[apprise]'"
# Apprise logs what it sends, and what it sends by logs whole addresses.
_LOGGERS = ("apprise", "requests", "urllib3.connectionpool")


def check_address(address: str) -> str | None:
    """Say what is wrong with an address, None if nothing is."""
    if not address or _NAME.fullmatch(address):
        return None
    hint = f"addresses are keys of `urls`; leave it out for `{_DEFAULT}`"
    return f"`{address}` is no name of an Apprise address\nhint: {hint}"


def _checked(urls: dict[str, Secret]) -> dict[str, Secret]:
    for name in urls:
        if not _NAME.fullmatch(name):
            raise ValueError(f"`{name}` is no name\nhint: write small letters, digits, - and _")
    return urls


class AppriseSettings(ChannelSettings):
    """Where messages go by Apprise; addresses are names of its URLs, or empty."""

    kind: Literal["apprise"] = Field(description="This file is for Apprise.")
    urls: Annotated[dict[str, Secret], AfterValidator(_checked)] = Field(
        default_factory=dict,
        description="Apprise's own URLs by name, each a secret; `default` takes what names none.",
    )

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if self.enabled and not self.urls:
            raise ValueError("there is no address to send to\nhint: add one to `urls`")
        return self


SETTINGS = AppriseSettings


def open_channel(settings: AppriseSettings, tools: Tools) -> "Apprise":
    """Give the channel; Apprise is not looked for yet."""
    return Apprise(settings, tools)


@dataclass(frozen=True, slots=True)
class Apprise:
    """Services that Apprise knows, each by a name of ours."""

    settings: AppriseSettings
    tools: Tools

    def send(self, delivery: Delivery) -> Outcome:
        """Send once; Apprise gives no receipt, and does not say why it failed."""
        if wrong := check_address(delivery.address):
            return refused(wrong.partition("\n")[0])
        name = delivery.address or _DEFAULT
        if name not in self.settings.urls:
            return refused(f"no Apprise address is called `{scrubbed(name)}`")
        sheet = lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat)
        title, text = text_of(sheet)
        try:
            url = self.settings.urls[name].reveal()
            with _unheard():
                service = self._service(url)
                sent = service.notify(text, title, _TYPES[sheet.standing.tone], body_format="text")
        except UsageError as error:
            return refused(f"{error.what}; {error.hint}")
        except Exception as error:  # noqa: BLE001 - a hundred plug-ins, each with errors of its own
            return deferred(f"Apprise failed: {type(error).__name__}")
        if not sent:
            return deferred("Apprise says that it was not sent, and not why")
        return accepted(reason=_left_out(delivery))

    def probe(self) -> tuple[Probe, ...]:
        """Read each address as Apprise would; nothing is asked of anybody."""
        lost = [
            each for each in self.tools.addresses if (each or _DEFAULT) not in self.settings.urls
        ]
        return (
            *(self._probed(*each) for each in self.settings.urls.items()),
            *(self._unknown(each or _DEFAULT) for each in lost),
        )

    def _probed(self, name: str, url: Secret) -> Probe:
        try:
            with _unheard():
                service = self._service(url.reveal())
        except UsageError as error:
            return Probe(name, ok=False, said=error.what, hint=error.hint)
        said = f"an address of {service.service_name}; whether it works is not told without sending"
        return Probe(name, ok=True, said=said)

    def _unknown(self, name: str) -> Probe:
        hint = suggestion(name, [*self.settings.urls])
        return Probe(name, ok=False, said="no Apprise address has this name", hint=hint)

    def _service(self, url: str) -> "NotifyBase":
        """Give what sends to an address; UsageError if there is nothing that does."""
        try:
            import apprise
        except ImportError as error:
            raise UsageError("Apprise is not installed", hint=_INSTALL) from error
        # Not by its dispatcher: that waits, tries again, and sends from threads of its own.
        service = apprise.Apprise.instantiate(url)
        if service is None:
            hint = "github.com/caronc/apprise says how the address of each service is written"
            raise UsageError("the secret is no address that Apprise knows", hint=hint)
        # It would sleep between two messages; the outbox keeps the pace.
        service.request_rate_per_sec = 0
        service.socket_connect_timeout = service.socket_read_timeout = self.tools.timeout_s
        return service


def _left_out(delivery: Delivery) -> str:
    message = delivery.message
    names = [*(["the chart"] if message.chart else []), *(x.name for x in message.attachments)]
    return f"without {', '.join(names)}" if names else ""


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep what this thread sends, and where to, out of every log."""
    ours = get_ident()

    def is_anothers(record: logging.LogRecord) -> bool:
        return record.thread != ours

    with ExitStack() as stack:
        for each in map(logging.getLogger, _LOGGERS):
            each.addFilter(is_anothers)
            stack.callback(each.removeFilter, is_anothers)
        yield
