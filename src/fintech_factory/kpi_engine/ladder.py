"""Checks the limits, target and range of a KPI's settings."""

from decimal import Decimal
from typing import TYPE_CHECKING

from fintech_factory.kpi_engine.limits import Clamp, Direction, Limits, Target
from fintech_factory.kpi_engine.notes import Notes
from fintech_factory.values import LimitState, Unit

if TYPE_CHECKING:
    from fintech_factory.kpi_engine.settings import KpiSettings, StepSettings

__all__ = ["read_clamp", "read_limits", "read_target"]

_STEPS = (LimitState.WARNING, LimitState.CRITICAL, LimitState.EXECUTIVE)
# Below this a percent limit is more likely a ratio: 0.05 where 5 is meant (A9).
_SMALLEST_PERCENT = 1

_Steps = tuple[tuple[LimitState, Decimal], ...]


def read_limits(settings: "KpiSettings", notes: Notes) -> Limits:
    """Give the ladder; a limit on the wrong side, or one that looks like a ratio, is noted."""
    direction = settings.direction
    if settings.limits is None:
        return Limits(direction)
    below = notes.below("limits")
    limits = Limits(direction, _steps(settings.limits), _steps(settings.limits.clear))
    if direction is Direction.NEUTRAL:
        below.note("a neutral KPI has no limits", "say bad_above or bad_below in `direction`")
    elif not limits.steps:
        below.note("no limit is given", "give warning, critical or executive, or leave it out")
    else:
        _check_order(limits, below)
        _check_clear(limits, below.below("clear"))
    if settings.unit is Unit.PERCENT and not settings.limits.confirm_small:
        for state, limit in limits.steps:
            _refuse_small(limit, below.below(state.value), "`confirm_small: true`")
        for state, limit in limits.clear:
            _refuse_small(limit, below.below("clear", state.value), "`confirm_small: true`")
    return limits


def _steps(settings: "StepSettings | None") -> _Steps:
    if settings is None:
        return ()
    written = ((state, getattr(settings, state.value)) for state in _STEPS)
    return tuple((state, limit) for state, limit in written if limit is not None)


def _check_order(limits: Limits, notes: Notes) -> None:
    mildest = "smaller" if limits.direction is Direction.BAD_ABOVE else "larger"
    for (milder, first), (worse, second) in zip(limits.steps, limits.steps[1:], strict=False):
        if not limits.passed(second, first):
            notes.below(milder.value).note(
                f"{milder.value} ({first}) does not lie before {worse.value} ({second})",
                f"for a KPI that is {limits.direction.value}, {milder.value} is the {mildest} one",
            )


def _check_clear(limits: Limits, notes: Notes) -> None:
    steps = dict(limits.steps)
    for state, clear in limits.clear:
        if state not in steps:
            notes.below(state.value).note(f"there is no {state.value} limit to clear")
        elif limits.passed(clear, steps[state]):
            notes.below(state.value).note(
                f"clear ({clear}) lies past the limit ({steps[state]})",
                "a clear limit lies on the healthy side of its limit, or on it",
            )


def _refuse_small(limit: Decimal, notes: Notes, confirmed_by: str) -> None:
    if abs(limit) < _SMALLEST_PERCENT:
        notes.note(
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
                _refuse_small(aim, below.below(side), "a target of at least 1 %")
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
