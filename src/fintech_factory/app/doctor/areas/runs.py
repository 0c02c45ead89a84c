"""Looks at the last runs: what failed, was blocked, given up, paused, or left by a dead process."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fintech_factory.app.doctor.diagnosis import Diagnosis, note, ok, warning
from fintech_factory.pipeline.owner import is_gone

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground

__all__ = [
    "CHECKS", "Beat", "Given", "Last", "Lease", "judge_beat", "judge_given_up", "judge_last",
    "judge_lease", "judge_waiting",
]  # fmt: skip

# What was given up longer ago is history: `factory runs list` has it.
_RECENT = timedelta(days=7)
# A process that works says so more often; a lease is half a minute.
_SILENT = timedelta(minutes=5)
# What is due is looked for each minute; a long run is waited for.
_TAKEN_WITHIN = timedelta(minutes=15)
_EACH_MINUTE = "`factory run --due` has to be called each minute; docs/how-to/schedule.md says how"
_OVER = ("published", "blocked", "unchanged", "done", "failed", "cancelled", "lost")


@dataclass(frozen=True, slots=True)
class Last:
    """The last try that ended: `blocked` one made figures that its findings kept back."""

    run_id: str
    status: str
    ended_at: datetime
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Given:
    """Work that is not tried any more, and whether the same schedule has been done since."""

    sequence: int
    schedule: str
    slot: str
    attempts: int
    finished_at: datetime
    reason: str
    done_since: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """What a process works at; `until` is None for what somebody runs by hand."""

    work: str
    owner: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Beat:
    """When a process that keeps the day going was last heard of; it may have ended as it should."""

    owner: str
    seen_at: datetime
    ended_at: datetime | None


def _last(ground: "Ground") -> Iterator[Diagnosis]:
    """Ask how the last try ended."""
    sql = (
        "SELECT run_id, status, ended_at, reason, hint FROM run_attempt"  # noqa: S608 - our own words
        f" WHERE status IN ({_marks(_OVER)}) AND ended_at IS NOT NULL"
        " ORDER BY sequence DESC LIMIT 1"
    )
    found = _query(ground, "run_attempt", sql, _OVER)
    if not found:
        yield ok("no_run_yet", "no run has ended yet")
        return
    run_id, status, ended_at, reason, hint = found[0]
    blocked = _query(ground, "run", "SELECT reason FROM run WHERE run_id = ?", [run_id])
    why = reason or (blocked[0][0] if blocked else "")
    yield judge_last(Last(run_id, status, _moment(ended_at), why, hint))


def judge_last(last: Last) -> Diagnosis:
    """Say what the end of the last try means."""
    why = f": {last.reason}" if last.reason else ""
    when = f"{last.ended_at:%Y-%m-%d %H:%M} UTC"
    shows = f"`factory runs show {last.run_id}` shows its steps"
    if last.status == "blocked":
        what = f"the last run, of {when}, published nothing{why}"
        then = "`factory findings` lists what is open; mend or accept it, then `factory run`"
        return warning("run_blocked", what, where=last.run_id, then=then)
    if last.status == "failed":
        what = f"the last run, of {when}, failed{why}"
        hint = f"{last.hint}; " if last.hint else ""
        return warning("run_failed", what, where=last.run_id, then=f"{hint}{shows}")
    if last.status == "lost":
        what = f"the last run, of {when}, was left by its process{why}"
        then = f"{shows}; `factory run --due` tries again"
        return warning("run_lost", what, where=last.run_id, then=then)
    return ok("run_ended_well", f"the last run ended {when}: {last.status}", last.run_id)


def _given_up(ground: "Ground") -> Iterator[Diagnosis]:
    """List the work of the last days that is not tried any more."""
    sql = (
        "SELECT sequence, schedule, slot, attempts, finished_at, reason,"
        " EXISTS (SELECT 1 FROM slot later WHERE later.schedule = slot.schedule"
        " AND later.status = 'done' AND later.fell_due_at > slot.fell_due_at)"
        " FROM slot WHERE status = 'failed' AND finished_at IS NOT NULL ORDER BY sequence"
    )
    rows = _query(ground, "slot", sql)
    given = [
        Given(sequence, schedule, slot, attempts, _moment(finished), reason, bool(since))
        for sequence, schedule, slot, attempts, finished, reason, since in rows
    ]
    found = list(judge_given_up(given, ground.now))
    yield from found or [ok("nothing_given_up", "no work of the last 7 days was given up")]


def judge_given_up(given: Iterable[Given], now: datetime) -> Iterator[Diagnosis]:
    """Say what was given up in the last 7 days and has not been done since."""
    for each in given:
        if each.done_since or now - each.finished_at > _RECENT:
            continue
        tries = "one try" if each.attempts == 1 else f"{each.attempts} tries"
        why = f": {each.reason}" if each.reason else ""
        yield warning(
            "work_given_up",
            f"{each.schedule} of {each.slot} was given up after {tries}{why}",
            where=f"slot {each.sequence}",
            then="`factory runs list` shows each try; mend the cause, then `factory run`",
        )


def _leases(ground: "Ground") -> Iterator[Diagnosis]:
    """Look whether the processes that hold work are there."""
    held = _query(
        ground,
        "slot",
        "SELECT sequence, schedule, lease_owner, lease_until FROM slot WHERE status = 'running'",
    )
    by_hand = _query(
        ground,
        "run_attempt",
        "SELECT run_id, owner FROM run_attempt WHERE status = 'running' AND slot IS NULL",
    )
    leases = [
        Lease(f"slot {sequence} ({schedule})", owner, _moment(until) if until else None)
        for sequence, schedule, owner, until in held
    ]
    leases += [Lease(run_id, owner, None) for run_id, owner in by_hand]
    for each in leases:
        yield judge_lease(each, ground.now, is_gone=is_gone(each.owner))
    if not leases:
        yield ok("nothing_under_way", "nothing is worked at now")


def judge_lease(lease: Lease, now: datetime, *, is_gone: bool) -> Diagnosis:
    """Say what becomes of work whose process is gone, or has not been heard of."""
    host, _, rest = lease.owner.partition(" ")
    pid = rest.split(" ")[1] if len(rest.split(" ")) > 1 else "?"
    whose = f"process {pid} on {host}"
    if is_gone and lease.until is None:
        what = f"a run was left by {whose}, which is gone"
        then = "`factory run` does it again; nothing of it was published"
        return warning("run_of_a_dead_process", what, where=lease.work, then=then)
    if is_gone:
        what = f"work is held by {whose}, which is gone"
        then = "`factory run --due` takes it over"
        return warning("lease_of_a_dead_process", what, where=lease.work, then=then)
    if lease.until is not None and now - lease.until > _SILENT:
        silent = (now - lease.until) / timedelta(minutes=1)
        what = f"{whose} let its lease run out {silent:,.0f} minutes ago and nobody went on"
        return warning("lease_run_out", what, where=lease.work, then="`factory run --due` goes on")
    return ok("work_under_way", f"{whose} is at work", lease.work)


def _overdue(ground: "Ground") -> Iterator[Diagnosis]:
    """Look whether anybody does what is due."""
    sql = (
        "SELECT sequence, schedule, due_at FROM slot WHERE status = 'waiting'"
        " ORDER BY due_at LIMIT 1"
    )
    late = [
        each
        for sequence, schedule, due in _query(ground, "slot", sql)
        for each in judge_waiting(f"slot {sequence} ({schedule})", _moment(due), ground.now)
    ]
    late += _passed(ground)
    yield from late or [ok("nothing_overdue", "nothing that is due waits too long")]


def judge_waiting(work: str, due_at: datetime, now: datetime) -> Iterator[Diagnosis]:
    """Say that work which is due for more than 15 minutes is not taken."""
    if now - due_at > _TAKEN_WITHIN:
        minutes = (now - due_at) / timedelta(minutes=1)
        what = f"work is due for {minutes:,.0f} minutes and nobody does it"
        yield warning("work_not_taken", what, where=work, then=_EACH_MINUTE)


def _passed(ground: "Ground") -> Iterator[Diagnosis]:
    """Find schedules whose slots passed and were not even put down."""
    from fintech_factory.pipeline.schedule import slots

    marks = dict(_query(ground, "schedule_mark", "SELECT schedule, through FROM schedule_mark"))
    for each in ground.factory.schedules.known if marks else ():
        if not each.is_enabled or each.name not in marks:
            continue
        missed = next(iter(slots(each, _moment(marks[each.name]))), ground.now)
        if ground.now - missed > _TAKEN_WITHIN:
            what = f"{each.name} was due at {missed:%Y-%m-%d %H:%M} UTC and nobody has looked since"
            yield warning(
                "schedule_not_looked_at", what, where=f"schedule {each.name}", then=_EACH_MINUTE
            )


def _paused(ground: "Ground") -> Iterator[Diagnosis]:
    """List what somebody has paused."""
    sql = (
        "SELECT schedule, paused_at, paused_by, pause_reason FROM schedule_mark"
        " WHERE paused_at IS NOT NULL ORDER BY schedule"
    )
    schedules = _query(ground, "schedule_mark", sql)
    for schedule, at, by, reason in schedules:
        what = f"{schedule} is paused since {_moment(at):%Y-%m-%d} by {by}: {reason}"
        then = f"`factory schedule resume {schedule}`"
        yield note("schedule_paused", what, where=f"schedule {schedule}", then=then)
    sql = "SELECT sequence, schedule FROM slot WHERE status = 'paused' ORDER BY sequence"
    slots = _query(ground, "slot", sql)
    for sequence, schedule in slots:
        then = f"`factory runs resume {sequence}`"
        yield note("work_paused", f"{schedule} is paused", where=f"slot {sequence}", then=then)
    if not schedules and not slots:
        yield ok("nothing_paused", "nothing is paused")


def _beats(ground: "Ground") -> Iterator[Diagnosis]:
    """Ask when the process that keeps the day going was last heard of."""
    sql = "SELECT owner, seen_at, ended_at FROM heartbeat ORDER BY seen_at DESC LIMIT 1"
    found = _query(ground, "heartbeat", sql)
    if not found:
        yield ok("no_service", "no process has kept the day going by itself")
    for owner, seen, ended in found:
        beat = Beat(owner, _moment(seen), _moment(ended) if ended else None)
        yield judge_beat(beat, ground.now)


def judge_beat(beat: Beat, now: datetime) -> Diagnosis:
    """Say whether the process that was last heard of has fallen silent."""
    ago = (now - beat.seen_at) / timedelta(minutes=1)
    if beat.ended_at is not None:
        return ok("service_ended", f"the last process ended as it should {ago:,.0f} minutes ago")
    if now - beat.seen_at <= _SILENT:
        return ok("service_heard", f"heard of {ago:,.0f} minutes ago", f"heartbeat of {beat.owner}")
    what = f"the process that kept the day going has not been heard of for {ago:,.0f} minutes"
    then = "start it again; until then `factory run --due` does what is due"
    return warning("heartbeat_old", what, where=f"heartbeat of {beat.owner}", then=then)


def _query(
    ground: "Ground", table: str, sql: str, parameters: Iterable[object] = ()
) -> list[tuple[Any, ...]]:
    with ground.rows() as rows:
        return rows.query(sql, list(parameters)) if rows.has(table) else []


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


CHECKS = {
    "last": _last,
    "given_up": _given_up,
    "leases": _leases,
    "overdue": _overdue,
    "paused": _paused,
    "beats": _beats,
}
