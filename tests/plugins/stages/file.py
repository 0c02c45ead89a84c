"""File before a folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fintech_factory.distribution.channel import Channel
from fintech_factory.distribution.channels.file import SETTINGS, open_channel
from stages import Seen, Stage, tools

KNOWS = frozenset({"no_server"})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    outputs = folder / "outputs"
    outputs.mkdir()
    settings = SETTINGS.model_validate({"kind": "file", "enabled": True})

    def seen() -> list[Seen]:
        return [
            Seen(
                path.with_suffix(".md").read_text() + path.read_text(),
                key=json.loads(path.read_text())["key"],
            )
            for path in sorted(outputs.rglob("*.json"))
        ]

    def blocked() -> Channel:
        (outputs / "messages").write_text("a file where the folder should be")
        return open_channel(settings, tools(outputs))

    yield Stage(
        channel=open_channel(settings, tools(outputs)),
        address="",
        other_address="risk",
        bad_address="../../etc",
        seen=seen,
        broken={"no_server": blocked},
    )
