"""How an address of each channel is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["INBOX", "MEDIA", "QUIET", "Form"]

INBOX = "inbox"
"""The in-app inbox: nothing can switch it off."""

QUIET = frozenset({"slack", "notion", "webhook", "file", INBOX})
"""Channels where more of a known alert wakes nobody: it edits a thread, or a page."""


@dataclass(frozen=True, slots=True)
class Form:
    """A channel's form of address; `needed` unless the channel's own settings name one.

    `shown` unless whoever writes another thing there may have written a secret.
    """

    pattern: re.Pattern[str]
    wanted: str
    hint: str
    needed: bool = True
    shown: bool = True

    def fault(self, address: str) -> tuple[str, str] | None:
        """Say what is wrong with an address, and what to do; None if nothing is."""
        if not address:
            return (f"{self.wanted} is missing", self.hint) if self.needed else None
        if self.pattern.fullmatch(address):
            return None
        if not self.shown:
            return f"what stands here is no {self.wanted}", self.hint
        # A line break in an address is an attempt on the mail's headers; it is shown as a blank.
        return f"`{' '.join(address.split())}` is no {self.wanted}", self.hint


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,319}")
# A local part of RFC 5321 without quotes, and a domain of at least two labels.
_MAIL = re.compile(
    r"(?=.{1,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
# https://api.slack.com/docs/conversations-api: names of up to 80 small letters, digits, - and _.
_SLACK = re.compile(r"#[a-z0-9_-]{1,80}|[CGDUW][A-Z0-9]{8,20}")
# https://www.itu.int/rec/T-REC-E.164: a country code and at most 15 digits.
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
# The name of an endpoint of integrations/webhook.yaml, as that file takes it.
_ENDPOINT = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_PLAIN = Form(_NAME, "name of an address", "leave it out for the channel's own", needed=False)

MEDIA: Mapping[str, Form] = {
    "slack": Form(_SLACK, "Slack channel", "write #fintech-alerts, or an id such as C0123456789"),
    "email": Form(_MAIL, "mail address", "write one like risk@example.com"),
    "sms": Form(_PHONE, "phone number in E.164", "write + and digits only, like +50370001234"),
    "notion": _PLAIN,
    "webhook": Form(
        _ENDPOINT,
        "name of an endpoint",
        "write a key of `endpoints` in integrations/webhook.yaml: where it leads stands there",
        shown=False,
    ),
    "file": _PLAIN,
    "apprise": _PLAIN,
    INBOX: _PLAIN,
}
