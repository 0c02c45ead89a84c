"""Looks at a gateway's account, its sender and the numbers sent to; no message is sent."""

from collections.abc import Iterable, Iterator

from fintech_factory.distribution.channel import Probe
from fintech_factory.distribution.http_post import Answer, NotKnown, NotSent
from fintech_factory.distribution.outcomes import scrubbed
from fintech_factory.distribution.phone import fault_of
from fintech_factory.distribution.sms_answers import document, hint_of, is_good
from fintech_factory.distribution.sms_gateway import Gateway

__all__ = ["probed"]

_NOT_FOUND = 404
# The gateway's own codes, for answers that name none.
_CODES = {401: 20003, 403: 20003, _NOT_FOUND: 20404}


def probed(gateway: Gateway, sender: str | None, addresses: Iterable[str]) -> Iterator[Probe]:
    """Look at the account, then at its sender, then at the form of each number."""
    account = _account(gateway)
    yield account
    if account.ok and sender is not None and sender.startswith("+"):
        yield _sender(gateway, sender)
    for address in addresses:
        wrong = fault_of(address)
        said, _, hint = (wrong or "").partition("\nhint: ")
        # Asking whether a phone is there costs money, and tells a third party of it.
        yield Probe(address, ok=not wrong, said=said or "its form is right", hint=hint)


def _account(gateway: Gateway) -> Probe:
    found = _asked(gateway, "account")
    if isinstance(found, Probe):
        return found
    status, kind = str(found.get("status", "?")), str(found.get("type", ""))
    if status != "active":
        said = f"the account is {_words(gateway, status)}"
        return Probe("account", ok=False, said=said, hint=hint_of(20005))
    trial = ", a trial: it sends to verified numbers only" if kind == "Trial" else ""
    return Probe("account", ok=True, said=f"the account is active{trial}")


def _sender(gateway: Gateway, sender: str) -> Probe:
    what = f"sender {sender}"
    found = _asked(gateway, what, "IncomingPhoneNumbers", {"PhoneNumber": sender})
    if isinstance(found, Probe):
        return found
    numbers = found.get("incoming_phone_numbers")
    own = [each for each in numbers if isinstance(each, dict)] if isinstance(numbers, list) else []
    number = next((each for each in own if each.get("phone_number") == sender), None)
    if number is None:
        said = "the account has no such number"
        return Probe(what, ok=False, said=said, hint="name one of the account's own numbers")
    able = number.get("capabilities")
    if isinstance(able, dict) and able.get("sms") is False:
        said = "the number cannot send text messages"
        return Probe(what, ok=False, said=said, hint="name a number with the capability SMS")
    return Probe(what, ok=True, said="it is the account's own")


def _asked(
    gateway: Gateway, what: str, resource: str = "", query: dict[str, str] | None = None
) -> dict[str, object] | Probe:
    try:
        answer = gateway.get(resource, query)
    except (NotSent, NotKnown) as error:
        said = f"the gateway was not reached: {_words(gateway, error)}"
        return Probe(what, ok=False, said=said, hint="is `base_url` right, and reached from here?")
    found = document(answer)
    if is_good(answer.status) and found is not None:
        return found
    return _refusal(gateway, what, answer, found or {})


def _refusal(gateway: Gateway, what: str, answer: Answer, found: dict[str, object]) -> Probe:
    code = found.get("code")
    known = code if isinstance(code, int) else _CODES.get(answer.status, 0)
    words = found.get("message") or "no answer that can be read"
    said = f"HTTP {answer.status}: {_words(gateway, words)}"
    hint = hint_of(known) or hint_of(_CODES[_NOT_FOUND])
    return Probe(what, ok=False, said=said, hint=hint)


def _words(gateway: Gateway, said: object) -> str:
    return scrubbed(said, (gateway.account, gateway.token))
