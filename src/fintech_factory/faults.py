"""Named points of the work at which a test may stop the process; elsewhere they do nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["reach", "watched"]

_watchers: list[Callable[[str], None]] = []


def reach(point: str) -> None:
    """Say that the work has come to a point, such as `publish.sealed`."""
    for watcher in _watchers:
        watcher(point)


@contextmanager
def watched(watcher: Callable[[str], None]) -> Iterator[None]:
    """Tell a test of every point that is reached while the block runs; it may raise, or kill."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
