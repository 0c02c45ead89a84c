"""What the settings of every channel hold."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from fintech_factory.config import Secret, Settings

__all__ = ["LOOPBACK", "ChannelSettings", "Throttle", "checked_url", "secrets_of"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Throttle(Settings):
    """How fast one address is sent to; what comes faster waits its turn and is not lost."""

    per_minute: int = Field(default=60, gt=0, le=60_000, description="In the long run.")
    burst: int = Field(default=10, gt=0, le=10_000, description="At once.")


class ChannelSettings(Settings):
    """What every channel has; its `kind` is its file's name."""

    enabled: bool = Field(default=False, description="Whether messages go out by it.")
    throttle: Throttle = Field(
        default_factory=Throttle, description="How fast one address is sent to."
    )


def checked_url(url: str, *, allow_http: bool = False) -> str:
    """Give the address back; ValueError unless it is https, or http on this machine."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ValueError("it is no address of a server\nhint: write it like https://host/path")
    plain = parts.scheme == "http" and (allow_http or parts.hostname in LOOPBACK)
    if parts.scheme != "https" and not plain:
        raise ValueError("it does not begin with https://\nhint: http is for this machine alone")
    return url


def secrets_of(settings: BaseModel, above: str = "") -> Iterator[tuple[str, Secret]]:
    """Give every secret that settings name, with its dotted key."""
    for name in type(settings).model_fields:
        yield from _secrets(f"{above}{name}", getattr(settings, name))


def _secrets(key: str, value: object) -> Iterator[tuple[str, Secret]]:
    match value:
        case Secret():
            yield key, value
        case BaseModel():
            yield from secrets_of(value, f"{key}.")
        case dict():
            for name, below in value.items():
                yield from _secrets(f"{key}.{name}", below)
