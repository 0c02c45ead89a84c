"""The dead man's switch: somebody outside who tells people when we fall silent."""

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fintech_factory.errors import FactoryError, SwitchSilent

if TYPE_CHECKING:
    from fintech_factory.config.secret import Secret

__all__ = ["Switch", "ping"]

log = logging.getLogger(__name__)

# How often the address is asked for, and how soon again where it did not answer, in seconds.
_EVERY = 300.0
_AGAIN = 60.0
_TIMEOUT_S = 10.0


@dataclass
class Switch:
    """An address to be asked for as long as we are well; none is asked where it is None.

    `problem` says why it does not answer. That is an outage outside: we go on, and are ready.
    """

    address: "Secret | None"
    problem: str = field(default="", init=False)
    _not_before: float = field(default=float("-inf"), init=False)

    def hold(self) -> None:
        """Ask for the address if it is time; a failure is logged once, and never raised."""
        if self.address is None or time.monotonic() < self._not_before:
            return
        try:
            ping(self.address)
        except FactoryError as failed:
            if not self.problem:
                log.error("dead man's switch fails", extra={"reason": str(failed)})  # noqa: TRY400
            self.problem, wait = failed.what, _AGAIN
        else:
            if self.problem:
                log.info("dead man's switch answers again")
            self.problem, wait = "", _EVERY
        self._not_before = time.monotonic() + wait


def ping(address: "Secret") -> None:
    """Ask for the address once.

    Raises:
        UsageError: the secret cannot be read.
        SwitchSilent: there is no such address, it does not answer, or it refuses.
    """
    import httpx

    from fintech_factory.distribution.tls import trusted

    # No message and no log bears the address: whoever knows it can keep the switch quiet.
    try:
        with httpx.HTTPTransport(verify=trusted(), trust_env=False) as transport:
            timeout = httpx.Timeout(_TIMEOUT_S).as_dict()
            request = httpx.Request("GET", address.reveal(), extensions={"timeout": timeout})
            answered = transport.handle_request(request)
            answered.close()
    except (httpx.HTTPError, httpx.InvalidURL) as failed:
        raise SwitchSilent(
            f"the dead man's switch does not answer ({type(failed).__name__})",
            hint="check serve.dead_mans_switch of config/factory.yaml, and the way out",
        ) from None
    if not answered.is_success:
        raise SwitchSilent(
            f"the dead man's switch answered {answered.status_code}",
            hint="check the address behind serve.dead_mans_switch of config/factory.yaml",
        )
