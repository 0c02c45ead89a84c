"""What the log of a workspace says of its runs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import UsageError
from fintech_factory.telemetry.day_file import KEPT_DAYS, day_files
from fintech_factory.telemetry.entry import LABELS

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory

__all__ = ["SEVERITIES", "LogLine", "LogPages"]

SEVERITIES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""How grave a line can be, the least first."""
_BEGINS = '{"severity":'
_NAMED = ("severity", "time", "message")
_APART = "logging.googleapis.com/"
_WHOLE = re.compile(r"run-\d{8}T\d{12}Z-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log; `document` is all of it, as Cloud Logging reads it."""

    at: datetime
    severity: str
    message: str
    document: dict[str, Any]

    @property
    def labels(self) -> dict[str, str]:
        """What it is part of: run, slot, step, alert, delivery, process."""
        return dict(self.document.get(LABELS, {}))

    @property
    def fields(self) -> dict[str, Any]:
        """What the event said of itself, its traceback apart."""
        beside = {*_NAMED, "stack_trace", "serviceContext"}
        return {
            name: each
            for name, each in self.document.items()
            if name not in beside and not name.startswith(_APART)
        }

    @property
    def stack_trace(self) -> str:
        """The traceback of what went wrong, empty where nothing did."""
        return str(self.document.get("stack_trace", ""))

    def is_of(self, run_id: str) -> bool:
        """Whether it speaks of a run."""
        return run_id in (self.labels.get("run"), self.document.get("run"))


@dataclass(frozen=True)
class LogPages:
    """The log of one workspace."""

    factory: "Factory"

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.factory.workspace.logs

    def of_run(self, run: str, least: str = "DEBUG") -> tuple[str, list[LogLine]]:
        """Give a run's name and its lines, the oldest first, those below `least` left out.

        `run` is its name, a part of it that no other run bears, or `last`. Deliveries of what the
        run caused are among the lines, whichever process sent them.

        Raises:
            UsageError: there is no such run, or no line speaks of it.
        """
        run_id = self._named(run)
        of_it = [each for each in self._lines(run_id) if each.is_of(run_id)]
        if not of_it:
            raise UsageError(
                f"no line of the log speaks of {run_id}",
                where=str(self.folder),
                hint=f"the log goes back {KEPT_DAYS} days; `factory runs list` names runs",
            )
        rank = SEVERITIES.index(least)
        grave = [each for each in of_it if SEVERITIES.index(each.severity) >= rank]
        return run_id, sorted(grave, key=lambda each: each.at)

    def _named(self, run: str) -> str:
        # What failed before its first step was kept by the log alone.
        return run if _WHOLE.fullmatch(run) else self.factory.run_pages.name(run)

    def _lines(self, holding: str) -> Iterator[LogLine]:
        """Give the lines that hold a text; other lines are not even read as JSON."""
        for each_file in day_files(self.folder):
            try:
                with each_file.path.open(encoding="utf-8", errors="replace") as file:
                    found = [_read(line) for line in file if holding in line]
            except FileNotFoundError:
                # Another process has just removed what is too old.
                continue
            yield from (each for each in found if each is not None)


def _read(line: str) -> LogLine | None:
    """Read a line; None for what a full disk or a killed process left of one."""
    try:
        document = json.loads(line)
    except ValueError:
        # Half a line, and then a whole one of another process behind it.
        _, begins, rest = line.rpartition(_BEGINS)
        try:
            document = json.loads(begins + rest)
        except ValueError:
            return None
    if not isinstance(document, dict) or document.get("severity") not in SEVERITIES:
        return None
    try:
        at = datetime.fromisoformat(document["time"])
        return LogLine(at, document["severity"], str(document["message"]), document)
    except (KeyError, TypeError, ValueError):
        return None
