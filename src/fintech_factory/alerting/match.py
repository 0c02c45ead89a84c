"""Says whether an alert is one of those that a route, a silence or an inhibition means."""

from dataclasses import dataclass

from fintech_factory.alerting.alert import AlertState
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.rule import Kind, Rule

__all__ = ["Match", "Subject", "subject_of"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be said of an alert before anybody is told."""

    rule: str
    kind: Kind
    level: LimitState
    dimension: str = ""
    member: str = ""
    compliance: bool = False


def subject_of(rule: Rule, state: AlertState, level: LimitState) -> Subject:
    """Give what is matched of an alert at a level."""
    return Subject(
        rule.id, rule.kind, level, state.dimension, state.member, compliance=state.compliance
    )


@dataclass(frozen=True, slots=True)
class Match:
    """Conditions that must all hold; one that is empty always does."""

    rules: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    levels: tuple[LimitState, ...] = ()
    dimension: str = ""
    members: tuple[str, ...] = ()
    compliance: bool | None = None

    def fits(self, subject: Subject) -> bool:
        """Say whether an alert is meant."""
        return (
            (not self.rules or subject.rule in self.rules)
            and (not self.kinds or subject.kind in self.kinds)
            and (not self.levels or subject.level in self.levels)
            and (not self.dimension or subject.dimension == self.dimension)
            and (not self.members or subject.member in self.members)
            and self.compliance in {None, subject.compliance}
        )

    @property
    def means_everything(self) -> bool:
        """Whether nothing is asked for."""
        return self == Match()
