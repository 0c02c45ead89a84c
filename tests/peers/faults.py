"""An HTTP server that answers by a script, faults included, and keeps every request as it came."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Answer",
    "Fault",
    "FaultServer",
    "Request",
    "fault_server",
    "refusing_port",
    "stalled_port",
]

Fault = Literal["", "silent", "reset", "closed", "truncated", "garbage"]


@dataclass(frozen=True)
class Answer:
    """What is answered to one request.

    `silent`: taken whole, never answered. `reset`, `closed`: taken whole, then the connection is
    gone. `truncated`: the body ends in the middle. `garbage`: what comes is no HTTP.
    """

    status: int = 200
    body: object = "ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = ""

    def written(self) -> bytes:
        content = self.body if isinstance(self.body, bytes) else self._text().encode()
        shown = content[: len(content) // 2] if self.fault == "truncated" else content
        headers = {"Content-Length": str(len(content)), "Connection": "close", **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} Scripted\r\n{head}\r\n".encode() + shown

    def _text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


@dataclass(frozen=True)
class Request:
    """One request, byte by byte; header names as they came."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass
class FaultServer:
    """Answers the script in order, then by `otherwise`; `requests` is all that came."""

    port: int
    script: list[Answer] = field(default_factory=list)
    otherwise: Callable[[Request], Answer] = lambda _: Answer()
    requests: list[Request] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, path: str) -> list[Request]:
        return [each for each in self.requests if each.path.partition("?")[0].endswith(path)]

    def serve(self, connection: socket.socket) -> None:
        with connection:
            request = _read(connection)
            if request is None:
                return
            self.requests.append(request)
            answer = self.script.pop(0) if self.script else self.otherwise(request)
            match answer.fault:
                case "silent":
                    self.stopped.wait(30)
                case "reset":
                    # Linger 0: the kernel sends RST instead of FIN.
                    off = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
                case "closed":
                    return
                case "garbage":
                    connection.sendall(b"\x00\xffwhat is HTTP?\r\n\r\n")
                case _:
                    connection.sendall(answer.written())


def _read(connection: socket.socket) -> Request | None:
    with connection.makefile("rb") as stream:
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers: list[tuple[str, str]] = []
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))
        length = next(
            (int(value) for name, value in headers if name.lower() == "content-length"), 0
        )
        return Request(first[0], first[1], tuple(headers), stream.read(length))


@contextmanager
def fault_server(*script: Answer) -> Iterator[FaultServer]:
    """Serve on a free port of the loopback, each connection in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = FaultServer(listener.getsockname()[1], list(script))
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                thread = threading.Thread(target=server.serve, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            server.stopped.set()
            # A blocked accept does not notice that its socket was closed.
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            for thread in threads:
                thread.join(5)


@contextmanager
def stalled_port() -> Iterator[int]:
    """Give a port where connecting never ends: its queue is full and nobody accepts."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the socket's own signature
            each.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for each in waiting:
                each.close()


def refusing_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
