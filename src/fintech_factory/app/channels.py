"""The channels of a workspace: which there are, what is wrong with them, and opening them."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.distribution.channel import Channel, Delivery, Outcome, Probe, Tools
from fintech_factory.errors import ConfigError, UsageError
from fintech_factory.message import Fact, Language, Message, Occasion, Text
from fintech_factory.registry import Shelf, suggestion
from fintech_factory.values import Severity

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.config.model import Settings
    from fintech_factory.config.workspace import Workspace
    from fintech_factory.distribution.pace import Pace
    from fintech_factory.distribution.settings import ChannelSettings

__all__ = ["Channels", "Listed", "channel_models", "channel_shelf", "channels_of", "places_of"]

_PACKAGE = "fintech_factory.distribution.channels"
# These need no credentials and nobody's leave: on unless a settings file says otherwise.
_ON_BY_THEMSELVES = frozenset({"inbox", "file"})


def channel_shelf() -> Shelf:
    """Give the shelf that channels stand on; outside packages add theirs."""
    return Shelf("channels", _PACKAGE)


def channel_models(workspace: "Workspace | None") -> "dict[str, type[Settings]]":
    """Say which model each channel's settings file must fit.

    A channel of an outside package has a file only where somebody wrote one.
    """
    shelf = channel_shelf()
    found: dict[str, type[Settings]] = {}
    for name in shelf.names():
        module = shelf.find(name)
        ours = module.__name__.startswith(_PACKAGE)
        if ours or (workspace is not None and _file(workspace, name).is_file()):
            found[f"integrations/{name}.yaml"] = module.SETTINGS
    return found


def channels_of(config: Path) -> dict[str, bool]:
    """Say of every channel whether `config/integrations/<name>.yaml` switches it on.

    A file that cannot be read counts as on: its own check says what is wrong with it.
    """
    from fintech_factory.alerting.address import MEDIA

    names = sorted({*MEDIA, *channel_shelf().names()})
    return {name: _is_on(config / "integrations" / f"{name}.yaml") for name in names}


# Where a channel's settings name its places; an address is one of those names.
_PLACES = {"webhook": "endpoints", "notion": "data_sources", "apprise": "urls"}


def places_of(config: Path) -> dict[str, tuple[str, ...]]:
    """Give the names that addresses may be, of each channel whose settings name its places.

    A channel whose file cannot be read is left out: its own check says what is wrong with it.
    """
    from fintech_factory.config.reading import read
    from fintech_factory.config.tree import MappingNode, child

    found: dict[str, tuple[str, ...]] = {}
    for name, key in _PLACES.items():
        path = config / "integrations" / f"{name}.yaml"
        root = read(path).root if path.is_file() else None
        named = child(root, key) if root is not None else None
        if named is not None and isinstance(named.node, MappingNode):
            found[name] = tuple(named.node.entries)
    return found


def _is_on(path: Path) -> bool:
    from fintech_factory.config.reading import read
    from fintech_factory.config.tree import ScalarNode, child

    if not path.is_file():
        return path.stem in _ON_BY_THEMSELVES
    root = read(path).root
    if root is None:
        return True
    said = child(root, "enabled")
    if said is None or not isinstance(said.node, ScalarNode):
        return path.stem in _ON_BY_THEMSELVES
    return said.node.value is True


def _file(workspace: "Workspace", name: str) -> Path:
    return workspace.config / "integrations" / f"{name}.yaml"


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel: whether messages go out by it, and whether it has what it needs for that."""

    name: str
    enabled: bool
    configured: bool
    problems: tuple[str, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether it is meant to send and cannot."""
        return self.enabled and not self.configured


@dataclass(frozen=True)
class Channels:
    """The channels of one workspace.

    `keep` puts a message into the inbox, into the operational database unless one is given;
    `picture` draws a chart; `addresses` are those that are told, by channel: those of
    config/alerts.yaml unless some are given.
    """

    factory: "Factory"
    keep: Callable[[Delivery], None] | None = None
    picture: Callable[[str], bytes | None] = lambda _: None
    addresses: Mapping[str, tuple[str, ...]] | None = None
    base_url: str = ""

    def listed(self) -> tuple[Listed, ...]:
        """Look at every channel's settings and secrets; nothing is connected."""
        return tuple(self._listed(name) for name in channel_shelf().names())

    def settings(self, name: str) -> "ChannelSettings":
        """Read a channel's settings, once.

        Raises:
            UsageError: there is no such channel.
            ConfigError: its file is wrong or missing.
        """
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    @cached_property
    def _read(self) -> "dict[str, ChannelSettings]":
        return {}

    def _load(self, name: str) -> "ChannelSettings":
        from fintech_factory.config import load

        shelf = channel_shelf()
        if name not in shelf.names():
            hint = suggestion(name, shelf.names())
            raise UsageError(f"no channel is called `{name}`", hint=hint)
        model: type[ChannelSettings] = shelf.find(name).SETTINGS
        return load(_file(self.factory.workspace, name), model).value

    def open(self, name: str, *, also: str = "") -> Channel:
        """Open a channel, enabled or not; `also` is one more address that it is asked about."""
        settings = self.settings(name)
        channel: Channel = (
            channel_shelf().find(name).open_channel(settings, self._tools(name, also))
        )
        return channel

    def paces(self) -> "dict[str, Pace]":
        """Say how fast an address of each channel may be sent to."""
        from fintech_factory.distribution.pace import Pace

        names = [name for name in channel_shelf().names() if self._has_file(name)]
        throttles = {name: self.settings(name).throttle for name in names}
        return {
            name: Pace(burst=each.burst, per_second=each.per_minute / 60)
            for name, each in throttles.items()
        }

    def enabled(self) -> dict[str, Channel]:
        """Open every channel that messages go out by.

        Raises:
            ConfigError: the settings of one are wrong.
        """
        named = [name for name in channel_shelf().names() if self._has_file(name)]
        return {name: self.open(name) for name in named if self.settings(name).enabled}

    def warm(self) -> None:
        """Read whom alerts may go to, before several threads ask for it at once."""
        _ = self._routed

    def probe(self, name: str, *, also: str = "") -> tuple[Probe, ...]:
        """Look at a channel without anybody noticing; first at what its settings lack."""
        lacking = [_as_probe(each) for each in _unmet(self.settings(name))]
        return (*lacking, *self.open(name, also=also).probe())

    def send_test(self, name: str, address: str, language: Language) -> Outcome:
        """Send a real message that says it is a test."""
        at = self.factory.clock.now()
        delivery = Delivery(
            # Each test is meant to arrive, so each has a key of its own.
            key=f"test-{secrets.token_hex(12)}",
            message=_test_message(name, Fact(Text("Sent", "Enviado"), at)),
            address=address,
            language=language,
        )
        return self.open(name).send(delivery)

    @cached_property
    def _routed(self) -> Mapping[str, tuple[str, ...]]:
        """Every address that alerts may go to, by channel; none while their settings are wrong."""
        from fintech_factory.app.alerts import Alerts

        try:
            directory = Alerts(self.factory).alerting.directory
        except ConfigError:
            # `factory check` says what is wrong with them.
            return {}
        found: dict[str, dict[str, None]] = {}
        for receiver in directory.receivers.values():
            for each in receiver.addresses:
                found.setdefault(each.channel, {})[each.to] = None
        for person in directory.people.values():
            for channel, address in person.addresses.items():
                found.setdefault(channel, {})[address] = None
        return {channel: tuple(addresses) for channel, addresses in found.items()}

    def _keep(self, delivery: Delivery) -> None:
        from fintech_factory.pipeline.inbox_items import keep_item

        with self.factory.state.transaction() as connection:
            keep_item(connection, delivery, self.factory.clock.now())

    def _has_file(self, name: str) -> bool:
        return _file(self.factory.workspace, name).is_file()

    def _tools(self, name: str, also: str) -> Tools:
        given = self.addresses if self.addresses is not None else self._routed
        known = given.get(name, ())
        return Tools(
            clock=self.factory.clock,
            outputs=self.factory.workspace.outputs,
            base_url=self.base_url,
            picture=self.picture,
            keep=self.keep or self._keep,
            addresses=(*known, also) if also and also not in known else known,
        )

    def _listed(self, name: str) -> Listed:
        if not self._has_file(name):
            said = f"config/integrations/{name}.yaml is missing"
            return Listed(name, enabled=False, configured=False, problems=(said,))
        try:
            settings = self.settings(name)
        except ConfigError as error:
            problems = tuple(str(each) for each in error.problems)
            return Listed(name, enabled=False, configured=False, problems=problems)
        problems = tuple(_lacking(settings))
        return Listed(name, settings.enabled, configured=not problems, problems=problems)


def _lacking(settings: "ChannelSettings") -> list[str]:
    """Say what it would need to be enabled, and which of its secrets are not there."""
    from fintech_factory.distribution.settings import secrets_of

    lacking = [each.replace("\n", "; ") for each in _unmet(settings)]
    for key, secret in secrets_of(settings):
        try:
            secret.reveal()
        except UsageError as error:
            lacking.append(f"{key}: {error.what}")
    return lacking


def _unmet(settings: "ChannelSettings") -> list[str]:
    """Say what keeps a channel from being enabled; empty for one that is."""
    from pydantic import ValidationError

    given = {name: getattr(settings, name) for name in type(settings).model_fields}
    try:
        type(settings).model_validate({**given, "enabled": True})
    except ValidationError as error:
        return [str(each.get("ctx", {}).get("error", each["msg"])) for each in error.errors()]
    return []


def _as_probe(problem: str) -> Probe:
    said, _, hint = problem.partition("\nhint: ")
    return Probe("settings", ok=False, said=said, hint=hint)


def _test_message(name: str, sent: Fact) -> Message:
    return Message(
        thread="",
        occasion=Occasion.TEST,
        severity=Severity.INFO,
        subject=Text(f"Test of the channel {name}", f"Prueba del canal {name}"),
        summary=Text(
            "Somebody asked whether messages arrive here. They do.",
            "Alguien preguntó si los mensajes llegan aquí. Llegan.",
        ),
        facts=(sent,),
    )
