"""Whether an export is as large as those before it, in rows and in money."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from fintech_factory.validation.baseline import Baseline, baseline_of, percent_change
from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["BatchVolume", "TableVolume", "VolumeLimits", "examine_volume"]

_HALF = 2
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class TableVolume:
    """One table's landed rows, and the sums of its money columns.

    `shrink_accepted` if somebody landed it although half its rows were gone.
    """

    table: str
    rows: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    shrink_accepted: bool = False

    def figures(self) -> dict[str, Decimal]:
        """Give rows and sums by name."""
        return {"rows": Decimal(self.rows), **self.sums}


@dataclass(frozen=True, slots=True)
class BatchVolume:
    """What one export brought."""

    batch_id: str
    as_of: date
    tables: tuple[TableVolume, ...]


@dataclass(frozen=True, slots=True)
class VolumeLimits:
    """How far from the median is too far, in percent, and how many exports make a baseline.

    `starts_at` gives the first day that counts for a baseline of that name.
    """

    batches: int
    at_least: int
    fall_pct: Decimal
    rise_pct: Decimal
    starts_at: Callable[[str], date] = lambda _: date.min


def examine_volume(
    now: BatchVolume, past: Sequence[BatchVolume], owner: str, limits: VolumeLimits
) -> tuple[list[Examined], list[Baseline]]:
    """Hold each table against the exports before, oldest first; one finding a table at most.

    Less than half of the last export's rows is critical, however short the past.
    """
    examined: list[Examined] = []
    baselines: list[Baseline] = []
    for table in now.tables:
        before = [_table(batch, table.table) for batch in past]
        held = [(batch, each) for batch, each in zip(past, before, strict=True) if each]
        made = [_baseline(now, table.table, name, held, limits) for name in table.figures()]
        baselines += made
        if held:
            examined.append(_halved(table, held[-1][1], owner))
        if drift := _drift(table, made, owner, limits):
            examined.append(drift)
    return examined, baselines


def _table(batch: BatchVolume, name: str) -> TableVolume | None:
    return next((each for each in batch.tables if each.table == name), None)


def _baseline(
    now: BatchVolume,
    table: str,
    figure: str,
    held: Sequence[tuple[BatchVolume, TableVolume]],
    limits: VolumeLimits,
) -> Baseline:
    name = f"volume.{table}.{figure}"
    start = limits.starts_at(name)
    seen = [
        (f"{batch.as_of} {batch.batch_id}", each.figures()[figure])
        for batch, each in held
        if figure in each.figures() and batch.as_of >= start
    ]
    return baseline_of(name, now.as_of, seen[-limits.batches :], limits.at_least)


def _halved(now: TableVolume, before: TableVolume, owner: str) -> Examined:
    check = f"volume_halved.{now.table}"
    if now.shrink_accepted or not now.rows * _HALF < before.rows:
        return Examined(check)
    finding = Finding(
        code="volume_halved",
        severity=Severity.CRITICAL,
        message=f"{now.table} has {now.rows:,} rows; the export before had {before.rows:,}",
        where=now.table,
        hint="export it again; if that is right, accept the finding",
        # More of them gone is worse than what somebody accepted.
        rows=before.rows - now.rows,
        evidence=({"table": now.table, "rows": now.rows, "rows_before": before.rows},),
    )
    return Examined(check, (Found(finding, check, owner),))


def _drift(
    table: TableVolume, baselines: Sequence[Baseline], owner: str, limits: VolumeLimits
) -> Examined | None:
    judged = [
        (baseline.name.rpartition(".")[2], figure, baseline.median)
        for baseline, figure in zip(baselines, table.figures().values(), strict=True)
        # Of nothing, or of less, there is no percentage.
        if baseline.median is not None and baseline.median > 0
    ]
    if not judged:
        return None
    check = f"volume.{table.table}"
    out: list[dict[str, Any]] = [
        {
            "figure": name,
            "now": format(figure, "f"),
            "median": format(median, "f"),
            "change_pct": format(change.quantize(Decimal("0.01")), "f"),
        }
        for name, figure, median in judged
        if (change := percent_change(figure, median)) < -limits.fall_pct or change > limits.rise_pct
    ]
    if not out:
        return Examined(check)
    said = ", ".join(f"{each['figure']} {each['change_pct']} %" for each in out[:_SHOWN])
    finding = Finding(
        code="volume_drift",
        severity=Severity.WARNING,
        message=f"{table.table} is out of the ordinary against the median of"
        f" {max(each.n for each in baselines)} exports: {said}",
        where=table.table,
        hint="if the new size is right for good, `factory findings baseline reset"
        f" volume.{table.table}`",
        rows=len(out),
        evidence=tuple(out[:_SHOWN]),
    )
    return Examined(check, (Found(finding, check, owner),))
