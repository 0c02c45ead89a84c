"""Slack before a scripted Web API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Channel
from fintech_factory.distribution.channels.slack import SETTINGS, open_channel
from fintech_factory.distribution.settings import ChannelSettings
from peers.faults import Answer, FaultServer, Request, fault_server, refusing_port, stalled_port
from stages import Seen, Stage, tools

TOKEN, SIGNING = "xoxb-secret-token-77", "signing-secret-88"
CHANNELS = [{"name": "fintech-alerts", "is_member": True}, {"name": "other", "is_member": True}]
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


def api(request: Request) -> Answer:
    """Answer as Slack does to a good token."""
    if request.header("Authorization") != f"Bearer {TOKEN}":
        return Answer(body={"ok": False, "error": "invalid_auth"})
    number = len(request.body) % 1000
    match request.path.rpartition("/")[2]:
        case "chat.postMessage" | "chat.update":
            return Answer(body={"ok": True, "channel": "C0123456789", "ts": f"1700.{number:06}"})
        case "auth.test":
            return Answer(body={"ok": True, "user": "factory", "team": "Lender"})
        case "conversations.list":
            return Answer(body={"ok": True, "channels": CHANNELS})
    return Answer(body={"ok": False, "error": "unknown_method"})


def settings_for(server_url: str, folder: Path, **changed: object) -> ChannelSettings:
    """Give settings whose secrets lie in files."""
    for name, value in (("token", TOKEN), ("signing", SIGNING), ("bad", "xoxb-wrong-token-99")):
        (folder / name).write_text(value)
    given = {
        "kind": "slack",
        "enabled": True,
        "api_url": f"{server_url}/api/",
        "token": Secret(file=folder / "token"),
        "signing_secret": Secret(file=folder / "signing"),
    }
    return SETTINGS.model_validate({**given, **changed})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    with fault_server() as server, stalled_port() as stalled:
        server.otherwise = api

        def opened(
            url: str = server.url, addresses: tuple[str, ...] = (), **changed: object
        ) -> Channel:
            return open_channel(
                settings_for(url, folder, **changed), tools(folder, addresses=addresses)
            )

        def script(**answer: object) -> None:
            server.script.append(Answer(**answer))

        yield Stage(
            channel=opened(addresses=("#fintech-alerts",)),
            address="#fintech-alerts",
            other_address="#other",
            bad_address="@everyone",
            seen=lambda: _seen(server),
            secrets=(TOKEN, SIGNING, "xoxb-wrong-token-99"),
            tricks={
                "refuse": lambda: script(body={"ok": False, "error": "channel_not_found"}),
                "later": lambda wait: script(
                    status=429,
                    body={"ok": False, "error": "ratelimited"},
                    headers={"Retry-After": wait},
                ),
                "nonsense": lambda: script(body=_PAGE, headers={"Content-Type": "text/html"}),
                "cut_short": lambda: script(body={"ok": True, "ts": "1"}, fault="truncated"),
                "garbage": lambda: script(fault="garbage"),
                "silent": lambda: script(fault="silent"),
                "reset": lambda: script(fault="reset"),
                "closed": lambda: script(fault="closed"),
                "unavailable": lambda: script(status=503, body=_PAGE),
                "bad_gateway": lambda: script(status=502, body=_PAGE),
                "overloaded": lambda: script(status=529, body="x"),
                "echo": lambda: script(status=400, body=f"bad token {TOKEN}"),
            },
            broken={
                "bad_secret": lambda: opened(token=Secret(file=folder / "bad")),
                "no_secret": lambda: opened(token=Secret(env="FACTORY_TEST_ABSENT")),
                "stalled": lambda: opened(f"http://127.0.0.1:{stalled}"),
                "no_server": lambda: opened(f"http://127.0.0.1:{refusing_port()}"),
                "bad_address": lambda: opened(addresses=("#fintech-alerts", "#nowhere")),
            },
            tells_when=True,
        )


def _seen(server: FaultServer) -> list[Seen]:
    return [
        Seen(
            text=each.body.decode(),
            key=each.json()["metadata"]["event_payload"]["key"],  # type: ignore[index]
            thread=str(each.json().get("thread_ts", "")),
        )
        for each in server.of("chat.postMessage")
    ]
