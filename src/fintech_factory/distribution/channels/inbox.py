"""Inbox: the message in the product itself, for whoever signs in."""

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools
from fintech_factory.distribution.outcomes import accepted, deferred, refused
from fintech_factory.distribution.settings import ChannelSettings
from fintech_factory.errors import FactoryError

__all__ = ["SETTINGS", "InboxSettings", "check_address", "open_channel"]

_RECEIVER = re.compile(r"[^\W_][\w .:/@-]{0,119}")


def check_address(address: str) -> str | None:
    """Say what is wrong with an address, None if nothing is; empty is for whoever reads it."""
    if not address or _RECEIVER.fullmatch(address):
        return None
    return f"`{address}` is no receiver\nhint: write the name of a receiver or of a person"


class InboxSettings(ChannelSettings):
    """Messages in the product itself; an address is a receiver's name."""

    kind: Literal["inbox"] = Field(description="This file is for the inbox.")


SETTINGS = InboxSettings


def open_channel(settings: InboxSettings, tools: Tools) -> "Inbox":
    """Give the channel."""
    return Inbox(settings, tools)


@dataclass(frozen=True, slots=True)
class Inbox:
    """The inbox of this installation; it needs no vendor and works when all others fail."""

    settings: InboxSettings
    tools: Tools

    def send(self, delivery: Delivery) -> Outcome:
        """Keep the message for its receiver, once per key."""
        if wrong := check_address(delivery.address):
            return refused(wrong.partition("\n")[0])
        try:
            self.tools.keep(delivery)
        except (OSError, FactoryError, SQLAlchemyError) as error:
            # The database's own words would hold the message, and its address with a password.
            return deferred(f"the inbox cannot be written: {type(error).__name__}")
        return accepted(delivery.key)

    def probe(self) -> tuple[Probe, ...]:
        """Say that nothing outside of this installation is needed."""
        return (Probe("inbox", ok=True, said="part of this installation"),)
