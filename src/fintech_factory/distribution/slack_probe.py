"""Looks at a Slack token, its webhooks and its addresses; nobody sees anything of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fintech_factory.distribution.channel import Probe, Tools
from fintech_factory.distribution.http_post import NotKnown, NotSent
from fintech_factory.distribution.outcomes import scrubbed
from fintech_factory.distribution.slack_address import fault_of
from fintech_factory.distribution.slack_answers import Failed, asked, hint_of
from fintech_factory.distribution.slack_webhook import ask_webhook
from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from fintech_factory.distribution.channels.slack import SlackSettings

__all__ = ["probed"]

_PAGES, _PAGE = 20, 1000
_BAD_REQUEST, _TOO_MANY = 400, 429
# Slack looks at the token first: an empty message is refused for its text only by a live webhook.
_LIVE = ("no_text", "invalid_payload", "missing_text_or_fallback_or_attachments")


def probed(settings: "SlackSettings", tools: Tools, client: "WebClient") -> Iterator[Probe]:
    """Look at the token, then at each address, then at each webhook."""
    if settings.token is not None:
        try:
            client.token = settings.token.reveal()
        except UsageError as error:
            yield Probe("token", ok=False, said=error.what, hint=error.hint)
        else:
            yield from _token(client, tools)
    for address, secret in settings.webhooks.items():
        try:
            yield _webhook(address, secret.reveal(), tools)
        except UsageError as error:
            yield Probe(f"webhook of {address}", ok=False, said=error.what, hint=error.hint)


def _token(client: "WebClient", tools: Tools) -> Iterator[Probe]:
    asking = _Asking(client, tools)
    try:
        who = asking.of("auth_test")
    except Failed as failed:
        said = f"token invalid: {failed.error}" if hint_of(failed.error) else str(failed)
        hint = hint_of(failed.error) or "is Slack reached from here?"
        yield Probe("token", ok=False, said=said, hint=hint)
        return
    yield Probe("token", ok=True, said=f"{who.get('user', '?')} in {who.get('team', '?')}")
    for address in tools.addresses:
        yield asking.address(address)


class _Asking:
    def __init__(self, client: "WebClient", tools: Tools) -> None:
        self._client, self._tools = client, tools
        self._known: dict[str, bool] | None = None

    def of(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as Slack has them
        call = getattr(self._client, method)
        secrets = (self._client.token or "",)
        return asked(lambda: call(**arguments), self._tools.clock.now(), secrets)

    def address(self, address: str) -> Probe:
        if wrong := fault_of(address):
            said, _, hint = wrong.partition("\nhint: ")
            return Probe(address, ok=False, said=said, hint=hint)
        try:
            found = self._found(address)
        except Failed as failed:
            hint = hint_of(failed.error)
            if failed.error == "missing_scope":
                hint = "give the app channels:read and groups:read to have addresses checked"
            return Probe(address, ok=False, said=str(failed), hint=hint)
        match found:
            case None:
                hint = hint_of("channel_not_found")
                return Probe(
                    address, ok=False, said="no such channel is seen by the bot", hint=hint
                )
            case False:
                hint = hint_of("not_in_channel")
                return Probe(address, ok=False, said="the bot is not in it", hint=hint)
        return Probe(address, ok=True, said="the bot is in it")

    def _found(self, address: str) -> bool | None:
        """Tell whether the bot is in a channel; None if there is none, True for a person."""
        if address[0] in "UW":
            self.of("users_info", user=address)
            return True
        if not address.startswith("#"):
            channel = _mapping(self.of("conversations_info", channel=address).get("channel"))
            return bool(channel.get("is_member") or channel.get("is_im"))
        if self._known is None:
            self._known = dict(self._listed())
        return self._known.get(address.removeprefix("#"))

    def _listed(self) -> Iterator[tuple[str, bool]]:
        cursor = ""
        for _ in range(_PAGES):
            page = self.of(
                "conversations_list",
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=_PAGE,
                cursor=cursor,
            )
            for each in map(_mapping, page.get("channels") or ()):
                yield str(each.get("name", "")), bool(each.get("is_member"))
            cursor = str(_mapping(page.get("response_metadata")).get("next_cursor", ""))
            if not cursor:
                return


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _webhook(address: str, url: str, tools: Tools) -> Probe:
    name = f"webhook of {address}"
    try:
        answer = ask_webhook(url, b"{}", tools)
    except ValueError:
        hint = "copy the address from the app's page Incoming Webhooks"
        return Probe(name, ok=False, said="the secret is no https address", hint=hint)
    except (NotSent, NotKnown) as error:
        return Probe(
            name, ok=False, said=scrubbed(error, [url]), hint="is Slack reached from here?"
        )
    said = scrubbed(answer.body.decode("utf-8", "replace"), [url])
    if answer.status == _BAD_REQUEST and said in _LIVE:
        return Probe(name, ok=True, said="the webhook is live")
    if answer.status == _TOO_MANY:
        return Probe(name, ok=True, said="the webhook is live, and busy")
    hint = "make a new one on the app's page Incoming Webhooks"
    return Probe(name, ok=False, said=f"token invalid: HTTP {answer.status} {said}", hint=hint)
