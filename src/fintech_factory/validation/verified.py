"""How far the two engines agree."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fintech_factory.kpi_engine.readings import Check, Reading, Status
from fintech_factory.validation.accuracy import Accuracy, SourceScore
from fintech_factory.validation.comparison import CONTROL, SOURCE, Reconciliation
from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["accuracy_of", "examine_engines", "source_score"]

_SHOWN = 10


def accuracy_of(
    readings: Sequence[Reading],
    at: datetime,
    run_id: str,
    published: int = 0,
    source: SourceScore | None = None,
) -> Accuracy:
    """Count the readings that both engines made and those in which they agree.

    What neither engine can know (unavailable on both sides) was not compared. `published` is how
    many readings there are in all.
    """
    compared = [each for each in readings if each.status is not Status.UNAVAILABLE]
    apart = [each for each in compared if each.check is not Check.MATCHED]
    return Accuracy(
        at=at,
        as_ofs=tuple(sorted({each.as_of for each in readings})),
        compared=len(compared),
        agreeing=len(compared) - len(apart),
        disagreed=_shown(apart),
        run_id=run_id,
        not_checked=max(published, len(readings)) - len(compared),
        source=source,
    )


def source_score(reconciliation: Reconciliation, not_checked: int) -> SourceScore:
    """Count the figures of the source ring, loan by loan; totals that somebody states are none.

    A check that compared nothing counts nothing.
    """
    checks = [
        each
        for each in reconciliation.ring(SOURCE)
        if each.kind != CONTROL and each.verdict is not None
    ]
    open_rows = [row for each in checks for row in each.open_rows]
    compared = sum(each.rows for each in checks)
    return SourceScore(
        compared=compared,
        agreeing=compared - len(open_rows),
        not_checked=not_checked,
        disagreed=tuple(row.as_json() for row in open_rows[:_SHOWN]),
    )


def examine_engines(
    readings: Sequence[Reading], withheld_pct: Decimal, owner: str
) -> list[Examined]:
    """Say which readings of a run are withheld; too many of them are critical."""
    check = "engines"
    made = [each for each in readings if each.status is not Status.UNAVAILABLE]
    if not made:
        return []
    apart = [each for each in made if each.status is Status.WITHHELD]
    if not apart:
        return [Examined(check)]
    many = len(apart) * 100 > withheld_pct * len(made)
    finding = Finding(
        code="engines_disagree",
        severity=Severity.CRITICAL if many else Severity.WARNING,
        message=f"the two engines disagree on {len(apart):,} of {len(made):,} readings,"
        f" {len({each.kpi for each in apart})} KPIs; they are withheld",
        where="readings",
        hint="`factory kpi explain KPI` shows both figures; look at what changed in sql/models",
        rows=len(apart),
        evidence=_shown(apart),
    )
    found = Found(finding, check, owner, every_row=tuple(_row(each) for each in apart))
    return [Examined(check, (found,))]


def _shown(readings: Sequence[Reading]) -> tuple[dict[str, Any], ...]:
    return tuple(_row(each) for each in readings[:_SHOWN])


def _row(reading: Reading) -> dict[str, Any]:
    group = {"dimension": reading.dimension, "member": reading.member} if reading.dimension else {}
    as_of = reading.as_of.isoformat()
    return {"kpi": reading.kpi, "as_of": as_of, **group, "reason": reading.reason}
