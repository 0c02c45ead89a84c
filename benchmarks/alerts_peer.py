"""A server in a process of its own that takes every message, as Slack and a webhook would."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["configure", "peer"]


class _Taker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = json.dumps({"ok": True, "channel": "C1", "ts": f"1.{next(_NUMBERS)}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


_NUMBERS = iter(range(1, 10**9))


@contextmanager
def peer() -> Iterator[int]:
    """Give the port of one that runs while the block runs."""
    command = [sys.executable, str(Path(__file__))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None  # noqa: S101
        assert process.stdin is not None  # noqa: S101
        yield int(process.stdout.readline())
        process.stdin.close()


def configure(workspace: Path, port: int) -> None:
    """Lead Slack and a webhook there, and alert of every finding; paces are no limit here."""
    integrations = workspace / "config" / "integrations"
    throttle = "throttle: {per_minute: 60000, burst: 10000}\n"
    (workspace / "secret").write_text("xoxb-made-up", encoding="utf-8")
    (integrations / "slack.yaml").write_text(
        "kind: slack\nenabled: true\ntoken: {file: ../../secret}\npictures: false\n"
        f"api_url: http://127.0.0.1:{port}/api/\n{throttle}",
        encoding="utf-8",
    )
    (integrations / "webhook.yaml").write_text(
        f"kind: webhook\nenabled: true\nendpoints:\n  ops:\n    url: http://127.0.0.1:{port}/hook\n"
        "    secret: {file: ../../secret}\n    allow_http: true\n    allow_private: true\n"
        f"{throttle}",
        encoding="utf-8",
    )
    path = workspace / "config" / "alerts.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("[slack, email, sms, notion, webhook]", "[email, sms, notion]"),
        ("{channel: webhook}", "{channel: webhook, address: ops}"),
        (
            "  - {id: critical_findings, watch: finding, levels: [critical]}\n",
            "  - {id: findings, watch: finding}\n",
        ),
    ):
        if old not in text:
            sys.exit(f"config/alerts.yaml has no {old}")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _serve() -> None:
    server = _Server(("127.0.0.1", 0), _Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
