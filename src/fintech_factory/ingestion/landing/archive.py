"""Unpacks a ZIP without trusting it: no path leaves its folder, nothing swells past its limits."""

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fintech_factory.values import Finding, Severity

if TYPE_CHECKING:
    from fintech_factory.ingestion.sources.cascade import Archive

__all__ = ["refuse_archive", "unpack"]

# RuntimeError is zipfile's word for a member that wants a password.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)

_BLOCK = 1 << 20


def unpack(path: Path, into: Path, limits: "Archive") -> list[Path] | Finding:
    """Unpack an archive's files into a flat folder, or say why it is refused."""
    refused = refuse_archive(path, limits)
    if refused is not None:
        return refused
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpack(archive, into)
    except _DAMAGED as error:
        return _broken(path, str(error))


def refuse_archive(path: Path, limits: "Archive") -> Finding | None:
    """Say why an archive, or a workbook, which is one too, must not be unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _refusal(path, _members(archive), limits)
    except _DAMAGED as error:
        return _broken(path, str(error))


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [each for each in archive.infolist() if not each.is_dir()]


def _refusal(path: Path, members: list[zipfile.ZipInfo], limits: "Archive") -> Finding | None:
    for member in members:
        if _leaves(member.filename) or _is_link(member):
            return Finding(
                code="zip_path_traversal",
                severity=Severity.CRITICAL,
                message=f"the archive holds a path that leaves it: {member.filename!r}",
                where=path.name,
                hint="pack the export's files again, without folders",
            )
    if len(members) > limits.max_files:
        return _bomb(path, f"it holds {len(members)} files, more than {limits.max_files}")
    size = sum(each.file_size for each in members)
    if size > limits.max_bytes:
        return _bomb(path, f"it unpacks to {size:,} bytes, more than {limits.max_bytes:,}")
    for member in members:
        # A few kilobytes cannot do harm however well they pack.
        if member.file_size > max(member.compress_size * limits.max_ratio, _BLOCK):
            return _bomb(path, f"{member.filename} packs more than {limits.max_ratio} to 1")
    return None


def _leaves(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in name or "\0" in name


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _unpack(archive: zipfile.ZipFile, into: Path) -> list[Path]:
    unpacked: list[Path] = []
    for member in _members(archive):
        name = PurePosixPath(member.filename.replace("\\", "/")).name
        if name.startswith(".") or "__MACOSX" in member.filename:
            continue
        target = into / name
        if target.exists():
            raise ValueError(f"two files are called {name}")
        # Reading stops at the size the archive claims, which the limits were held against.
        with archive.open(member) as packed, target.open("xb") as file:
            shutil.copyfileobj(packed, file, _BLOCK)
        unpacked.append(target)
    return unpacked


def _bomb(path: Path, why: str) -> Finding:
    return Finding(
        code="zip_bomb",
        severity=Severity.CRITICAL,
        message=f"the archive is not unpacked: {why}",
        where=path.name,
        hint="if it is right, raise the limits under `archive` in config/integrations/cascade.yaml",
    )


def _broken(path: Path, why: str) -> Finding:
    return Finding(
        code="half_written_file",
        severity=Severity.CRITICAL,
        message=f"the archive is cut short or damaged: {why}",
        where=path.name,
        hint="fetch it again, and drop it only when it is complete",
    )
