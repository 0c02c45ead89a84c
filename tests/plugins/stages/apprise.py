"""Apprise before a server that takes its plainest kind of message.

It says of every failure that it failed: what was refused, and what may have been taken, are not
told apart, so those faults are none that its medium knows.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apprise import Apprise

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Channel
from fintech_factory.distribution.channels.apprise import SETTINGS, open_channel
from fintech_factory.distribution.settings import ChannelSettings
from peers.faults import Answer, FaultServer, fault_server
from stages import Seen, Stage, tools

PASSWORD, PATH = "apprise-password-12", "hidden-apprise-path"

KNOWS = frozenset(["unavailable", "bad_gateway", "overloaded", "echo", "no_secret", "bad_address"])


def read_plugins() -> None:
    """Let Apprise read its plug-ins, some of which use what Python will drop; once is enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert Apprise.instantiate("json://localhost")


def settings_for(port: int, folder: Path, **changed: object) -> ChannelSettings:
    """Give settings with two addresses, each a secret in a file."""
    for name in ("default", "board"):
        (folder / name).write_text(f"json://user:{PASSWORD}@127.0.0.1:{port}/{PATH}/{name}")
    urls = {name: Secret(file=folder / name) for name in ("default", "board")}
    given = {"kind": "apprise", "enabled": True, "urls": urls}
    return SETTINGS.model_validate({**given, **changed})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    read_plugins()
    with fault_server() as server:

        def opened(addresses: tuple[str, ...] = (), **changed: object) -> Channel:
            return open_channel(
                settings_for(server.port, folder, **changed), tools(folder, addresses=addresses)
            )

        def script(**answer: object) -> None:
            server.script.append(Answer(**answer))

        yield Stage(
            channel=opened(addresses=("", "board")),
            address="",
            other_address="board",
            bad_address="json://evil.test/",
            seen=lambda: _seen(server),
            secrets=(PASSWORD, PATH),
            tricks={
                "unavailable": lambda: script(status=503, body="x"),
                "bad_gateway": lambda: script(status=502, body="x"),
                "overloaded": lambda: script(status=529, body="x"),
                "echo": lambda: script(status=400, body=f"{PASSWORD} {PATH}"),
            },
            broken={
                "no_secret": lambda: opened(urls={"default": Secret(env="FACTORY_TEST_ABSENT")}),
                "bad_address": lambda: opened(addresses=("", "bord")),
            },
            has_ids=False,
            has_keys=False,
        )


def _seen(server: FaultServer) -> list[Seen]:
    return [Seen(f"{each.json()['title']}\n{each.json()['message']}") for each in server.requests]
