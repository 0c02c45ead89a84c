"""Replays a rule over the past through the very machine that judges the present."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from fintech_factory.alerting.alert import AlertState, Transition
from fintech_factory.alerting.evaluate import evaluate
from fintech_factory.alerting.ladder import is_known
from fintech_factory.alerting.level import LEVELS, LimitState
from fintech_factory.alerting.observation import Observation
from fintech_factory.alerting.rule import Rule

__all__ = ["Evaluation", "backtest", "replay"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One snapshot of the past: what was seen, where the alert stood then, and what happened."""

    observation: Observation
    level: LimitState
    state: AlertState | None
    transitions: tuple[Transition, ...]


def replay(rule: Rule, observations: Iterable[Observation]) -> Iterator[Evaluation]:
    """Take a rule's observations through the machine, oldest first, each part of the book alone.

    Each is judged at midnight after the last day that it speaks of. Nobody answers, and the clock
    does only what is due at once.
    """
    states: dict[str, AlertState] = {}
    for each in sorted(observations, key=lambda seen: (seen.cut_on, seen.as_of, seen.fingerprint)):
        at = datetime.combine(each.cut_on, time.max, UTC)
        verdict = evaluate(rule, each, states.get(each.fingerprint), at)
        if verdict.state is not None:
            states[each.fingerprint] = verdict.state
        yield Evaluation(each, _stands(verdict.state), verdict.state, verdict.transitions)


def backtest(rule: Rule, observations: Iterable[Observation]) -> dict[str, Any]:
    """Give the document of `factory alerts backtest`.

    Shapes: `level` is where the alert stands after the snapshot (what a clear limit holds up
    counts), `transition` the first thing that happened at it, None if nothing did; `value` is None
    where nothing is known. `counts` has the evaluations at each level, those of which nothing is
    known, and how often each thing happened.
    """
    replayed = tuple(replay(rule, observations))
    levels = Counter(each.level.value for each in replayed)
    moves = Counter(step.kind.value for each in replayed for step in each.transitions)
    return {
        "rule": rule.id,
        "evaluations": [_as_json(each) for each in replayed],
        "counts": {
            "evaluations": len(replayed),
            **{level.value: levels[level.value] for level in LEVELS},
            "unknown": sum(not is_known(rule, each.observation) for each in replayed),
            "transitions": dict(sorted(moves.items())),
        },
    }


def _stands(state: AlertState | None) -> LimitState:
    return state.level if state is not None and state.is_firing else LimitState.NONE


def _as_json(each: Evaluation) -> dict[str, Any]:
    seen = each.observation
    part = {"dimension": seen.dimension, "member": seen.member} if seen.dimension else {}
    return {
        "as_of": seen.as_of.isoformat(),
        **part,
        "value": None if seen.value is None else format(seen.value, "f"),
        "level": each.level.value,
        "transition": each.transitions[0].kind.value if each.transitions else None,
    }
