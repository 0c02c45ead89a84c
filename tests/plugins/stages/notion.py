"""Notion before a workspace that keeps pages; its faults are met by the first write."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Channel
from fintech_factory.distribution.channels.notion import SETTINGS, open_channel
from fintech_factory.distribution.settings import ChannelSettings
from peers.faults import Answer, fault_server, refusing_port, stalled_port
from peers.notion import SOURCES, TOKEN, Workspace, error, text_of
from stages import Seen, Stage, tools

_PAGE = "<!doctype html><html><body>Bad gateway</body></html>"

KNOWS = frozenset(
    [
        "refuse",
        "later",
        "nonsense",
        "garbage",
        "silent",
        "reset",
        "closed",
        "unavailable",
        "bad_gateway",
        "overloaded",
        "echo",
        "cut_short",
        "bad_secret",
        "no_secret",
        "stalled",
        "no_server",
        "bad_address",
        "threads",
    ]
)


def settings_for(url: str, folder: Path, **changed: object) -> ChannelSettings:
    """Give settings whose secrets lie in files."""
    for name, value in (("token", TOKEN), ("bad", "ntn_wrong-token-99")):
        (folder / name).write_text(value)
    given = {
        "kind": "notion",
        "enabled": True,
        "api_url": url,
        "token": Secret(file=folder / "token"),
        "data_sources": SOURCES,
    }
    return SETTINGS.model_validate({**given, **changed})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    with fault_server() as server, stalled_port() as stalled:
        workspace = Workspace()
        server.otherwise = workspace.answer

        def opened(
            url: str = server.url, addresses: tuple[str, ...] = (), **changed: object
        ) -> Channel:
            return open_channel(
                settings_for(url, folder, **changed), tools(folder, addresses=addresses)
            )

        def script(answer: Answer) -> None:
            workspace.faults.append(answer)

        yield Stage(
            channel=opened(addresses=("", "kpis")),
            address="",
            other_address="kpis",
            bad_address="https://notion.test/page",
            seen=lambda: _seen(workspace),
            secrets=(TOKEN, "ntn_wrong-token-99"),
            tricks={
                "refuse": lambda: script(error(403, "restricted_resource", "no insert")),
                "later": lambda wait: script(
                    error(429, "rate_limited", "slow down", **{"Retry-After": wait})
                ),
                "nonsense": lambda: script(Answer(body=_PAGE)),
                "cut_short": lambda: script(Answer(fault="truncated")),
                "garbage": lambda: script(Answer(fault="garbage")),
                "silent": lambda: script(Answer(fault="silent")),
                "reset": lambda: script(Answer(fault="reset")),
                "closed": lambda: script(Answer(fault="closed")),
                "unavailable": lambda: script(Answer(503, _PAGE)),
                "bad_gateway": lambda: script(Answer(502, _PAGE)),
                "overloaded": lambda: script(error(529, "service_overload", "busy")),
                "echo": lambda: script(Answer(400, f"bad token {TOKEN}")),
            },
            broken={
                "bad_secret": lambda: opened(token=Secret(file=folder / "bad")),
                "no_secret": lambda: opened(token=Secret(env="FACTORY_TEST_ABSENT")),
                "stalled": lambda: opened(f"http://127.0.0.1:{stalled}"),
                "no_server": lambda: opened(f"http://127.0.0.1:{refusing_port()}"),
                "bad_address": lambda: opened(addresses=("", "nowhere")),
            },
            tells_when=True,
        )


def _seen(workspace: Workspace) -> list[Seen]:
    """Give each page, then each line that was added to its history later."""
    seen = []
    for page in workspace.pages:
        shown = workspace.shown(page)
        state = text_of(shown[0]["callout"]["rich_text"])
        told = [
            text_of(each["bulleted_list_item"]["rich_text"]) for each in _history(workspace, shown)
        ]
        for number, line in enumerate(told):
            text = line if number else f"{state}\n{line}"
            seen.append(Seen(text, key=line.rpartition("#")[2], thread=page if number else ""))
    return seen


def _history(workspace: Workspace, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    (toggle,) = [each for each in shown if each["type"] == "toggle"]
    return workspace.shown(toggle["id"])
