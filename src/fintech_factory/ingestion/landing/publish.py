"""Makes a landed batch visible at once, or not at all."""

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from fintech_factory.durable import replace_file, sync
from fintech_factory.ingestion.landing.manifest import MANIFEST, POINTER, Manifest

__all__ = ["begin", "discard", "point_at", "publish", "refuse", "write_manifest"]

_INCOMING = ".incoming-"


def begin(raw_root: Path) -> Path:
    """Make a fresh folder beside the batches, for one that is being landed.

    Folders of processes that ended on the way are removed.
    """
    for left in raw_root.glob(f"{_INCOMING}*"):
        if not _is_alive(int(left.name.removeprefix(_INCOMING).split("-")[0])):
            shutil.rmtree(left, ignore_errors=True)
    folder = raw_root / f"{_INCOMING}{os.getpid()}-{secrets.token_hex(4)}"
    for name in ("received", "landed", "scratch"):
        (folder / name).mkdir(parents=True)
    return folder


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a batch's manifest into its folder."""
    (folder / MANIFEST).write_bytes(_as_bytes(manifest.as_json()))


def publish(folder: Path, raw_root: Path, batch_id: str) -> Path:
    """Have the disk keep every file, then give the folder its name."""
    shutil.rmtree(folder / "scratch")
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)
    target = raw_root / batch_id
    folder.rename(target)
    sync(raw_root)
    return target


def point_at(raw_root: Path, batch_id: str) -> None:
    """Make a batch the current one."""
    replace_file(raw_root / POINTER, _as_bytes({"batch_id": batch_id}))


def refuse(folder: Path, raw_root: Path, batch_id: str) -> Path:
    """Keep what a refused batch leaves behind: manifest, findings, quarantine."""
    target = raw_root / "refused" / batch_id
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    for name in ("received", "landed", "scratch"):
        _remove(folder / name)
    folder.rename(target)
    return target


def discard(folder: Path) -> None:
    """Remove a folder that will not become a batch."""
    _remove(folder)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _as_bytes(held: dict[str, Any]) -> bytes:
    return (json.dumps(held, indent=1, ensure_ascii=False) + "\n").encode()
