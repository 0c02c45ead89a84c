"""What a run observed of its own work, as figures for KPIs."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from fintech_factory.kpi_engine.observed import Observed
from fintech_factory.kpi_engine.readings import Check as EngineCheck
from fintech_factory.kpi_engine.readings import Reading, Status
from fintech_factory.validation.comparison import (
    LEDGER,
    Cause,
    Check,
    OpenRow,
    Reconciliation,
    Verdict,
)
from fintech_factory.validation.facts import Work, facts_of
from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity, Unit

DAY = date(2025, 6, 30)
OPEN = OpenRow("balance", DAY, "L1", "1", "2", Cause.UNEXPLAINED)
SOURCE_CHECK = Check(
    "balance", "loans", None, None, Verdict.OPEN, rows=10, close=2, open_rows=(OPEN,)
)
OWN_CHECK = Check("roll_forward", LEDGER, None, None, Verdict.EXACT, rows=99, ring=LEDGER)
SILENT_CHECK = Check("balance", "loan_par_balances", None, None, None, rows=0, reason="silent")
AGREEING = Reading("par_90", 1, DAY, DAY, Unit.PERCENT, check=EngineCheck.MATCHED)


def noted(check: str, severity: Severity, count: int = 1) -> Examined:
    found = Found(Finding("code", severity, "message"), check, "technology")
    return Examined(check, (found,) * count)


WORK = Work(
    reconciliation=Reconciliation((DAY,), (OWN_CHECK, SOURCE_CHECK, SILENT_CHECK)),
    readings=[
        AGREEING,
        AGREEING,
        replace(AGREEING, status=Status.WITHHELD, check=EngineCheck.MISMATCHED),
        replace(AGREEING, status=Status.UNAVAILABLE),
        replace(AGREEING, check=EngineCheck.NOT_RUN),
    ],
    examined=[
        Examined("schema.loans"),
        noted("schema.schedules", Severity.INFO, 2),
        noted("engines", Severity.WARNING),
    ],
    rows_sound=98,
    rows_received=100,
    restated=Decimal("12.5"),
    hours_old=Decimal("3.50"),
    seconds=Decimal("1.20"),
)


def test_every_figure_of_a_worked_run() -> None:
    assert facts_of(WORK, DAY) == {
        DAY: {
            # One of the source's ten rows is open; our own checks and silence count for nothing.
            "reconciliation_pass_rate": Observed(part=Decimal(9), whole=Decimal(10)),
            "restated_amount": Observed(value=Decimal("12.5")),
            # What is only noted has failed nothing.
            "failed_checks": Observed(value=Decimal(1)),
            "schema_drift": Observed(value=Decimal(2)),
            "kpi_parity": Observed(part=Decimal(2), whole=Decimal(3)),
            "data_quality_score": Observed(part=Decimal(98), whole=Decimal(100)),
            "export_freshness_hours": Observed(value=Decimal("3.50")),
            "run_seconds": Observed(value=Decimal("1.20")),
        }
    }


def test_what_was_not_observed_has_a_reason_and_no_figure() -> None:
    nothing = Work(Reconciliation((DAY,), (SILENT_CHECK,)), [], [], 0, 0, None, None, Decimal(1))
    figures = facts_of(nothing, DAY)[DAY]
    unknown = {name for name, each in figures.items() if each.reason}
    assert unknown == {
        "reconciliation_pass_rate",
        "restated_amount",
        "schema_drift",
        "kpi_parity",
        "data_quality_score",
        "export_freshness_hours",
    }
    assert all(figures[name] == Observed(reason=figures[name].reason) for name in unknown)
