"""Looks at what is published: pointed to, there, readable, and the last that was committed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, Unseen, critical, note, ok, warning
from fintech_factory.errors import WarehouseError

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground
    from fintech_factory.warehouse.protocol import Version

__all__ = ["CHECKS"]

# Reading every table of more than that takes longer than a look may.
_LARGE = 1_000_000_000
_POINTER = "warehouse/CURRENT"


def _pointer(ground: "Ground") -> Iterator[Diagnosis]:
    """Follow the pointer to the version in force."""
    try:
        version = ground.factory.current()
    except WarehouseError as wrong:
        # Two things can be wrong: the pointer itself, or that its file is not there.
        gone = wrong.where.endswith(".duckdb")
        code = "version_missing" if gone else "pointer_unreadable"
        where = _relative(ground, wrong.where)
        yield critical(code, wrong.what, where=where, then=wrong.hint)
        return
    if version is None:
        yield from _nothing_published(ground)
    else:
        when = f"{version.run.finished_at:%Y-%m-%d %H:%M}"
        yield ok("version_in_force", f"as of {version.run.as_ofs[-1]}, made {when} UTC", _POINTER)


def _nothing_published(ground: "Ground") -> Iterator[Diagnosis]:
    if any(ground.workspace.versions.glob("[!.]*.duckdb")):
        what = "versions are there, and the pointer to the one in force is gone"
        then = "`factory run` points to the last that was committed"
        yield critical("pointer_missing", what, where=_POINTER, then=then)
    else:
        then = "`factory run` publishes"
        yield note("nothing_published", "no run has published yet", where=_POINTER, then=then)


def _tables(ground: "Ground") -> Iterator[Diagnosis]:
    """Open the version in force and read every table."""
    version = _followed(ground)
    if version is None:
        yield ok("nothing_published", "there are no tables yet")
        return
    size, shown = version.path.stat().st_size, ground.shown(version.path)
    warehouse = ground.factory.warehouse
    try:
        if size > _LARGE:
            warehouse.open(version).close()
            yield ok("version_opens", "it opens; `factory warehouse check` reads all of it", shown)
            return
        found = [each for each in warehouse.check() if each.code == "table_unreadable"]
    except WarehouseError as wrong:
        said = " ".join(wrong.what.split())
        yield critical("version_unreadable", said, where=shown, then=wrong.hint)
        return
    for each in found:
        said = " ".join(each.message.split())
        what = f"a table of what is published cannot be read: {said}"
        where = f"{shown}: {each.where}"
        yield critical("version_unreadable", what, where=where, then=each.hint)
    if not found:
        yield ok("version_readable", f"every table can be read ({size / 1e6:,.0f} MB)", shown)


def _builds(ground: "Ground") -> Iterator[Diagnosis]:
    """Look for what runs left that never finished."""
    from fintech_factory.warehouse.versions import VersionFolder, is_read

    found = 0
    for each in VersionFolder(ground.workspace.warehouse).findings():
        path = ground.workspace.versions / each.where.rpartition("/")[2]
        # One that a process holds open is being made.
        if not is_read(path):
            found += 1
            then = "nothing reads it; `factory run` removes it"
            yield warning("abandoned_build", each.message, where=ground.shown(path), then=then)
    if not found:
        yield ok("no_leftovers", "no run left anything behind")


def _committed(ground: "Ground") -> Iterator[Diagnosis]:
    """Hold the pointer against the last run that was committed."""
    from fintech_factory.pipeline.repair import is_behind

    version = _followed(ground)
    if version is None or not ground.has_tables:
        yield ok("nothing_published", "there is nothing to point to yet")
        return
    if is_behind(version, ground.database):
        what = "a later run was committed than the one that readers see"
        then = "`factory run` points to it"
        yield warning("pointer_behind", what, where=_POINTER, then=then)
    else:
        yield ok("pointer_right", "readers see the last run that was committed")


def _followed(ground: "Ground") -> "Version | None":
    try:
        return ground.factory.current()
    except WarehouseError as wrong:
        then = "`factory doctor warehouse` says more"
        raise Unseen(f"what is published cannot be found: {wrong.what}", then) from wrong


def _relative(ground: "Ground", where: str) -> str:
    from pathlib import Path

    return ground.shown(Path(where))


CHECKS = {"pointer": _pointer, "tables": _tables, "builds": _builds, "committed": _committed}
