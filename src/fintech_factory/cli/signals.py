"""Signals that ask a command to end, taken in order instead of as a crash."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["asked_to_end"]


@contextmanager
def asked_to_end(
    stop: Callable[[], None], *, also: tuple[signal.Signals, ...] = ()
) -> Iterator[None]:
    """Call `stop` where SIGTERM, or one of `also`, asks the process to end, while the block lasts.

    A second one of the same kind ends it as if nobody had listened.
    """

    def take(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop()

    before = {each: signal.signal(each, take) for each in (signal.SIGTERM, *also)}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
