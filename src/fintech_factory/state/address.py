"""Where an operational database is: a file of this machine, or a server."""

from pathlib import Path

__all__ = ["Addressed", "sqlite_url"]

_SQLITE = "sqlite:///"


def sqlite_url(path: Path) -> str:
    """Give the URL of a database file."""
    return f"{_SQLITE}{path}"


class Addressed:
    """A database by its SQLAlchemy URL, `password` where that holds none."""

    def __init__(self, url: str, password: str | None = None) -> None:
        """Take the place; nothing is opened yet."""
        self.url = url
        self._password = password

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.url.startswith("sqlite")

    @property
    def path(self) -> Path:
        """The file; only SQLite has one."""
        return Path(self.url.removeprefix(_SQLITE))

    @property
    def where(self) -> str:
        """Its place as a person may see it: without account and password."""
        return str(self.path) if self.is_sqlite else self.url.rpartition("@")[2]
