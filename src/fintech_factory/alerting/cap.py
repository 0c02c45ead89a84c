"""How many messages a day an address gets at most; nothing critical is ever counted out."""

from collections.abc import Mapping

from fintech_factory.alerting.address import INBOX
from fintech_factory.alerting.level import LimitState, at_least
from fintech_factory.alerting.match import Subject

__all__ = ["Sent", "capped"]

Sent = Mapping[tuple[str, str], int]
"""Messages since midnight UTC, by channel and address."""


def capped(
    subject: Subject, place: tuple[str, str], caps: Mapping[str, int], sent: Sent
) -> int | None:
    """Give the cap that an address has reached today; None if it may be told."""
    channel, _ = place
    cap = caps.get(channel)
    is_exempt = subject.compliance or at_least(subject.level, LimitState.CRITICAL)
    if cap is None or is_exempt or channel == INBOX:
        return None
    return cap if sent.get(place, 0) >= cap else None
