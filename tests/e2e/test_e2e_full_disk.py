"""On a disk that is really full the last good state stays, and the next run recovers."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fintech_factory.config.workspace import Workspace
from fintech_factory.testing import Book
from small_disk import small_disk

# A disk of its own is mounted, and written full: half a minute.
pytestmark = pytest.mark.skipif(
    "CHAOS_MOMENTS" not in os.environ, reason="`make chaos` fills a disk"
)

Factory = Callable[..., Any]
_LEFT = 1_200_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB in memory."""
    with small_disk(tmp_path / "disk", "size=40m") as place:
        yield place


def fill(disk: Path, left: int) -> Path:
    """Take all but so many bytes of a disk."""
    file = disk / "filler"
    with file.open("wb") as out:
        out.write(b"x" * max(shutil.disk_usage(disk).free - left, 0))
    return file


def test_a_run_on_a_full_disk_says_so_and_loses_nothing(
    factory: Factory, disk: Path, empty_workspace: Path, small_book: Book
) -> None:
    root = disk / "workspace"
    shutil.copytree(empty_workspace, root)
    small_book.land(Workspace(root).raw("cascade"))
    assert factory(root, "run").code in {0, 3}
    pointer = (root / "warehouse" / "CURRENT").read_text()
    versions = {path.name for path in (root / "warehouse" / "versions").iterdir()}
    small_book.loan(500, disbursed="2025-06-15").land(Workspace(root).raw("cascade"))

    filler = fill(disk, _LEFT)
    failed = factory(root, "run")
    assert failed.code == 1
    said = failed.err
    # Whichever comes to its end first: the version that is built, or the operational database.
    assert "No space left on device" in said or "disk is full" in said
    assert "hint: make room" in said
    assert (root / "warehouse" / "CURRENT").read_text() == pointer
    assert {path.name for path in (root / "warehouse" / "versions").iterdir()} == versions
    shown = factory(root, "kpi", "show", "outstanding", "--json")
    assert shown.document["value"] == "2000.000000"

    filler.unlink()
    assert factory(root, "run").code in {0, 3}
    shown = factory(root, "kpi", "show", "outstanding", "--json")
    assert shown.document["value"] == "2500.000000"
    assert factory(root, "audit", "verify").code == 0
