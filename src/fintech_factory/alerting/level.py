"""The steps that an alert can stand on, and how they compare."""

from fintech_factory.values import LimitState, Severity

__all__ = ["LEVELS", "LimitState", "at_least", "highest", "level_of", "lowest", "severity_of"]

LEVELS = (LimitState.NONE, LimitState.WARNING, LimitState.CRITICAL, LimitState.EXECUTIVE)
"""Mildest first."""

_OF_SEVERITY = {
    Severity.INFO: LimitState.NONE,
    Severity.WARNING: LimitState.WARNING,
    Severity.CRITICAL: LimitState.CRITICAL,
}


def at_least(level: LimitState, least: LimitState) -> bool:
    """Say whether a level is as grave as another, or graver."""
    return LEVELS.index(level) >= LEVELS.index(least)


def highest(*levels: LimitState) -> LimitState:
    """Give the gravest; none of none."""
    return max(levels, key=LEVELS.index, default=LimitState.NONE)


def lowest(*levels: LimitState) -> LimitState:
    """Give the mildest; none of none."""
    return min(levels, key=LEVELS.index, default=LimitState.NONE)


def level_of(severity: Severity | None) -> LimitState:
    """Give the level of what was found; what is only noted alerts nobody."""
    return LimitState.NONE if severity is None else _OF_SEVERITY[severity]


def severity_of(level: LimitState) -> Severity:
    """Give the severity in which a level is told."""
    if level is LimitState.NONE:
        return Severity.INFO
    return Severity.WARNING if level is LimitState.WARNING else Severity.CRITICAL
