"""How long alerts wait for an answer, and for their end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fintech_factory.alerting.alert import Move, Transition

__all__ = ["ResponseTimes", "response_times"]

_BEGINS = frozenset({Move.FIRED, Move.REOPENED})
_ENDS = frozenset({Move.RESOLVED, Move.CLOSED})


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Mean times from firing to the first acknowledgement (MTTA) and to the end (MTTR).

    `fired` counts every time an alert began; a mean of none is None, never 0.
    """

    fired: int
    acknowledged: int
    ended: int
    mtta: timedelta | None
    mttr: timedelta | None


def response_times(histories: Iterable[Sequence[Transition]]) -> ResponseTimes:
    """Measure alerts by their transitions, each alert's in order.

    One that ended without anybody having acknowledged it counts in MTTR only; one that goes on
    counts in neither before it has its answer or end.
    """
    fired = 0
    answers: list[timedelta] = []
    ends: list[timedelta] = []
    for history in histories:
        since: datetime | None = None
        is_answered = False
        for each in history:
            if each.kind in _BEGINS:
                fired, since, is_answered = fired + 1, each.at, False
            elif since is not None and each.kind is Move.ACKNOWLEDGED and not is_answered:
                answers.append(each.at - since)
                is_answered = True
            elif since is not None and each.kind in _ENDS:
                ends.append(each.at - since)
                since = None
    return ResponseTimes(fired, len(answers), len(ends), _mean(answers), _mean(ends))


def _mean(spans: Sequence[timedelta]) -> timedelta | None:
    return sum(spans, timedelta()) / len(spans) if spans else None
