"""Looks at the workspace's folders: there, writable, and with room for the next run."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, critical, ok, warning

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground

__all__ = ["CHECKS", "Disk", "judge_room"]

# What a run of the smallest book takes, with what the database and its log grow by.
_LEAST = 50_000_000
# Room for so many runs is enough not to speak of it: exports grow, and old versions are kept.
_RUNS = 5
_INODES = 1_000
_WRITTEN = ("warehouse", "state", "inbox", "outputs")


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk, with the folders of ours that lie on it; `free` and `total` are bytes.

    `inodes` is how many files may still be made, None where the disk sets no number.
    """

    folders: tuple[str, ...]
    free: int
    total: int
    inodes: int | None = None


def _writable(ground: "Ground") -> Iterator[Diagnosis]:
    """Ask the system whether each folder may be written; nothing is."""
    wrong = False
    for name in _WRITTEN:
        folder = ground.workspace.root / name
        if not folder.is_dir():
            wrong = True
            then = f"`mkdir {folder}`, owned by the account that runs the factory"
            yield warning("folder_missing", "a folder is missing", where=f"{name}/", then=then)
        elif not os.access(folder, os.W_OK | os.X_OK):
            wrong = True
            yield critical(
                "folder_read_only",
                f"this account may not write to {name}/{_why(folder)}",
                where=f"{name}/",
                then=f"`ls -ld {folder}` shows whose it is; give this account the right to write",
            )
    if not wrong:
        yield ok("folders_writable", "every folder can be written")


def _why(folder: Path) -> str:
    is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    return ": its disk is mounted to be read only" if is_read_only else ""


def _room(ground: "Ground") -> Iterator[Diagnosis]:
    """Compare what is free with what a run needs, by the size of the last."""
    needed = max(_last_run(ground), _LEAST)
    for disk in _disks(ground):
        yield judge_room(disk, needed)


def judge_room(disk: Disk, needed: int) -> Diagnosis:
    """Say whether a disk has room for runs that need so many bytes each."""
    where = ", ".join(disk.folders)
    free = f"{_megabytes(disk.free)} of {_megabytes(disk.total)} are free"
    then = f"`df -h {disk.folders[0]}` shows it; make room, or lower warehouse.keep_versions"
    if disk.free < needed:
        what = f"the disk is full: {free}, and a run needs {_megabytes(needed)}"
        return critical("disk_full", what, where=where, then=then)
    if disk.inodes is not None and disk.inodes < _INODES:
        what = f"the disk can take {disk.inodes} more files, whatever room is left"
        then = f"`df -i {disk.folders[0]}` shows it; remove files that nobody needs"
        return critical("disk_full", what, where=where, then=then)
    if disk.free < _RUNS * needed:
        what = f"{free}: enough for {disk.free // needed} runs of the last one's size"
        return warning("disk_low", what, where=where, then=then)
    return ok("disk_has_room", f"{free}; a run needs {_megabytes(needed)}", where)


def _last_run(ground: "Ground") -> int:
    """Give the bytes that the next run takes if it is like the last.

    The new version beside the old one and as much again while it is made, and the export twice: as
    received, and as landed.
    """
    version = max(_sizes(ground.workspace.versions.glob("*.duckdb")), default=0)
    batches = [path.parent for path in ground.workspace.warehouse.glob("raw/*/*/manifest.json")]
    batch = max((sum(_sizes(each.rglob("*"))) for each in batches), default=0)
    return 2 * version + batch


def _sizes(paths: Iterable[Path]) -> Iterator[int]:
    for path in paths:
        try:
            yield path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            # Pruned meanwhile.
            continue


def _disks(ground: "Ground") -> Iterator[Disk]:
    """Give each disk that the workspace, or what is made on the way, lies on."""
    named: Mapping[str, Path] = {name: ground.workspace.root / name for name in _WRITTEN}
    named = {**named, tempfile.gettempdir(): Path(tempfile.gettempdir())}
    by_device: dict[int, list[str]] = {}
    for name, folder in named.items():
        there = folder if folder.exists() else folder.parent
        by_device.setdefault(there.stat().st_dev, []).append(name)
    for names in by_device.values():
        found = os.statvfs(named[names[0]] if named[names[0]].exists() else ground.workspace.root)
        shown = tuple(
            str(named[name]) if Path(name).is_absolute() else f"{name}/" for name in names
        )
        yield Disk(
            folders=shown,
            free=found.f_bavail * found.f_frsize,
            total=found.f_blocks * found.f_frsize,
            # Some disks make files as long as there is room, and say 0 of 0.
            inodes=found.f_favail if found.f_files else None,
        )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"


CHECKS = {"writable": _writable, "room": _room}
