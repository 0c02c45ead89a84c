"""Looks at what comes in: the batch in force, the export that is due, and what the inbox holds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, Unseen, critical, note, ok, warning
from fintech_factory.errors import IngestError

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground
    from fintech_factory.ingestion import Batch, Manifest
    from fintech_factory.pipeline.readiness import Patience, Readiness
    from fintech_factory.validation.freshness import Arrived, Expectation

__all__ = ["CHECKS", "judge_due", "judge_partial", "judge_refused", "judge_waiting"]

# An export that is all there and that nobody takes for so long waits in vain.
_TAKEN_WITHIN = timedelta(minutes=15)
_EVER = timedelta.max


def _in_force(ground: "Ground") -> Iterator[Diagnosis]:
    """Open the batch that figures are made of."""
    try:
        batch = _latest(ground)
    except IngestError as wrong:
        where = ground.shown(Path(wrong.where))
        then = f"{wrong.hint}: `factory ingest cascade PATH`"
        yield critical("batch_unreadable", wrong.what, where=where, then=then)
        return
    if batch is None:
        then = "`factory ingest cascade PATH`, or put it into inbox/ and `factory run`"
        yield note("nothing_ingested", "no export has been ingested yet", where="inbox/", then=then)
        return
    missing = [name for name in _tables_of(batch) if name not in batch.tables]
    shown = ground.shown(batch.folder)
    if missing:
        what = f"landed files of the batch in force are gone: {', '.join(missing)}"
        then = "restore them from a backup, or `factory ingest cascade PATH` the export again"
        yield critical("batch_incomplete", what, where=shown, then=then)
        return
    manifest = batch.manifest
    hours = (ground.now - manifest.arrived_at) / timedelta(hours=1)
    what = f"{batch.batch_id} ends on {manifest.data_through} and came {hours:,.0f} hours ago"
    yield ok("batch_in_force", what, shown)


def _tables_of(batch: "Batch") -> list[str]:
    return [each.table for each in batch.manifest.files if each.landed]


def _due(ground: "Ground") -> Iterator[Diagnosis]:
    """Say when the next export is expected, and whether it is late."""
    from fintech_factory.config import load
    from fintech_factory.config.validation import ValidationSettings
    from fintech_factory.pipeline.live import arrived, expectation

    settings = load(ground.workspace.config / "validation.yaml", ValidationSettings).value
    try:
        batch = _latest(ground)
    except IngestError as wrong:
        then = "`factory doctor export` says more"
        raise Unseen(f"the batch in force cannot be opened: {wrong.what}", then) from wrong
    came = arrived(batch.manifest) if batch is not None else None
    if came is not None:
        yield judge_due(ground.now, came, expectation(settings))
    else:
        yield ok("nothing_ingested", "what comes next is expected from the first export on")


def judge_due(now: datetime, came: "Arrived", expected: "Expectation") -> Diagnosis:
    """Say whether the export that is expected by now has come."""
    from fintech_factory.validation.freshness import examine_freshness, overdue_since

    late = examine_freshness(now, came, expected, "").found
    if not late:
        return ok("export_in_time", f"the next is expected by {_next_due(now, came, expected)}")
    since = overdue_since(now, came, expected)
    overdue = f"; it is overdue since {since:%Y-%m-%d %H:%M} UTC" if since is not None else ""
    return warning(
        "export_overdue",
        f"{late[0].finding.message}{overdue}",
        where=came.source,
        then="look at the source's own job; `factory ingest cascade PATH` brings it in",
    )


def _next_due(now: datetime, came: "Arrived", expected: "Expectation") -> str:
    from fintech_factory.validation.freshness import overdue_since

    # Deadlines are daily at the most; a month that ends is the longest wait.
    for days in range(63):
        at = datetime.combine(now.astimezone(UTC).date(), expected.expected_by, UTC)
        deadline = at + timedelta(days=days)
        if deadline >= now and overdue_since(deadline, came, expected) is not None:
            return f"{deadline:%Y-%m-%d %H:%M} UTC"
    return "a day that lies months ahead"


def _refused(ground: "Ground") -> Iterator[Diagnosis]:
    """Tell of an export that was refused after the one in force came."""
    from fintech_factory.ingestion.landing.manifest import last_refused

    try:
        batch, refused = _latest(ground), last_refused(ground.factory.raw)
    except IngestError as wrong:
        then = "`ls -l warehouse/raw/cascade/refused` shows what was refused"
        raise Unseen(f"a manifest cannot be read: {wrong.what}", then) from wrong
    if refused is not None:
        kept = ground.factory.raw / "refused" / refused.batch_id
        found = list(judge_refused(batch.manifest if batch else None, refused, ground.shown(kept)))
        yield from found or [_none_refused()]
    else:
        yield _none_refused()


def _none_refused() -> Diagnosis:
    return ok("none_refused", "no export was refused since the batch in force came")


def judge_refused(
    current: "Manifest | None", refused: "Manifest", where: str
) -> Iterator[Diagnosis]:
    """Say that the export that came last was refused, and why; nothing where a later one landed."""
    from fintech_factory.values import Severity

    if current is not None and refused.arrived_at <= current.arrived_at:
        return
    grave = [each for each in refused.findings if each.severity is Severity.CRITICAL]
    why = "; ".join(each.message for each in grave[:3]) or "its manifest says no reason"
    hints = [each.hint for each in grave if each.hint]
    mend = f"{hints[0]}; then " if hints else ""
    yield warning(
        "export_refused",
        f"the export of {refused.arrived_at:%Y-%m-%d %H:%M} UTC was refused: {why}",
        where=where,
        then=f"{mend}`factory ingest cascade PATH` the mended export",
    )


def _inbox(ground: "Ground") -> Iterator[Diagnosis]:
    """Look at each export that waits, and whether it is all there."""
    from fintech_factory.app.arrivals import Arrivals
    from fintech_factory.clock import SystemClock
    from fintech_factory.pipeline.inbox import arrivals
    from fintech_factory.pipeline.readiness import Patience, readiness

    settings = Arrivals(ground.factory)
    contract, patience = settings.contract, settings.patience
    # However long one lies that is not all there: this says that it is not.
    strict = Patience(patience.settle, _EVER)
    # Files bear the machine's time, whatever clock the work goes by.
    at = SystemClock().now()
    found = 0
    for export in arrivals(ground.workspace.inbox):
        found += 1
        said = readiness(export, contract, strict, at)
        name = ground.shown(export[0])
        yield judge_waiting(said, _untouched(export, at), name, patience)
    for path in _partial(ground.workspace.inbox):
        found += 1
        yield judge_partial(_untouched((path,), at), ground.shown(path), patience)
    if not found:
        yield ok("inbox_empty", "nothing waits in the inbox")


def judge_waiting(
    said: "Readiness", untouched: timedelta, where: str, patience: "Patience"
) -> Diagnosis:
    """Say how an export stands that nobody has touched for so long."""
    if said.is_ready and untouched < max(_TAKEN_WITHIN, patience.incomplete):
        then = "`factory run` takes it now, `factory run --due` when it next looks"
        return note("export_waits", "an export is all there and waits", where=where, then=then)
    if said.is_ready:
        what = f"an export has lain complete for {_minutes(untouched)} and nobody takes it"
        then = "`factory run --due` has to be called each minute; `factory run` takes it now"
        return warning("export_not_taken", what, where=where, then=then)
    if timedelta() <= untouched < patience.settle:
        then = "`factory doctor export` looks again"
        return note("export_arriving", "an export is being written", where=where, then=then)
    return _half(f"an export is not all there: {said.why}", untouched, where, patience)


def judge_partial(untouched: timedelta, where: str, patience: "Patience") -> Diagnosis:
    """Say how a file stands that bears the name of one that is being transferred."""
    if untouched < patience.incomplete:
        then = "`factory doctor export` looks again"
        return note("export_arriving", "a file is being transferred", where=where, then=then)
    what = f"a transfer has not gone on for {_minutes(untouched)}: its file is never taken"
    return _half(what, untouched, where, patience)


def _half(what: str, untouched: timedelta, where: str, patience: "Patience") -> Diagnosis:
    left = patience.incomplete - untouched
    refused = f"; `factory run --due` refuses it in {_minutes(left)}" if left > timedelta() else ""
    then = f"let the source deliver it again, whole{refused}; `factory doctor export` looks again"
    return warning("export_half_written", what, where=where, then=then)


def _partial(inbox: Path) -> Iterator[Path]:
    from fintech_factory.pipeline.readiness import is_partial

    if inbox.is_dir():
        yield from sorted(
            path
            for path in inbox.iterdir()
            if path.is_file() and not path.name.startswith(".") and is_partial(path)
        )


def _untouched(export: tuple[Path, ...], at: datetime) -> timedelta:
    files = [file for path in export for file in (path.rglob("*") if path.is_dir() else [path])]
    moments = [max(stat.st_mtime, stat.st_ctime) for file in files if (stat := file.stat())]
    touched = max(moments, default=at.timestamp())
    return at - datetime.fromtimestamp(touched, UTC)


def _minutes(span: timedelta) -> str:
    return f"{max(round(span.total_seconds() / 60), 1):,} minutes"


def _latest(ground: "Ground") -> "Batch | None":
    from fintech_factory.ingestion.landing.manifest import latest_batch

    return latest_batch(ground.factory.raw)


CHECKS = {"in_force": _in_force, "due": _due, "refused": _refused, "inbox": _inbox}
