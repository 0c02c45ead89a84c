"""Which level an observation comes to by its rule, and which one it keeps up."""

from decimal import Decimal

from fintech_factory.alerting.level import LEVELS, LimitState, level_of
from fintech_factory.alerting.observation import Observation, Sight
from fintech_factory.alerting.rule import Kind, Rule
from fintech_factory.kpi_engine.limits import Limits
from fintech_factory.kpi_engine.rehearse import is_firing

__all__ = ["held", "is_known", "passed"]


def is_known(rule: Rule, observation: Observation) -> bool:
    """Say whether there is something to judge; a missing figure is what its own rule judges."""
    if rule.kind is Kind.UNAVAILABLE:
        return True
    if rule.kind is Kind.KPI:
        return observation.status is Sight.OK and observation.value is not None
    return observation.status is Sight.OK


def passed(rule: Rule, observation: Observation) -> LimitState:
    """Give the worst level whose limit an observation lies past; strict, unrounded (R048)."""
    if rule.kind is Kind.KPI:
        value = observation.value
        return LimitState.NONE if value is None else rule.limits.state(value)
    if rule.kind is Kind.UNAVAILABLE:
        missing = observation.status is not Sight.OK or observation.value is None
        return (rule.level or LimitState.WARNING) if missing else LimitState.NONE
    found = level_of(observation.severity)
    if rule.levels and found not in rule.levels:
        return LimitState.NONE
    return rule.level if rule.level and found is not LimitState.NONE else found


def held(rule: Rule, observation: Observation, level: LimitState) -> LimitState:
    """Give the level that an alert standing at `level` keeps: clear limits hold it (hysteresis)."""
    now = passed(rule, observation)
    if rule.kind is not Kind.KPI or observation.value is None:
        return now
    for step in reversed(LEVELS[LEVELS.index(now) + 1 : LEVELS.index(level) + 1]):
        if _keeps(rule.limits, step, observation.value):
            return step
    return now


def _keeps(limits: Limits, step: LimitState, value: Decimal) -> bool:
    # A limit that was taken out of the definition keeps nothing up.
    if step not in dict(limits.steps):
        return False
    return is_firing(limits, step, value, was_firing=True)
