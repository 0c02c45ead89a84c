"""A workspace that is kept open for long: settings that change meanwhile are taken over."""

import logging
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from fintech_factory.errors import ConfigError, FactoryError

if TYPE_CHECKING:
    from fintech_factory.app.factory import Factory
    from fintech_factory.values import Problem

__all__ = ["Live", "anew"]

log = logging.getLogger(__name__)

# How often the files are looked at, in seconds.
_LOOK_EVERY = 2.0


@dataclass
class Live:
    """The workspace of a process that lasts, with the last settings that were right.

    Broken settings are refused: `problem` says what is wrong, and the last good ones stay. Each
    thread has one of its own; what a `Factory` remembers is not made for two.
    """

    opened: "Factory"
    problem: str = field(default="", init=False)
    _seen: tuple[tuple[str, int, int], ...] = field(default=(), init=False)
    _looked: float = field(default=float("-inf"), init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        """Remember the files as they are now.

        Raises:
            ConfigError: they are wrong from the beginning.
        """
        self._seen = self._files()
        _load(self.opened)

    @property
    def factory(self) -> "Factory":
        """The workspace, under the newest settings that are right."""
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK_EVERY:
                self._look()
                self._looked = time.monotonic()
            return self.opened

    def close(self) -> None:
        """Give its connections back."""
        self.opened.close()

    def _look(self) -> None:
        files = self._files()
        if files == self._seen:
            return
        fresh = anew(self.opened)
        try:
            _load(fresh)
        except ConfigError as wrong:
            # One who writes a file in two goes is in the middle of it: the next look says.
            self._refuse("; ".join(_in_one_line(each) for each in wrong.problems[:3]))
        except (FactoryError, OSError) as wrong:
            self._refuse(str(wrong))
        else:
            if self.problem:
                log.info("settings are right again")
            self.opened.close()
            self.opened, self.problem = fresh, ""
            log.info("settings taken over")
        self._seen = files

    def _refuse(self, problem: str) -> None:
        self.problem = problem
        log.error("settings refused; the last good ones stay", extra={"reason": problem})

    def _files(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        for path in sorted(self.opened.workspace.config.rglob("*.yaml")):
            try:
                now = path.stat()
            except OSError:
                continue
            found.append((str(path), now.st_mtime_ns, now.st_size))
        return tuple(found)


def _in_one_line(problem: "Problem") -> str:
    return f"{problem.path}:{problem.line}: {problem.message}"


def anew(factory: "Factory") -> "Factory":
    """Open the same workspace once more, with nothing remembered."""
    from fintech_factory.app.factory import Factory

    return Factory(factory.workspace, factory.clock, factory.actor)


def _load(factory: "Factory") -> None:
    """Read what a process that lasts goes by: schedules, windows, rules, channels, departments."""
    from fintech_factory.app.roles import FILE as ROLES

    _ = factory.settings
    _ = factory.schedules.known
    _ = factory.alerts.alerting
    # A workspace of an older version has none.
    if (factory.workspace.config / ROLES).exists():
        _ = factory.daily.roles
