"""What a channel is: it sends one delivery to one address, and says what became of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from fintech_factory.clock import Clock
from fintech_factory.message import Language, Message

__all__ = ["Channel", "Delivery", "Outcome", "Probe", "Tools", "Word"]


class Word(StrEnum):
    """What became of one attempt.

    `unknown`: the provider may or may not have it (a time-out after the request went out), so it
    is never blindly sent again.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one address.

    `key` is the same at every attempt; where a provider takes an idempotency key, this is it.
    `thread_id` is what the provider called the first message of the same thread at this address,
    empty when there is none. `may_repeat` marks one that the recipient may have already.
    """

    key: str
    message: Message
    address: str
    language: Language = Language.EN
    attempt: int = 1
    thread_id: str = ""
    may_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt; `reason` is for people and holds no secret.

    `retry_after_s` is what the provider asked for, in seconds, None if it did not.
    """

    word: Word
    provider_id: str = ""
    reason: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that was looked at without sending anything: the token, an address, the server."""

    what: str
    ok: bool
    said: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a channel is given beside its settings.

    `outputs` is the workspace's folder for files; `base_url` is how this installation is reached,
    empty when it is not; `picture` gives a chart as PNG by its reference, None if it cannot be
    drawn; `keep` puts a message into the in-app inbox of a receiver, once per key. `addresses` are
    those that routes and lists send to by this channel, for its probe to look at.
    """

    clock: Clock
    outputs: Path
    base_url: str = ""
    timeout_s: float = 10
    picture: Callable[[str], bytes | None] = lambda _: None
    keep: Callable[[Delivery], None] = lambda _: None
    addresses: tuple[str, ...] = ()


class Channel(Protocol):
    """One way to reach people. Threads may share it."""

    def send(self, delivery: Delivery) -> Outcome:
        """Send once; whatever the provider does, even nonsense, becomes an outcome."""
        ...

    def probe(self) -> tuple[Probe, ...]:
        """Look at the token, the server and the addresses without anybody noticing."""
        ...
