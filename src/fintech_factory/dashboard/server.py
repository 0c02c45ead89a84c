"""Answers HTTP in a thread beside the work."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn

from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["answering", "listen"]

# How long a browser's open connections may hold up the end, in seconds.
_GRACE_S = 2


def listen(host: str, port: int) -> socket.socket:
    """Take the port that HTTP is answered on; 0 takes one that is free.

    Raises:
        UsageError: the address is not this machine's, or another process has the port.
    """
    try:
        return socket.create_server((host, port), family=_family(host), backlog=128)
    except OSError as failed:
        raise UsageError(
            f"nothing can be answered there: {failed.strerror or failed}",
            where=f"{host}:{port}",
            hint="is another process serving? `--port 0` takes a free one; see `serve` in"
            " config/factory.yaml",
        ) from failed


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


@contextmanager
def answering(app: "FastAPI", on: socket.socket) -> Iterator[str]:
    """Answer as long as the block lasts; gives the address to ask at."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([on],), name="http", daemon=True)
    thread.start()
    try:
        host, port = on.getsockname()[:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(_GRACE_S + 1)
