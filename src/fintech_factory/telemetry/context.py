"""What the work that goes on is part of: its run, slot and step, for every line that it logs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

__all__ = ["bound", "now_bound"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default=_NOTHING)


def now_bound() -> Mapping[str, str]:
    """Give what is bound here: of this thread, or of this task."""
    return _bound.get()


@contextmanager
def bound(**labels: object) -> Iterator[None]:
    """Say what the block is part of: `run`, `slot`, `step`, `trace`, `span`, or any other name.

    Within a block that is bound already it adds, or stands in for the same name. What is empty or
    None binds nothing. A thread that is started within begins with nothing bound.
    """
    given = {name: str(value) for name, value in labels.items() if value not in (None, "")}
    token = _bound.set({**_bound.get(), **given})
    try:
        yield
    finally:
        _bound.reset(token)
