"""Slack: posts, answers in threads and edits by a bot token; by incoming webhooks where none is."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools
from fintech_factory.distribution.outcomes import accepted, refused
from fintech_factory.distribution.rendering import Sheet, SlackMessage, lay_out, slack_of
from fintech_factory.distribution.settings import ChannelSettings, checked_url
from fintech_factory.distribution.slack_address import fault_of
from fintech_factory.distribution.slack_answers import TOKEN_ERRORS, Failed, asked
from fintech_factory.distribution.slack_files import attached, uploaded
from fintech_factory.distribution.slack_probe import probed
from fintech_factory.distribution.slack_webhook import post_webhook
from fintech_factory.distribution.tls import trusted
from fintech_factory.errors import UsageError
from fintech_factory.message import Occasion

if TYPE_CHECKING:
    from slack_sdk import WebClient

__all__ = ["SETTINGS", "SlackSettings", "check_address", "open_channel"]

check_address = fault_of
"""Say what is wrong with an address, None if nothing is."""

_METADATA = "fintech_factory_message"
# What is new of an alert that was told before: also shown outside its thread.
_LOUD = frozenset({Occasion.ALERT, Occasion.ESCALATION, Occasion.REPEAT})
# After these the thread's first message shows the newest state.
_EDITS = frozenset({Occasion.ALERT, Occasion.UPDATE, Occasion.RESOLVED})


def _checked_webhooks(webhooks: Mapping[str, Secret]) -> Mapping[str, Secret]:
    for address in webhooks:
        if wrong := check_address(address):
            raise ValueError(wrong)
    return webhooks


class SlackSettings(ChannelSettings):
    """How messages go to Slack; addresses are `#channel` or an id."""

    kind: Literal["slack"] = Field(description="This file is for Slack.")
    token: Secret | None = Field(
        default=None,
        description="Bot token (xoxb-) with chat:write; files:write for pictures, channels:read to"
        " check addresses.",
    )
    signing_secret: Secret | None = Field(
        default=None, description="Proves that a pressed button comes from Slack; shows buttons."
    )
    webhooks: Annotated[dict[str, Secret], AfterValidator(_checked_webhooks)] = Field(
        default_factory=dict,
        description="Incoming webhooks by address: used without a token, or if it is refused.",
    )
    pictures: bool = Field(default=True, description="Whether charts go along.")
    api_url: Annotated[str, AfterValidator(checked_url)] = Field(
        default="https://slack.com/api/", description="GovSlack has another."
    )

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if self.enabled and self.token is None and not self.webhooks:
            raise ValueError("nothing to send by\nhint: name a `token`, or `webhooks` by address")
        return self


SETTINGS = SlackSettings


def open_channel(settings: SlackSettings, tools: Tools) -> "Slack":
    """Give the channel; nothing is asked of Slack yet."""
    return Slack(settings, tools)


@dataclass(frozen=True, slots=True)
class Slack:
    """One Slack workspace."""

    settings: SlackSettings
    tools: Tools

    def send(self, delivery: Delivery) -> Outcome:
        """Post once: by the bot, or by the address's webhook where the bot is shut out."""
        if wrong := check_address(delivery.address):
            return refused(wrong.partition("\n")[0])
        try:
            return self._send(delivery)
        except UsageError as error:
            return refused(f"{error.what}; {error.hint}")

    def probe(self) -> tuple[Probe, ...]:
        """Ask who the token is and whether each address is there; nothing is posted."""
        return tuple(probed(self.settings, self.tools, client_of(self.settings, self.tools)))

    def _send(self, delivery: Delivery) -> Outcome:
        webhook = self.settings.webhooks.get(delivery.address)
        if self.settings.token is None:
            if webhook is None:
                return refused(f"there is neither a token nor a webhook for {delivery.address}")
            return self._by_webhook(delivery, webhook)
        token = self.settings.token.reveal()
        try:
            return _Bot(self, delivery, client_of(self.settings, self.tools, token), token).send()
        except Failed as failed:
            # A bot that is shut out has posted nothing: the webhook makes no second message.
            if webhook is not None and failed.error in TOKEN_ERRORS:
                told = self._by_webhook(delivery, webhook)
                reason = f"{failed.outcome.reason}; by webhook: {told.reason or told.word.value}"
                return replace(told, reason=reason)
            return failed.outcome

    def _by_webhook(self, delivery: Delivery, webhook: Secret) -> Outcome:
        # Nobody answers the buttons of a webhook's message: they are shown as links.
        sheet = lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat)
        body = payload(slack_of(sheet, buttons=False))
        return post_webhook(webhook.reveal(), json.dumps(body).encode(), self.tools)


