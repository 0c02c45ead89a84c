"""Runs a PostgreSQL server until standard input ends: its asker is done, or dead."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_ATTEMPTS = 3
_READY_S = 60
# Nobody keeps what tests write: waiting for the disk would only slow them down.
_HASTY = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
_SETTINGS = (
    "jit=off", "listen_addresses=127.0.0.1", "max_connections=60", "shared_buffers=32MB",
    "unix_socket_directories=", "timezone=UTC", "log_min_messages=fatal",
)  # fmt: skip


def main() -> int:
    """Serve one request: a line of JSON with `programs`, `folder`, `password`, maybe `account`.

    A `durable` server keeps what it has committed, and is stopped and started again on its port by
    the lines `stop` and `start`; each is answered once it is done.
    """
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    folder, server = Path(request["folder"]), None
    try:
        _initialise(folder, request)
        server, port = _start(folder, request)
        _say({"port": port})
        for line in sys.stdin:
            if line.strip() == "stop":
                _stop(server, signal.SIGINT)
            else:
                server = _launch(folder, request, port)
            _say({"done": line.strip()})
    except (OSError, RuntimeError, subprocess.SubprocessError) as failed:
        said = getattr(failed, "stderr", None) or str(failed)
        _say({"reason": said})
        return 1
    finally:
        if server is not None:
            _stop(server)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _say(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the answer


def _initialise(folder: Path, request: dict[str, Any]) -> None:
    secret = folder / "password"
    secret.write_text(request["password"], encoding="utf-8")
    account = request.get("account")
    if account:
        user = pwd.getpwnam(account)
        for each in (folder, secret):
            os.chown(each, user.pw_uid, user.pw_gid)
    _run(
        request,
        "initdb", "--pgdata", str(folder / "cluster"), "--username", "factory",
        "--pwfile", str(secret), "--auth", "scram-sha-256", "--encoding", "UTF8",
        "--locale", "C", "--no-sync",
    )  # fmt: skip


def _start(folder: Path, request: dict[str, Any]) -> tuple["subprocess.Popen[bytes]", int]:
    """Start on a port that was free a moment ago; another one if somebody was faster."""
    for attempt in range(_ATTEMPTS):
        port = _free_port()
        try:
            return _launch(folder, request, port), port
        except RuntimeError:
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError


def _launch(folder: Path, request: dict[str, Any], port: int) -> "subprocess.Popen[bytes]":
    settings = _SETTINGS if request.get("durable") else (*_HASTY, *_SETTINGS)
    options = [part for each in settings for part in ("-c", each)]
    server = subprocess.Popen(
        _command(request, "postgres", "-D", str(folder / "cluster"), "-p", str(port), *options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    if not _is_ready(server, request, port):
        server.wait(20)
        raise RuntimeError("it ended before it answered")
    return server


def _stop(server: "subprocess.Popen[bytes]", by: int = signal.SIGQUIT) -> None:
    # Immediate, unless somebody starts it again: what it would still write is deleted anyway.
    server.send_signal(by)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _is_ready(server: "subprocess.Popen[bytes]", request: dict[str, Any], port: int) -> bool:
    ends = time.monotonic() + _READY_S
    probe = [str(Path(request["programs"]) / "pg_isready"), "-q", "-h", "127.0.0.1", "-p"]
    while time.monotonic() < ends and server.poll() is None:
        if subprocess.run([*probe, str(port)], check=False).returncode == 0:
            return True
        time.sleep(0.05)
    server.kill()
    return False


def _run(request: dict[str, Any], *command: str) -> None:
    done = subprocess.run(
        _command(request, *command), check=False, capture_output=True, text=True, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


def _command(request: dict[str, Any], program: str, *arguments: str) -> list[str]:
    # The server dies with this process even where that is killed itself.
    return [
        *("setpriv", "--pdeathsig", "QUIT", *_as_account(request.get("account"))),
        *(str(Path(request["programs"]) / program), *arguments),
    ]


def _as_account(account: str | None) -> list[str]:
    if account is None:
        return []
    group = str(pwd.getpwnam(account).pw_gid)
    return ["--reuid", account, "--regid", group, "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
