"""Decides who is sent what next: each recipient's message of the day, and by which way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fintech_factory.reporting.daily_message import FIGURES, LATE_FIGURES, NO_DATA
from fintech_factory.reporting.department import Place, Told, Way

__all__ = ["Sent", "Step", "Stood", "next_step", "standing_of"]

_WAYS = (Way.OWN, Way.FALLBACK, Way.LAST)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of the day to one recipient, as it stands in the outbox.

    `arrived_at` is set once the channel has accepted it; `is_over` says that it will not be sent
    again by itself.
    """

    department: str
    recipient: str
    kind: str
    way: str
    place: Place
    written_at: datetime
    arrived_at: datetime | None = None
    is_over: bool = False
    status: str = "waiting"
    reason: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent next: which kind of message, by which way; `again` repeats one word for word."""

    kind: str
    way: str
    again: Sent | None = None


def next_step(
    told: Told, sent: Sequence[Sent], allowed: Sequence[str], *, has_figures: bool, waits: bool
) -> Step | None:
    """Give what a recipient is sent next, None if nothing.

    `sent` is what this recipient was sent of the day, in its order; `allowed` are the ways that
    may be taken by now. The first way that has a place may always be taken, and the next one as
    soon as everything before it has failed for good. While it `waits` for figures, a message
    without any is still too early.
    """
    first = [each for each in sent if each.kind != LATE_FIGURES]
    if not first:
        if not has_figures and waits:
            return None
        way = _way(told, (), allowed)
        return Step(FIGURES if has_figures else NO_DATA, way) if way else None
    if has_figures and all(each.kind == NO_DATA for each in sent):
        return Step(LATE_FIGURES, _way_of_the_first(told, first))
    if any(each.arrived_at for each in sent):
        return None
    again = sent[-1]
    way = _way(told, [each for each in sent if each.kind == again.kind], allowed)
    return Step(again.kind, way, again) if way else None


def _way(told: Told, tried: Sequence[Sent], allowed: Sequence[str]) -> str:
    """Give the first way whose place was not tried yet; empty if there is none that may be taken.

    A place that two ways have in common is one place: nobody is told there twice.
    """
    places = [each.place for each in tried]
    open_ = [each for each in _WAYS if each in told.places and told.places[each] not in places]
    if not open_:
        return ""
    all_failed = all(each.is_over and each.arrived_at is None for each in tried)
    return open_[0] if all_failed or open_[0] in allowed else ""


def _way_of_the_first(told: Told, first: Sequence[Sent]) -> str:
    """Give the way by which the message without figures came through, else the last one tried."""
    arrived = [each.way for each in first if each.arrived_at is not None]
    way = arrived[0] if arrived else first[-1].way
    return way if way in told.places else next(each for each in _WAYS if each in told.places)


@dataclass(frozen=True, slots=True)
class Stood:
    """How a recipient stands on a day.

    `kind` is of the message that was received first, or of the last one that was sent; empty
    where none was. `received_at` is when a channel accepted it, `by` that channel. `is_late` says
    that the deadline passed without a receipt; None before it where there is none yet.
    `figures_at` is when figures were received, the first or the later ones.
    """

    department: str
    recipient: str
    name: str
    due_at: datetime
    kind: str = ""
    received_at: datetime | None = None
    by: str = ""
    way: str = ""
    is_late: bool | None = None
    figures_at: datetime | None = None
    reason: str = ""


def standing_of(who: Stood, sent: Sequence[Sent], now: datetime) -> Stood:
    """Give how a recipient stands by what was sent; `who` has the names and the deadline."""
    arrived = sorted(
        (each for each in sent if each.arrived_at is not None),
        key=lambda each: each.arrived_at or each.written_at,
    )
    if not arrived:
        last = sent[-1] if sent else None
        return replace(
            who,
            kind=last.kind if last else "",
            is_late=True if now > who.due_at else None,
            reason=_why(sent),
        )
    first = arrived[0]
    figures = [each.arrived_at for each in arrived if each.kind != NO_DATA]
    return replace(
        who,
        kind=first.kind,
        received_at=first.arrived_at,
        by=first.place.channel,
        way=first.way,
        is_late=(first.arrived_at or now) > who.due_at,
        figures_at=figures[0] if figures else None,
        reason=_why([each for each in sent if each.written_at <= first.written_at]),
    )


def _why(sent: Sequence[Sent]) -> str:
    """Say what stood in the way, in the order in which it was met."""
    said = [
        f"{each.place.channel}: {each.reason or each.status}"
        for each in sent
        if each.arrived_at is None and (each.reason or each.is_over)
    ]
    return "; ".join(said)