def payload(said: SlackMessage) -> dict[str, Any]:
    """Give what every way of posting takes; nothing is unfurled, linked or mentioned by itself."""
    return {
        "text": said.text,
        "blocks": list(said.blocks),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def client_of(settings: SlackSettings, tools: Tools, token: str | None = None) -> "WebClient":
    """Give a client that tries once and logs nothing."""
    import logging

    from slack_sdk import WebClient

    # Its debug log holds the message and what it was answered, and the root logger may be open.
    silent = logging.Logger("slack_sdk", logging.CRITICAL + 1)  # noqa: LOG001 - one that no handler hears
    return WebClient(
        token=token,
        base_url=settings.api_url,
        timeout=math.ceil(tools.timeout_s),
        ssl=trusted(),
        # By default it would try again after a broken connection: that might post twice.
        retry_handlers=[],
        logger=silent,
    )


@dataclass(frozen=True, slots=True)
class _Bot:
    slack: Slack
    delivery: Delivery
    client: "WebClient"
    token: str

    def send(self) -> Outcome:
        delivery = self.delivery
        sheet = lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat)
        picture, without = self._picture()
        channel, root = _place(delivery)
        try:
            posted = self._post(self._said(sheet, picture), channel, root)
        except Failed as failed:
            if picture and failed.error in {"invalid_blocks", "invalid_arguments"}:
                # The file may not be ready yet; the alert matters more than its picture.
                picture, without = "", ["the chart (Slack did not show it)"]
                posted = self._post(self._said(sheet, ""), channel, root)
            elif root and failed.error in {"thread_not_found", "message_not_found"}:
                posted = self._post(self._said(sheet, picture), channel, root := "")
            else:
                raise
        without += self._attachments(posted, root)
        without += self._edited(sheet, posted[0], root)
        reason = f"without {', '.join(without)}" if without else ""
        return accepted("/".join(posted), reason)

    def _said(self, sheet: Sheet, picture: str) -> SlackMessage:
        buttons = self.slack.settings.signing_secret is not None
        return slack_of(sheet, picture=picture, buttons=buttons)

    def _call(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as Slack has them
        now = self.slack.tools.clock.now()
        call = getattr(self.client, method)
        return asked(lambda: call(**arguments), now, (self.token,))

    def _post(self, said: SlackMessage, channel: str, root: str) -> tuple[str, str]:
        """Post, and give the channel's id and the message's own."""
        thread: dict[str, Any] = {}
        if root:
            loud = self.delivery.message.occasion in _LOUD
            thread = {"thread_ts": root, "reply_broadcast": loud}
        # Slack keeps no idempotency key; this one lets a person find a repeat.
        metadata = {"event_type": _METADATA, "event_payload": {"key": self.delivery.key}}
        answer = self._call(
            "chat_postMessage",
            channel=channel,
            parse="none",
            link_names=False,
            metadata=metadata,
            **payload(said),
            **thread,
        )
        return _named(answer.get("channel")) or channel, _named(answer.get("ts"))

    def _picture(self) -> tuple[str, list[str]]:
        """Give the id of the uploaded chart, and what is lacking if there is none."""
        chart = self.delivery.message.chart
        if not (chart and self.slack.settings.pictures):
            return "", []
        content = self.slack.tools.picture(chart)
        if content is None:
            return "", ["the chart (it could not be drawn)"]
        try:
            return uploaded(self._call, f"{chart}.png", content, self.slack.tools), []
        except Failed as failed:
            return "", [f"the chart ({failed.outcome.reason})"]

    def _attachments(self, posted: tuple[str, str], root: str) -> list[str]:
        return list(self._unattached(posted, root))

    def _unattached(self, posted: tuple[str, str], root: str) -> Iterator[str]:
        for each in self.delivery.message.attachments:
            try:
                attached(self._call, each, self.slack.tools, (posted[0], root or posted[1]))
            except Failed as failed:
                yield f"{each.name} ({failed.outcome.reason})"

    def _edited(self, sheet: Sheet, channel: str, root: str) -> list[str]:
        """Let the thread's first message show the newest state; its buttons go with the alert."""
        if not root or self.delivery.message.occasion not in _EDITS:
            return []
        over = self.delivery.message.occasion is Occasion.RESOLVED
        shown = replace(sheet, chart_alt="", buttons=() if over else sheet.buttons)
        try:
            self._call("chat_update", channel=channel, ts=root, **_edit(self._said(shown, "")))
        except Failed as failed:
            return [f"an edit of the first message ({failed.outcome.reason})"]
        return []


def _named(value: object) -> str:
    # An id of another shape would be none to answer to.
    return value if isinstance(value, str) else ""


def _edit(said: SlackMessage) -> dict[str, Any]:
    # Unlike a new message, an edited one is searched for names unless it says otherwise.
    # https://docs.slack.dev/reference/methods/chat.update#arg_parse
    return {"text": said.text, "blocks": list(said.blocks), "parse": "none", "link_names": False}


def _place(delivery: Delivery) -> tuple[str, str]:
    """Give the channel, and the message to answer: a thread is `channel/message`, as we gave it."""
    channel, _, root = delivery.thread_id.rpartition("/")
    return (channel, root) if channel and root else (delivery.address, "")
