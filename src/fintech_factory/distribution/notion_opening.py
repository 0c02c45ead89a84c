"""Opens Notion's own client so that it tries once and logs nothing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fintech_factory.distribution.tls import trusted

if TYPE_CHECKING:
    from notion_client import Client

__all__ = ["VERSION", "notion_client"]

VERSION = "2026-03-11"
"""The version of Notion's interface that we speak.

https://developers.notion.com/guides/get-started/upgrade-guide-2026-03-11
"""


@contextmanager
def notion_client(api_url: str, token: str, timeout_s: float) -> Iterator["Client"]:
    """Give a client; its connections end with the block."""
    import httpx
    from notion_client import Client

    # Its log holds what was answered, and by itself it writes to the standard error.
    silent = logging.Logger("notion_client", logging.CRITICAL + 1)  # noqa: LOG001 - one that no handler hears
    with httpx.Client(verify=trusted()) as http:
        yield Client(
            client=http,
            auth=token,
            base_url=api_url.rstrip("/"),
            timeout_ms=round(timeout_s * 1000),
            notion_version=VERSION,
            # By itself it waits and tries again, and gives up on 529: the outbox does that.
            retry=False,
            logger=silent,
            log_level=logging.CRITICAL + 1,
        )
