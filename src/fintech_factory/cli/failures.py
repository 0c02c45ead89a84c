"""Turns what went wrong into one message and an exit code."""

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import click

from fintech_factory.cli import output
from fintech_factory.errors import ConfigError, FactoryError
from fintech_factory.values import Problem

__all__ = ["guarded"]

_INTERRUPTED = 130
# A full disk, and a quota that is used up.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# What a shell reports for a program whose reader went away (128 + SIGPIPE); `| head` is no error.
_PIPE_CLOSED = 141


@dataclass(frozen=True, slots=True)
class _Failure:
    type: str
    what: str
    where: str = ""
    hint: str = ""
    problems: tuple[Problem, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"error": {**asdict(self), "problems": [asdict(each) for each in self.problems]}}

    def lines(self) -> list[str]:
        if self.problems:
            return [f"error: {problem}" for problem in self.problems]
        place = f"{self.where}: " if self.where else ""
        hint = [f"hint: {self.hint}"] if self.hint else []
        return [f"error: {place}{self.what}", *hint]


def guarded(run: Callable[[], None], *, as_json: bool) -> int:
    """Run a command and give its exit code; no exception leaves here."""
    try:
        return _ran(run)
    except click.ClickException as error:
        return _say_usage(error, as_json=as_json)
    except FactoryError as error:
        return _say(_expected(error), error.exit_code, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the last boundary; the traceback is kept
        return _say(_unexpected(error), 1, as_json=as_json)


def _ran(run: Callable[[], None]) -> int:
    code = 0
    try:
        try:
            run()
        except click.exceptions.Exit as ended:
            code = ended.exit_code
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return _PIPE_CLOSED
    except (KeyboardInterrupt, EOFError, click.Abort):
        return _INTERRUPTED
    return code


def _drop_stdout() -> None:
    # The interpreter flushes stdout once more as it ends, and may complain on stderr.
    # https://docs.python.org/3/library/signal.html#note-on-sigpipe
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _say_usage(error: click.ClickException, *, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    what = error.format_message()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        if not as_json:
            output.say_error(what)
            return error.exit_code
        what = "a command is missing"
    hint = f"{context.command_path if context else 'factory'} --help"
    return _say(_Failure("UsageError", what, hint=hint), error.exit_code, as_json=as_json)


def _expected(error: FactoryError) -> _Failure:
    problems = error.problems if isinstance(error, ConfigError) else ()
    return _Failure(type(error).__name__, error.what, error.where, error.hint, problems)


def _is_of_a_full_disk(error: BaseException | None) -> bool:
    """Whether a failure, or what it comes from, is that there is no room."""
    while error is not None:
        # DuckDB gives no code of the system, only its words.
        if getattr(error, "errno", None) in _FULL or "No space left on device" in str(error):
            return True
        error = error.__cause__
    return False


def _unexpected(error: Exception) -> _Failure:
    if _is_of_a_full_disk(error):
        said = " ".join(str(error).split())
        what = f"the disk is full; what was published stays as it was ({said})"
        return _Failure("DiskFull", what, hint="make room, then run the same command again")
    text = "".join(traceback.format_exception(error))
    what = f"something unexpected happened: {type(error).__name__}: {error}"
    if os.environ.get("FACTORY_DEBUG") == "1":
        output.say_error(text.rstrip())
        return _Failure("Unexpected", what)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="factory-", suffix=".traceback.txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError:
        return _Failure("Unexpected", what, hint="FACTORY_DEBUG=1 shows the traceback")
    hint = f"the traceback is in {file.name}; FACTORY_DEBUG=1 shows it"
    return _Failure("Unexpected", what, hint=hint)


def _say(failure: _Failure, code: int, *, as_json: bool) -> int:
    try:
        if as_json:
            output.emit_json(failure.as_json())
        else:
            for line in failure.lines():
                output.say_error(line)
    except BrokenPipeError:
        _drop_stdout()
    return code
