"""Rewrites an irregular file record by record, each with the line it began on."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fintech_factory.ingestion.landing.layout import Layout

__all__ = ["Numbered", "number_lines", "records", "write_row_texts"]

# A quote that never closes would swallow the rest of the file; no field is this long.
_LONGEST_RECORD = 200


@dataclass(frozen=True, slots=True)
class Numbered:
    """A rewritten file: its first column is `line_no`; rows of a wrong width are left out.

    `rows` counts all of them; `wrong_width` gives line number and number of fields.
    """

    path: Path
    rows: int
    wrong_width: tuple[tuple[int, int], ...]


def records(path: Path) -> Iterator[tuple[int, str]]:
    """Give each record below the header: the line it begins on, its text without line end."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        pending: list[str] = []
        number = 0
        for number, line in enumerate(file, 1):
            if not pending and '"' not in line:
                yield from _settled([line], number)
                continue
            pending.append(line)
            if _is_open(pending) and len(pending) < _LONGEST_RECORD:
                continue
            yield from _settled(pending, number)
            pending = []
        yield from _settled(pending, number)


def _is_open(lines: list[str]) -> bool:
    return sum(line.count('"') for line in lines) % 2 == 1


def _settled(lines: list[str], last: int) -> Iterator[tuple[int, str]]:
    first = last - len(lines) + 1
    # A record that never closed is no record: its lines stand for themselves.
    whole = [lines] if not _is_open(lines) else [[line] for line in lines]
    for offset, group in enumerate(whole):
        text = "".join(group).rstrip("\r\n")
        if text.strip() and first + offset > 1:
            yield first + offset, text


def number_lines(source: Path, layout: Layout, target: Path) -> Numbered:
    """Rewrite a file with each record's line number in front."""
    width, wrong, rows = len(layout.header), [], 0
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(layout.delimiter.join(["line_no", *(f"c{n}" for n in range(width))]) + "\n")
        for number, text in records(source):
            rows += 1
            fields, record = _rewritten(text, layout.delimiter)
            if fields == width:
                file.write(f"{number}{layout.delimiter}{record}\n")
            else:
                wrong.append((number, fields))
    return Numbered(target, rows, tuple(wrong))


def _rewritten(text: str, delimiter: str) -> tuple[int, str]:
    if '"' not in text:
        return text.count(delimiter) + 1, text
    fields = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(fields)
    return len(fields), out.getvalue()


def write_row_texts(source: Path, wanted: Iterator[int], target: Path) -> None:
    """Write the text of the wanted records (ascending line numbers) as CSV: line_no, row_text."""
    next_line = next(wanted, None)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        if next_line is None:
            return
        for number, text in records(source):
            while next_line is not None and next_line < number:
                next_line = next(wanted, None)
            if next_line is None:
                return
            if number == next_line:
                writer.writerow((number, text))
