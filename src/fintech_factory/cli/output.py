"""The only place that prints."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, TypeAlias

import click

__all__ = [
    "Advance",
    "cell",
    "emit_json",
    "note",
    "print_csv",
    "print_table",
    "progress",
    "say",
    "say_error",
]

Advance: TypeAlias = Callable[[int], None]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

_JSON_FORMS: dict[type, Callable[[Any], object]] = {
    Decimal: lambda value: format(value, "f"),
    Enum: lambda value: value.value,
    PurePath: str,
    Mapping: dict,
    set: sorted,
    frozenset: sorted,
}


def emit_json(document: object) -> None:
    """Print one JSON document on stdout; Decimals become strings, dates ISO text.

    It is plain ASCII, so that no terminal's encoding can spoil it. A float that is no number
    raises ValueError: what is absent is null.
    """
    click.echo(json.dumps(document, default=_jsonable, indent=2, allow_nan=False))


def say(text: str = "") -> None:
    """Print a line for people on stdout."""
    click.echo(_harmless(text))


def note(text: str, *, quiet: bool = False) -> None:
    """Print a remark on stderr, unless the caller wants quiet."""
    if not quiet:
        click.echo(_harmless(text), err=True)


def say_error(text: str) -> None:
    """Print an error's line on stderr."""
    click.echo(_harmless(text), err=True)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    title: str = "",
    cell_of: Callable[[object], str] | None = None,
) -> None:
    """Print a table on stdout: drawn on a terminal, aligned plain text anywhere else.

    `cell_of` writes a value; by default in English, as `cell` does.
    """
    write = cell_of or cell
    texts = [[write(value) for value in row] for row in rows]
    right = [_is_numeric([row[index] for row in rows]) for index in range(len(columns))]
    if sys.stdout.isatty():
        _draw(columns, texts, right, title)
    else:
        _align(columns, texts, right, title)


@contextmanager
def progress(label: str, total: int | None, *, quiet: bool = False) -> Iterator[Advance]:
    """Show a bar on stderr while a block works; it is told of each advance.

    `total` None is work of unknown length. Nothing is shown where stderr is no terminal.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=total)
        yield lambda done: bars.advance(task, done)


def cell(value: object) -> str:
    """Write one value for people; absent is `n/a`, never 0 or an empty text."""
    match value:
        case None:
            return "n/a"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
        case Enum():
            return str(value.value)
        case date() | time():
            return value.isoformat()
    return _harmless(str(value)).replace("\n", " ")


def print_csv(columns: Sequence[str], rows: Sequence[Sequence[object]], name: str = "") -> None:
    """Print a table as CSV; with a name, it follows that and ends in an empty line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if name:
        writer.writerow([name])
    writer.writerow(columns)
    writer.writerows([_csv_cell(value) for value in row] for row in rows)
    say(text.getvalue() if name else text.getvalue().rstrip("\n"))


def _csv_cell(value: object) -> str:
    """Write a cell so that no spreadsheet takes a text for a formula; absent is empty."""
    if value is None:
        return ""
    text = cell(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text


def _jsonable(value: Any) -> Any:  # noqa: ANN401 - what json itself cannot write
    if isinstance(value, date | time):
        return value.isoformat()
    for kind, write in _JSON_FORMS.items():
        if isinstance(value, kind):
            return write(value)
    if callable(as_json := getattr(value, "as_json", None)):
        return as_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a JSON document")


def _harmless(text: str) -> str:
    # A borrower's name may hold an escape sequence; it must not drive the terminal.
    return "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text)


def _is_numeric(values: Sequence[object]) -> bool:
    given = [each for each in values if each is not None]
    numbers = (isinstance(each, int | Decimal) and not isinstance(each, bool) for each in given)
    return bool(given) and all(numbers)


def _draw(
    columns: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[bool], title: str
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left")
    for column, is_right in zip(columns, right, strict=True):
        table.add_column(Text(column), justify="right" if is_right else "left")
    for row in texts:
        table.add_row(*(Text(each) for each in row))
    Console(file=sys.stdout).print(table)


def _align(
    columns: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[bool], title: str
) -> None:
    lines = [list(columns), *texts]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    if title:
        say(title)
    for line in lines:
        padded = (
            text.rjust(width) if is_right else text.ljust(width)
            for text, width, is_right in zip(line, widths, right, strict=True)
        )
        say("  ".join(padded).rstrip())
