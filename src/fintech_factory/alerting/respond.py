"""What is done about an alert without anybody: only what is allowed, and each undone by a name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.match import Match, subject_of
from fintech_factory.alerting.rule import Kind, Rule

__all__ = ["Answers", "Automatic", "Response", "ResponseKind", "responses"]

_MOVERS = 5


class ResponseKind(StrEnum):
    """What can be done at level 1 (R093)."""

    ANNOTATE = "annotate"
    RETRY = "retry"
    REINGEST = "reingest"
    OPEN_CASE = "open_case"
    MUTE_DUPLICATE = "mute_duplicate"


# An annotation is a note, and a note stays; what was run or ingested again is the same again.
_UNDO: Mapping[ResponseKind, str] = {
    ResponseKind.OPEN_CASE: "close the case",
    ResponseKind.MUTE_DUPLICATE: "unmute it: the alert is told again at its next repeat",
    ResponseKind.REINGEST: "run again over the batch before; a landed batch is never replaced",
}


@dataclass(frozen=True, slots=True)
class Response:
    """One thing to do; `undo` says how it is taken back, empty where nothing changes."""

    kind: ResponseKind
    parameters: Mapping[str, str | int]
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Automatic:
    """Do `do` whenever something of `on` happens to an alert that `match` means."""

    on: tuple[Move, ...]
    match: Match
    do: tuple[ResponseKind, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What may be done, and when; a retry happens at most `retry_at_most` times an alert."""

    allowed: tuple[ResponseKind, ...] = ()
    retry_at_most: int = 2
    automatic: tuple[Automatic, ...] = field(default=())


def responses(
    transition: Transition,
    state: AlertState,
    rule: Rule,
    answers: Answers,
    live: Iterable[AlertState] = (),
) -> tuple[Response, ...]:
    """Give what is to be done about a transition, each thing once, in the order of the settings.

    Nothing that is not allowed is ever given, whatever the settings ask for. Duplicates are muted
    only where `live` holds another firing alert of the same subject, member and date.
    """
    subject = subject_of(rule, state, transition.level)
    asked = dict.fromkeys(
        kind
        for each in answers.automatic
        if transition.kind in each.on and each.match.fits(subject)
        for kind in each.do
        if kind in answers.allowed
    )
    mutes = ResponseKind.MUTE_DUPLICATE in asked
    twins = tuple(each for each in live if _is_twin(each, state)) if mutes else ()
    return tuple(
        Response(kind, _parameters(kind, state, rule, answers, twins), _UNDO.get(kind, ""))
        for kind in asked
        if _applies(kind, rule, state, twins)
    )


def _applies(
    kind: ResponseKind, rule: Rule, state: AlertState, twins: tuple[AlertState, ...]
) -> bool:
    if kind is ResponseKind.MUTE_DUPLICATE:
        # A breach is never kept from anybody, not even as a duplicate.
        return bool(twins) and not state.compliance
    if kind is ResponseKind.RETRY:
        return rule.kind is Kind.PIPELINE
    if kind is ResponseKind.REINGEST:
        return rule.kind is Kind.FRESHNESS
    return True


def _parameters(
    kind: ResponseKind,
    state: AlertState,
    rule: Rule,
    answers: Answers,
    twins: tuple[AlertState, ...],
) -> dict[str, str | int]:
    match kind:
        case ResponseKind.ANNOTATE:
            about: dict[str, str | int] = {"runbook": rule.runbook}
            if rule.kind is Kind.KPI:
                about |= {"movers_of": rule.subject, "top": _MOVERS}
            return about
        case ResponseKind.RETRY:
            return {"run_id": state.run_id, "at_most": answers.retry_at_most}
        case ResponseKind.REINGEST:
            return {"source": state.member}
        case ResponseKind.OPEN_CASE:
            return {"alert_id": state.alert_id}
    return {"alert_id": state.alert_id, "duplicate_of": twins[0].alert_id}


def _is_twin(other: AlertState, state: AlertState) -> bool:
    """Say whether another alert, told before, says the same of the same thing and date."""
    return (
        other.is_firing
        and other.alert_id != state.alert_id
        and other.opened_at < state.opened_at
        and (other.dimension, other.member, other.as_of, other.value)
        == (state.dimension, state.member, state.as_of, state.value)
        and (state.value is not None or bool(state.member))
    )
