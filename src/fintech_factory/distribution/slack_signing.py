"""Tells whether an interaction comes from Slack, and now."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

__all__ = ["is_from_slack"]

# https://docs.slack.dev/authentication/verifying-requests-from-slack
_OLDEST = timedelta(minutes=5)


def is_from_slack(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Check the signature of a request (`v0`, HMAC-SHA256) and its age of at most five minutes.

    `headers` may be in any case; `body` is as it was received, byte by byte. A request that lacks a
    header, or has an odd one, is none of Slack's. Comparison takes the same time whatever is wrong.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    stamp = by_name.get("x-slack-request-timestamp", "")
    given = by_name.get("x-slack-signature", "")
    if not (secret and stamp.isascii() and stamp.isdigit() and given.isascii()):
        return False
    # A replay from before, or a clock ahead of ours: neither is now.
    if abs(now.timestamp() - int(stamp)) > _OLDEST.total_seconds():
        return False
    signed = b"v0:" + stamp.encode() + b":" + body
    wanted = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, given)
