"""Does what `factory serve` does at one moment, in a process of its own that may be killed.

As a service does, it keeps the settings that it has read until they change, and the last good ones
while they are wrong. It reads one JSON object a line: the workspace (`root`), the moment (`at`),
what is done (`work`: look and do what is due; `round`: sending, and with `ticks` what the clock
asks of alerts; `command`: a command by its arguments) and what befalls it: `point` and `nth` (it
kills itself there), `full` (no file may grow past so many bytes). It answers by one line: how it
ended; what was done is written to `out`.
"""

import json
import os
import resource
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fintech_factory.app.live import Live

sys.path.insert(0, str(Path(__file__).parents[1] / "chaos"))

from chaos_child import load, say, settings_of, wait

_MOST = 20


def act(said: dict[str, Any], live: "Live") -> None:
    """Do it, and write down what was done."""
    from fintech_factory import faults
    from fintech_factory.clock import SystemClock
    from fintech_factory.pipeline import readiness

    out = os.open(said["log"], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(out, stream)
    begun, since = datetime.fromisoformat(said["at"]), time.monotonic()
    now = lambda _: begun + timedelta(seconds=time.monotonic() - since)  # noqa: E731
    SystemClock.now = now  # type: ignore[method-assign]
    # When a file's inode was changed is the machine's to say; its content bears the simulated time.
    readiness._touched = lambda path: datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if said.get("full"):
        # Where a file may not grow, the system says so by an error, as on a full disk.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (said["full"], said["full"]))
    met = 0

    def watch(point: str) -> None:
        nonlocal met
        met += point == said.get("point")
        if met and met == said.get("nth", 1) and point == said.get("point"):
            os.kill(os.getpid(), signal.SIGKILL)

    with faults.watched(watch):
        done = {"work": _work, "round": _round, "command": _command}[said["do"]](said, live)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    Path(said["out"]).write_text(json.dumps(done, default=str), encoding="utf-8")


def _work(said: dict[str, Any], _live: "Live") -> list[object]:
    from fintech_factory.app.factory import Factory
    from fintech_factory.app.work import Work
    from fintech_factory.config.workspace import Workspace

    factory = Factory(Workspace(Path(said["root"])))
    work = Work(factory, chance=lambda: 0.5)
    work.look()
    done = []
    while len(done) < _MOST and (worked := work.one()) is not None:
        done.append(worked.as_json())
    return done


def _round(said: dict[str, Any], live: "Live") -> list[object]:
    alerts = live.opened.alerts
    if said["ticks"]:
        alerts.by_the_clock()
    tally = alerts.send_if_due(timedelta())
    return [] if tally is None else [str(tally)]


def _command(said: dict[str, Any], _live: "Live") -> list[object]:
    from fintech_factory.cli import main

    try:
        main([*said["arguments"], "--workspace", said["root"]])
    except SystemExit as ended:
        if ended.code:
            raise RuntimeError(f"{said['arguments']} ended with {ended.code}") from ended
    return []


def serve() -> None:
    """Do what is asked, line by line, until nobody asks any more."""
    load()
    say({"ready": True})
    for line in sys.stdin:
        said = json.loads(line)
        live = settings_of(said["root"])
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                act(said, live)
                code = 0
            except BaseException:  # noqa: BLE001 - a forked process must not go on as its parent
                import traceback

                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        say({"code": wait(pid, None)})


if __name__ == "__main__":
    serve()
