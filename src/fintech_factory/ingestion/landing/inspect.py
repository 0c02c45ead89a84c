"""Looks at one received file: what it is, which table it holds, how it is laid out."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.ingestion.landing.facts import CHUNK, Facts, scan
from fintech_factory.ingestion.landing.formats import Ambiguous
from fintech_factory.ingestion.landing.layout import (
    Field,
    Layout,
    Reading,
    ambiguous,
    map_header,
    read_column,
)
from fintech_factory.ingestion.landing.sniff import (
    Encoding,
    encoding_of,
    head_rows,
    kind_of,
    sniff_delimiter,
)
from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    from fintech_factory.ingestion.sources.cascade import Column, Table

__all__ = ["Draft", "Inspected", "Inspector", "Part"]

_HEAD = 128 << 10
_TAIL = 32 << 10
_SAMPLED = 600
_WHOLE = 16 << 20
_SCIENTIFIC = re.compile(rb"\d[eE][-+]?\d")


@dataclass(frozen=True, slots=True)
class Part:
    """One file, archive member or sheet that holds one table.

    `shown` is the name people know it by; `sha256` that of the file it arrived in.
    """

    table: str
    shown: str
    path: Path
    sha256: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Inspected:
    """A part that can be landed: its text as UTF-8, and how that is laid out."""

    part: Part
    text: Path
    facts: Facts
    encoding: str
    layout: Layout
    scientific: bool = False
    last: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Name the file for people."""
        return self.part.shown

    @property
    def rows(self) -> int:
        """Count the rows below the header, one a line."""
        return self.facts.lines - 1


@dataclass(frozen=True, slots=True)
class Inspector:
    """Inspects parts; `widen` looks a column's evidence up in the whole file."""

    scratch: Path
    widen: Callable[["Draft", int, "Column"], list[str]]

    def inspect(self, part: Part, table: "Table") -> Inspected | list[Finding]:
        """Tell how a part is to be read, or every reason why it cannot be."""
        head = _bytes(part.path, 0, _HEAD)
        refused = _refusal(part, head)
        if refused is not None:
            return [refused]
        encoding = encoding_of(head, part.facts, _blocks(part.path))
        if encoding is None:
            return [_unreadable(part)]
        try:
            text, facts = _as_utf8(part, encoding, self.scratch)
        except UnicodeDecodeError as error:
            return [_unreadable(part, f" near byte {error.start:,}")]
        draft = _draft(part, text, facts)
        places, findings = map_header(draft.header, table, part.shown)
        fields, refusals = self._fields(draft, table, places)
        findings += [*_cut_short(draft), *refusals]
        if not findings and facts.lines <= 1 and table.required:
            what = "the file holds a header and no row"
            findings.append(_finding("empty_file", what, part, "export it again"))
        if findings:
            return findings
        layout = Layout(draft.header, draft.delimiter, fields)
        return Inspected(
            part, text, facts, encoding.name, layout, _looks_scientific(text, facts), draft.last
        )

    def _fields(
        self, draft: "Draft", table: "Table", places: Mapping[str, int]
    ) -> tuple[tuple[Field, ...], list[Finding]]:
        fields, findings = [], []
        for name, column in table.columns.items():
            place = places.get(name)
            if place is None:
                fields.append(Field(name, column))
                continue
            reading = self._reading(draft, place, column)
            if isinstance(reading, Ambiguous):
                findings.append(ambiguous(name, reading, draft.part.shown))
            else:
                fields.append(Field(name, column, place, draft.header[place], reading))
        return tuple(fields), findings

    def _reading(self, draft: "Draft", place: int, column: "Column") -> Reading | Ambiguous:
        texts = sorted({row[place].strip() for row in draft.sample if len(row) > place} - {""})
        reading = read_column(column, texts)
        if isinstance(reading, Ambiguous):
            return read_column(column, [*texts, *self.widen(draft, place, column)])
        return reading


@dataclass(frozen=True, slots=True)
class Draft:
    """A part as far as its first and last lines show it."""

    part: Part
    text: Path
    facts: Facts
    header: tuple[str, ...]
    delimiter: str
    sample: tuple[tuple[str, ...], ...]
    last: tuple[str, ...]


def _draft(part: Part, text: Path, facts: Facts) -> Draft:
    head = _bytes(text, 0, _HEAD).decode("utf-8", "ignore").removeprefix("\ufeff")
    delimiter = sniff_delimiter(head) or ","
    rows = head_rows(head, delimiter)
    header, sample = tuple(each.strip() for each in rows[0]), rows[1:]
    if facts.size > _HEAD:
        end = _bytes(text, max(facts.size - _TAIL, _HEAD), _TAIL).decode("utf-8", "ignore")
        tail = head_rows(end, delimiter)
        sample = sample[:_SAMPLED] + [row for row in tail[1:] if len(row) == len(header)]
        last = tail[-1] if tail else []
    else:
        last = sample[-1] if sample else []
    return Draft(
        part, text, facts, header, delimiter, tuple(tuple(row) for row in sample), tuple(last)
    )


def _looks_scientific(text: Path, facts: Facts) -> bool:
    # A whole look costs as much as parsing; a large file is judged by its two ends.
    parts = [(0, facts.size)] if facts.size <= _WHOLE else [(0, _HEAD), (facts.size - _HEAD, _HEAD)]
    return any(_SCIENTIFIC.search(_bytes(text, start, size)) for start, size in parts)


def _cut_short(draft: Draft) -> list[Finding]:
    width = len(draft.header)
    if not draft.facts.ends_open or not draft.last or len(draft.last) >= width:
        return []
    what = f"the last line is cut short: {len(draft.last)} of {width} fields and no line end"
    hint = "the file was still being written; drop it again when it is complete"
    return [_finding("half_written_file", what, draft.part, hint)]


def _refusal(part: Part, head: bytes) -> Finding | None:
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        return _finding("empty_file", "the file is empty", part, "export it again")
    kind = kind_of(head)
    if kind != "text":
        kind = {"workbook": "an XLSX workbook", "archive": "a ZIP archive"}.get(kind, kind)
        hint = "give the export itself; a page in place of a file often asks to sign in"
        return _finding("wrong_file_type", f"the file is {kind}, not CSV text", part, hint)
    return None


def _unreadable(part: Part, place: str = "") -> Finding:
    what = f"the file is neither UTF-8, UTF-16 nor Latin-1 text{place}"
    return _finding("unreadable_encoding", what, part, "export it again as UTF-8")


def _finding(code: str, message: str, part: Part, hint: str) -> Finding:
    return Finding(code, Severity.CRITICAL, message, where=part.shown, hint=hint)


def _bytes(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            yield block


def _as_utf8(part: Part, encoding: Encoding, scratch: Path) -> tuple[Path, Facts]:
    lone_returns = part.facts.returns and part.facts.newlines == 0
    if encoding.is_utf8 and not lone_returns:
        return part.path, part.facts
    target = scratch / f"{part.table}.utf8.csv"
    newline = None if lone_returns else ""
    with (
        part.path.open(encoding=encoding.codec, newline=newline) as source,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        while block := source.read(CHUNK):
            file.write(block)
    return target, scan(target)
