"""A reader, a full disk or a power cut meets the old content of a file or the new, never a part."""

import errno
import os
import stat
from pathlib import Path

import pytest

from fintech_factory.durable import replace_file, write_once


def test_what_is_written_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    replace_file(path, b"old")
    replace_file(path, "neu: ñ".encode())
    assert path.read_text(encoding="utf-8") == "neu: ñ"
    assert [each.name for each in tmp_path.iterdir()] == ["head.json"]


def test_what_is_written_once_stays(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    write_once(path, b"first", 0o444)
    write_once(path, b"second", 0o444)
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert [each.name for each in tmp_path.iterdir()] == ["snapshot.json"]


def test_a_private_file_is_never_open_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        seen.append(os.fstat(descriptor).st_mode)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    replace_file(tmp_path / "message.json", b"of a person", 0o600)
    assert [stat.S_IMODE(each) for each in seen if stat.S_ISREG(each)] == [0o600]


def test_a_disk_that_is_full_leaves_the_old_content_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "CURRENT"
    replace_file(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for write in (replace_file, write_once):
        with pytest.raises(OSError, match="No space left"):
            write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["CURRENT"]


@pytest.mark.parametrize("write", [replace_file, write_once])
def test_the_content_is_on_disk_before_its_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    path, happened = tmp_path / "file", []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        happened.append(("folder" if is_folder else "content", path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    assert callable(write)
    write(path, b"x")
    assert happened == [("content", False), ("folder", True)]


def test_a_name_as_long_as_names_may_be_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    replace_file(path, b"x")
    assert path.read_bytes() == b"x"
