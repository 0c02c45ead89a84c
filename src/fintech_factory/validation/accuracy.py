"""The monthly recomputation of all that is published: its score, and when it is due."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from fintech_factory.validation.findings import Examined, Found
from fintech_factory.values import Finding, Severity

__all__ = ["Accuracy", "examine_accuracy", "next_due"]

_SHOWN = 10
_MONTHS = 12
_WIDE = Context(prec=40, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The second engine's verdict over many readings; groups of the book count one by one."""

    at: datetime
    as_ofs: tuple[date, ...]
    compared: int
    agreeing: int
    disagreed: tuple[dict[str, Any], ...] = ()
    run_id: str = ""

    @property
    def score(self) -> Decimal | None:
        """Percent of the compared readings that agree, None of none; 8 places."""
        if not self.compared:
            return None
        share = _WIDE.divide(Decimal(self.agreeing * 100), Decimal(self.compared))
        return share.quantize(Decimal("1e-8"))

    def as_json(self) -> dict[str, Any]:
        """Give the result as one JSON object."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "as_ofs": [day.isoformat() for day in self.as_ofs],
            "compared": self.compared,
            "agreeing": self.agreeing,
            "score_pct": None if self.score is None else format(self.score, "f"),
            "disagreed": list(self.disagreed),
            "run_id": self.run_id,
        }


def next_due(last: date, due_day: int) -> date:
    """Give the first due day after the day on which everything was last recomputed."""
    due = last.replace(day=due_day)
    if due > last:
        return due
    months = last.year * _MONTHS + last.month
    return date(months // _MONTHS, months % _MONTHS + 1, due_day)


def examine_accuracy(
    result: Accuracy | None, since: date | None, calendar: tuple[date, int], owner: str
) -> list[Examined]:
    """Say what the last recomputation of all month-ends found, and that the next is overdue.

    Args:
        result: the last recomputation, None before the first.
        since: the day from which on there are readings to recompute, None if that is not known.
        calendar: today, and the day of the month by which it is due.
        owner: who answers for it.

    """
    today, due_day = calendar
    last = result.at.date() if result else since
    if last is None:
        return []
    due = next_due(last, due_day)
    late = (Found(_overdue(due), "accuracy_due", owner),) if today > due else ()
    apart = [Examined("accuracy", _apart(result, owner))] if result else []
    return [*apart, Examined("accuracy_due", late)]


def _apart(result: Accuracy, owner: str) -> tuple[Found, ...]:
    if result.agreeing == result.compared:
        return ()
    finding = Finding(
        code="accuracy_imperfect",
        severity=Severity.WARNING,
        message=f"{result.agreeing:,} of {result.compared:,} readings of"
        f" {len(result.as_ofs)} dates agree",
        where="accuracy",
        hint="`factory kpi explain KPI --as-of DATE` shows both figures",
        rows=result.compared - result.agreeing,
        evidence=result.disagreed[:_SHOWN],
    )
    return (Found(finding, "accuracy", owner),)


def _overdue(due: date) -> Finding:
    return Finding(
        code="accuracy_overdue",
        severity=Severity.WARNING,
        message=f"the month-ends were to be recomputed by {due}",
        where="accuracy",
        hint="`factory findings accuracy`",
        rows=1,
    )
