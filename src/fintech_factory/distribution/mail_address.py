"""What a mail address is, and the names that mails of one thread are told by."""

import hashlib
import re

__all__ = ["domain_of", "fault_of", "message_id", "thread_id"]

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# RFC 5321 without quoted local parts: no list of people holds one, and programs disagree on them.
_ADDRESS = re.compile(
    rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)*{_LABEL}"
)


def fault_of(address: str) -> str | None:
    """Say what is wrong with an address, None if nothing is."""
    if _ADDRESS.fullmatch(address):
        return None
    return f"`{address}` is no mail address\nhint: write one like risk@example.com, without a name"


def domain_of(address: str) -> str:
    """Give the part behind the @."""
    return address.rpartition("@")[2]


def message_id(key: str, domain: str) -> str:
    """Name a mail by its delivery's key, so that a repeat is the same mail to every program."""
    return f"<{_hash(key)}@{domain}>"


def thread_id(thread: str, address: str, domain: str) -> str:
    """Name the thread that mails about one thing to one address belong to."""
    name = _hash(f"{thread}\n{address}")
    return f"<thread.{name}@{domain}>" if thread else ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]
