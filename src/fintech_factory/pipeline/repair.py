"""Brings the pointer to the published version after what was committed, and drops what was not."""

from collections.abc import Sequence

from fintech_factory.errors import WarehouseError
from fintech_factory.pipeline.run_log import PUBLISHED
from fintech_factory.state.peek import Readable
from fintech_factory.state.runs import RunRow, runs
from fintech_factory.warehouse.protocol import Version
from fintech_factory.warehouse.versions import VersionFolder, run_of

__all__ = ["is_behind", "repair"]


def is_behind(version: Version | None, state: Readable) -> bool:
    """Say whether a later run than a version's was committed and is not pointed to."""
    newest = next(iter(_published(state)), None)
    return newest is not None and (version is None or newest.run_id != version.run.run_id)


def repair(folder: VersionFolder, state: Readable) -> None:
    """Point to the newest committed run whose file exists, and remove what never was committed.

    The caller holds the writer's lock. The pointer only moves forward, unless it cannot be
    followed: a database that was lost or restored takes no published version back.
    """
    published = _published(state)
    try:
        current = folder.current()
    except WarehouseError:
        current = None
    there = next((each for each in published if folder.path_of(each.version).exists()), None)
    if there is not None and _follows(there, current, published):
        current = folder.point_to(there.version, run_of(there.record))
    if current is not None:
        committed = {each.version for each in published}
        folder.drop_after(current.name, committed)


def _published(state: Readable) -> list[RunRow]:
    """Give the runs that the pointer could be written from, newest first."""
    with state.rows() as rows:
        found = runs(rows)
    return [each for each in reversed(found) if each.status == PUBLISHED and each.version]


def _follows(row: RunRow, current: Version | None, published: Sequence[RunRow]) -> bool:
    if current is None:
        return True
    if current.run.run_id == row.run_id:
        return False
    known = [each.run_id for each in published]
    if current.run.run_id in known:
        return known.index(row.run_id) < known.index(current.run.run_id)
    return run_of(row.record).finished_at > current.run.finished_at
