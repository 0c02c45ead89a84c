"""What an address in Slack is."""

import re

__all__ = ["fault_of"]

# Names of up to 80 small letters, digits, - and _; ids of channels, conversations and people.
# https://docs.slack.dev/reference/methods/conversations.create#naming
_ADDRESS = re.compile(r"#[a-z0-9_-]{1,80}|[CGDUW][A-Z0-9]{6,20}")


def fault_of(address: str) -> str | None:
    """Say what is wrong with an address, None if nothing is."""
    if _ADDRESS.fullmatch(address):
        return None
    return f"`{address}` is no Slack address\nhint: write #channel, or an id like C024BE91L"
