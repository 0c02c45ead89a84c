"""Runs the day: from the current batch to a published version, all of it or nothing."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from fintech_factory import faults
from fintech_factory.clock import Clock
from fintech_factory.errors import RunFailed, UsageError
from fintech_factory.ingestion.landing.manifest import Batch
from fintech_factory.kpi_engine import (
    Definitions,
    Reading,
    Scope,
    compare,
    evaluate_together,
    read_observed,
    recompute,
)
from fintech_factory.kpi_engine.observed import ObservedAt
from fintech_factory.pipeline import reading_table
from fintech_factory.pipeline.apart import Recount, recounting
from fintech_factory.pipeline.committing import Committed, InTransaction, commit, nothing_more
from fintech_factory.pipeline.inbox import NOTHING, Inbox
from fintech_factory.pipeline.journal import Journal
from fintech_factory.pipeline.judge import Compared, Judged, OpenVersion, compare_all, judge
from fintech_factory.pipeline.landed_rows import landed_rows
from fintech_factory.pipeline.ledger_facts import note_earlier_balances, restated_amount
from fintech_factory.pipeline.live import arrived
from fintech_factory.pipeline.outcome import Dates, DayOutcome, DayStatus, own_date
from fintech_factory.pipeline.portions import kpi_dates
from fintech_factory.pipeline.validate import Made, Watch
from fintech_factory.pipeline.view_facts import snapshot_dates
from fintech_factory.transform.dates import Horizon, load_parameters
from fintech_factory.transform.models import Model
from fintech_factory.transform.run import make_models
from fintech_factory.validation.comparison import Tolerances
from fintech_factory.validation.facts import Work, facts_of
from fintech_factory.validation.findings import Sighting
from fintech_factory.validation.freshness import hours_old
from fintech_factory.values import LedgerRules, Severity
from fintech_factory.views.table import ViewDate
from fintech_factory.warehouse.protocol import Build, Reader, RunRecord, Version

__all__ = [
    "Book",
    "Day",
    "measure",
    "observed",
    "prepare",
    "recompute_at",
    "recompute_dates",
    "run_day",
]


log = logging.getLogger(__name__)

Observe = Callable[[Reader, Sequence[ViewDate]], ObservedAt]
"""Looks at what a reader holds of some dates; gives the figures that no model holds."""


@dataclass(frozen=True, slots=True)
class Book:
    """What a run computes from and by which rules.

    `observe` gives what views and facilities know of the book beside its models. `stated` are days
    on which somebody states what our ledger comes to.
    """

    batch: Batch
    earlier: Batch | None
    models: Mapping[str, Model]
    definitions: Definitions
    rules: LedgerRules
    tolerances: Tolerances
    observe: Observe
    stated: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """What a run is given: its name, where to build, what from, and when it is.

    `in_transaction` writes what follows from the run when it is committed.
    """

    run_id: str
    build: Callable[[str], Build]
    before: Version | None
    inputs: str
    clock: Clock
    journal: Journal
    watch: Watch
    open: OpenVersion
    inbox: Inbox = NOTHING
    on_step: Callable[[str], None] = lambda _: None
    in_transaction: InTransaction = nothing_more


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a build holds once its book is measured; `of_book` is what views observe of it."""

    horizon: Horizon
    scope: Scope
    readings: tuple[Reading, ...]
    of_book: ObservedAt


def run_day(day: Day, book: Book, dates: Dates) -> DayOutcome:
    """Build, measure, verify, reconcile, validate and publish.

    Whatever stops a step stops the run; nothing of it is seen and the last good version stays.
    So does a finding that blocks; the outcome says which.
    """
    started_at = day.clock.now()
    run_id = day.run_id
    build = day.build(run_id)
    try:
        measured = _measured(day, book, dates, build, run_id)
        judged, compared, of_run = _judged(day, book, build, measured)
        # What a run observes of its own work is known only now that the work is judged.
        seen = _together(measured.of_book, of_run)
        readings = measured.readings + read_observed(book.definitions, measured.scope, seen)
        record = _record(day, measured.horizon, run_id, book.batch)
        _publish(day, Committed(judged, record, "", readings, started_at, record.finished_at))
    except BaseException:
        build.discard()
        raise
    return DayOutcome(
        run_id=run_id,
        as_ofs=measured.horizon.as_ofs,
        data_through=measured.horizon.data_through,
        status=DayStatus.BLOCKED if judged.blocking else DayStatus.PUBLISHED,
        steps=tuple(day.journal.steps),
        readings=readings,
        reconciliation=compared.asked,
        inbox=day.inbox,
        findings=judged.seen,
        known=judged.known,
        found_on=judged.on,
        blocking=tuple(each.id for each in judged.blocking),
        stale=judged.stale(day.watch),
        observed=seen,
    )


