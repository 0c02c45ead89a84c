"""For each channel, how it meets its faults: one module a channel, by the channel's name.

A module exposes `stage(folder)`, a context manager that gives a `Stage`, and `KNOWS`, the faults
that its medium can meet. A channel without one fails the suite.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from fintech_factory.clock import FixedClock
from fintech_factory.distribution.channel import Channel, Delivery, Outcome, Probe, Tools
from fintech_factory.message import Language
from peers.messages import alert

__all__ = ["NOW", "Seen", "Stage", "knows", "open_stage", "tools"]

NOW = datetime(2025, 12, 10, 6, tzinfo=UTC)
TIMEOUT_S = 0.5


@dataclass(frozen=True)
class Seen:
    """One message as the other side has it.

    `key` is what the medium tells repeats by, empty where it has no such thing; `thread` names the
    first message of its thread, empty for one that stands alone.
    """

    text: str
    key: str = ""
    thread: str = ""


@dataclass(frozen=True)
class Stage:
    """A channel before its peer.

    `tricks` make the next send meet a fault: refuse, later (with Retry-After as given), nonsense,
    cut_short, silent, reset, unavailable. A channel without a network has none. `broken` gives the
    channel with a fault of its settings: bad_secret, no_secret, stalled, no_server, bad_address.
    `has_keys` says whether the medium can tell a repeat from another message.
    """

    channel: Channel
    address: str
    other_address: str
    bad_address: str
    seen: Callable[[], Sequence[Seen]]
    secrets: tuple[str, ...] = ()
    tricks: dict[str, Callable[..., None]] = field(default_factory=dict)
    broken: dict[str, Callable[[], Channel]] = field(default_factory=dict)
    tells_when: bool = False
    has_ids: bool = True
    has_keys: bool = True

    def send(self, channel: Channel | None = None, **changed: object) -> Outcome:
        return (channel or self.channel).send(self.delivery(**changed))

    def delivery(self, **changed: object) -> Delivery:
        given = Delivery("key-1", alert(), self.address, Language.EN)
        return replace(given, **changed)

    def probes(self, channel: Channel | None = None) -> tuple[Probe, ...]:
        return (channel or self.channel).probe()


def tools(folder: Path, **changed: object) -> Tools:
    """Give what every channel is given in a test."""
    return replace(
        Tools(
            clock=FixedClock(NOW),
            outputs=folder,
            base_url="https://f.test",
            timeout_s=TIMEOUT_S,
        ),
        **changed,
    )


def knows(name: str) -> frozenset[str]:
    """Name the faults that a channel's medium can meet."""
    found: frozenset[str] = import_module(f"stages.{name}").KNOWS
    return found


def open_stage(name: str, folder: Path) -> AbstractContextManager[Stage]:
    """Set the stage of a channel."""
    module = import_module(f"stages.{name}")
    opened: AbstractContextManager[Stage] = module.stage(folder)
    return opened
