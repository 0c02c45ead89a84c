"""Sends log records where an operator looks for them, for as long as a process works."""

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.telemetry.day_file import DayFiles

__all__ = ["VARIABLE", "Session", "logging_to"]

VARIABLE = "FACTORY_LOG"
"""Which form of the log goes to stderr too: `json`, or none."""
_FORMS = ("json",)
_OURS = "fintech_factory"


@dataclass(slots=True)
class Session:
    """What was logged so far: how many records of a level at which something has failed."""

    errors: int = 0


class _Handler(logging.Handler):
    """Writes each record into the day's file and, where that is wanted, to stderr.

    Of others' libraries only what warns is taken. What fails here must not stop the work. What
    writes is loaded with the first record: a command that has nothing to say does not wait for it.
    """

    def __init__(self, session: Session, folder: Path, *, to_stderr: bool) -> None:
        super().__init__()
        self._session = session
        self._folder = folder
        self._files: DayFiles | None = None
        self._to_stderr = to_stderr
        self._is_told = False
        self.addFilter(_is_wanted)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._session.errors += record.levelno >= logging.ERROR
            self._write(record)
        except Exception:  # noqa: BLE001 - a record that cannot be written stops nobody's work
            self.handleError(record)

    def _write(self, record: logging.LogRecord) -> None:
        from fintech_factory.telemetry.day_file import DayFiles
        from fintech_factory.telemetry.entry import line

        files = self._files = self._files or DayFiles(self._folder)
        written, lost = line(record), files.lost
        if not files.append(written, record.created):
            self._tell()
        elif lost:
            files.lost = 0
            files.append(line(_own("log lines lost", count=lost)), record.created)
        if self._to_stderr:
            self._say(written)

    def _tell(self) -> None:
        """Say once that the file cannot be written; whoever reads stderr as JSON gets JSON."""
        from fintech_factory.telemetry.entry import line

        if self._is_told:
            return
        self._is_told = True
        said = f"the log in {self._folder} cannot be written"
        self._say(line(_own(said)) if self._to_stderr else f"note: {said}; the work goes on")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        self._say(f"note: a log record of {record.name} could not be written")

    def _say(self, text: str) -> None:
        try:
            # Looked up each time: whoever tests a command puts another stream there.
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return

    def close(self) -> None:
        if self._files is not None:
            self._files.close()
        super().close()


def _is_wanted(record: logging.LogRecord) -> bool:
    is_ours = record.name == _OURS or record.name.startswith(f"{_OURS}.")
    return is_ours or record.levelno >= logging.WARNING


def _own(said: str, **fields: object) -> logging.LogRecord:
    """Make a record of the log's own."""
    record = logging.makeLogRecord({"levelno": logging.WARNING, "name": f"{_OURS}.telemetry"})
    record.msg = said
    record.__dict__.update(fields)
    return record


@contextmanager
def logging_to(
    folder: Path, *, to_stderr: bool = False, environ: Mapping[str, str] = os.environ
) -> Iterator[Session]:
    """Log into the day's file of a folder until the block ends; give what was logged so far.

    One JSON object a line, as Cloud Logging reads it: records of ours from INFO on, of others from
    WARNING on. `to_stderr` writes each line there as well: whoever runs without end wants that,
    and FACTORY_LOG=json asks for it of any command. What cannot be written never stops the work,
    and is said once. Nothing is opened, and no folder made, before the first record.

    Raises:
        UsageError: FACTORY_LOG asks for a form that there is none of.
    """
    form = environ.get(VARIABLE, "")
    if form and form not in _FORMS:
        raise UsageError(f"no log is written as `{form}`", where=VARIABLE, hint="json, or nothing")
    session = Session()
    handler = _Handler(session, folder, to_stderr=to_stderr or bool(form))
    root, ours = logging.getLogger(), logging.getLogger(_OURS)
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield session
    finally:
        ours.setLevel(before)
        root.removeHandler(handler)
        handler.close()
