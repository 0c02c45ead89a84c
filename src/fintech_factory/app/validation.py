"""What a workspace can say of its findings, and what a person may answer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fintech_factory.errors import UsageError

if TYPE_CHECKING:
    from fintech_factory.app.audit import Told
    from fintech_factory.app.factory import Factory
    from fintech_factory.config.validation import ValidationSettings
    from fintech_factory.ingestion import Batch
    from fintech_factory.ingestion.landing.manifest import Manifest
    from fintech_factory.pipeline.baseline_store import Reset
    from fintech_factory.pipeline.day import Book
    from fintech_factory.pipeline.live import Stale
    from fintech_factory.pipeline.memory import Look, Memory
    from fintech_factory.pipeline.validate import Watch
    from fintech_factory.validation.accuracy import Accuracy, SourceScore
    from fintech_factory.validation.baseline import Baseline
    from fintech_factory.validation.comparison import Check
    from fintech_factory.validation.findings import EventKind, Tracked
    from fintech_factory.validation.freshness import Expectation
    from fintech_factory.validation.landed import Refusal
    from fintech_factory.warehouse.protocol import Reader, Version

__all__ = ["Answer", "Validation"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says, and who it is."""

    by: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse an answer without a name or a reason: nobody could defend it later."""
        for name, said in (("--by", self.by), ("--reason", self.reason)):
            if not said.strip():
                raise UsageError("it may not be empty", where=name)


@dataclass(frozen=True)
class Validation:
    """The findings of one workspace: seen, answered; baselines reset; readings recomputed."""

    factory: "Factory"

    @cached_property
    def settings(self) -> "ValidationSettings":
        """What counts as late, as drift, and as reason not to publish.

        A workspace older than the file has the defaults; `factory check` says that it lacks it.
        """
        from fintech_factory.config import load
        from fintech_factory.config.validation import ValidationSettings

        path = self.factory.workspace.config / "validation.yaml"
        return load(path, ValidationSettings).value if path.is_file() else ValidationSettings()

    @cached_property
    def memory(self) -> "Memory":
        """What the workspace remembers."""
        from fintech_factory.pipeline.memory import Memory

        return Memory.of(self.factory.state, self.factory.workspace.state / "evidence")

    @property
    def today(self) -> date:
        """The day it is, UTC."""
        return self.factory.clock.now().astimezone(UTC).date()

    def watch(self, batch: "Batch", before: "Version | None") -> "Watch":
        """Give what a run over a batch is validated by."""
        from fintech_factory.ingestion.landing.manifest import landed_batches
        from fintech_factory.pipeline.validate import Watch

        bad = self.memory.bad_batches(before)
        arrived = batch.manifest.arrived_at
        good = [
            each
            for each in landed_batches(self.factory.raw)
            if each.manifest.arrived_at < arrived and each.batch_id not in bad
        ]
        past = tuple(good[-self.settings.volume.batches :])
        return Watch(self.settings, self.memory, past, self._refusal(batch.manifest))

    def file_checks(
        self, reader: "Reader", version: "Version | None", as_of: date
    ) -> "Sequence[Check]":
        """Judge what arrived against what landed, for the batch behind a version, and now."""
        from fintech_factory.ingestion.landing.manifest import open_batch
        from fintech_factory.pipeline.file_facts import file_checks

        behind = version.run.batch_ids[0] if version else self.factory.latest_batch().batch_id
        batch = open_batch(self.factory.raw, behind)
        with self.factory.scratch() as build:
            for table, parquet in batch.tables.items():
                build.attach_raw(table, parquet)
            return file_checks(build, reader, batch, self.settings.control_totals, as_of)

    def stale(self, as_of: date | None = None) -> "Stale | None":
        """Label what is published, None if it is what it should be by now.

        That the next export is late says nothing of a date before the last day of data.
        """
        from fintech_factory.pipeline.live import stale_of

        manifest = self._manifest()
        if manifest is None:
            return None
        version = self.factory.current()
        is_past = as_of is not None and version is not None and as_of < version.run.data_through
        return stale_of(
            self.factory.clock.now(),
            self.memory.block(version),
            None if is_past else manifest,
            self._expected(version),
        )

    def _expected(self, version: "Version | None") -> "Expectation":
        """Say when exports are expected.

        As the run behind a version wrote it down if no settings file has changed since: reading
        settings takes longer than all else that a run without news does. So, too, while
        somebody is editing settings that cannot be read: what is published stays readable.
        """
        from fintech_factory.errors import ConfigError
        from fintech_factory.pipeline.live import expectation

        written = None if version is None else self._written_down(version)
        if version is not None and written and self._is_by_these_rules(version):
            return written
        try:
            return expectation(self.settings)
        except ConfigError:
            if written is None:
                raise
            return written

    def _written_down(self, version: "Version") -> "Expectation | None":
        for entry in reversed(self.memory.runs.entries()):
            if entry.run_id == version.run.run_id:
                return entry.expected
        return None

    def owners(self) -> set[str]:
        """Name the departments, and who answers for a KPI."""
        kpis = self.factory.definitions.kpis.values()
        return {each.department for each in kpis} | {each.owner for each in kpis}

    def findings(self) -> "dict[str, Tracked]":
        """Give every finding as it stands now; lateness is looked at now, without a run."""
        manifest = self._manifest()
        return self.memory.after([self._live(manifest)] if manifest else [])

    def finding(self, finding_id: str) -> "Tracked":
        """Give one finding.

        Raises:
            UsageError: nothing was found under that id.
        """
        known = self.findings()
        if finding_id not in known:
            raise UsageError(
                f"no finding has the id '{finding_id}'",
                hint="`factory findings list` shows them all",
            )
        return known[finding_id]

    def evidence(self, tracked: "Tracked") -> "Sequence[Mapping[str, Any]]":
        """Give every row of evidence that there is of a finding.

        As the last look wrote it down; of rows set aside, from the quarantine of the export in
        force. Where neither has more, the rows that the finding bears itself.
        """
        from fintech_factory.validation.landed import LANDING

        if tracked.found.check == LANDING and (aside := self._set_aside(tracked)):
            return aside
        return self.memory.evidence.rows(tracked)

    def _set_aside(self, tracked: "Tracked") -> "Sequence[Mapping[str, Any]]":
        """Give the quarantined rows behind a finding of the landing."""
        finding = tracked.found.finding
        with self.factory.scratch() as build:
            build.attach_raw("set_aside", self.factory.latest_batch().quarantine)
            columns, rows = build.table(
                'SELECT "table", file, line_no, reasons, note, row_text FROM raw_set_aside'
                " WHERE file = ? AND list_contains(string_split(reasons, ','), ?)"
                ' ORDER BY "table", line_no',
                [finding.where, finding.code],
            )
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def accept(self, finding_id: str, answer: Answer, until: date) -> "Tracked":
        """Live with an open finding up to and with a day.

        Raises:
            UsageError: it is not open, or the day is over.
        """
        from fintech_factory.validation.findings import EventKind, State

        if until < self.today:
            raise UsageError(f"{until} is over", where="--until", hint=f"today is {self.today}")
        if self.finding(finding_id).state_on(self.today) is State.FIXED:
            raise UsageError(f"finding {finding_id} is fixed", hint="there is nothing to accept")
        return self._answer(EventKind.ACCEPTED, finding_id, answer, until)

    def reopen(self, finding_id: str, answer: Answer) -> "Tracked":
        """Take an acceptance back, or doubt that a finding is fixed.

        Raises:
            UsageError: it is open already.
        """
        from fintech_factory.validation.findings import EventKind, State

        if self.finding(finding_id).state_on(self.today) is State.OPEN:
            raise UsageError(f"finding {finding_id} is open already")
        return self._answer(EventKind.REOPENED, finding_id, answer)

    def _answer(
        self, kind: "EventKind", finding_id: str, answer: Answer, until: date | None = None
    ) -> "Tracked":
        from fintech_factory.app.audit import Note
        from fintech_factory.validation.findings import Event

        manifest = self._manifest()
        with self._changing("factory findings") as told:
            connection = told.connection
            # What only the clock has found so far is kept first, to have something to answer.
            self.memory.remember(connection, [self._live(manifest)] if manifest else [])
            now = self.factory.clock.now()
            said = Event(kind, finding_id, now, by=answer.by, reason=answer.reason, until=until)
            before = self.finding(finding_id).state_on(self.today)
            self.memory.findings.append(connection, [said])
            after = {"event": kind.value, "until": until}
            note = Note(f"finding.{kind.value}", finding_id, {"state": before}, after)
            told.note(replace(note, reason=answer.reason, by=answer.by))
        return self.finding(finding_id)

    def baselines(self) -> "tuple[Mapping[str, Baseline], Sequence[Reset]]":
        """Give each baseline as the last run made it, and every reset."""
        log = self.memory.baselines
        return log.latest(), log.resets()

    def reset(self, name: str, answer: Answer) -> "Reset":
        """Let the past of a figure count no longer; what was found by it is answered.

        Raises:
            UsageError: no baseline has that name, or a name below it.
        """
        from fintech_factory.app.audit import Note
        from fintech_factory.pipeline.baseline_store import Reset
        from fintech_factory.pipeline.memory import answered_by
        from fintech_factory.registry import suggestion

        known = self.memory.baselines.latest()
        since = self.factory.data_through()
        reset = Reset(name, since, self.factory.clock.now(), answer.by, answer.reason)
        if not any(reset.covers(each) for each in known):
            raise UsageError(
                f"no baseline is called '{name}'", where="NAME", hint=suggestion(name, [*known])
            )
        with self._changing("factory findings") as told:
            self.memory.baselines.reset(told.connection, reset)
            answered = answered_by(reset, self.memory.after([]))
            self.memory.findings.append(told.connection, answered)
            after = {"since": since, "findings_answered": [each.id for each in answered]}
            note = Note("baseline.reset", name, after=after, reason=answer.reason, by=answer.by)
            told.note(note)
        return reset

    def accuracy(self) -> "Accuracy":
        """Recompute everything that is published by the second engine, and keep the score.

        The figures behind it are held against the source's own, loan by loan, at the same dates.

        Raises:
            UsageError: settings or models have changed since; a run must publish by them first.
        """
        from fintech_factory.app.audit import Note
        from fintech_factory.pipeline.recomputed import recompute_published
        from fintech_factory.validation.verified import accuracy_of

        version = self.factory.published()
        self._same_rules(version)
        with self.factory.writing("factory findings accuracy"):
            with self.factory.warehouse.open(version) as reader:
                judged, published = recompute_published(reader, self._book, self.factory.scratch)
                source = self._source_score(reader, version)
            run_id = version.run.run_id
            result = accuracy_of(judged, self.factory.clock.now(), run_id, published, source)
            manifest = self._manifest()
            with self.factory.audit.transaction() as told:
                self.memory.accuracy.append(told.connection, result)
                self.memory.remember(told.connection, [self._live(manifest)] if manifest else [])
                counts = {"compared": result.compared, "agreeing": result.agreeing}
                told.note(Note("accuracy.scored", run_id, after=counts, run=run_id))
        return result

    def _source_score(self, reader: "Reader", version: "Version") -> "SourceScore":
        from fintech_factory.pipeline.ledger_facts import reconcile_version, unreported_balances
        from fintech_factory.validation.verified import source_score

        days = version.run.as_ofs
        judged = reconcile_version(reader, days, self.factory.tolerances)
        return source_score(judged, unreported_balances(reader, days))

    @contextmanager
    def _changing(self, purpose: str) -> "Iterator[Told]":
        """Hold the writer's lock, and keep all that a block changes or nothing of it."""
        with self.factory.writing(purpose), self.factory.audit.transaction() as told:
            yield told

    def _book(self, batch_id: str) -> "Book":
        from fintech_factory.ingestion.landing.manifest import open_batch

        return self.factory.book(open_batch(self.factory.raw, batch_id))

    def _is_by_these_rules(self, version: "Version") -> bool:
        return self.factory.inputs(version.run.batch_ids[0]) == version.run.inputs

    def _same_rules(self, version: "Version") -> None:
        if not self._is_by_these_rules(version):
            raise UsageError(
                "settings or models have changed since the last run published",
                where=version.run.run_id,
                hint="`factory run --month-ends`, then recompute",
            )

    def _live(self, manifest: "Manifest") -> "Look":
        from fintech_factory.pipeline.live import live_look

        now = self.factory.clock.now()
        return live_look(now, manifest, self._refusal(manifest), self.memory, self.settings)

    def _manifest(self) -> "Manifest | None":
        """The export in force; before the first there is none."""
        from fintech_factory.ingestion.landing.manifest import latest_batch

        batch = latest_batch(self.factory.raw)
        return batch.manifest if batch else None

    def _refusal(self, current: "Manifest") -> "Refusal | None":
        from fintech_factory.ingestion.landing.manifest import last_refused
        from fintech_factory.pipeline.live import refusal_of

        return refusal_of(current, last_refused(self.factory.raw))