def observed(
    day: Day, judged: Judged, compared: Compared, horizon: Horizon, tolerances: Tolerances
) -> ObservedAt:
    """Give what this run observed of its own work, at its own date."""
    made = judged.made
    came, files = arrived(made.batch.manifest), made.batch.manifest.files
    work = Work(
        reconciliation=compared.asked,
        readings=made.readings,
        examined=judged.examination.examined,
        rows_sound=max(sum(each.landed for each in files) - _warned_of(made.batch), 0),
        rows_received=sum(each.rows for each in files),
        restated=restated_amount(made.build, horizon.as_ofs, tolerances),
        hours_old=hours_old(judged.at, came) if came else None,
        seconds=day.journal.seconds,
    )
    return facts_of(work, made.as_of)


def _measured(day: Day, book: Book, dates: Dates, build: Build, run_id: str) -> _Measured:
    """Make the models and read every KPI of the book, each by the engines that can."""
    journal = day.journal
    with ExitStack() as beside:
        with _step(day, journal, "transform"):
            horizon = _attach(build, book, dates)
            scope = _scope(book, horizon, run_id)
            _something_can_be_known(scope)
            recount = beside.enter_context(_recounting(build, book, scope))
            _make(build, book, horizon)
        with _step(day, journal, "kpi"):
            first, second = _by_both_engines(build, book, scope, recount)
    with _step(day, journal, "verify"):
        readings = compare(book.definitions, first, second)
    with _step(day, journal, "observe"):
        of_book = _observed_of_book(build, book, scope)
    return _Measured(horizon, scope, readings, of_book)


def _judged(
    day: Day, book: Book, build: Build, measured: _Measured
) -> tuple[Judged, Compared, ObservedAt]:
    """Reconcile and validate; the last is what the run observed of its own work."""
    horizon = measured.horizon
    with _step(day, day.journal, "reconcile"):
        held = (horizon.as_ofs, horizon.snapshots)
        compared = compare_all(build, book.batch, held, book.tolerances, day.watch)
    with _step(day, day.journal, "validate"):
        scope = measured.scope
        known = measured.readings + read_observed(book.definitions, scope, measured.of_book)
        made = _made(book, build, horizon, known, compared)
        sighting = Sighting(day.clock.now(), made.as_of, str(scope.run_id))
        judged = judge(made, day.watch, day.before, day.open, sighting)
        of_run = observed(day, judged, compared, horizon, book.tolerances)
    return judged, compared, of_run


def _recounting(
    build: Build, book: Book, scope: Scope
) -> AbstractContextManager[Callable[[], tuple[Reading, ...]]]:
    """Let the second engine begin: it needs the landed rows, and nothing that is made of them."""
    rows = sum(each.landed for each in book.batch.manifest.files if each.table in _RECOUNTED)
    return recounting(Recount(build.landed(), book.definitions, scope, book.rules), rows)


_RECOUNTED = frozenset({"loans", "schedules", "transactions"})


def _by_both_engines(
    build: Build, book: Book, scope: Scope, recount: Callable[[], tuple[Reading, ...]]
) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    """Give the readings of the first engine and of the second, which share nothing.

    The first one's queries run in a child process, so that both work at the same time.
    """
    portion = kpi_dates(build)
    with ThreadPoolExecutor(max_workers=1) as pool:
        first = pool.submit(evaluate_together, book.definitions, scope, build.evaluate_all, portion)
        second = recount()
        return first.result(), second


def _observed_of_book(build: Build, book: Book, scope: Scope) -> ObservedAt:
    """Give what views and facilities observe of the book at each date that it speaks of."""
    held = snapshot_dates(build)
    dates = [held[as_of] for as_of in scope.answerable()]
    return book.observe(build, dates) if dates else {}


def _together(one: ObservedAt, other: ObservedAt) -> ObservedAt:
    return {day: {**one.get(day, {}), **other.get(day, {})} for day in {**one, **other}}


def _warned_of(batch: Batch) -> int:
    """Count the rows that landed with a warning; a row with two warnings counts twice."""
    findings = batch.manifest.findings
    return sum(each.rows for each in findings if each.severity is not Severity.INFO)


def _made(
    book: Book,
    build: Build,
    horizon: Horizon,
    readings: tuple[Reading, ...],
    compared: Compared,
) -> Made:
    return Made(
        batch=book.batch,
        build=build,
        as_of=own_date(horizon.as_ofs, horizon.data_through),
        readings=readings,
        reconciliation=compared.whole,
        definitions=book.definitions,
        rules=book.rules,
    )


