"""Notion: a page for each alert, KPI and report, found by its key and kept up to date in place."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools, Word
from fintech_factory.distribution.notion_answers import Asking, Failed
from fintech_factory.distribution.notion_opening import notion_client
from fintech_factory.distribution.notion_pages import ID, Entry, Kept, Pages
from fintech_factory.distribution.notion_probe import probed
from fintech_factory.distribution.outcomes import accepted, deferred, refused, scrubbed
from fintech_factory.distribution.rendering import entry_of, lay_out, notion_of
from fintech_factory.distribution.settings import ChannelSettings, checked_url
from fintech_factory.errors import UsageError
from fintech_factory.message import Language, Message, Occasion

if TYPE_CHECKING:
    from notion_client import Client

__all__ = ["SETTINGS", "UNCHANGED", "NotionSettings", "check_address", "open_channel"]

UNCHANGED = "nothing had changed"
"""The reason of an accepted delivery that nothing was written for."""

_DEFAULT = "default"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LOCKS = 32


def check_address(address: str) -> str | None:
    """Say what is wrong with an address, None if nothing is."""
    if not address or _NAME.fullmatch(address):
        return None
    hint = f"addresses are keys of `data_sources`; leave it out for `{_DEFAULT}`"
    return f"`{address}` is no name of a data source\nhint: {hint}"


def _checked(sources: dict[str, str]) -> dict[str, str]:
    for name, given in sources.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"`{name}` is no name\nhint: write small letters, digits, - and _")
        if not ID.fullmatch(given):
            hint = "in Notion: ... > Manage data sources > Copy data source ID"
            raise ValueError(f"`{given}` is no id of a data source\nhint: {hint}")
    return sources


class NotionSettings(ChannelSettings):
    """Where pages are kept; addresses are names of data sources, or empty."""

    kind: Literal["notion"] = Field(description="This file is for Notion.")
    token: Secret | None = Field(default=None, description="The connection's secret (ntn_...).")
    data_sources: Annotated[dict[str, str], AfterValidator(_checked)] = Field(
        default_factory=dict,
        description="Ids of data sources by name; `default` takes what names none.",
    )
    api_url: Annotated[str, AfterValidator(checked_url)] = Field(
        default="https://api.notion.com", description="Where Notion's interface is."
    )

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if self.enabled and self.token is None:
            raise ValueError("there is no `token`\nhint: name the connection's secret")
        if self.enabled and _DEFAULT not in self.data_sources:
            hint = f"write `data_sources: {{{_DEFAULT}: <id>}}`"
            raise ValueError(f"there is no data source to keep pages in\nhint: {hint}")
        return self


SETTINGS = NotionSettings


def open_channel(settings: NotionSettings, tools: Tools) -> "Notion":
    """Give the channel; nothing is asked of Notion yet."""
    return Notion(settings, tools)


@dataclass(frozen=True, slots=True)
class Notion:
    """One Notion workspace. What is kept here is ours; people's notes are never touched."""

    settings: NotionSettings
    tools: Tools
    # Two threads with one key would both look before either makes the page.
    _locks: tuple[Lock, ...] = field(
        default_factory=lambda: tuple(Lock() for _ in range(_LOCKS)), repr=False, compare=False
    )

    def send(self, delivery: Delivery) -> Outcome:
        """Bring the page of the message's thread up to date, and add to its history once."""
        if wrong := check_address(delivery.address):
            return refused(wrong.partition("\n")[0])
        source = self.settings.data_sources.get(delivery.address or _DEFAULT)
        if source is None:
            return refused(f"no data source is called `{scrubbed(delivery.address or _DEFAULT)}`")
        try:
            token = self._token()
        except UsageError as error:
            return refused(f"{error.what}; {error.hint}")
        # What belongs to no thread (a test) has a page of its own.
        key = delivery.message.thread or f"delivery/{delivery.key}"
        asking = Asking(self.tools.clock.now(), (token,))
        try:
            with (
                self._locks[hash((source, key)) % _LOCKS],
                notion_client(self.settings.api_url, token, self.tools.timeout_s) as client,
            ):
                return _told(self._kept(Pages(client, asking, source), delivery, key), delivery)
        except Failed as failed:
            return failed.outcome

    def probe(self) -> tuple[Probe, ...]:
        """Ask who the connection is and whether each data source has what pages need."""
        try:
            token = self._token()
        except UsageError as error:
            return (Probe("token", ok=False, said=error.what, hint=error.hint),)
        asking = Asking(self.tools.clock.now(), (token,))
        with notion_client(self.settings.api_url, token, self.tools.timeout_s) as client:
            return tuple(self._probed(client, asking))

    def sync_pages(
        self, pages: Iterable[Message], address: str = "", language: Language = Language.EN
    ) -> tuple[Outcome, ...]:
        """Bring pages of KPIs and reports up to date, one outcome each, in their order.

        What has not changed costs one look and no write. Once Notion asks to wait, the rest is
        deferred without asking: call again after that time.

        Raises:
            ValueError: a message is no report, or has no thread to find its page by.
        """
        outcomes: list[Outcome] = []
        wait: float | None = None
        for message in pages:
            if message.occasion is not Occasion.REPORT or not message.thread:
                raise ValueError(f"`{message.thread}` is no page of a KPI or a report")
            if wait is not None:
                outcomes.append(deferred("Notion asked to wait", wait))
                continue
            delivery = Delivery(f"page/{message.thread}", message, address, language)
            outcomes.append(self.send(delivery))
            if outcomes[-1].word is Word.DEFERRED:
                wait = outcomes[-1].retry_after_s
        return tuple(outcomes)

    def _token(self) -> str:
        if self.settings.token is None:
            raise UsageError("there is no `token`", hint="name the connection's secret")
        return self.settings.token.reveal()

    def _probed(self, client: "Client", asking: Asking) -> Iterator[Probe]:
        named = [each or _DEFAULT for each in self.tools.addresses]
        return probed(client, asking, self.settings.data_sources, named)

    def _kept(self, pages: Pages, delivery: Delivery, key: str) -> Kept:
        message, language = delivery.message, delivery.language
        page = notion_of(lay_out(message, language), message, key)
        return pages.keep(page, key, self._entry(delivery), delivery.thread_id)

    def _entry(self, delivery: Delivery) -> Entry | None:
        """Give the line of history; a report has none, it says how things are."""
        if delivery.message.occasion is Occasion.REPORT:
            return None
        sheet = lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat)
        block = entry_of(sheet, delivery.key, self.tools.clock.now())
        return Entry(block, delivery.key, sheet.phrase("history"))


def _told(kept: Kept, delivery: Delivery) -> Outcome:
    message = delivery.message
    left_out = [*(["the chart"] if message.chart else []), *(x.name for x in message.attachments)]
    said = [
        *([] if kept.writes else [UNCHANGED]),
        *([f"without {', '.join(left_out)}"] if left_out else []),
        *(["another page bears the same Key; the older is kept"] if kept.doubled else []),
    ]
    return accepted(kept.page_id, "; ".join(said))
