"""Writes an alert's memory as JSON and reads it back, digit by digit."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fintech_factory.alerting.alert import Acknowledgement, AlertState, Seen, Snooze, Status
from fintech_factory.alerting.level import LimitState

__all__ = ["as_json", "of_json"]

_MOMENTS = ("opened_at", "changed_at", "ended_at", "escalates_from", "told_at", "held_until")
_DAYS = ("as_of", "data_through", "judged_on")


def as_json(state: AlertState) -> dict[str, Any]:
    """Give one JSON object, by the names of the state's fields; decimals are text."""
    held = {each.name: getattr(state, each.name) for each in fields(state)}
    for name in (*_MOMENTS, *_DAYS):
        held[name] = held[name] and held[name].isoformat()
    answer, sleep = state.acknowledgement, state.snooze
    return held | {
        "status": state.status.value,
        "level": state.level.value,
        "peak": state.peak.value,
        "value": None if state.value is None else format(state.value, "f"),
        "recent": [
            [each.cut_on.isoformat(), each.passed.value, each.held.value] for each in state.recent
        ],
        "acknowledgement": answer
        and [answer.by, answer.at.isoformat(), answer.expires_at.isoformat()],
        "snooze": sleep and [sleep.by, sleep.until.isoformat()],
    }


def of_json(held: Mapping[str, Any]) -> AlertState:
    """Read back what `as_json` wrote; KeyError or ValueError if it did not."""
    # Of what was written before `heard` was kept, what is not held back was heard of.
    whole = {"heard": held["held_until"] is None, **held}
    read: dict[str, Any] = {each.name: whole[each.name] for each in fields(AlertState)}
    for name in _MOMENTS:
        read[name] = _moment(held[name])
    for name in _DAYS:
        read[name] = held[name] and date.fromisoformat(held[name])
    return AlertState(
        **read
        | {
            "status": Status(held["status"]),
            "level": LimitState(held["level"]),
            "peak": LimitState(held["peak"]),
            "value": None if held["value"] is None else Decimal(held["value"]),
            "recent": tuple(
                Seen(date.fromisoformat(day), LimitState(passed), LimitState(kept))
                for day, passed, kept in held["recent"]
            ),
            "acknowledgement": _acknowledgement(held["acknowledgement"]),
            "snooze": held["snooze"]
            and Snooze(held["snooze"][0], datetime.fromisoformat(held["snooze"][1])),
        }
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _acknowledgement(held: list[str] | None) -> Acknowledgement | None:
    if held is None:
        return None
    by, at, expires_at = held
    return Acknowledgement(by, datetime.fromisoformat(at), datetime.fromisoformat(expires_at))
