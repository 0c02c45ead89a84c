"""Tells what a file is from its first bytes: its kind, its encoding, its delimiter."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from fintech_factory.ingestion.landing.facts import Facts

__all__ = ["DELIMITERS", "Kind", "encoding_of", "head_rows", "kind_of", "sniff_delimiter"]

DELIMITERS = (",", ";", "\t", "|")

_UTF8_PAIR = re.compile(rb"[\xc2-\xdf][\x80-\xbf]")
_CONTROL_CODES = re.compile(rb"[\x80-\x9f]")

Kind = str  # "text", "workbook", "archive", or the name of what it is instead
_SIGNS = (
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"PAR1", "a parquet file"),
    (b"SQLite format 3", "a database"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
)


def kind_of(head: bytes) -> Kind:
    """Name the kind of a file by its first kilobytes; a login page is told from an export."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        inside = head[:4096]
        is_book = b"[Content_Types].xml" in inside or b"xl/" in inside or b"_rels/" in inside
        return "workbook" if is_book else "archive"
    for sign, name in _SIGNS:
        if head.startswith(sign):
            return name
    start = head[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "an HTML page"
    if start.startswith(b"<"):
        return "an XML document"
    if start.startswith((b"{", b"[")):
        return "a JSON document"
    return "text"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's bytes are read as text; `name` is what people call it."""

    name: str
    codec: str
    is_utf8: bool


def encoding_of(head: bytes, facts: Facts, blocks: Iterable[bytes]) -> Encoding | None:
    """Name a file's encoding; None if it is no text that can be read without guessing.

    `blocks` gives all its bytes, and is asked only where the facts leave a doubt.
    """
    for mark, name, codec in (
        (codecs.BOM_UTF8, "UTF-8 with BOM", "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "UTF-16 LE", "utf-16"),
        (codecs.BOM_UTF16_BE, "UTF-16 BE", "utf-16"),
    ):
        if head.startswith(mark):
            broken = codec == "utf-8-sig" and facts.text == "unknown"
            return None if broken else Encoding(name, codec, codec == "utf-8-sig")
    if facts.control:
        return _utf16_without_mark(head)
    if facts.text == "unknown":
        return _single_byte(blocks)
    return Encoding("UTF-8", "utf-8", is_utf8=True)


def _utf16_without_mark(head: bytes) -> Encoding | None:
    # Latin text in UTF-16 has a zero in every second byte; anything else with zeros is no text.
    half = max(len(head) // 2, 1)
    if head[1::2].count(0) > half * 0.9 and 0 not in head[0::2]:
        return Encoding("UTF-16 LE", "utf-16-le", is_utf8=False)
    if head[0::2].count(0) > half * 0.9 and 0 not in head[1::2]:
        return Encoding("UTF-16 BE", "utf-16-be", is_utf8=False)
    return None


def _single_byte(blocks: Iterable[bytes]) -> Encoding | None:
    # Windows-1252 is Latin-1 with letters where Latin-1 has control codes no export uses.
    letters, last = False, b""
    for block in blocks:
        # A pair that is one UTF-8 letter makes no sense in Latin-1: two encodings in one file.
        if _UTF8_PAIR.search(last + block):
            return None
        letters = letters or _CONTROL_CODES.search(block) is not None
        last = block[-1:]
    if letters:
        return Encoding("Windows-1252", "cp1252", is_utf8=False)
    return Encoding("Latin-1", "latin-1", is_utf8=False)


def sniff_delimiter(text: str) -> str | None:
    """Give the sign that splits the header into most parts and the lines below like it."""
    lines = [line for line in islice(io.StringIO(text, newline="\n"), 50) if line.strip()]
    if not lines:
        return None
    scores = {sign: _score(lines, sign) for sign in DELIMITERS}
    best = max(DELIMITERS, key=lambda sign: scores[sign])
    return best if scores[best] > (0, 0) else None


def _score(lines: list[str], sign: str) -> tuple[int, int]:
    widths = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
    header = widths[0] - 1
    alike = Counter(widths)[widths[0]] if header else 0
    return (header, alike)


def head_rows(text: str, delimiter: str) -> list[list[str]]:
    """Split the first lines of a file; the last may be cut and is left out."""
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
