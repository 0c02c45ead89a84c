"""What is watched, and when it is an alert."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from fintech_factory.alerting.escalate import Policy
from fintech_factory.alerting.latency import PROMISED
from fintech_factory.alerting.level import LimitState
from fintech_factory.kpi_engine.limits import Direction, Limits

__all__ = ["Kind", "Rule"]


class Kind(StrEnum):
    """What a rule watches.

    `unavailable` is a KPI's figure that is missing, `latency` alerts that came too late, `promise`
    daily messages that did.
    """

    KPI = "kpi"
    UNAVAILABLE = "unavailable"
    FINDING = "finding"
    FRESHNESS = "freshness"
    COVENANT = "covenant"
    PIPELINE = "pipeline"
    DELIVERY = "delivery"
    LATENCY = "latency"
    PROMISE = "promise"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, checked.

    A rule on a KPI (`subject`) has its `limits`, those of the definition and no others. Any other
    rule goes by the severity of what was found, or always by `level` if that is given; of `levels`
    it says nothing but those, if any are named. It fires
    once `for_` snapshots in a row are past a limit, and lets go once `resolve_for` are back over
    the clear limit. `dimension` and `members` scope it: empty for the whole book, and no members
    for each of them. `codes` are the kinds of finding (or the facilities, steps, channels) that it
    watches, all if empty. At critical or above, what a `compliance` rule finds is a breach. A rule
    on latency finds what is received so long (`within`) after its export's arrival, or later.
    `is_gone` is what stands for a rule that was taken out of the settings.
    """

    id: str
    kind: Kind
    subject: str = ""
    limits: Limits = field(default_factory=lambda: Limits(Direction.NEUTRAL))
    level: LimitState | None = None
    levels: tuple[LimitState, ...] = ()
    for_: int = 1
    resolve_for: int = 1
    dimension: str = ""
    members: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    compliance: bool = False
    within: timedelta = PROMISED
    runbook: str = ""
    policy: Policy = field(default_factory=Policy)
    is_gone: bool = False

    @property
    def reachable(self) -> tuple[LimitState, ...]:
        """The levels that it can come to, mildest first."""
        if self.kind is Kind.KPI:
            return tuple(level for level, _ in self.limits.steps)
        if self.level is not None:
            return (self.level,)
        found = (LimitState.WARNING, LimitState.CRITICAL)
        return tuple(each for each in found if not self.levels or each in self.levels)

    @property
    def judges_figures(self) -> bool:
        """Whether it is of a KPI, its parts being those of the book; others name what they find."""
        return self.kind in {Kind.KPI, Kind.UNAVAILABLE}

    def watches(self, code: str) -> bool:
        """Say whether a kind of finding, a facility, step or channel is one of this rule's."""
        return not self.codes or code in self.codes

    def judges(self, dimension: str, member: str) -> bool:
        """Say whether a part of the book is one of this rule's; the whole has neither."""
        if dimension != self.dimension:
            return False
        return not self.members or member in self.members
