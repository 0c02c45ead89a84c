"""Inbox before whatever keeps it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fintech_factory.distribution.channel import Channel, Delivery
from fintech_factory.distribution.channels.inbox import SETTINGS, open_channel
from fintech_factory.distribution.rendering import as_markdown, lay_out
from stages import Seen, Stage, tools

KNOWS = frozenset({"no_server"})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    kept: dict[str, Delivery] = {}
    settings = SETTINGS.model_validate({"kind": "inbox", "enabled": True})

    def keep(delivery: Delivery) -> None:
        kept.setdefault(delivery.key, delivery)

    def locked(_delivery: Delivery) -> None:
        raise OSError("database is locked")

    def broken() -> Channel:
        return open_channel(settings, tools(folder, keep=locked))

    yield Stage(
        channel=open_channel(settings, tools(folder, keep=keep)),
        address="head of risk",
        other_address="cfo",
        bad_address="two\nlines",
        seen=lambda: [Seen(_shown(each), key=each.key) for each in kept.values()],
        broken={"no_server": broken},
    )


def _shown(delivery: Delivery) -> str:
    return as_markdown(lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat))
