"""One hash over everything that a run's results depend on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from fintech_factory import __version__

__all__ = ["inputs_of"]


def inputs_of(batch_id: str, folders: Iterable[Path]) -> str:
    """Hash the batch, the product's version and every settings and SQL file.

    Bytes, not meaning: cheap enough to find within milliseconds that nothing has changed.
    """
    digest = hashlib.sha256(f"{__version__}\n{batch_id}\n".encode())
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".yaml", ".yml", ".sql"}:
                digest.update(f"{path.relative_to(folder)}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
