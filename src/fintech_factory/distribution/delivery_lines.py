"""Logs what became of deliveries."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fintech_factory.distribution.outbox import Leased
from fintech_factory.distribution.retry import Standing
from fintech_factory.telemetry.context import bound
from fintech_factory.telemetry.secrets import MASK

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from fintech_factory.distribution.dispatch import Done

__all__ = ["bound_to", "say_done"]

log = logging.getLogger(__name__)

_SAID = {
    Standing.DELIVERED: (logging.INFO, "delivery accepted"),
    Standing.WAITING: (logging.WARNING, "delivery failed"),
    Standing.DEAD: (logging.ERROR, "delivery dead"),
    Standing.UNKNOWN: (logging.ERROR, "delivery unknown"),
}


def bound_to(leased: Leased) -> "AbstractContextManager[None]":
    """Bind a delivery, its alert and its run to every line of the block."""
    return bound(run=leased.run_id, alert=leased.alert_id, delivery=leased.delivery.key)


def _reason(done: "Done") -> str | None:
    """Give why an attempt failed; a provider may repeat the address in its answer."""
    address = done.leased.delivery.address
    said = done.then.reason.replace(address, MASK) if address else done.then.reason
    return said or None


def say_done(done: "Iterable[Done]") -> None:
    """Say what became of attempts, once it is written down; an address is nobody's business.

    `delivery failed` is tried again at `due_at`; what is dead or unknown is not.
    """
    for each in done:
        level, event = _SAID.get(each.then.standing, (logging.INFO, "delivery ended"))
        with bound_to(each.leased):
            log.log(
                level,
                event,
                extra={
                    "channel": each.leased.channel,
                    "attempt": each.leased.tried.attempts,
                    "reason": _reason(each),
                    "due_at": each.then.due_at,
                    "may_repeat": each.then.may_repeat,
                },
            )
