"""Whom a secure connection trusts, read once: reading it costs more than sending a message."""

import ssl
from functools import cache
from pathlib import Path

__all__ = ["trusted"]


def trusted(ca_file: str | None = None) -> ssl.SSLContext:
    """Give a context that checks certificates and host names, at least TLS 1.2.

    `ca_file` replaces this machine's authorities, and is read again when it changes. Threads share
    what this gives; nobody may change it.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """
    changed = Path(ca_file).stat().st_mtime_ns if ca_file else 0
    return _read(ca_file, changed)


@cache
def _read(ca_file: str | None, _changed: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
