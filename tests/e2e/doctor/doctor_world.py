"""A look at a workspace, held against what every look must keep."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from fintech_factory.app.doctor import Diagnosis, Doctor, Grade, Ground, Report
from fintech_factory.cli import main
from fintech_factory.clock import Clock, FixedClock
from fintech_factory.config.workspace import Workspace

__all__ = ["LOOKED_AT", "MADE_AT", "Look", "files_of", "look"]

# The small book ends on 30 June; its export came in the night after.
MADE_AT = datetime(2025, 7, 1, 2, tzinfo=UTC)
LOOKED_AT = datetime(2025, 7, 1, 2, 30, tzinfo=UTC)

_COMMANDS = {"chmod", "date", "df", "ls", "mkdir", "sqlite3"}
_QUOTED = re.compile(r"`([^`]+)`")


class Look:
    """What a look has come to: findings as `area.code`, what was not looked at as `area.check`."""

    def __init__(self, report: Report) -> None:
        self.report = report

    @property
    def found(self) -> set[str]:
        graded = {Grade.WARNING, Grade.CRITICAL}
        return {f"{each.area}.{each.code}" for each in self.report.seen if each.grade in graded}

    @property
    def noted(self) -> set[str]:
        seen = self.report.seen
        return {f"{each.area}.{each.code}" for each in seen if each.grade is Grade.NOTE}

    @property
    def unseen(self) -> set[str]:
        seen = self.report.seen
        return {f"{each.area}.{each.check}" for each in seen if each.grade is Grade.UNCHECKED}

    def of(self, code: str) -> Diagnosis:
        (found,) = [each for each in self.report.seen if each.code == code]
        return found


def look(
    root: Path,
    *areas: str,
    clock: Clock | None = None,
    patience_s: float = 5,
    secrets: Sequence[str] = (),
) -> Look:
    """Look at a workspace; nothing in it may change, and every next step must be there."""
    before = files_of(root)
    ground = Ground(Workspace(root), clock or FixedClock(LOOKED_AT), patience_s)
    report = Doctor(ground).look(areas)
    assert files_of(root) == before
    for each in report.seen:
        assert each.check, each
        assert not any(secret in str(each.as_json()) for secret in secrets)
        if each.grade is not Grade.OK:
            refuse_no_next_step(each)
        if each.grade is Grade.UNCHECKED:
            assert each.what.startswith("not checked, because ")
    return Look(report)


def files_of(root: Path) -> dict[str, tuple[int, int]]:
    """Give every file and folder with its size and when it was last written."""
    return {
        path.relative_to(root).as_posix(): (stat.st_size, stat.st_mtime_ns)
        for path in root.rglob("*")
        if (stat := path.lstat())
    }


def refuse_no_next_step(each: Diagnosis) -> None:
    said = _QUOTED.findall(each.then)
    ours = [text for text in said if "factory " in f"{text} "]
    others = [text for text in said if text.split()[0] in _COMMANDS]
    assert ours or others, f"{each.code} names no command: {each.then}"
    for text in ours:
        _resolve(text)


def _resolve(text: str) -> None:
    """Find a command line's command, and each of its options."""
    words = text.split()
    words = words[words.index("factory") + 1 :]
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and words[0][0] != "-":
        found = command.get_command(context, words.pop(0))
        assert found is not None, text
        command = found
    options = {name for param in command.params for name in param.opts} | {"--version"}
    assert all(word in options for word in words if word.startswith("--")), text
