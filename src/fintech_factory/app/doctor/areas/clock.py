"""Looks whether the machine's clock goes forward: nothing that is recorded lies ahead of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, Unseen, critical, ok, unchecked, warning
from fintech_factory.errors import FactoryError

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground

__all__ = ["CHECKS", "Recorded", "judge_clock", "judge_moments"]

# Two machines that are kept by time servers differ by less.
_SKEW = timedelta(seconds=2)
_GRAVE = timedelta(minutes=5)
# What is written down as it happens; a moment that lies ahead on purpose (a due time) is none.
_MOMENTS = (
    ("run", "committed_at"),
    ("run_attempt", "started_at"),
    ("run_attempt", "ended_at"),
    ("slot", "made_at"),
    ("outbox", "created_at"),
    ("attempt", "started_at"),
    ("alert", "changed_at"),
    ("heartbeat", "seen_at"),
    ("audit_entry", "time"),
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The newest moment of one kind, as it is written, and where it stands."""

    where: str
    at: str


def _records(ground: "Ground") -> Iterator[Diagnosis]:
    """Hold the clock against the newest moments that are recorded."""
    found: list[Recorded] = []
    for source in (_of_files, _of_database):
        try:
            found += source(ground)
        except Unseen as unseen:
            yield unchecked(unseen.why, unseen.then)
    yield from judge_moments(found)
    yield judge_clock(ground.now, found)


def _of_database(ground: "Ground") -> list[Recorded]:
    with ground.rows() as rows:
        newest = [
            (f"{table}.{column}", rows.query(f"SELECT MAX({column}) FROM {table}"))  # noqa: S608 - our own names
            for table, column in _MOMENTS
            if rows.has(table)
        ]
    return [Recorded(where, at) for where, ((at,),) in newest if at is not None]


def _of_files(ground: "Ground") -> Iterator[Recorded]:
    """Give what the published version and the batch in force say of themselves."""
    from fintech_factory.ingestion.landing.manifest import latest_batch

    factory = ground.factory
    try:
        version, batch = factory.current(), latest_batch(factory.raw)
    except FactoryError as wrong:
        then = "`factory doctor warehouse export` says more"
        raise Unseen(wrong.what, then) from wrong
    if version is not None:
        yield Recorded("warehouse/CURRENT", version.run.finished_at.isoformat())
    if batch is not None:
        yield Recorded(f"batch {batch.batch_id}", batch.manifest.arrived_at.isoformat())


def judge_clock(now: datetime, recorded: Iterable[Recorded]) -> Diagnosis:
    """Say whether the clock is behind what is recorded; 2 s may be another machine's."""
    moments = [(at, each.where) for each in recorded if (at := _read(each.at)) is not None]
    newest, where = max(moments, default=(now, ""))
    behind = newest - now
    if behind <= _SKEW:
        return ok("clock_goes_on", f"it is {now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")
    what = (
        f"the clock says {now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {_span(behind)} before what"
        f" is recorded already: it was put back, or was wrong then"
    )
    then = "`date -u` shows it; set it right by a time server, then run the doctor again"
    grave = behind >= _GRAVE
    say = critical if grave else warning
    return say("clock_behind", what, where=f"{where} {newest.isoformat()}", then=then)


def judge_moments(recorded: Iterable[Recorded]) -> Iterator[Diagnosis]:
    """Say which moments are not written in UTC: they sort and compare wrongly as text."""
    for each in recorded:
        at = _read(each.at)
        if at is None or at.utcoffset() != timedelta():
            what = f"a moment is not written in UTC: {each.at!r}"
            then = "something else than this product wrote it; `factory audit verify` tells more"
            yield warning("moment_not_utc", what, where=each.where, then=then)


def _read(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


CHECKS = {"records": _records}