def _publish(day: Day, run: Committed) -> None:
    """Publish, unless a finding stands in the way; either is committed with all that follows."""
    build = run.judged.made.build
    if run.judged.blocking:
        day.journal.block("publish")
        build.discard()
        commit(replace(run, readings=()), day.watch, day.in_transaction)
        return
    with _step(day, day.journal, "publish"):
        reading_table.store(build, run.readings, day.before)
        faults.reach("run.before_seal")
        version = build.publish(run.record, partial(_commit_sealed, day, run))
        faults.reach("run.pointed")
        log.info("version published", extra={"version": version.name})


def _commit_sealed(day: Day, run: Committed, version: str) -> None:
    faults.reach("run.sealed")
    commit(replace(run, version=version), day.watch, day.in_transaction)


def _something_can_be_known(scope: Scope) -> None:
    """Refuse dates outside the book: nothing but unavailable readings is no version to publish."""
    if not scope.answerable():
        raise UsageError(
            f"nothing can be known at {scope.as_ofs[0]}: {scope.silence(scope.as_ofs[0])}",
            where="--as-of",
            hint=f"the book speaks from {scope.book_from} to {scope.data_through}",
        )


def prepare(build: Build, book: Book, dates: Dates) -> Horizon:
    """Attach the batch and make every model.

    Raises:
        RunFailed: the batch holds no loan.
    """
    horizon = _attach(build, book, dates)
    _make(build, book, horizon)
    return horizon


def _attach(build: Build, book: Book, dates: Dates) -> Horizon:
    for table, parquet in book.batch.tables.items():
        build.attach_raw(table, parquet)
    return replace(_horizon(build, book.batch, dates), stated=book.stated)


def _make(build: Build, book: Book, horizon: Horizon) -> None:
    load_parameters(build, horizon, book.rules)
    make_models(build, book.models)
    if book.earlier is not None:
        build.attach_raw("earlier_loans", book.earlier.table("loans"))
        build.attach_raw("earlier_transactions", book.earlier.table("transactions"))
    note_earlier_balances(build, book.earlier is not None)


def measure(build: Build, book: Book, as_of: date) -> tuple[Scope, tuple[Reading, ...]]:
    """Read every KPI at one date that no run published, by both engines; publishes nothing."""
    horizon = _attach(build, book, Dates(as_of))
    scope = _scope(book, horizon, None)
    with _recounting(build, book, scope) as recount:
        _make(build, book, horizon)
        readings = compare(book.definitions, *_by_both_engines(build, book, scope, recount))
    of_book = _observed_of_book(build, book, scope)
    return scope, readings + read_observed(book.definitions, scope, of_book)


def recompute_at(build: Build, book: Book, as_of: date, kpi: str) -> tuple[Reading, ...]:
    """Recompute one KPI at one date by the second engine alone, from the landed rows."""
    for table, parquet in book.batch.tables.items():
        build.attach_raw(table, parquet)
    scope = _scope(book, _horizon(build, book.batch, Dates(as_of)), None)
    return recompute(book.definitions.only(kpi), scope, landed_rows(build), book.rules)


def recompute_dates(build: Build, book: Book, as_ofs: tuple[date, ...]) -> tuple[Reading, ...]:
    """Recompute every KPI at some dates by the second engine alone, from the landed rows."""
    for table, parquet in book.batch.tables.items():
        build.attach_raw(table, parquet)
    speaks = _horizon(build, book.batch, Dates())
    scope = _scope(book, Horizon(as_ofs, speaks.first_day, speaks.data_through), None)
    return recompute(book.definitions, scope, landed_rows(build), book.rules)


def _horizon(build: Build, batch: Batch, dates: Dates) -> Horizon:
    ((first_day,),) = build.query("SELECT MIN(disburse_date) FROM raw_loans")
    through = batch.manifest.data_through
    if first_day is None or through is None:
        raise RunFailed(
            "the batch holds no loan",
            where=batch.batch_id,
            hint="ingest an export with loans; the last good version stays live",
        )
    return Horizon(dates.resolve(first_day, through), first_day, through)


def _scope(book: Book, horizon: Horizon, run_id: str | None) -> Scope:
    return Scope(
        as_ofs=horizon.as_ofs,
        data_through=horizon.data_through,
        book_from=horizon.first_day,
        run_id=run_id,
        batch_ids=(book.batch.batch_id,),
    )


def _record(day: Day, horizon: Horizon, run_id: str, batch: Batch) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        inputs=day.inputs,
        as_ofs=horizon.as_ofs,
        first_day=horizon.first_day,
        data_through=horizon.data_through,
        batch_ids=(batch.batch_id,),
        finished_at=day.clock.now(),
    )


def _step(day: Day, journal: Journal, name: str) -> Any:  # noqa: ANN401 - a context manager
    day.on_step(name)
    return journal.step(name)
