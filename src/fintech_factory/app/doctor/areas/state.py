"""Looks at the operational database: reachable, of this revision, whole, its log short."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fintech_factory.app.doctor.diagnosis import Diagnosis, Unseen, critical, note, ok, warning
from fintech_factory.errors import StateError

if TYPE_CHECKING:
    from fintech_factory.app.doctor.ground import Ground

__all__ = ["CHECKS", "judge_log", "judge_revision", "judge_server_clock"]

# SQLite takes its log back at 4 MB as long as no reader holds it open.
_LARGE_LOG = 64_000_000
_DIFFERENCE = timedelta(seconds=2)


def _reach(ground: "Ground") -> Iterator[Diagnosis]:
    """Open it, and hold its revision against this release's."""
    from fintech_factory.state.revision import newest

    database = ground.database
    try:
        found = database.revision()
    except StateError as failed:
        then = f"{failed.hint}; `factory doctor state` looks again"
        code = failed.code or "database_unreadable"
        yield critical(code, failed.what, where=_shown(ground), then=then)
        return
    yield judge_revision(found, newest(), _shown(ground), has_published=_has_published(ground))


def judge_revision(found: str | None, newest: str, where: str, *, has_published: bool) -> Diagnosis:
    """Say what a revision means; None where there are no tables."""
    if found is None and has_published:
        what = "figures are published, and the operational database that tells of them is gone"
        then = "restore it from a backup; `factory run --force` begins a new one, without its past"
        return critical("database_gone", what, where=where, then=then)
    if found is None:
        return ok("database_new", "the database is made when first needed", where)
    if found > newest:
        what = f"the operational database is of revision {found}; this release knows {newest}"
        then = "install the release that made it, or a later one; `factory --version` says which is"
        return critical("database_newer", what, where=where, then=f"{then} here")
    if found < newest:
        what = f"the operational database is of revision {found}; this release brings it to"
        then = "keep a copy of it; `factory run --due` brings it there"
        return warning("database_older", f"{what} {newest}", where=where, then=then)
    return ok("database_reached", f"the database is there, of revision {found}", where)


def _whole(ground: "Ground") -> Iterator[Diagnosis]:
    """Read the pages of a database file."""
    database = ground.database
    ground.refuse_unread()
    if not database.is_sqlite:
        yield ok("server_answers", "a server looks after its own pages")
        return
    if not database.path.exists():
        yield ok("database_new", "there is no file yet")
        return
    found = database.damage(ground.patience_s)
    if found is None:
        size = database.path.stat().st_size / 1_000_000
        why = f"reading its {size:,.0f} MB takes longer than {ground.patience_s:g} s"
        raise Unseen(why, f"`sqlite3 {_shown(ground)} 'PRAGMA quick_check'` takes its time")
    if found:
        what = f"the operational database is damaged: {found[0]}"
        then = "stop what writes to it and restore it from a backup; `factory audit verify` tells"
        yield critical(
            "database_damaged", what, where=_shown(ground), then=f"{then} what is still whole"
        )
    else:
        yield ok("database_whole", "its pages are whole")


def _log(ground: "Ground") -> Iterator[Diagnosis]:
    """Measure the log beside a database file."""
    database = ground.database
    if not database.is_sqlite:
        yield ok("server_answers", "a server looks after its own log")
        return
    if not database.path.exists():
        yield ok("database_new", "there is no log yet")
        return
    try:
        size = database.log.stat().st_size
    except FileNotFoundError:
        size = 0
    yield judge_log(size, database.path.stat().st_size, ground.shown(database.log))


def judge_log(size: int, file_size: int, where: str) -> Diagnosis:
    """Say whether a log of so many bytes is too large beside a file of so many."""
    if size <= max(_LARGE_LOG, file_size):
        return ok("log_small", f"its log has {size / 1_000_000:.1f} MB")
    what = f"the log of the operational database has {size / 1_000_000:,.0f} MB and is not taken"
    return warning(
        "log_large",
        f"{what} back: a process has been reading for long, or none closes it",
        where=where,
        then="`factory runs list` shows what runs; end the process that hangs",
    )


def _server_clock(ground: "Ground") -> Iterator[Diagnosis]:
    """Hold the server's clock against this machine's, whatever clock the work goes by."""
    from fintech_factory.clock import SystemClock

    database = ground.database
    if database.is_sqlite:
        yield ok("no_server", "no server has a clock of its own")
        return
    ground.refuse_unread()
    clock = SystemClock()
    with database.rows():
        # The first connection takes longest; the question is asked on one that is known to work.
        before = clock.now()
    said, after = database.server_time(), clock.now()
    yield judge_server_clock(said, before, after, _shown(ground))


def judge_server_clock(said: datetime, before: datetime, after: datetime, where: str) -> Diagnosis:
    """Compare what the server said with the moments before and after it was asked."""
    ahead = max(said - after, before - said)
    if ahead <= _DIFFERENCE:
        return ok("server_clock_agrees", "the server's clock agrees with this machine's")
    side = "ahead of" if said > after else "behind"
    what = f"the database server's clock is {ahead.total_seconds():.0f} s {side} this machine's"
    then = (
        f"let both be kept by the same time server; `date -u` shows this machine's,"
        f" {said.astimezone(UTC):%H:%M:%S} UTC was the server's"
    )
    return warning("server_clock_differs", what, where=where, then=then)


def _earlier_files(ground: "Ground") -> Iterator[Diagnosis]:
    """Look for files in which earlier releases kept what is in the database now."""
    waiting = sorted(ground.workspace.state.glob("*.jsonl"))
    if waiting:
        what = f"{len(waiting)} files of an earlier release wait to be taken over"
        where = ground.shown(waiting[0])
        yield note("earlier_files", what, where=where, then="`factory run` takes them over")
    else:
        yield ok("no_earlier_files", "no file of an earlier release waits")


def _has_published(ground: "Ground") -> bool:
    return ground.workspace.current.exists()


def _shown(ground: "Ground") -> str:
    database = ground.database
    return ground.shown(database.path) if database.is_sqlite else database.where


CHECKS = {
    "reach": _reach,
    "whole": _whole,
    "log": _log,
    "server_clock": _server_clock,
    "earlier_files": _earlier_files,
}
