"""Files that a power cut, a full disk or a kill leaves whole: the old content or the new."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["replace_file", "sync", "write_once"]

# Less the account's mask.
_FOR_ALL = 0o666
# A name may have 255 bytes; a draft's has more than the file's.
_NAME = 100


def replace_file(path: Path, content: bytes, mode: int = _FOR_ALL) -> None:
    """Write a file so that a reader meets the old one or the new, whole; OSError if it fails."""
    with _draft(path, content, mode) as draft:
        draft.replace(path)
    sync(path.parent)


def write_once(path: Path, content: bytes, mode: int = _FOR_ALL) -> None:
    """Write a file whole, or leave the one that is there; OSError if it fails."""
    # Unlike a renaming, a link never replaces what another process was faster to write.
    with _draft(path, content, mode) as draft, suppress(FileExistsError):
        os.link(draft, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _draft(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    draft = path.with_name(f".{path.name[:_NAME]}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
