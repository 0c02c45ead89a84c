"""SMS before a scripted gateway that speaks as Twilio does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Channel
from fintech_factory.distribution.channels.sms import SETTINGS, open_channel
from fintech_factory.distribution.settings import ChannelSettings
from peers.faults import Answer, FaultServer, fault_server, refusing_port, stalled_port
from peers.twilio import ACCOUNT, NUMBER, TOKEN, error, form_of, gateway
from stages import Seen, Stage, tools

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
        "cut_short",
        "bad_secret",
        "no_secret",
        "stalled",
        "no_server",
        "bad_address",
    ]
)


def settings_for(url: str, folder: Path, **changed: object) -> ChannelSettings:
    """Give settings whose secrets lie in files."""
    for name, value in (("account", ACCOUNT), ("token", TOKEN), ("bad", "wrong-token-55")):
        (folder / name).write_text(value)
    given = {
        "kind": "sms",
        "enabled": True,
        "base_url": url,
        "account": Secret(file=folder / "account"),
        "token": Secret(file=folder / "token"),
        "sender": NUMBER,
    }
    return SETTINGS.model_validate({**given, **changed})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    with fault_server() as server, stalled_port() as stalled:
        server.otherwise = gateway

        def opened(
            url: str = server.url, addresses: tuple[str, ...] = (), **changed: object
        ) -> Channel:
            return open_channel(
                settings_for(url, folder, **changed), tools(folder, addresses=addresses)
            )

        def script(answer: Answer) -> None:
            server.script.append(answer)

        yield Stage(
            channel=opened(addresses=("+50370001234",)),
            address="+50370001234",
            other_address="+15005550009",
            bad_address="503 7000-1234",
            seen=lambda: _seen(server),
            secrets=(ACCOUNT, TOKEN, "wrong-token-55"),
            tricks={
                "refuse": lambda: script(error(400, 21211, "Invalid 'To' Phone Number")),
                "later": lambda wait: script(
                    error(429, 20429, "Too Many Requests", **{"Retry-After": wait})
                ),
                "nonsense": lambda: script(Answer(body=_PAGE)),
                "cut_short": lambda: script(Answer(201, {"sid": "SM1"}, fault="truncated")),
                "garbage": lambda: script(Answer(fault="garbage")),
                "silent": lambda: script(Answer(fault="silent")),
                "reset": lambda: script(Answer(fault="reset")),
                "closed": lambda: script(Answer(fault="closed")),
                "unavailable": lambda: script(Answer(503, _PAGE)),
                "bad_gateway": lambda: script(Answer(502, _PAGE)),
                "overloaded": lambda: script(Answer(529, "x")),
                "echo": lambda: script(error(400, 20001, f"bad request of {ACCOUNT}:{TOKEN}")),
            },
            broken={
                "bad_secret": lambda: opened(token=Secret(file=folder / "bad")),
                "no_secret": lambda: opened(token=Secret(env="FACTORY_TEST_ABSENT")),
                "stalled": lambda: opened(f"http://127.0.0.1:{stalled}"),
                "no_server": lambda: opened(f"http://127.0.0.1:{refusing_port()}"),
                "bad_address": lambda: opened(addresses=("+50370001234", "7000-1234")),
            },
            tells_when=True,
            has_keys=False,
        )


def _seen(server: FaultServer) -> list[Seen]:
    return [Seen(form_of(each)["Body"]) for each in server.of("Messages.json")]
