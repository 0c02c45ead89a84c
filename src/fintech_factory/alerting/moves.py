"""Collects an alert's transitions while it is taken further."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.observation import Observation

__all__ = ["Moves", "moved"]


def moved(
    state: AlertState,
    kind: Move,
    at: datetime,
    **said: Any,  # noqa: ANN401
) -> tuple[AlertState, Transition]:
    """Give the state with one transition more, and the transition; `said` fills its fields."""
    number = state.moves + 1
    transition = Transition(
        kind=kind,
        at=at,
        number=number,
        **{
            "level": state.level,
            "value": state.value,
            "as_of": state.as_of,
            "run_id": state.run_id,
            **said,
        },
    )
    return replace(state, moves=number, changed_at=at), transition


@dataclass(slots=True)
class Moves:
    """What one evaluation does; a restatement says in each transition that it is one."""

    at: datetime
    observation: Observation
    restated: bool
    made: list[Transition] = field(default_factory=list)

    def make(self, state: AlertState, kind: Move, reason: str = "", **said: Any) -> AlertState:  # noqa: ANN401
        """Note a transition; the state comes back with it counted."""
        seen = self.observation
        if self.restated:
            by = f"{seen.as_of} was restated by {seen.batch_set}"
            reason = f"{by}: {reason}" if reason else by
        facts = {"restated": self.restated, "run_id": seen.run_id, "reason": reason, **said}
        after, transition = moved(state, kind, self.at, **facts)
        self.made.append(transition)
        return after
