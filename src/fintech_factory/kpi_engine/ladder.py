"""Checks the limits, target and range of a KPI's settings."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.kpi_engine.limits import Clamp, Direction, Limits, Target
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.values import LimitState, Unit

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.settings import KpiSettings, StepSettings

__all__ = ["LEVELS", "Fault", "limit_faults", "read_clamp", "read_limits", "read_target"]

LEVELS = (LimitState.WARNING, LimitState.CRITICAL, LimitState.EXECUTIVE)
# Below this a percent limit is more likely a ratio: 0.05 where 5 is meant (A9).
_SMALLEST_PERCENT = 1

_Steps = tuple[tuple[LimitState, Decimal], ...]
Fault = tuple[tuple[str, ...], str, str]
"""The keys below `limits`, what is wrong there, and what to do."""


def read_limits(settings: "KpiSettings", notes: Notes) -> Limits:
    """Give the ladder; a limit on the wrong side, or one that looks like a ratio, is noted."""
    direction = settings.direction
    if settings.limits is None:
        return Limits(direction)
    limits = Limits(direction, _steps(settings.limits), _steps(settings.limits.clear))
    confirmed_by = "" if settings.limits.confirm_small else "`confirm_small: true`"
    for keys, message, hint in limit_faults(limits, settings.unit, confirmed_by):
        notes.below("limits", *keys).note(message, hint)
    return limits


def _steps(settings: "StepSettings | None") -> _Steps:
    if settings is None:
        return ()
    written = ((state, getattr(settings, state.value)) for state in LEVELS)
    return tuple((state, limit) for state, limit in written if limit is not None)


def limit_faults(limits: Limits, unit: Unit, confirmed_by: str) -> Iterator[Fault]:
    """Give what is wrong with a ladder that is not left out.

    `confirmed_by` says how a percent limit below 1 can be confirmed; empty if it is.
    """
    if limits.direction is Direction.NEUTRAL:
        yield (), "a neutral KPI has no limits", "say bad_above or bad_below in `direction`"
    elif not limits.steps:
        yield (), "no limit is given", "give warning, critical or executive, or leave it out"
    else:
        yield from _order_faults(limits)
        yield from _clear_faults(limits)
    if unit is Unit.PERCENT and confirmed_by:
        for state, limit in limits.steps:
            yield from _small_faults(limit, (state.value,), confirmed_by)
        for state, limit in limits.clear:
            yield from _small_faults(limit, ("clear", state.value), confirmed_by)


def _order_faults(limits: Limits) -> Iterator[Fault]:
    mildest = "smaller" if limits.direction is Direction.BAD_ABOVE else "larger"
    for (milder, first), (worse, second) in zip(limits.steps, limits.steps[1:], strict=False):
        if not limits.passed(second, first):
            yield (
                (milder.value,),
                f"{milder.value} ({first}) does not lie before {worse.value} ({second})",
                f"for a KPI that is {limits.direction.value}, {milder.value} is the {mildest} one",
            )


def _clear_faults(limits: Limits) -> Iterator[Fault]:
    steps = dict(limits.steps)
    for state, clear in limits.clear:
        keys = ("clear", state.value)
        if state not in steps:
            yield keys, f"there is no {state.value} limit to clear", ""
        elif limits.passed(clear, steps[state]):
            yield (
                keys,
                f"clear ({clear}) lies past the limit ({steps[state]})",
                "a clear limit lies on the healthy side of its limit, or on it",
            )


def _small_faults(limit: Decimal, keys: tuple[str, ...], confirmed_by: str) -> Iterator[Fault]:
    if abs(limit) < _SMALLEST_PERCENT:
        yield (
            keys,
            f"{limit} on a KPI in percent means {limit} %",
            f"write {limit * 100:f} for a ratio of {limit}, or confirm by {confirmed_by}",
        )


def read_target(settings: "KpiSettings", notes: Notes) -> Target | None:
    """Give the target, which has a side and is in the KPI's unit."""
    target = settings.target
    if target is None:
        return None
    below = notes.below("target")
    if target.above is None and target.below is None:
        below.note("a target needs `above` or `below`")
    if target.above is not None and target.below is not None and target.above >= target.below:
        below.note("nothing lies above the one and below the other", "swap the two")
    if settings.unit is Unit.PERCENT:
        for side in ("above", "below"):
            if (aim := getattr(target, side)) is not None:
                for keys, message, hint in _small_faults(aim, (side,), "a target of at least 1 %"):
                    below.below(*keys).note(message, hint)
    return Target(target.above, target.below, target.period)


def read_clamp(settings: "KpiSettings", limits: Limits, notes: Notes) -> Clamp | None:
    """Give the range; a limit outside it could never be passed."""
    clamp = settings.clamp
    if clamp is None:
        return None
    below = notes.below("clamp")
    if clamp.low >= clamp.high:
        below.note(f"low ({clamp.low}) does not lie below high ({clamp.high})")
    for state, limit in limits.steps:
        if not clamp.low < limit < clamp.high:
            below.note(f"the {state.value} limit ({limit}) can never be passed in this range")
    return Clamp(clamp.low, clamp.high)
