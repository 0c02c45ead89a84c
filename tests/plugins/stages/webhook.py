"""Webhook before a scripted server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Channel
from fintech_factory.distribution.channels.webhook import SETTINGS, open_channel
from fintech_factory.distribution.settings import ChannelSettings
from peers.faults import Answer, fault_server, refusing_port, stalled_port
from stages import Seen, Stage, tools

SECRET, PATH = "webhook-secret-66", "hidden-path-31"
_PAGE = "<!doctype html><html><body>Sign in</body></html>"

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
        "no_secret",
        "stalled",
        "no_server",
        "bad_address",
    ]
)


def settings_for(url: str, folder: Path, **changed: object) -> ChannelSettings:
    """Give settings with two endpoints, the first of which has a secret address."""
    (folder / "secret").write_text(SECRET)
    (folder / "url").write_text(f"{url}/{PATH}?a=b")
    secret = Secret(file=folder / "secret")
    common = {"secret": secret, "allow_private": True}
    first = {"url_from": Secret(file=folder / "url"), **common, **changed}
    endpoints = {"ops": first, "other": {"url": f"{url}/plain", **common}}
    return SETTINGS.model_validate({"kind": "webhook", "enabled": True, "endpoints": endpoints})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    with fault_server() as server, stalled_port() as stalled:

        def opened(
            url: str = server.url, addresses: tuple[str, ...] = (), **changed: object
        ) -> Channel:
            return open_channel(
                settings_for(url, folder, **changed), tools(folder, addresses=addresses)
            )

        def script(**answer: object) -> None:
            server.script.append(Answer(**answer))

        yield Stage(
            channel=opened(addresses=("ops",)),
            address="ops",
            other_address="other",
            bad_address="https://evil.test/",
            seen=lambda: [
                Seen(each.body.decode(), each.header("Idempotency-Key") or "", "")
                for each in server.requests
            ],
            secrets=(SECRET, PATH),
            tricks={
                "refuse": lambda: script(status=410, body="gone"),
                "later": lambda wait: script(status=429, body="", headers={"Retry-After": wait}),
                "nonsense": lambda: script(body=_PAGE),
                "garbage": lambda: script(fault="garbage"),
                "silent": lambda: script(fault="silent"),
                "reset": lambda: script(fault="reset"),
                "closed": lambda: script(fault="closed"),
                "unavailable": lambda: script(status=503, body=_PAGE),
                "bad_gateway": lambda: script(status=502, body=_PAGE),
                "overloaded": lambda: script(status=529, body="x"),
                "echo": lambda: script(status=400, body=f"{SECRET} {server.url}/{PATH}?a=b"),
            },
            broken={
                "no_secret": lambda: opened(secret=Secret(env="FACTORY_TEST_ABSENT")),
                "stalled": lambda: opened(f"http://127.0.0.1:{stalled}"),
                "no_server": lambda: opened(f"http://127.0.0.1:{refusing_port()}"),
                "bad_address": lambda: opened(addresses=("ops", "opps")),
            },
            tells_when=True,
            has_ids=False,
        )
