"""Writes a log record the way Cloud Logging reads one: a JSON object on one line.

https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
https://cloud.google.com/error-reporting/docs/formatting-error-messages
"""

import json
import logging
import os
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from fintech_factory import __version__
from fintech_factory.telemetry.context import now_bound
from fintech_factory.telemetry.redaction import plain, prose, redacted

__all__ = ["LABELS", "SOURCE", "SPAN", "TRACE", "entry", "line", "run_trace"]

TRACE = "logging.googleapis.com/trace"
SPAN = "logging.googleapis.com/spanId"
LABELS = "logging.googleapis.com/labels"
SOURCE = "logging.googleapis.com/sourceLocation"
_SERVICE = "fintech-factory"
_OURS = "fintech_factory"
# Cloud Logging takes entries of up to 256 KB.
_LONGEST_TRACE = 60_000
_SEVERITIES = (
    (logging.CRITICAL, "CRITICAL"),
    (logging.ERROR, "ERROR"),
    (logging.WARNING, "WARNING"),
    (logging.INFO, "INFO"),
)
# What every record has; the rest is what an event said of itself.
_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# The interpreter's own words: what reads tracebacks knows them.
_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
_TAKEN = frozenset({"severity", "time", "message", "stack_trace", "serviceContext"})


def line(record: logging.LogRecord) -> str:
    """Give a record as one line of JSON without its end; plain ASCII, redacted."""
    return json.dumps(entry(record), default=str, allow_nan=False, separators=(",", ":"))


def entry(record: logging.LogRecord) -> dict[str, Any]:
    """Give a record as Cloud Logging's special fields and, beside them, what it says of itself.

    The keys of `extra` become fields of `jsonPayload`. What is bound where it is logged becomes
    labels, `trace` and `span` the fields of their own. An exception becomes `stack_trace`, which
    Error Reporting takes.
    """
    bound = dict(now_bound())
    trace, span = bound.pop("trace", ""), bound.pop("span", "")
    if not trace and "run" in bound:
        trace = run_trace(bound["run"])
    document: dict[str, Any] = {
        "severity": _severity(record.levelno),
        "time": _time(record.created),
        "message": _message(record),
        **_fields(record),
    }
    if record.exc_info and record.exc_info[1] is not None:
        document["stack_trace"] = _stack(record.exc_info[1])
        document["serviceContext"] = {"service": _SERVICE, "version": __version__}
    if record.levelno >= logging.WARNING:
        document[SOURCE] = _source(record)
    document[LABELS] = {name: redacted(value) for name, value in bound.items()} | {
        "process": str(record.process)
    }
    if trace:
        document[TRACE] = _trace(trace)
    if span:
        document[SPAN] = span
    return document


def run_trace(run_id: str) -> str:
    """Name the trace of a run: 32 hexadecimal digits, the same in every process that knows it."""
    return sha256(f"run {run_id}".encode()).hexdigest()[:32]


def _severity(level: int) -> str:
    return next((name for least, name in _SEVERITIES if level >= least), "DEBUG")


def _time(created: float) -> str:
    return datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _message(record: logging.LogRecord) -> str:
    try:
        said = record.getMessage()
    except (TypeError, ValueError):
        # Whoever logged it gave other arguments than its text asks for.
        said = str(record.msg)
    return prose(said) if record.args or not record.name.startswith(_OURS) else redacted(said)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    given = {name: each for name, each in record.__dict__.items() if name not in _RECORD}
    found = {f"{name}_" if name in _TAKEN else name: plain(each, name)
             for name, each in given.items()}  # fmt: skip
    return found if record.name.startswith(_OURS) else {"logger": record.name, **found}


def _source(record: logging.LogRecord) -> dict[str, str]:
    _, ours, below = record.pathname.rpartition(f"{_OURS}{os.sep}")
    file = f"{ours}{below}" if ours else record.filename
    return {"file": file, "line": str(record.lineno), "function": record.funcName or ""}


def _trace(trace: str) -> str:
    project = os.environ.get("GOOGLE_CLOUD_PROJECT", "")
    return f"projects/{project}/traces/{trace}" if project else trace


def _stack(error: BaseException) -> str:
    """Write a traceback; of what an error says, only what may stand in a log."""
    said = redacted("".join(_chain(error, set())).rstrip("\n"))
    if len(said) <= _LONGEST_TRACE:
        return said
    # The end is what went wrong, the beginning where it came from.
    half = _LONGEST_TRACE // 2
    return f"{said[:half]}\n…\n{said[-half:]}"


def _chain(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _chain(before, seen)
        yield _CAUSED if error.__cause__ is not None else _DURING
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{_named(error)}: {prose(_said(error))}\n"
    yield from (f"{prose(note)}\n" for note in getattr(error, "__notes__", ()))
    if isinstance(error, BaseExceptionGroup):
        for number, each in enumerate(error.exceptions, start=1):
            if id(each) not in seen:
                yield f"\nof these, number {number}:\n\n"
                yield from _chain(each, seen)


def _named(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else (
        f"{kind.__module__}.{kind.__qualname__}"
    )  # fmt: skip


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a plug-in's error may be broken itself
        return "it does not say what"
