"""SMS: one segment to one phone, by Twilio or a gateway that speaks as it does."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fintech_factory.config import Secret
from fintech_factory.distribution.channel import Delivery, Outcome, Probe, Tools, Word
from fintech_factory.distribution.http_post import NotKnown, NotSent
from fintech_factory.distribution.outcomes import deferred, refused, scrubbed, unknown
from fintech_factory.distribution.phone import fault_of
from fintech_factory.distribution.rendering import Sms, lay_out, sms_of
from fintech_factory.distribution.settings import ChannelSettings, checked_url
from fintech_factory.distribution.sms_answers import judged
from fintech_factory.distribution.sms_gateway import Gateway
from fintech_factory.distribution.sms_probe import probed
from fintech_factory.distribution.sms_spending import Spending
from fintech_factory.errors import UsageError
from fintech_factory.values import Severity

__all__ = ["SETTINGS", "SmsSettings", "check_address", "open_channel"]

check_address = fault_of
"""Say what is wrong with an address, None if nothing is."""

# A number in E.164, a short code, or a name of up to 11 signs that carriers show as the sender.
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_FOLDER = "sms"


def _checked_sender(sender: str) -> str:
    if not _SENDER.fullmatch(sender):
        hint = "write +15005550006, a short code, or a name of at most 11 letters and digits"
        raise ValueError(f"`{sender}` is no sender\nhint: {hint}")
    return sender


class SmsSettings(ChannelSettings):
    """How text messages go out; addresses are phone numbers in E.164."""

    kind: Literal["sms"] = Field(description="This file is for text messages.")
    account: Secret | None = Field(default=None, description="The account's id (AC...).")
    token: Secret | None = Field(default=None, description="The account's secret (auth token).")
    sender: Annotated[str, AfterValidator(_checked_sender)] | None = Field(
        default=None, description="Number, short code or name that messages come from."
    )
    messaging_service: Annotated[str, Field(pattern=r"^MG[0-9a-fA-F]{32}$")] | None = Field(
        default=None, description="Chooses the sender instead (MG...)."
    )
    max_segments: int = Field(
        default=1, ge=1, le=10, description="How long a message may be: 1 is 160 signs."
    )
    max_segments_a_day: int = Field(
        default=200,
        gt=0,
        le=1_000_000,
        description="Segments a day (UTC) may cost; what is critical counts, and goes anyway.",
    )
    base_url: Annotated[str, AfterValidator(checked_url)] = Field(
        default="https://api.twilio.com", description="A gateway that speaks as Twilio does."
    )

    @model_validator(mode="after")
    def _some_way(self) -> Self:
        if self.sender is not None and self.messaging_service is not None:
            raise ValueError("it has two senders\nhint: name `sender` or `messaging_service`")
        if self.enabled and (self.account is None or self.token is None):
            raise ValueError("there is no account to send by\nhint: name `account` and `token`")
        if self.enabled and self.sender is None and self.messaging_service is None:
            raise ValueError("it has no sender\nhint: name `sender` or `messaging_service`")
        return self


SETTINGS = SmsSettings


def open_channel(settings: SmsSettings, tools: Tools) -> "SmsChannel":
    """Give the channel; nothing is asked of the gateway yet."""
    return SmsChannel(settings, tools)


def gateway_of(settings: SmsSettings, tools: Tools) -> Gateway:
    """Give the gateway with its account; UsageError if a secret is absent."""
    if settings.account is None or settings.token is None:
        raise UsageError("there is no account to send by", hint="name `account` and `token`")
    return Gateway(
        settings.base_url, settings.account.reveal(), settings.token.reveal(), tools.timeout_s
    )


@dataclass(frozen=True, slots=True)
class SmsChannel:
    """One account at a gateway."""

    settings: SmsSettings
    tools: Tools

    def send(self, delivery: Delivery) -> Outcome:
        """Hand one message in, if today's segments last for it."""
        if wrong := check_address(delivery.address):
            return refused(wrong.partition("\n")[0])
        try:
            gateway = gateway_of(self.settings, self.tools)
        except UsageError as error:
            return refused(f"{error.what}; {error.hint}")
        sheet = lay_out(delivery.message, delivery.language, may_repeat=delivery.may_repeat)
        sms = sms_of(sheet, max_segments=self.settings.max_segments)
        return self._within_the_day(gateway, delivery, sms)

    def probe(self) -> tuple[Probe, ...]:
        """Ask whether the account is active and the sender its own; nothing is sent."""
        try:
            gateway = gateway_of(self.settings, self.tools)
        except UsageError as error:
            return (Probe("account", ok=False, said=error.what, hint=error.hint),)
        return tuple(probed(gateway, self.settings.sender, self.tools.addresses))

    def _within_the_day(self, gateway: Gateway, delivery: Delivery, sms: Sms) -> Outcome:
        """Count before sending, so that two processes do not both spend the last segment."""
        critical = delivery.message.severity is Severity.CRITICAL
        day, spending = self._day(), self._spending()
        try:
            if not spending.reserve(day, sms.segments, exempt=critical):
                most = self.settings.max_segments_a_day
                return refused(f"today's {most} segments are spent (`max_segments_a_day`)")
        except (OSError, ValueError) as error:
            # Without the count a day's cost has no end; what is critical is worth it.
            if not critical:
                return deferred(f"outputs/{_FOLDER}/ does not keep the day's count: {error}")
            return self._posted(gateway, delivery, sms)
        outcome = self._posted(gateway, delivery, sms)
        if outcome.word in (Word.DEFERRED, Word.REFUSED):
            self._give_back(spending, day, sms.segments)
        return outcome

    def _give_back(self, spending: Spending, day: date, segments: int) -> None:
        try:
            spending.give_back(day, segments)
        except (OSError, ValueError):
            # Counted too much, for one day: that errs on the cheap side.
            return

    def _posted(self, gateway: Gateway, delivery: Delivery, sms: Sms) -> Outcome:
        form = {"To": delivery.address, **self._sender(), "Body": sms.text}
        hidden = (gateway.account, gateway.token)
        try:
            answer = gateway.post("Messages.json", form)
        except NotSent as error:
            return deferred(f"the gateway was not reached: {scrubbed(error, hidden)}")
        except NotKnown as error:
            # The gateway takes no idempotency key: a repeat would be a second message.
            return unknown(f"the gateway gave no answer: {scrubbed(error, hidden)}")
        return judged(answer, self.tools.clock.now(), hidden)

    def _sender(self) -> dict[str, str]:
        if self.settings.messaging_service is not None:
            return {"MessagingServiceSid": self.settings.messaging_service}
        return {"From": self.settings.sender or ""}

    def _day(self) -> date:
        return self.tools.clock.now().date()

    def _spending(self) -> Spending:
        return Spending(self.tools.outputs / _FOLDER, self.settings.max_segments_a_day)
