"""What the README says of the two commands holds: nothing but Debian, Python and make is needed."""

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from docs_pages import ROOT

BASH = "/bin/bash"
INSTALL = "apt-get install -y --no-install-recommends python3-venv"
_TARGET = re.compile(r"^(?P<name>[a-z-]+):.*## ", re.MULTILINE)
_PLACE = re.compile(r"https?://|--index-url|--extra-index|--find-links|--trusted-host")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine on which `apt-get` only notes how it was called."""

    folder: Path

    def add(self, name: str, *lines: str) -> None:
        path = self.folder / name
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
        path.chmod(0o755)

    def install_venv(self) -> "subprocess.CompletedProcess[str]":
        return self.install(ROOT / ".ci" / "install-venv")

    def install(self, script: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [BASH, str(script)],
            env={"PATH": str(self.folder), "LOG": str(self.folder / "log")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def called(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text(encoding="utf-8").splitlines() if log.is_file() else []


@pytest.fixture
def machine(tmp_path: Path) -> Callable[[int], Machine]:
    def make(uid: int) -> Machine:
        made = Machine(tmp_path)
        made.add("apt-get", 'echo "apt-get $*" >> "$LOG"')
        made.add("id", f"echo {uid}")
        return made

    return make


def test_root_gets_the_missing_package_installed(machine: Callable[[int], Machine]) -> None:
    debian = machine(0)
    assert debian.install_venv().returncode == 0
    assert debian.called == ["apt-get update -qq", INSTALL]


def test_one_who_may_use_sudo_gets_it_installed_by_sudo(machine: Callable[[int], Machine]) -> None:
    debian = machine(1000)
    debian.add("sudo", 'echo "sudo $*" >> "$LOG"')
    assert debian.install_venv().returncode == 0
    assert debian.called[-1] == f"sudo -n {INSTALL}"


@pytest.mark.parametrize("sudo", ["absent", "asks for a password"])
def test_anyone_else_is_told_the_command(machine: Callable[[int], Machine], sudo: str) -> None:
    debian = machine(1000)
    if sudo != "absent":
        debian.add("sudo", "exit 1")
    told = debian.install_venv()
    assert told.returncode == 1
    assert f"sudo {INSTALL}" in told.stderr
    assert debian.called == []


def test_where_there_is_no_apt_get_nothing_is_tried(tmp_path: Path) -> None:
    told = Machine(tmp_path).install_venv()
    assert told.returncode == 1
    assert "venv" in told.stderr


@pytest.fixture
def bare_postgresql(tmp_path: Path) -> Path:
    """What installs PostgreSQL, on a machine whose folders are the test's own."""
    scripts = tmp_path / "ci"
    scripts.mkdir()
    for name in ("debian", "install-postgresql"):
        text = (ROOT / ".ci" / name).read_text(encoding="utf-8")
        for folder in ("/usr/lib/postgresql", "/etc/postgresql-common"):
            text = text.replace(folder, f"{tmp_path}{folder}")
        (scripts / name).write_text(text, encoding="utf-8")
    return scripts / "install-postgresql"


def test_postgresql_is_installed_for_tests_without_a_cluster_of_its_own(
    machine: Callable[[int], Machine], bare_postgresql: Path
) -> None:
    debian = machine(0)
    spared = f"{debian.folder}/etc/postgresql-common/createcluster.d/no-main-cluster.conf"
    debian.add("apt-get", f'echo "apt-get $*" >> "$LOG"; /bin/cat {spared} >> "$LOG" 2>&1 || true')
    for name in ("mkdir", "tee", "rm"):
        debian.add(name, f'exec /bin/{name} "$@"')
    debian.add("tee", 'exec /usr/bin/tee "$@"')
    assert debian.install(bare_postgresql).returncode == 0
    *_, before, last, told = debian.called
    assert before.endswith("No such file or directory")
    assert last == "apt-get install -y --no-install-recommends postgresql"
    assert told == "create_main_cluster = false"
    assert not Path(spared).exists()


def test_postgresql_that_is_there_is_left_alone(
    machine: Callable[[int], Machine], bare_postgresql: Path
) -> None:
    debian = machine(0)
    programs = debian.folder / "usr" / "lib" / "postgresql" / "15" / "bin"
    programs.mkdir(parents=True)
    (programs / "initdb").touch(mode=0o755)
    assert debian.install(bare_postgresql).returncode == 0
    assert debian.called == []


def test_make_alone_says_what_can_be_made() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    said = subprocess.run(
        ["make", "--no-print-directory"],  # noqa: S607 - whichever make the machine has
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    listed = [line.split()[0] for line in said.splitlines()]
    assert listed == _TARGET.findall(makefile)
    assert {"demo", "test", "check", "test-spark", "bench", "clean", "help"} <= set(listed)


def test_continuous_integration_is_what_a_newcomer_runs() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    orders = [line for line in run.splitlines() if line and line[0] != "#"]
    assert orders == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test"]


@pytest.mark.parametrize(
    "name",
    ["Makefile", ".ci/run", ".ci/pin", ".ci/debian", ".ci/install-venv", ".ci/install-postgresql"],
)
def test_no_script_says_where_packages_come_from(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert _PLACE.findall(text) == []
