"""Runs the commands and edits that a page shows; compares or renews the output below them."""

import re
import shlex
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

from click.testing import CliRunner

from fintech_factory.cli import main

__all__ = ["Edit", "Example", "Shell", "agrees", "needs_of", "renewed", "steps_in"]

_FENCE = re.compile(r"^```(?P<kind>console|sh|diff)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_NEEDS = re.compile(r"^<!-- run with: (?P<names>[a-z, -]+) -->$", re.MULTILINE)
_CUT = "..."
# What differs from run to run, or from machine to machine, and is shown as an ellipsis.
_VOLATILE = (
    (re.compile(r"run-\d{8}T\d+Z-[0-9a-f]{6}"), "run-…"),
    (re.compile(r"(cascade-(?:\d{8}|undated)-)[0-9a-f]{12}"), r"\1…"),
    (re.compile(r"^(\w+ +(?:done|unchanged) +)\d+\.\d\d$", re.MULTILINE), r"\1…"),
)


@dataclass(frozen=True, slots=True)
class Example:
    """One command of a page with the lines shown below it."""

    command: str
    shown: tuple[str, ...]

    @property
    def is_run(self) -> bool:
        """Tell whether it is ours to run; `$ make` and the like are only shown."""
        return self.command.split()[0] == "factory" or self.command == "echo $?"

    @property
    def text(self) -> str:
        """Write the example as it stands on the page."""
        return "".join(f"{line}\n" for line in (f"$ {self.command}", *self.shown))


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one place in a file, shown as a diff with the file's name above it."""

    file: str
    old: str
    new: str


@dataclass(slots=True)
class Shell:
    """A folder to run commands in, one after the other."""

    folder: Path
    code: int = 0
    _runner: CliRunner = field(default_factory=CliRunner)

    def run(self, command: str) -> tuple[str, ...]:
        """Run one command and give the lines that it prints, what is volatile masked."""
        if command == "echo $?":
            code, self.code = self.code, 0
            return (str(code),)
        with chdir(self.folder):
            result = self._runner.invoke(main, shlex.split(command)[1:])
        self.code = result.exit_code
        text = result.output.replace(f"{self.folder}/", "").replace(str(self.folder), ".")
        for pattern, mask in _VOLATILE:
            text = pattern.sub(mask, text)
        return tuple(line.rstrip() for line in text.rstrip("\n").split("\n") if text.strip())

    def edit(self, change: Edit) -> None:
        """Change a file as the page says; LookupError if that place is not there, or not once."""
        path = self.folder / change.file
        text = path.read_text(encoding="utf-8")
        if text.count(change.old) != 1:
            raise LookupError(f"{change.file} holds {text.count(change.old)} times: {change.old}")
        path.write_text(text.replace(change.old, change.new), encoding="utf-8")


def needs_of(page: str) -> tuple[str, ...]:
    """Name what must lie in the folder before a page's first command: `<!-- run with: … -->`."""
    found = _NEEDS.search(page)
    return tuple(each.strip() for each in found["names"].split(",")) if found else ()


def steps_in(page: str) -> list[Example | Edit]:
    """Give a page's commands and edits in order."""
    return [each for fence in _FENCE.finditer(page) for each in _steps(fence)]


def agrees(shown: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Tell whether the shown lines are the printed ones; a line `...` stands for one or more.

    A command that is shown without output says nothing of it.
    """
    if not shown:
        return True
    pattern = "".join(r"(?:.*\n)+?" if line == _CUT else re.escape(f"{line}\n") for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def renewed(page: str, shell: Shell) -> str:
    """Run a page's commands and write the page with what they print now."""

    def run(fence: re.Match[str]) -> str:
        steps = list(_steps(fence))
        for each in steps:
            if isinstance(each, Edit):
                shell.edit(each)
        examples = [each for each in steps if isinstance(each, Example)]
        if not any(each.is_run for each in examples):
            return fence[0]
        fresh = "".join(_renew(each, shell).text for each in examples)
        return fence[0].replace(fence["body"], fresh)

    return _FENCE.sub(run, page)


def _renew(example: Example, shell: Shell) -> Example:
    if not example.is_run:
        return example
    printed = shell.run(example.command)
    if not example.shown or agrees(example.shown, printed):
        return example
    return Example(example.command, tuple(_fresh(example.shown, printed)))


def _fresh(shown: tuple[str, ...], printed: tuple[str, ...]) -> Iterator[str]:
    """Give what is printed now; where the page cuts, the lines nearest to those it kept."""
    if _CUT not in shown:
        yield from printed
        return
    left = list(printed)
    for line in shown:
        if line == _CUT:
            yield line
            continue
        nearest = max(left, key=lambda each: SequenceMatcher(None, line, each).ratio(), default="")
        yield nearest
        left = left[left.index(nearest) + 1 :] if nearest in left else left


def _steps(fence: re.Match[str]) -> Iterator[Example | Edit]:
    lines = fence["body"].splitlines()
    if fence["kind"] == "diff":
        yield _edit(lines)
        return
    command, shown = "", list[str]()
    for line in lines:
        if line.startswith("$ "):
            if command:
                yield Example(command, tuple(shown))
            command, shown = line[2:], []
        elif command:
            shown.append(line)
    if command:
        yield Example(command, tuple(shown))


def _edit(lines: list[str]) -> Edit:
    file, *changed = lines
    old = "\n".join(line[1:] for line in changed if line[:1] in "- ")
    new = "\n".join(line[1:] for line in changed if line[:1] in "+ ")
    return Edit(file.removeprefix("--- "), old, new)
