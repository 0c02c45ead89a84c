"""The dead man's switch: somebody outside who tells people when we fall silent."""

from typing import TYPE_CHECKING

from fintech_factory.errors import SwitchSilent

if TYPE_CHECKING:
    from fintech_factory.config.secret import Secret

__all__ = ["ping"]

_TIMEOUT_S = 10.0


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
