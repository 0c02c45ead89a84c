"""Mocks of vendors' published API descriptions, by Prism: they judge the form of each request.

A mock knows no limits, rights or order of calls; the scripted fault server stands beside it.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["description", "mocked"]

_VERSION = "5.16.0"
_STARTS_S = 60.0


def description(name: str) -> dict[str, Any]:
    """Read a vendor's description; skip the test where they are not on this machine."""
    given = os.environ.get("FACTORY_VENDOR_SPECS")
    folder = Path(given) if given else Path(__file__).parents[3] / "shared" / "specs"
    if not (folder / name).is_file():
        pytest.skip(f"no description {name} in {folder} (or set FACTORY_VENDOR_SPECS)")
    found: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


@contextmanager
def mocked(described: dict[str, Any], folder: Path) -> Iterator[str]:
    """Serve a description on a free port of the loopback; gives its address."""
    program = _installed()
    path = folder / "description.json"
    path.write_text(json.dumps(described), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "prism.log"
    with log.open("wb") as output:
        # By node itself: ended with its own id, nothing of it is left behind.
        command = ["node", str(program), "mock", "-h", "127.0.0.1", "-p", str(port), str(path)]
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
        try:
            _wait_for(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            # It has nothing to save.
            process.kill()
            process.wait()


def _installed() -> Path:
    """Give Prism's program, installed once into this user's cache."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is not installed: Prism, which mocks the descriptions, is had by it")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "fintech-factory" / f"prism-{_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / ".ready"
    with (folder / ".lock").open("w") as lock:
        # Several test processes may come at once; one installs.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.is_file():
            _install(folder)
            ready.touch()
    return folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"


def _install(folder: Path) -> None:
    # No scripts: one of its dependencies would report home that it was installed.
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts"]
    command = [
        "npm",
        "install",
        *quiet,
        "--prefix",
        str(folder),
        f"@stoplight/prism-cli@{_VERSION}",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install Prism within 5 minutes")
    if done.returncode:
        said = done.stderr.strip().splitlines()[:1]
        pytest.skip(f"npm could not install Prism {_VERSION}: {' '.join(said)}")


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + _STARTS_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            # Not time.sleep: the suite of the plug-ins forbids it.
            threading.Event().wait(0.1)
        else:
            return
    pytest.fail(f"Prism did not start:\n{log.read_text(errors='replace')[-2000:]}")
