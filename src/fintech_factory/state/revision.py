"""Which revision of the tables a database has, and which one this code needs."""

from functools import cache
from pathlib import Path

from fintech_factory.errors import StateError
from fintech_factory.state.rows import Rows

__all__ = ["MIGRATIONS", "found_in", "newest", "refuse_newer"]

MIGRATIONS = Path(__file__).with_name("migrations")


@cache
def newest() -> str:
    """Give the last revision that the package brings: its files are numbered, `r0001_...`."""
    names = (path.name for path in (MIGRATIONS / "versions").glob("r[0-9]*.py"))
    return max(name[1:5] for name in names)


def found_in(rows: Rows) -> str | None:
    """Give a database's revision, None if it has no tables yet."""
    if not rows.has("alembic_version"):
        return None
    found = rows.query("SELECT version_num FROM alembic_version")
    return str(found[0][0]) if found else None


def refuse_newer(found: str | None, where: str) -> None:
    """Refuse to touch what a later release has made.

    Raises:
        StateError: the database is newer than this code.
    """
    if found is not None and found > newest():
        raise StateError(
            f"the operational database is of revision {found}; this release knows {newest()}",
            where=where,
            hint="install the release that made it, or a later one; nothing was changed",
        )
