"""What every check looks at: the workspace, its settings and its database, opened to read only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Unseen
from fintech_factory.clock import Clock, SystemClock
from fintech_factory.config.workspace import Workspace
from fintech_factory.errors import StateError, UsageError

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.config import FactorySettings
    from fintech_factory.state.peek import Peek
    from fintech_factory.state.rows import Rows

__all__ = ["Ground"]

_STATE = "`factory doctor state` says more"


@dataclass(frozen=True)
class Ground:
    """One workspace to be looked at; what is opened is opened once, and nothing is changed.

    `patience_s` is how many seconds a channel, and the look into a file, may take. The factory is
    for what reads files: its database would be brought to this release's revision.
    """

    workspace: Workspace
    clock: Clock = field(default_factory=SystemClock)
    patience_s: float = 15

    @cached_property
    def now(self) -> datetime:
        """The moment of the look: the same for every check."""
        return self.clock.now()

    @cached_property
    def factory(self) -> "Factory":
        """What reads the workspace's files."""
        from fintech_factory.app.factory import Factory

        return Factory(self.workspace, self.clock)

    @property
    def settings(self) -> "FactorySettings":
        """The workspace's own settings.

        Raises:
            ConfigError: they cannot be read.
        """
        return self.factory.settings

    @cached_property
    def database(self) -> "Peek":
        """The operational database, whatever state it is in.

        Raises:
            ConfigError: the settings name it and cannot be read.
            Unseen: its password is not there.
        """
        from fintech_factory.app.operational import named_database
        from fintech_factory.state.peek import Peek

        try:
            return Peek(*named_database(self.factory))
        except UsageError as lacking:
            raise Unseen(
                f"the password of the operational database is not there: {lacking.what}",
                "`factory doctor secrets` says more",
            ) from lacking

    @contextmanager
    def rows(self) -> "Iterator[Rows]":
        """Lend the rows of the operational database, none while nobody has made it.

        Raises:
            Unseen: it cannot be read, or is not of this release's revision.
        """
        self.refuse_unread()
        try:
            with self.database.rows() as rows:
                yield rows
        except StateError as failed:
            raise Unseen(
                f"the operational database cannot be read: {failed.what}", _STATE
            ) from None

    def refuse_unread(self) -> None:
        """Raise Unseen where the operational database cannot be read as this release reads it."""
        if self._unfit:
            raise Unseen(self._unfit, _STATE)

    @property
    def has_tables(self) -> bool:
        """Whether anybody has made the operational database; Unseen where nobody can know."""
        self.refuse_unread()
        return self._revision is not None

    @cached_property
    def _unfit(self) -> str:
        """Say why the database cannot be read; a server that is down is asked once."""
        from fintech_factory.state.revision import newest

        try:
            found = self._revision
        except StateError as failed:
            return f"the operational database cannot be read: {failed.what}"
        if found not in {None, newest()}:
            return f"the operational database is of revision {found}; this release reads {newest()}"
        return ""

    @cached_property
    def _revision(self) -> str | None:
        return self.database.revision()

    def shown(self, path: Path) -> str:
        """Give a path as it reads from the workspace."""
        try:
            return path.relative_to(self.workspace.root).as_posix()
        except ValueError:
            return str(path)
