"""Runs `factory` commands, each in a process of its own that is killed where it was told to be.

It reads one JSON object a line: `arguments`, where to write (`out`), and when to die: `point` with
`nth` (the process kills itself when it comes there for the nth time), or `after_s` (it is killed
from outside). It answers each by one line: the exit code, negative for a signal. With `freeze` the
process is stopped instead, its number is answered (`frozen`), and it goes on by a line with `thaw`.
What commands need is loaded once, before they part, and so are the settings of the workspace, which
is named last: a process of Python's own takes most of a second to begin. The product's clock starts
at noon with it, so that no midnight parts what is compared.
"""

import json
import os
import pkgutil
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module, util
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import fintech_factory

if TYPE_CHECKING:
    from fintech_factory.app.live import Live

# Modules that do something when they are loaded, or are no part of a command.
_NOT_LOADED = (".__main__", ".migrations", ".testing")
_LIVES: "dict[str, Live]" = {}
_NOON, _SINCE = datetime(2026, 11, 25, 12, tzinfo=UTC), time.monotonic()


def load() -> None:
    """Load every module of the product, and what those load late."""
    for each in pkgutil.walk_packages(fintech_factory.__path__, f"{fintech_factory.__name__}."):
        if not any(part in each.name for part in _NOT_LOADED):
            import_module(each.name)
    for name in ("duckdb", "psycopg", "slack_sdk", "sqlalchemy.dialects.postgresql.psycopg"):
        if util.find_spec(name):
            import_module(name)


def settings_of(root: str) -> "Live":
    """Read a workspace's settings before a process parts, as one that lasts has read them.

    No connection is opened here: they are opened where they end.
    """
    from fintech_factory.app import live
    from fintech_factory.app.factory import Factory
    from fintech_factory.config.workspace import Workspace

    live._LOOK_EVERY = 0.0
    if root not in _LIVES:
        _LIVES[root] = live.Live(Factory(Workspace(Path(root))))
    _ = _LIVES[root].factory
    return _LIVES[root]


def command(said: dict[str, Any]) -> None:
    """Do the command in this process, and end it."""
    from fintech_factory import faults
    from fintech_factory.app.alerts import Alerts
    from fintech_factory.cli import main
    from fintech_factory.clock import SystemClock
    from fintech_factory.state import engine

    out = os.open(said["out"], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    # Whom a stopped process keeps from writing is told so sooner than after half a minute.
    engine._BUSY_S = said.get("busy_s", engine._BUSY_S)
    made = Alerts._dispatcher

    def hurried(self: Alerts, deliveries: Any) -> Any:  # noqa: ANN401
        """What a killed sender left is sent again in seconds; a test cannot wait two minutes."""
        dispatcher = made(self, deliveries)
        dispatcher.lease = timedelta(seconds=said["lease_s"])
        return dispatcher

    Alerts._dispatcher = hurried  # type: ignore[method-assign]
    SystemClock.now = lambda _: _NOON + timedelta(seconds=time.monotonic() - _SINCE)  # type: ignore[method-assign]
    met, counting = 0, Lock()

    def watch(point: str) -> None:
        nonlocal met
        if point != said.get("point"):
            return
        with counting:
            met += 1
            if met == said.get("nth", 1):
                os.kill(os.getpid(), signal.SIGSTOP if said.get("freeze") else signal.SIGKILL)

    with faults.watched(watch):
        main(said["arguments"])


def wait(pid: int, after_s: float | None) -> int:
    """Wait for a process; kill it once its time is over."""
    began = time.monotonic()
    while after_s is not None:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() - began >= after_s:
            # It is ours and nobody else waits for it: its number is still its own.
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.001)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def freeze(pid: int) -> dict[str, object]:
    """Wait until a process has stopped, or has ended before it came to where it stops."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"code": 0, "frozen": pid}
    return {"code": os.waitstatus_to_exitcode(status)}


def thaw(pid: int) -> int:
    """Let a stopped process go on, and wait for its end."""
    os.kill(pid, signal.SIGCONT)
    return wait(pid, None)


def say(what: dict[str, object]) -> None:
    """Answer in one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def serve() -> None:
    """Do what is asked, line by line, until nobody asks any more."""
    load()
    say({"ready": True})
    frozen: set[int] = set()
    for line in sys.stdin:
        said = json.loads(line)
        if said.get("thaw") in frozen:
            frozen.remove(said["thaw"])
            say({"code": thaw(said["thaw"])})
            continue
        settings_of(said["arguments"][-1])
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                command(said)
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
            except BaseException:  # noqa: BLE001 - a forked process must not go on as its parent
                import traceback

                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        if said.get("freeze"):
            answer = freeze(pid)
            frozen |= {pid} if "frozen" in answer else set()
            say(answer)
        else:
            say({"code": wait(pid, said.get("after_s"))})
    for pid in frozen:
        # A test that failed in between left it; it is ours.
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve()
