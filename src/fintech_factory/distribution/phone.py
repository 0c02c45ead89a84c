"""What a phone number is."""

import re

__all__ = ["fault_of"]

# https://www.itu.int/rec/T-REC-E.164: a country code and at most 15 digits.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def fault_of(address: str) -> str | None:
    """Say what is wrong with a phone number, None if nothing is."""
    if _E164.fullmatch(address):
        return None
    return f"`{address}` is no phone number\nhint: write + and digits only (E.164): +50370001234"
