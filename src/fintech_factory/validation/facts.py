"""What a run observed of its own work, for the KPIs that speak of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fintech_factory.kpi_engine.observed import Observed, ObservedAt
from fintech_factory.kpi_engine.readings import Check as EngineCheck
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.validation.comparison import SOURCE, Reconciliation
from fintech_factory.validation.findings import Examined
from fintech_factory.values import Severity

__all__ = ["Work", "facts_of"]


@dataclass(frozen=True, slots=True)
class Work:
    """What a run knows of itself before it publishes.

    `rows_sound` of `rows_received` broke no rule of the contract and stand in no warning;
    `restated` is by how much the
    source's own balances lag its payments, in the reporting currency, None if it reports none;
    `hours_old` is how long ago the export's last day ended; `seconds` is how long the run took.
    """

    reconciliation: Reconciliation
    readings: Sequence[Reading]
    examined: Sequence[Examined]
    rows_sound: int
    rows_received: int
    restated: Decimal | None
    hours_old: Decimal | None
    seconds: Decimal


def facts_of(work: Work, as_of: date) -> ObservedAt:
    """Give what a run observed, by name, at its own date; a share of nothing has its reason.

    `restated_amount` is money in the reporting currency, `run_seconds` and
    `export_freshness_hours` are to 2 places, the rest are counts or counts of a whole.
    """
    columns = [each for each in work.examined if each.check.startswith("schema.")]
    changed = sum(len(each.found) for each in columns)
    return {
        as_of: {
            "reconciliation_pass_rate": _pass_rate(work.reconciliation),
            "restated_amount": _restated(work.restated),
            "failed_checks": _failed(work.examined),
            "schema_drift": Observed(value=Decimal(changed))
            if columns
            else Observed(reason="the export does not tell its columns"),
            "kpi_parity": _parity(work.readings),
            "data_quality_score": _share(
                work.rows_sound, work.rows_received, "the export holds no row"
            ),
            "export_freshness_hours": _hours(work.hours_old),
            "run_seconds": Observed(value=work.seconds),
        }
    }


def _failed(examined: Sequence[Examined]) -> Observed:
    """Count the checks that found something to act on; what is only noted failed nothing."""
    failed = (
        any(each.finding.severity is not Severity.INFO for each in check.found)
        for check in examined
    )
    return Observed(value=Decimal(sum(failed)))


def _pass_rate(reconciliation: Reconciliation) -> Observed:
    compared = [each for each in reconciliation.ring(SOURCE) if each.verdict is not None]
    rows = sum(each.rows for each in compared)
    passed = rows - sum(len(each.open_rows) for each in compared)
    return _share(passed, rows, "the source reports nothing to compare with")


def _restated(amount: Decimal | None) -> Observed:
    if amount is None:
        return Observed(reason="the source reports no balances to compare with")
    return Observed(value=amount)


def _hours(hours: Decimal | None) -> Observed:
    if hours is None:
        return Observed(reason="the export does not say of which day it speaks")
    return Observed(value=hours)


def _parity(readings: Sequence[Reading]) -> Observed:
    compared = [
        each
        for each in readings
        if each.status is not Status.UNAVAILABLE and each.check is not EngineCheck.NOT_RUN
    ]
    agreeing = sum(each.check is EngineCheck.MATCHED for each in compared)
    return _share(agreeing, len(compared), "the second engine compared nothing")


def _share(part: int, whole: int, reason: str) -> Observed:
    return Observed(part=Decimal(part), whole=Decimal(whole)) if whole else Observed(reason=reason)
