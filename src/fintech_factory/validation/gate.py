"""Whether a run may publish: what is critical, of a kind that blocks, and accepted by nobody."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from fintech_factory.validation.findings import Examined, Found, State, Tracked
from fintech_factory.values import Severity

__all__ = ["blocking"]


def blocking(
    examined: Sequence[Examined],
    known: Mapping[str, Tracked],
    blocks: Collection[str],
    today: date,
) -> tuple[Found, ...]:
    """Give what stops the publish; `known` holds these findings already, as they stand now."""
    return tuple(
        each
        for check in examined
        for each in check.found
        if each.finding.severity is Severity.CRITICAL
        and each.finding.code in blocks
        and known[each.id].state_on(today) is State.OPEN
    )
