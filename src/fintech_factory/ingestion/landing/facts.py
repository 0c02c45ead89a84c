"""What one reading of a file's bytes tells: its hash, its lines, whether it is text."""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["CHUNK", "Facts", "Sink", "digest", "scan"]

CHUNK = 4 << 20
_TAIL = 64


class Sink(Protocol):
    """Takes bytes as they are read."""

    def write(self, block: bytes, /) -> object:
        """Keep one block."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Counted from the bytes alone, independently of any parser."""

    sha256: str
    size: int
    newlines: int
    returns: bool
    quoted: bool
    ends_open: bool
    blank_tail: int
    text: str
    control: bool

    @property
    def lines(self) -> int:
        """Count the physical lines, the last one too if no newline ends it; blank ends do not."""
        return self.newlines + self.ends_open - self.blank_tail


class _Tally:
    """Adds up facts over the blocks of one file."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = self._newlines = 0
        self._quoted = self._returns = self._control = False
        self._last = b""
        self._text = "ascii"
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, block: bytes) -> None:
        self._digest.update(block)
        self._size += len(block)
        self._newlines += block.count(b"\n")
        self._quoted = self._quoted or b'"' in block
        self._returns = self._returns or b"\r" in block
        self._control = self._control or b"\0" in block
        self._last = (self._last + block[-_TAIL:])[-_TAIL:]
        self._try_text(block)

    def _try_text(self, block: bytes) -> None:
        if self._text == "unknown" or (self._text == "ascii" and block.isascii()):
            return
        try:
            self._decoder.decode(block)
            self._text = "utf-8"
        except UnicodeDecodeError:
            self._text = "unknown"

    def facts(self) -> Facts:
        if self._text == "utf-8" and self._decoder.getstate()[0]:
            self._text = "unknown"  # the file ends inside a character
        tail = self._last[len(self._last.rstrip(b"\r\n")) :]
        return Facts(
            sha256=self._digest.hexdigest(),
            size=self._size,
            newlines=self._newlines,
            returns=self._returns,
            quoted=self._quoted,
            ends_open=self._size > 0 and not self._last.endswith(b"\n"),
            blank_tail=max(tail.count(b"\n") - 1, 0),
            text=self._text,
            control=self._control,
        )


def scan(source: Path, sink: Sink | None = None) -> Facts:
    """Read a file once, block by block; write the same bytes to `sink` on the way."""
    tally = _Tally()
    with source.open("rb", buffering=0) as file:
        while block := file.read(CHUNK):
            tally.add(block)
            if sink is not None:
                sink.write(block)
    return tally.facts()


def digest(source: Path) -> str:
    """Give a file's SHA-256."""
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
