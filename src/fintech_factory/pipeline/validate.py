"""Examines what a run has made before it may be published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fintech_factory.config.validation import ValidationSettings
from fintech_factory.ingestion.landing.manifest import Batch
from fintech_factory.kpi_engine import Definitions, Reading
from fintech_factory.pipeline import drift_facts, reading_table
from fintech_factory.pipeline.baseline_store import Reset, starts_at
from fintech_factory.pipeline.memory import Look, Memory
from fintech_factory.validation.baseline import Baseline
from fintech_factory.validation.comparison import FILE, LEDGER, SOURCE, Reconciliation
from fintech_factory.validation.distribution import DistributionLimits, examine_distribution
from fintech_factory.validation.findings import Examined, Sighting
from fintech_factory.validation.landed import Refusal, examine_landing
from fintech_factory.validation.reconciled import examine_reconciliation
from fintech_factory.validation.schema_drift import examine_schema
from fintech_factory.validation.series import Point, SeriesLimits, examine_series, is_full_month_end
from fintech_factory.validation.verified import examine_engines
from fintech_factory.validation.volume import VolumeLimits, examine_volume
from fintech_factory.values import LedgerRules
from fintech_factory.warehouse.protocol import Build, Reader

__all__ = ["Examination", "Made", "Watch", "examine"]

_DATA, _MONEY, _BOOK = "technology", "finance", "risk"
_OWNERS: Mapping[str, str] = {FILE: _DATA, LEDGER: _DATA, SOURCE: _MONEY}
# Five business days of seven, less the first of each month: so many changes lie in twice the days.
_DAYS_A_CHANGE = 2


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run is validated by.

    `past` are the good exports before, oldest first; `refusal` the export that came after the
    one in force and did not land.
    """

    settings: ValidationSettings
    memory: Memory
    past: tuple[Batch, ...] = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What a run has made and not yet published."""

    batch: Batch
    build: Build
    as_of: date
    readings: Sequence[Reading]
    reconciliation: Reconciliation
    definitions: Definitions
    rules: LedgerRules


@dataclass(frozen=True, slots=True)
class Examination:
    """Every check of a run: of the export, of its figures, and the baselines they were held to."""

    of_export: tuple[Examined, ...]
    of_figures: tuple[Examined, ...]
    baselines: tuple[Baseline, ...]

    @property
    def examined(self) -> tuple[Examined, ...]:
        """All checks."""
        return (*self.of_export, *self.of_figures)

    def looks(self, sighting: Sighting) -> list[Look]:
        """Give the two looks: the export is in force whatever the date that was asked for."""
        of_export = Sighting(sighting.at, None, sighting.run_id)
        return [(of_export, self.of_export), (sighting, self.of_figures)]


def examine(made: Made, before: Reader | None, watch: Watch) -> Examination:
    """Run every check that needs what a run has made.

    Args:
        made: the run's own work; its reconciliation covers every date that the build holds.
        before: the version in force, with the readings that this run does not make.
        watch: the settings, and what came before.

    """
    resets = watch.memory.baselines.resets()
    kept = [each for each in made.reconciliation.checks if each.ring == FILE]
    files = Reconciliation(made.reconciliation.as_ofs, tuple(kept))
    figures = [each for each in made.reconciliation.checks if each.ring != FILE]
    sized, sizes = _volume(made, watch, resets)
    spread, spreads = _distribution(made, watch, resets)
    moved, moves = _series(made, before, watch, resets)
    return Examination(
        of_export=(
            examine_landing(made.batch.manifest.findings, _DATA),
            *examine_reconciliation(files, _OWNERS),
            *_schema(made, watch),
            *sized,
        ),
        of_figures=(
            *examine_reconciliation(
                Reconciliation(made.reconciliation.as_ofs, tuple(figures)), _OWNERS
            ),
            *examine_engines(made.readings, watch.settings.gate.withheld_pct, _DATA),
            *spread,
            *moved,
        ),
        baselines=(*sizes, *spreads, *moves),
    )


def _schema(made: Made, watch: Watch) -> list[Examined]:
    before = drift_facts.shapes(watch.past[-1]) if watch.past else []
    return examine_schema(drift_facts.shapes(made.batch, made.build), before, _DATA)


def _volume(
    made: Made, watch: Watch, resets: Sequence[Reset]
) -> tuple[list[Examined], list[Baseline]]:
    now = drift_facts.volume(made.batch)
    if now is None:
        return [], []
    limits = watch.settings.volume
    past = [each for each in map(drift_facts.volume, watch.past) if each is not None]
    return examine_volume(
        now,
        past,
        _DATA,
        VolumeLimits(
            batches=limits.batches,
            at_least=limits.at_least,
            fall_pct=limits.fall_pct,
            rise_pct=limits.rise_pct,
            starts_at=lambda name: starts_at(resets, name),
        ),
    )


def _distribution(
    made: Made, watch: Watch, resets: Sequence[Reset]
) -> tuple[list[Examined], list[Baseline]]:
    settings = watch.settings.distribution
    limits = DistributionLimits(settings.month_ends, settings.at_least, settings.psi, settings.ks)
    found = drift_facts.histograms(made.build, made.as_of, settings.month_ends, made.rules)
    judged = [
        examine_distribution(
            each.since(starts_at(resets, f"distribution.{each.variable}")),
            made.as_of,
            _BOOK,
            limits,
        )
        for each in found
    ]
    return [each for each, _ in judged if each is not None], [held for _, held in judged]


def _last_full_month(points: Sequence[Point], now: Point) -> Point | None:
    full = [each for each in points if each.as_of < now.as_of and is_full_month_end(each)]
    return max(full, key=lambda each: each.as_of, default=None)


def _series(
    made: Made, before: Reader | None, watch: Watch, resets: Sequence[Reset]
) -> tuple[list[Examined], list[Baseline]]:
    settings = watch.settings.kpi_series
    limits = SeriesLimits(**settings.model_dump())
    days = max(settings.days, settings.changes * _DAYS_A_CHANGE)
    since = made.as_of - timedelta(days=days)
    older = reading_table.published_series(before, made.as_of, since) if before else {}
    mine = [each for each in made.readings if not each.dimension]
    asked = {each.as_of for each in mine}
    examined: list[Examined] = []
    baselines: list[Baseline] = []
    for kpi in made.definitions.kpis.values():
        fresh = drift_facts.points(each for each in mine if each.kpi == kpi.id)
        now = next((each for each in fresh if each.as_of == made.as_of), None)
        if now is None:
            continue
        held = drift_facts.points(each for each in older.get(kpi.id, ()) if each.as_of not in asked)
        start = starts_at(resets, f"kpi.{kpi.id}")
        past: list[Point] = [each for each in (*held, *fresh) if each.as_of >= start]
        found, made_of = examine_series(kpi.id, kpi.owner, now, past, limits)
        if not found and (month_end := _last_full_month(fresh, now)) is not None:
            # A month that has just begun has no past to be held against; the last one has.
            found, made_of = examine_series(kpi.id, kpi.owner, month_end, past, limits)
        examined += found
        baselines += made_of
    return examined, baselines
