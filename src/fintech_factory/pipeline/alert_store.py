"""Keeps alerts, their transitions and their evaluations in the operational database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from fintech_factory.alerting import alert_json
from fintech_factory.alerting.alert import AlertState, Move, Transition
from fintech_factory.alerting.evaluate import Said, Verdict
from fintech_factory.alerting.level import LimitState
from fintech_factory.alerting.notice import Withheld
from fintech_factory.alerting.observation import Observation, Past
from fintech_factory.alerting.route import Outcome
from fintech_factory.errors import UsageError
from fintech_factory.state.tables import metadata

__all__ = [
    "Listed",
    "due_states",
    "find",
    "histories",
    "judged_before",
    "keep_evaluation",
    "keep_state",
    "keep_transitions",
    "last_evaluation",
    "last_member",
    "listed",
    "members_of",
    "newest",
    "pasts",
    "transitions_of",
]

_alert = metadata.tables["alert"]
_transition = metadata.tables["alert_transition"]
_evaluation = metadata.tables["evaluation"]
# More would not fit into one statement on SQLite.
_AT_A_TIME = 500
_SHORTEST_ID = 4
# Written once for every alert of a storm: made anew, a statement costs more than it does.
_NEW_ALERT = _alert.insert()
_NEW_EVALUATION = _evaluation.insert()
_NEW_TRANSITION = _transition.insert()
_CHANGED_ALERT = update(_alert).where(
    _alert.c.alert_id == bindparam("changed_id"), _alert.c.revision == bindparam("seen_revision")
)


def newest(connection: Connection, fingerprints: Collection[str]) -> dict[str, AlertState]:
    """Give the newest alert, ended or not, of each fingerprint that ever had one."""
    found: dict[str, AlertState] = {}
    for some in _portions(fingerprints):
        rows = connection.execute(select(_alert.c.memory).where(_alert.c.fingerprint.in_(some)))
        for row in rows:
            state = alert_json.of_json(row.memory)
            held = found.get(state.fingerprint)
            if held is None or held.number < state.number:
                found[state.fingerprint] = state
    return found


def pasts(connection: Connection, observations: Sequence[Observation]) -> dict[str, Past]:
    """Give what is known of earlier evaluations, by fingerprint."""
    wanted = {each.fingerprint: each for each in observations}
    latest: dict[str, Any] = {}
    judged: set[tuple[str, Any, str]] = set()
    for some in _portions(wanted):
        of_these = _evaluation.c.fingerprint.in_(some)
        known = select(_evaluation.c.fingerprint, func.max(_evaluation.c.cut_on)).where(
            of_these, _evaluation.c.said != Said.BACKFILL.value
        )
        latest |= dict(connection.execute(known.group_by(_evaluation.c.fingerprint)).all())
        key = (_evaluation.c.fingerprint, _evaluation.c.cut_on, _evaluation.c.batch_set)
        dates = {wanted[each].cut_on for each in some}
        same = select(*key).where(of_these, _evaluation.c.cut_on.in_(dates))
        judged |= {tuple(row) for row in connection.execute(same)}
    return {
        name: Past(latest.get(name), (name, each.cut_on, each.batch_set) in judged)
        for name, each in wanted.items()
    }


def keep_evaluation(
    connection: Connection, observation: Observation, verdict: Verdict, at: datetime
) -> None:
    """Write down how an observation was judged; one that was judged before is there already."""
    if verdict.said is Said.RERUN:
        return
    row = {
        "fingerprint": observation.fingerprint,
        "cut_on": observation.cut_on,
        "batch_set": observation.batch_set,
        "as_of": observation.as_of,
        "run_id": observation.run_id,
        "at": at,
        "said": verdict.said.value,
        "status": observation.status.value,
        "level": verdict.level.value if verdict.level else None,
        "value": observation.value,
        "reason": observation.reason,
    }
    connection.execute(_NEW_EVALUATION, row)


def keep_state(
    connection: Connection, before: AlertState | None, after: AlertState, due_at: datetime | None
) -> None:
    """Write an alert as it is now.

    Raises:
        UsageError: somebody else has changed it since `before` was read.
    """
    values = _columns(after, due_at)
    if before is None or before.number != after.number:
        connection.execute(_NEW_ALERT, {"alert_id": after.alert_id, **values})
        return
    which = {"changed_id": after.alert_id, "seen_revision": before.revision}
    changed = connection.execute(_CHANGED_ALERT, {**which, **values})
    if changed.rowcount != 1:
        raise UsageError(
            f"the alert {after.fingerprint} was changed by somebody else just now",
            hint="look at it again, then say what you want",
        )


def keep_transitions(
    connection: Connection,
    state: AlertState,
    steps: Iterable[tuple[Transition, Sequence[Outcome]]],
) -> None:
    """Write down the steps that an alert has taken, and who was told of each, or why not."""
    rows = [
        {
            "alert_id": state.alert_id,
            "at": step.at,
            "kind": step.kind.value,
            "level": step.level.value,
            "value": step.value,
            "as_of": step.as_of,
            "actor": step.actor,
            "reason": step.reason,
            "run_id": step.run_id,
            "detail": {**step.detail, "told": [_told(each) for each in outcomes]},
        }
        for step, outcomes in steps
    ]
    if rows:
        connection.execute(_NEW_TRANSITION, rows)


def _told(outcome: Outcome) -> dict[str, str]:
    place = {
        "receiver": outcome.receiver,
        "channel": outcome.channel,
        "address": outcome.address,
    }
    if isinstance(outcome, Withheld):
        return place | {"withheld": outcome.stop.value, "reason": outcome.reason}
    return place


def due_states(connection: Connection, at: datetime) -> list[AlertState]:
    """Give the alerts with which the clock has something to do by now."""
    wanted = select(_alert.c.memory).where(_alert.c.due_at <= at, _alert.c.ended_at.is_(None))
    return [
        alert_json.of_json(row.memory)
        for row in connection.execute(wanted.order_by(_alert.c.due_at))
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """Which alerts are wanted: live ones only, or all; of one rule, or of all."""

    live: bool = True
    rule: str = ""
    limit: int | None = None


def listed(connection: Connection, wanted: Listed) -> list[AlertState]:
    """Give alerts, the newest first."""
    query = select(_alert.c.memory).order_by(_alert.c.opened_at.desc(), _alert.c.alert_id)
    if wanted.live:
        query = query.where(_alert.c.ended_at.is_(None))
    if wanted.rule:
        query = query.where(_alert.c.rule == wanted.rule)
    if wanted.limit is not None:
        query = query.limit(wanted.limit)
    return [alert_json.of_json(row.memory) for row in connection.execute(query)]


def find(connection: Connection, name: str) -> AlertState:
    """Give the alert of that id (its beginning will do) or fingerprint, the newest one of several.

    Raises:
        UsageError: there is none, or the beginning fits several.
    """
    by_name = newest(connection, [name]).get(name)
    if by_name is not None:
        return by_name
    ids = []
    if len(name) >= _SHORTEST_ID and name.isalnum():
        fitting = select(_alert.c.alert_id, _alert.c.memory).where(
            _alert.c.alert_id.startswith(name)
        )
        ids = list(connection.execute(fitting))
    if len(ids) == 1:
        return alert_json.of_json(ids[0].memory)
    if ids:
        raise UsageError(f"{len(ids)} alerts begin with {name}", hint="give more of the id")
    raise UsageError(f"there is no alert {name}", hint="`factory alerts list --all` names them")


def transitions_of(connection: Connection, alert_id: str) -> Sequence[Row[Any]]:
    """Give the steps that an alert has taken, oldest first."""
    wanted = select(_transition).where(_transition.c.alert_id == alert_id)
    return connection.execute(wanted.order_by(_transition.c.sequence)).all()


def histories(connection: Connection, alerts: Collection[str]) -> list[list[Transition]]:
    """Give the steps of some alerts, by their ids, as the machine made them."""
    found: dict[str, list[Transition]] = {}
    for some in _portions(alerts):
        wanted = select(_transition).where(_transition.c.alert_id.in_(some))
        for row in connection.execute(wanted.order_by(_transition.c.sequence)):
            found.setdefault(row.alert_id, []).append(
                Transition(
                    kind=Move(row.kind),
                    at=row.at,
                    level=LimitState(row.level),
                    number=row.detail["number"],
                    value=row.value,
                    as_of=row.as_of,
                    actor=row.actor,
                    reason=row.reason,
                    run_id=row.run_id,
                    step=row.detail["step"],
                )
            )
    return list(found.values())


def last_evaluation(connection: Connection, fingerprint: str) -> Row[Any] | None:
    """Give the last evaluation that was no backfill, None if there was none."""
    wanted = select(_evaluation).where(
        _evaluation.c.fingerprint == fingerprint, _evaluation.c.said != Said.BACKFILL.value
    )
    return connection.execute(wanted.order_by(_evaluation.c.at.desc()).limit(1)).first()


def members_of(connection: Connection, rule: str) -> set[str]:
    """Give every part that a rule has judged or alerted of."""
    found = {each.member for each in listed(connection, Listed(live=False, rule=rule))}
    wanted = (
        select(_evaluation.c.fingerprint)
        .where(_evaluation.c.fingerprint.startswith(f"{rule}|", autoescape=True))
        .distinct()
    )
    judged = (each.partition("|")[2].partition("=")[2] for each in connection.scalars(wanted))
    return {each for each in (*found, *judged) if each}


def last_member(connection: Connection, rule: str) -> str:
    """Give the part that a rule's newest open alert is of, or that it judged last; empty if none.

    For rules that find things: each is named by its fingerprint, `rule|dimension=member`.
    """
    for state in listed(connection, Listed(rule=rule, limit=1)):
        return state.member
    wanted = (
        select(_evaluation.c.fingerprint)
        .where(_evaluation.c.fingerprint.startswith(f"{rule}|", autoescape=True))
        .order_by(_evaluation.c.at.desc())
        .limit(1)
    )
    return (connection.scalar(wanted) or "").partition("|")[2].partition("=")[2]


def judged_before(connection: Connection, fingerprints: Collection[str]) -> frozenset[str]:
    """Give those fingerprints that were judged before, whatever came of it."""
    found: set[str] = set()
    for some in _portions(fingerprints):
        wanted = select(_evaluation.c.fingerprint).where(_evaluation.c.fingerprint.in_(some))
        found |= set(connection.scalars(wanted))
    return frozenset(found)


def _columns(state: AlertState, due_at: datetime | None) -> Mapping[str, Any]:
    return {
        "fingerprint": state.fingerprint,
        "rule": state.rule,
        "scope": {state.dimension: state.member} if state.dimension else {},
        "status": state.status.value,
        "level": state.level.value,
        "severity": state.severity.value,
        "value": state.value,
        "as_of": state.as_of,
        "opened_at": state.opened_at,
        "changed_at": state.changed_at,
        "ended_at": state.ended_at,
        "acknowledged_by": state.acknowledgement.by if state.acknowledgement else "",
        "assignee": state.assignee,
        "due_at": due_at,
        "memory": alert_json.as_json(state),
        "revision": state.revision,
    }


def _portions(names: Collection[str]) -> Iterable[list[str]]:
    every = list(names)
    for start in range(0, len(every), _AT_A_TIME):
        yield every[start : start + _AT_A_TIME]
